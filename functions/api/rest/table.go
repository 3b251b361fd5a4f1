package rest

import (
	"net/http"

	"dps/functions/api/rest/plgd"
)

const (
	pathGroups  = "/api/v1/enrollment-groups"
	pathHubs    = "/api/v1/hubs"
	pathRecords = "/api/v1/provisioning-records"
)

// table is every operation: what the multiplexer serves, and what the OpenAPI document describes.
func (a *api) table() []route {
	routes := append(a.groupRoutes(), a.hubRoutes()...)
	routes = append(routes, a.recordRoutes()...)
	routes = append(routes, a.otherRoutes()...)
	for i := range routes {
		if routes[i].prefix == "" {
			routes[i].prefix = Prefix
		}
	}
	return routes
}

func (a *api) groupRoutes() []route {
	return []route{
		{method: http.MethodGet, path: pathGroups, id: "listEnrollmentGroups", summary: "Lists enrollment groups.", scope: read, legacy: true, query: paged(groupFilters()), out: plgd.Group{}, list: true, serve: a.listGroups},
		{method: http.MethodPost, path: pathGroups, id: "createEnrollmentGroup", summary: "Creates an enrollment group.", scope: write, legacy: true, in: plgd.Group{}, example: exampleGroup, out: plgd.Group{}, created: true, errors: []int{404, 409}, serve: a.createGroup},
		{method: http.MethodDelete, path: pathGroups, id: "deleteEnrollmentGroups", summary: "Deletes the enrollment groups that pass the filter; without one, all.", scope: write, legacy: true, query: groupFilters(), out: plgd.Deleted{}, errors: []int{404}, serve: a.deleteGroups},
		{method: http.MethodGet, path: pathGroups + "/{id}", id: "getEnrollmentGroup", summary: "Gives an enrollment group.", scope: read, out: plgd.Group{}, errors: []int{404}, serve: a.getGroup},
		{method: http.MethodPut, path: pathGroups + "/{id}", id: "replaceEnrollmentGroup", summary: "Replaces an enrollment group.", scope: write, legacy: true, in: plgd.Group{}, example: exampleGroup, out: plgd.Group{}, errors: []int{404, 409, 412}, serve: a.putGroup},
		{method: http.MethodPatch, path: pathGroups + "/{id}", id: "changeEnrollmentGroup", summary: "Changes parts of an enrollment group (RFC 7396), such as whether it is disabled, its lists or its revocation lists.", scope: write, in: plgd.Group{}, inType: mediaPatch, example: `{"disabled":true}`, out: plgd.Group{}, errors: []int{404, 409, 412}, serve: a.patchGroup},
		{method: http.MethodDelete, path: pathGroups + "/{id}", id: "deleteEnrollmentGroup", summary: "Deletes an enrollment group.", scope: write, errors: []int{404, 412}, serve: a.deleteGroup},
		{method: http.MethodPost, path: pathGroups + "/{id}/proof", id: "proveEnrollmentGroup", summary: "Proves possession of the lead certificate's key by a certificate that it issued, with the challenge as common name.", scope: write, in: Proof{}, example: `{"certificate":"-----BEGIN CERTIFICATE-----\n…"}`, out: plgd.Group{}, errors: []int{404, 409, 412}, serve: a.proveGroup},
		{method: http.MethodPost, path: pathGroups + "/{id}/vouch", id: "vouchForEnrollmentGroup", summary: "Vouches for a pending enrollment group.", scope: admin, out: plgd.Group{}, errors: []int{404, 409, 412}, serve: a.vouchGroup},
	}
}

func (a *api) hubRoutes() []route {
	return []route{
		{method: http.MethodGet, path: pathHubs, id: "listHubs", summary: "Lists hubs.", scope: read, legacy: true, query: paged(hubFilters()), out: plgd.Hub{}, list: true, serve: a.listHubs},
		{method: http.MethodPost, path: pathHubs, id: "createHub", summary: "Creates a hub.", scope: write, legacy: true, in: plgd.Hub{}, example: exampleHub, out: plgd.Hub{}, created: true, errors: []int{409}, serve: a.createHub},
		{method: http.MethodDelete, path: pathHubs, id: "deleteHubs", summary: "Deletes the hubs that pass the filter; without one, all.", scope: write, legacy: true, query: hubFilters(), out: plgd.Deleted{}, errors: []int{404, 409}, serve: a.deleteHubs},
		{method: http.MethodGet, path: pathHubs + "/{id}", id: "getHub", summary: "Gives a hub.", scope: read, out: plgd.Hub{}, errors: []int{404}, serve: a.getHub},
		{method: http.MethodPut, path: pathHubs + "/{id}", id: "replaceHub", summary: "Replaces a hub.", scope: write, legacy: true, in: plgd.Hub{}, example: exampleHub, out: plgd.Hub{}, errors: []int{404, 409, 412}, serve: a.putHub},
		{method: http.MethodPatch, path: pathHubs + "/{id}", id: "changeHub", summary: "Changes parts of a hub (RFC 7396).", scope: write, in: plgd.Hub{}, inType: mediaPatch, example: `{"name":"hub in Frankfurt"}`, out: plgd.Hub{}, errors: []int{404, 409, 412}, serve: a.patchHub},
		{method: http.MethodPost, path: pathHubs + "/{id}/test", id: "testHub", summary: "Tries what devices will need of a hub: a token is obtained and shown to the certificate authority; nothing is signed.", scope: write, out: HubTest{}, errors: []int{404}, serve: a.testHub},
		{method: http.MethodDelete, path: pathHubs + "/{id}", id: "deleteHub", summary: "Deletes a hub that no enrollment group names.", scope: write, errors: []int{404, 409, 412}, serve: a.deleteHub},
	}
}

