//go:build aws

package dynamodb_test

import (
	"encoding/asn1"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
)

// device is what the service stores of one device, as large as a real one's.
type device struct {
	binding dps.DeviceBinding
	audit   dps.AuditEntry
	results []dps.StepResult
}

func newDevice(t *testing.T) device {
	t.Helper()
	maker, identity := authority(t, "Example Devices Manufacturing CA"), authority(t, "hub identity CA")
	id, record, group, hub, owner := dps.NewUUID(), dps.NewUUID(), dps.NewUUID(), dps.NewUUID(), dps.NewUUID()
	manufactured := leaf(t, maker, "example-device-"+id)
	issued := leaf(t, identity, "uuid:"+id, pki.UnknownEKU(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44924, 1, 6}))
	results := []dps.StepResult{
		{Step: dps.StepAttestation, Attestation: &dps.AttestationDetail{
			CertificatePEM: dps.EncodeCertificatesPEM(manufactured.Certificate), CommonName: "example-device-" + id, RemoteAddress: "203.0.113.77:52144",
		}},
		{Step: dps.StepTime, CoAPCode: "2.05"},
		{Step: dps.StepOwnership, CoAPCode: "2.04", Ownership: &dps.OwnershipDetail{Owner: owner}},
		{Step: dps.StepCloudConfiguration, CoAPCode: "2.04", Cloud: &dps.CloudDetail{
			ProviderName: "plgd.dps.mobile", Gateways: []dps.Gateway{{URI: "coaps+tcp://hub.example.com:5684", ID: hub}},
		}},
		{Step: dps.StepCredentials, CoAPCode: "2.04", Credential: &dps.CredentialDetail{
			IdentityCertificatePEM: string(issued.ChainPEM()), PreSharedKeySubject: owner,
			Credentials: []dps.CredentialSummary{
				{Subject: owner, Type: 1}, {Subject: id, Type: 8, Usage: "oic.sec.cred.cert"},
				{Subject: owner, Type: 8, Usage: "oic.sec.cred.trustca", PublicPEM: string(identity.CertificatePEM())},
			},
		}},
		{Step: dps.StepACLs, CoAPCode: "2.05", ACL: &dps.ACLDetail{Entries: []dps.ACLEntry{
			{SubjectUUID: owner, Permission: 31, Resources: []string{"*"}},
			{ConnectionType: "anon-clear", Permission: 2, Resources: []string{"/oic/d", "/oic/p", "/oic/res", "/oic/sec/doxm"}},
			{SubjectUUID: hub, Permission: 31, Resources: []string{"*"}},
		}}},
		{Step: dps.StepLocalEndpoints, LocalEndpoints: []string{"coap://[fe80::1234:5678:9abc:def0]:41324", "coaps://[fe80::1234:5678:9abc:def0]:42021"}},
	}
	for i := range results {
		r := &results[i]
		r.EventID, r.Time, r.RecordID, r.GroupID, r.Owner = dps.NewUUID(), start.Add(time.Duration(i)*time.Second), record, group, owner
		if i > 0 {
			r.DeviceID = id
		}
	}
	c := issued.Certificate
	return device{
		dps.DeviceBinding{DeviceID: id, RecordID: record, Owner: owner, GroupID: group, Created: start},
		dps.AuditEntry{
			Time: start, Event: dps.AuditIssued, RecordID: record, DeviceID: id, Owner: owner, GroupID: group, HubID: hub,
			Serial: c.SerialNumber.Text(16), NotBefore: c.NotBefore, NotAfter: c.NotAfter, CertificatePEM: dps.EncodeCertificatesPEM(c),
		},
		results,
	}
}

// later gives the results of another provisioning.
func (d device) later(by time.Duration) []dps.StepResult {
	var results []dps.StepResult
	for _, r := range d.results {
		r.EventID, r.Time = r.EventID[:35]+"x", r.Time.Add(by)
		results = append(results, r)
	}
	return results
}

func authority(t *testing.T, name string) *pki.Pair {
	t.Helper()
	root, err := pki.NewRoot(name + " root")
	must(t, err)
	ca, err := root.NewIntermediate(name)
	must(t, err)
	return ca
}

func leaf(t *testing.T, ca *pki.Pair, name string, opts ...pki.Option) *pki.Pair {
	t.Helper()
	pair, err := ca.NewLeaf(name, opts...)
	must(t, err)
	return pair
}
