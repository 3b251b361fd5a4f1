package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"dps/functions/api/rest"
	"dps/functions/sign"
	"dps/shared/certauthority"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/oauth"
	"dps/shared/pki"
)

func signBody(csr []byte) string {
	data, _ := json.Marshal(map[string][]byte{"certificateSigningRequest": csr})
	return string(data)
}

// TestSignCSR has a person's CSR signed by a real authority with the owner's real token.
func TestSignCSR(t *testing.T) {
	hub := hubtest.New(t)
	w := newWorld(t, func(o *rest.Options) {
		tokens, authorities := oauth.New(hub.Secrets, time.Now), certauthority.New(hub.Secrets)
		t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
		h := sign.New(o.Store, tokens, authorities, hub.Secrets, time.Now)
		o.Owner = &invoke.InProcess{OwnerSignHandler: h.HandleOwner, CheckHubHandler: h.HandleCheck}
	})
	csr := func(name string) string {
		return signBody(hubtest.Must(pki.NewCSR(name, hubtest.Must(pki.NewKey())(t)))(t))
	}
	good := csr("uuid:" + dps.OwnerUUID(alice))
	w.as(alice, "POST", "/api/v1/sign/identity-csr", good).do(404) // no hub yet
	entry := hub.Entry("hub-1", alice)
	entry.Version = 0
	hubtest.Must(w.store.PutHub(t.Context(), entry))(t)
	for _, target := range []string{"/api/v1/sign/identity-csr", "/certificate-authority/api/v1/sign/identity-csr"} {
		a := w.as(alice, "POST", target, good).with("Content-Type", "application/json").do(200)
		text, _ := a.get("certificate").(string)
		chain := hubtest.Must(dps.ParseCertificatesPEM(hubtest.Must(base64.StdEncoding.DecodeString(text))(t), 10))(t)
		if len(chain) != 3 || chain[0].Subject.CommonName != "uuid:"+dps.OwnerUUID(alice) || !chain[2].Equal(hub.CA.Root.Certificate) {
			t.Fatalf("chain of %d", len(chain))
		}
		entries, _, err := w.store.ListAudit(t.Context(), dps.RecordID(chain[0].RawSubjectPublicKeyInfo), dps.Page{})
		if err != nil || len(entries) == 0 || entries[0].Owner != alice || entries[0].DeviceID != dps.OwnerUUID(alice) {
			t.Errorf("audit %+v, %v", entries, err)
		}
		audit := w.extended(alice, "GET", pathRecords+"/"+dps.RecordID(chain[0].RawSubjectPublicKeyInfo)+"/audit", "").do(200)
		if audit.get("items", 0, "event") != "issued" {
			t.Errorf("%s", audit.body)
		}
	}
	for name, body := range map[string]string{
		"another owner": csr("uuid:" + dps.OwnerUUID(bob)), "a device": csr("uuid:" + seededDevice), "no uuid": csr("alice"), "no CSR": signBody([]byte("x")), "none": `{}`, "no base64": `{"certificateSigningRequest":"!"}`,
	} {
		if a := w.as(alice, "POST", "/api/v1/sign/identity-csr", body).do(400); a.get("code") != 3.0 {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	w.as(bob, "POST", "/api/v1/sign/identity-csr", csr("uuid:"+dps.OwnerUUID(bob))).do(404)
	entry.ID, entry.HubID = "hub-2", "5ad4f4d6-3bd3-4d1c-b8ab-7e4ff3ba0002"
	hubtest.Must(w.store.PutHub(t.Context(), entry))(t)
	w.as(alice, "POST", "/api/v1/sign/identity-csr", good).do(400)
	w.as(alice, "POST", "/api/v1/sign/identity-csr?hubIdFilter="+hubID, good).do(200)
	w.as(alice, "POST", "/api/v1/sign/identity-csr", good).with("Authorization", w.token(alice, "dps:read", nil)).do(403)
}

func TestNobodySigns(t *testing.T) {
	w := newWorld(t, nil)
	w.as(alice, "POST", "/api/v1/sign/identity-csr", `{}`).do(503)
}

// TestTestHub tries the owner's hub, and nobody else's.
func TestTestHub(t *testing.T) {
	hub := hubtest.New(t)
	w := newWorld(t, func(o *rest.Options) {
		tokens, authorities := oauth.New(hub.Secrets, time.Now), certauthority.New(hub.Secrets)
		t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
		o.Owner = &invoke.InProcess{CheckHubHandler: sign.New(o.Store, tokens, authorities, hub.Secrets, time.Now).HandleCheck}
	})
	entry := hub.Entry("hub-1", alice)
	entry.Version = 0
	hubtest.Must(w.store.PutHub(t.Context(), entry))(t)
	a := w.extended(alice, "POST", pathHubs+"/hub-1/test", "").do(200)
	if a.get("ok") != true || a.get("checks", 0, "name") != "token" || a.get("checks", 2, "name") != "authority" || a.get("checks", 2, "validUntil") == nil {
		t.Errorf("%s", a.body)
	}
	w.extended(bob, "POST", pathHubs+"/hub-1/test", "").do(404)
	w.extended(alice, "POST", pathHubs+"/hub-1/test", "").with("Authorization", w.token(alice, "dps:read", nil)).do(403)
	entry.Authorization.Provider.Authority, entry.Version = "https://127.0.0.1:1", 1
	hubtest.Must(w.store.PutHub(t.Context(), entry))(t)
	a = w.extended(alice, "POST", pathHubs+"/hub-1/test", "").do(200)
	if a.get("ok") != nil || a.get("checks", 0, "remedy") == nil {
		t.Errorf("%s", a.body)
	}
	down := newWorld(t, nil)
	down.extended(alice, "POST", pathHubs+"/"+down.newHub(alice, hubID)+"/test", "").do(503)
}

func TestLogin(t *testing.T) {
	w := newWorld(t, func(o *rest.Options) {
		o.Login = rest.Login{Authority: "https://auth.example.com", WebClientID: "web", Scopes: []string{"openid"}}
	})
	c := w.extended("", "GET", "/api/v1/login", "")
	c.header.Del("Authorization")
	a := c.do(200)
	if a.get("authority") != "https://auth.example.com" || a.get("webClientId") != "web" || a.get("scopes", 0) != "openid" {
		t.Errorf("%s", a.body)
	}
}
