package rest

import "dps/shared/dps"

func paged(filters []parameter) []parameter {
	return append(filters,
		parameter{name: "pageSize", doc: "How many at most, 1 to 1000; 100 where it is not given.", isInt: true, only: true},
		parameter{name: "pageToken", doc: "nextPageToken of the page before. A page may be short or empty, and another follow.", only: true},
	)
}

func groupFilters() []parameter {
	return []parameter{
		{name: "idFilter", doc: "Id.", many: true},
		{name: "hubIdFilter", doc: "A hub that the group names, by id or hubId.", many: true},
		{name: "attestationMechanismX509CertificateNames", doc: "Common name of a certificate in the group's chain.", many: true},
	}
}

func hubFilters() []parameter {
	return []parameter{
		{name: "idFilter", doc: "Id of the entry.", many: true},
		{name: "hubIdFilter", doc: "Id of the hub.", many: true},
	}
}

func recordFilters() []parameter {
	return []parameter{
		{name: "idFilter", doc: "Id.", many: true},
		{name: "deviceIdFilter", doc: "Device id.", many: true},
		{name: "enrollmentGroupIdFilter", doc: "Id of the enrollment group.", many: true},
		{name: "state", doc: "State.", many: true, only: true, enum: []string{string(dps.RecordPending), string(dps.RecordOK), string(dps.RecordFailed)}},
		{name: "updatedAfter", doc: "Changed then or later, RFC 3339.", only: true},
		{name: "updatedBefore", doc: "Changed before, RFC 3339.", only: true},
		{name: "search", doc: "What the id, the device id or the certificate's common name begins with, in any case.", only: true},
	}
}

const exampleGroup = `{"name":"sensors","attestationMechanism":{"x509":{"certificateChain":"-----BEGIN CERTIFICATE-----\n…",` +
	`"deny":{"serials":["0a1b"]}}},"hubIds":["d03a1bb4-0a77-428c-b78c-1c46efe6a38e"],"preSharedKey":"data:;base64,MDEyMzQ1Njc4OWFiY2RlZg=="}`

const exampleHub = `{"name":"hub","hubId":"d03a1bb4-0a77-428c-b78c-1c46efe6a38e","gateways":["coaps+tcp://hub.example.com:5684"],` +
	`"certificateAuthority":{"grpc":{"address":"hub.example.com:443"}},"authorization":{"ownerClaim":"https://plgd.dev/owner",` +
	`"provider":{"name":"plgd","authority":"https://auth.example.com","clientId":"dps","clientSecret":"data:;base64,c2VjcmV0"}}}`
