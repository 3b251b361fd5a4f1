package rest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

const (
	seededGroup  = "6aa14b3f-0a31-4c6a-a4ac-5d4b2d1f0001"
	seededRecord = "00000000-cafe-4eaf-8eef-0000000000aa"
	seededDevice = "00000000-cafe-4eaf-8eef-000000000001"
	seededHub    = "7aa14b3f-0a31-4c6a-a4ac-5d4b2d1f0002"
)

var seededTime = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)

// seed stores one of each kind, always the same.
func (w *world) seed(t *testing.T) {
	t.Helper()
	path := filepath.Join("testdata", "maker.pem")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		maker := hubtest.Must(pki.NewRoot("maker"))(t)
		if err := os.WriteFile(path, maker.CertificatePEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pem := string(hubtest.Must(os.ReadFile(path))(t))
	hubtest.Must(w.store.PutHub(t.Context(), dps.Hub{
		ID: seededHub, HubID: hubID, Name: "hub", Owner: alice, Gateways: []string{"coaps+tcp://hub.example.com:5684"}, CAPool: pem,
		CertificateAuthority: dps.CertificateAuthority{Address: "hub.example.com:443", KeepAlive: dps.KeepAlive{Time: 10 * time.Second}, TLS: dps.ClientTLS{CAPool: pem, Key: "/run/secrets/key.pem"}},
		Authorization: dps.Authorization{OwnerClaim: "owner", Provider: dps.OAuthProvider{
			Name: "plgd", Authority: "https://auth.example.com", ClientID: "dps", ClientSecret: "secret:oauth/" + seededHub + "/clientSecret", Scopes: []string{"a", "b"},
			HTTP: dps.HTTPClient{MaxIdleConns: 16, Timeout: 10 * time.Second},
		}},
	}))(t)
	hubtest.Must(w.store.PutGroup(t.Context(), dps.EnrollmentGroup{
		ID: seededGroup, Owner: alice, Name: "<b>sensors</b>", HubIDs: []string{seededHub}, PreSharedKey: "secret:psk/" + seededGroup,
		X509: dps.X509Attestation{CertificateChain: pem, LeadCertificateName: "maker", Deny: dps.MatchList{Serials: []string{"a1b"}}, CRLs: []dps.CRLEntry{{URL: "https://crl.example.com"}}},
	}))(t)
	hubtest.Must(w.store.MergeResults(t.Context(), steps(alice, seededRecord, seededDevice)))(t)
}

// steps are a device's whole story.
func steps(owner, record, device string) []dps.StepResult {
	base := dps.StepResult{RecordID: record, GroupID: seededGroup, Owner: owner, DeviceID: device, Time: seededTime, CoAPCode: "2.05"}
	var out []dps.StepResult
	for i, step := range []dps.Step{dps.StepAttestation, dps.StepTime, dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
		r := base
		r.Step, r.EventID, r.Time = step, string(step), seededTime.Add(time.Duration(i)*time.Second)
		switch step {
		case dps.StepAttestation:
			r.CoAPCode, r.Attestation = "", &dps.AttestationDetail{CertificatePEM: "PEM", CommonName: "device 1"}
		case dps.StepOwnership:
			r.Ownership = &dps.OwnershipDetail{Owner: dps.OwnerUUID(owner)}
		case dps.StepCloudConfiguration:
			r.CoAPCode, r.Cloud = "2.04", &dps.CloudDetail{ProviderName: "plgd", Gateways: []dps.Gateway{{URI: "coaps+tcp://hub.example.com:5684", ID: hubID}}}
		case dps.StepCredentials:
			r.CoAPCode, r.Credential = "2.04", &dps.CredentialDetail{IdentityCertificatePEM: "PEM", PreSharedKeySubject: dps.OwnerUUID(owner), Credentials: []dps.CredentialSummary{
				{Subject: dps.OwnerUUID(owner), Type: 1},
				{Subject: device, Type: 8, Usage: "oic.sec.cred.cert", PublicPEM: "PEM"},
				{Subject: dps.OwnerUUID(owner), Type: 8, Usage: "oic.sec.cred.trustca", PublicPEM: "PEM"},
			}}
		case dps.StepACLs:
			r.ACL = &dps.ACLDetail{Entries: []dps.ACLEntry{
				{SubjectUUID: dps.OwnerUUID(owner), Permission: 31, Resources: []string{"/oc/con", "*"}},
				{ConnectionType: "anon-clear", Permission: 2, Resources: []string{"/oic/d"}},
			}}
			r.LocalEndpoints = []string{"coaps://10.0.0.1:5684"}
		}
		out = append(out, r)
	}
	return out
}
