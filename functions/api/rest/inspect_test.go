package rest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

const pathInspect = "/api/v1/inspections/certificates"

func inspectBody(pem string) string {
	data, _ := json.Marshal(map[string]string{"certificates": pem})
	return string(data)
}

// TestInspect says who signed whom, which certificate would lead, and what is wrong.
func TestInspect(t *testing.T) {
	w := newWorld(t, nil)
	root := hubtest.Must(pki.NewRoot("top"))(t)
	middle := hubtest.Must(root.NewIntermediate("factory"))(t)
	leaf := hubtest.Must(middle.NewLeaf("device"))(t)
	upsideDown := string(root.CertificatePEM()) + string(middle.CertificatePEM())
	a := w.extended(alice, "POST", pathInspect, inspectBody(upsideDown)).do(200)
	if a.get("leadCertificateName") != "factory" || a.get("problem") != nil {
		t.Errorf("%s", a.body)
	}
	if a.get("certificates", 0, "selfSigned") != true || a.get("certificates", 0, "issuedBy") != -1.0 || a.get("certificates", 1, "issuedBy") != nil ||
		a.get("certificates", 1, "keyAlgorithm") != "ECDSA P-256" || a.get("certificates", 1, "issuer") != "CN=top" {
		t.Errorf("%s", a.body)
	}
	a = w.extended(alice, "POST", pathInspect, inspectBody(dps.EncodeDataURI(leaf.CertificatePEM()))).do(200)
	if problem, _ := a.get("problem").(string); !strings.Contains(problem, "certificate 1") || a.get("certificates", 0, "recordId") != dps.RecordID(leaf.Certificate.RawSubjectPublicKeyInfo) {
		t.Errorf("%s", a.body)
	}
	w.now = time.Now().AddDate(200, 0, 0)
	a = w.extended(alice, "POST", pathInspect, inspectBody(upsideDown)).do(200)
	if problem, _ := a.get("problem").(string); !strings.Contains(problem, "expired") {
		t.Errorf("%s", a.body)
	}
	for name, pem := range map[string]string{
		"nothing": "", "no PEM": "hello", "a key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "eleven": strings.Repeat(string(root.CertificatePEM()), 11), "a path": "/etc/ssl/certs/ca-certificates.crt",
	} {
		if got := w.extended(alice, "POST", pathInspect, inspectBody(pem)).do(400); !strings.Contains(string(got.body), "certificates") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}