func (a *api) recordRoutes() []route {
	return []route{
		{method: http.MethodGet, path: pathRecords, id: "listProvisioningRecords", summary: "Lists provisioning records.", scope: read, legacy: true, query: paged(recordFilters()), out: plgd.Record{}, list: true, serve: a.listRecords},
		{method: http.MethodDelete, path: pathRecords, id: "deleteProvisioningRecords", summary: "Deletes the provisioning records that pass the filter; without one, all.", scope: write, legacy: true, query: recordFilters(), out: plgd.Deleted{}, serve: a.deleteRecords},
		{method: http.MethodGet, path: pathRecords + "/{id}", id: "getProvisioningRecord", summary: "Gives a provisioning record.", scope: read, out: plgd.Record{}, errors: []int{404}, serve: a.getRecord},
		{method: http.MethodDelete, path: pathRecords + "/{id}", id: "deleteProvisioningRecord", summary: "Deletes a provisioning record, not its audit.", scope: write, errors: []int{404}, serve: a.deleteRecord},
		{method: http.MethodGet, path: pathRecords + "/{id}/audit", id: "listAudit", summary: "Lists the identity certificates that were issued to a manufacturer key, and what it was denied, oldest first.", scope: read, query: paged(nil), out: AuditEntry{}, list: true, errors: []int{404}, serve: a.listAudit},
		{method: http.MethodGet, path: "/api/v1/statistics", id: "statistics", summary: "Counts provisioning records by state, day, minute and group.", scope: read, out: Statistics{}, serve: a.statistics},
		{method: http.MethodGet, path: "/api/v1/device-bindings/{id}", id: "getDeviceBinding", summary: "Tells which manufacturer key holds a device id.", scope: read, out: Binding{}, errors: []int{404}, serve: a.getBinding},
		{method: http.MethodDelete, path: "/api/v1/device-bindings/{id}", id: "releaseDeviceBinding", summary: "Releases a device id for another manufacturer key.", scope: write, errors: []int{404}, serve: a.deleteBinding},
	}
}

func (a *api) otherRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/api/v1/sign/identity-csr", prefix: signPrefix, id: "signIdentityCSR", summary: "Has a person's or program's CSR signed by the owner's hub.", scope: write, legacy: true, query: hubFilters(), in: SignRequest{}, example: `{"certificateSigningRequest":"LS0tLS1CRUdJTi…"}`, out: SignReply{}, errors: []int{404}, serve: a.signCSR},
		{method: http.MethodPost, path: "/api/v1/inspections/certificates", id: "inspectCertificates", summary: "Tells what certificates say, and whether they would do as an enrollment group's chain; nothing is stored.", scope: read, in: InspectRequest{}, example: `{"certificates":"-----BEGIN CERTIFICATE-----\n…"}`, out: Inspection{}, serve: a.inspect},
		{method: http.MethodPost, path: "/api/v1/diagnoses", id: "diagnoseDevice", summary: "Tells whether a device with these certificates would be let in, by which of the owner's groups, or which rule refuses it and what to do; nothing is stored.", scope: read, in: DiagnoseRequest{}, example: `{"certificates":"-----BEGIN CERTIFICATE-----\n…"}`, out: Diagnosis{}, serve: a.diagnose},
		{method: http.MethodGet, path: "/api/v1/me", id: "me", summary: "Tells whose the token is, and what it allows.", scope: read, out: Me{}, serve: a.me},
		{method: http.MethodGet, path: "/api/v1/login", id: "login", summary: "Tells how to get a token for this API.", scope: open, out: Login{}, serve: a.login},
		{method: http.MethodGet, path: "/api/v1/version", id: "version", summary: "Tells which version runs here.", scope: open, out: Build{}, serve: a.version},
		{method: http.MethodGet, path: "/api/v1/openapi.json", id: "openAPI", summary: "Gives this document.", scope: open, raw: true, serve: a.openAPI},
		{method: http.MethodGet, path: "/healthz", id: "healthz", summary: "Tells that the process is up.", scope: open, out: Health{}, serve: a.healthz},
		{method: http.MethodGet, path: "/readyz", id: "readyz", summary: "Tells whether the service can serve.", scope: open, out: Health{}, serve: a.readyz},
	}
}
