package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dps/shared/dps"
)

const chain = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

func fullGroup() dps.EnrollmentGroup {
	return dps.EnrollmentGroup{
		ID: "g", Name: "Lamps", HubIDs: []string{"h", "i"}, PreSharedKey: "secret:psk/g", Reprovision: dps.ReprovisionOnce, Disabled: true, Version: 1 << 60,
		X509: dps.X509Attestation{
			CertificateChain: chain, LeadCertificateName: "lead", ExpiredCertificateEnabled: true, RequireClientAuthEKU: true,
			Allow: dps.MatchList{CommonNames: []string{"a"}, KeyIDs: []string{"k"}}, Deny: dps.MatchList{Serials: []string{"0a"}},
			CRLs: []dps.CRLEntry{{Inline: []byte{1, 2}}, {URL: "https://crl.example.com"}},
		},
	}
}

func fullHub() dps.Hub {
	tls := func(key dps.SecretRef) dps.ClientTLS {
		return dps.ClientTLS{CAPool: chain, Cert: chain, Key: key, UseSystemCAPool: true}
	}
	return dps.Hub{
		ID: "h", HubID: "hub", Name: "Frankfurt", Gateways: []string{"coaps://a:1"}, CAPool: chain, Version: 3,
		CertificateAuthority: dps.CertificateAuthority{
			Address: "ca:443", KeepAlive: dps.KeepAlive{Time: time.Second, Timeout: time.Minute, PermitWithoutStream: true}, TLS: tls("secret:ca/h/tlsKey"),
		},
		Authorization: dps.Authorization{OwnerClaim: "o", DeviceIDClaim: "d", Provider: dps.OAuthProvider{
			Name: "p", Authority: "https://auth", ClientID: "c", ClientSecret: "secret:oauth/h/clientSecret", Scopes: []string{"s"}, Audience: "a",
			HTTP: dps.HTTPClient{MaxIdleConns: 1, MaxConnsPerHost: 2, MaxIdleConnsPerHost: 3, IdleConnTimeout: time.Second, Timeout: time.Minute, TLS: tls("secret:oauth/h/tlsKey")},
		}},
	}
}

// written is what the client sent last, with what the server adds.
func (s *server) written(t *testing.T, more map[string]any) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(s.asked[len(s.asked)-1].body), &object); err != nil {
		t.Fatal(err)
	}
	for name, value := range more {
		if _, has := object[name]; has {
			t.Errorf("%s is the server's, and the client sends it", name)
		}
		object[name] = value
	}
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAGroupIsReadAsItWasWritten(t *testing.T) {
	s, store := newServer(t, http.StatusOK, `{}`)
	want := fullGroup()
	if _, err := store.PutGroup(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if r := s.asked[0]; r.method != "PUT" || r.path != "/prefix/api/v1/enrollment-groups/g" || r.header.Get("If-Match") != `"1152921504606846976"` {
		t.Errorf("%+v", r)
	}
	s.answer = s.written(t, map[string]any{"id": "g", "owner": "me", "version": "1152921504606846976", "pending": true, "challenge": "c"})
	want.Owner, want.Challenge = "me", "c"
	got, err := store.Group(t.Context(), "g")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAHubIsReadAsItWasWritten(t *testing.T) {
	s, store := newServer(t, http.StatusOK, `{}`)
	want := fullHub()
	if _, err := store.PutHub(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	s.answer = s.written(t, map[string]any{"id": "h", "owner": "me", "version": "3"})
	want.Owner = "me"
	got, err := store.Hub(t.Context(), "h")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestNewObjectsGetTheServersID(t *testing.T) {
	s, store := newServer(t, http.StatusCreated, `{"id":"server's","version":"1"}`)
	g, err := store.PutGroup(t.Context(), dps.EnrollmentGroup{ID: "mine"})
	h, err2 := store.PutHub(t.Context(), dps.Hub{ID: "mine"})
	if err != nil || err2 != nil || g.ID != "server's" || h.ID != "server's" {
		t.Errorf("%v %v %q %q", err, err2, g.ID, h.ID)
	}
	for _, r := range s.asked {
		if r.method != "POST" || strings.Contains(r.body, "mine") || r.header.Get("If-Match") != "" {
			t.Errorf("%+v", r)
		}
	}
}

// TestARecordIsReadWhole: an answer of the API, with everything in it that there is.
func TestARecordIsReadWhole(t *testing.T) {
	_, store := newServer(t, http.StatusOK, `{"id":"r","deviceId":"d","enrollmentGroupId":"g","creationDate":"1000000001","attestation":{"date":"1000000002","x509":`+
		`{"certificatePem":"PEM","commonName":"lamp"}},"credential":{"status":{"date":"1000000005","coapCode":68},"identityCertificatePem":"ID","preSharedKey":`+
		`{"subjectId":"s"},"credentials":[{"type":["ASYMMETRIC_SIGNING_WITH_CERTIFICATE"],"subject":"d","usage":"TRUST_CA","publicData":{"data":"UEVN","encoding":"PEM"}}]},`+
		`"acl":{"status":{"date":"1000000006","coapCode":163,"errorMessage":"later"},"accessControlList":[{"deviceSubject":{"deviceId":"o"},"permissions":["CREATE","NOTIFY"],`+
		`"resources":[{"href":"/a","interfaces":["*"]},{"wildcard":"NONCFG_ALL"}]},{"connectionSubject":{"type":"ANON_CLEAR"},"permissions":["READ"],"resources":[{"href":"/b"}]}]},`+
		`"cloud":{"status":{"date":"1000000004","coapCode":68},"providerName":"p","gateways":[{"uri":"coaps://x","id":"h"}],"selectedGateway":1},"ownership":{"status":`+
		`{"date":"1000000003","coapCode":69},"owner":"u"},"plgdTime":{"date":"1000000002","coapCode":69},"localEndpoints":["coap://l"],"owner":"me","state":"failed","updatedDate":"1000000006"}`)
	at := func(n int64) time.Time { return time.Unix(0, 1000000000+n).UTC() }
	step := func(n int64, step dps.Step, code string, change func(*dps.StepResult)) dps.StepResult {
		r := dps.StepResult{Time: at(n), RecordID: "r", GroupID: "g", Owner: "me", DeviceID: "d", Step: step, CoAPCode: code}
		if change != nil {
			change(&r)
		}
		return r
	}
	want := dps.Record{
		ID: "r", Owner: "me", GroupID: "g", DeviceID: "d", Created: at(1), Updated: at(6), LocalEndpoints: []string{"coap://l"},
		Steps: map[dps.Step]dps.StepResult{
			dps.StepAttestation: step(2, dps.StepAttestation, "", func(r *dps.StepResult) {
				r.Attestation = &dps.AttestationDetail{CertificatePEM: "PEM", CommonName: "lamp"}
			}),
			dps.StepTime:      step(2, dps.StepTime, "2.05", nil),
			dps.StepOwnership: step(3, dps.StepOwnership, "2.05", func(r *dps.StepResult) { r.Ownership = &dps.OwnershipDetail{Owner: "u"} }),
			dps.StepCloudConfiguration: step(4, dps.StepCloudConfiguration, "2.04", func(r *dps.StepResult) {
				r.Cloud = &dps.CloudDetail{ProviderName: "p", Gateways: []dps.Gateway{{URI: "coaps://x", ID: "h"}}, SelectedGateway: 1}
			}),
			dps.StepCredentials: step(5, dps.StepCredentials, "2.04", func(r *dps.StepResult) {
				r.Credential = &dps.CredentialDetail{IdentityCertificatePEM: "ID", PreSharedKeySubject: "s", Credentials: []dps.CredentialSummary{
					{Subject: "d", Type: 8, Usage: "oic.sec.cred.trustca", PublicPEM: "PEM"},
				}}
			}),
			dps.StepACLs: step(6, dps.StepACLs, "5.03", func(r *dps.StepResult) {
				r.ErrorMessage = "later"
				r.ACL = &dps.ACLDetail{Entries: []dps.ACLEntry{
					{SubjectUUID: "o", Permission: 17, Resources: []string{"/a", "*"}}, {ConnectionType: "anon-clear", Permission: 2, Resources: []string{"/b"}},
				}}
			}),
		},
	}
	got, err := store.Record(t.Context(), "r")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestDeletingWhatIsNotThereIsDone(t *testing.T) {
	_, store := newServer(t, http.StatusNotFound, `{"code":"not_found","detail":"gone"}`)
	if err := store.DeleteGroup(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	_, store = newServer(t, http.StatusConflict, `{"code":"conflict","detail":"named by a group"}`)
	if err := store.DeleteHub(t.Context(), "x"); dps.CodeOf(err) != dps.CodeConflict {
		t.Error(err)
	}
}
