package rest_test

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"dps/shared/hubtest"
	"dps/shared/pki"
)

// TestTokensThatAreNone: nobody gets in, and nothing of a token comes back.
func TestTokensThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	none := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"owner": alice})
	unsigned := hubtest.Must(none.SignedString(jwt.UnsafeAllowNoneSignatureType))(t)
	forged := *w
	forged.key = hubtest.Must(pki.NewKey())(t)
	for name, header := range map[string]string{
		"none": "", "another scheme": "Basic YTpi", "no JWT": "Bearer hush", "alg none": "Bearer " + unsigned,
		"expired":          w.token(alice, "", func(c jwt.MapClaims) { c["exp"] = 1 }),
		"another audience": w.token(alice, "", func(c jwt.MapClaims) { c["aud"] = "other" }),
		"another issuer":   w.token(alice, "", func(c jwt.MapClaims) { c["iss"] = "https://other" }),
		"no owner":         w.token(alice, "", func(c jwt.MapClaims) { delete(c, "owner") }),
		"forged":           forged.token(alice, "", nil),
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			for _, target := range []string{pathGroups, pathHubs, pathRecords} {
				a := w.as(alice, "GET", target, "").with("Authorization", header).do(401)
				if a.get("code") != 16.0 || a.get("details") == nil || a.header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%s", a.body)
				}
				if _, token, _ := strings.Cut(header, " "); len(token) > 3 && strings.Contains(string(a.body), token) {
					t.Errorf("the token comes back: %s", a.body)
				}
			}
			p := w.extended(alice, "GET", "/api/v1/me", "").with("Authorization", header).do(401)
			if p.get("status") != 401.0 || p.get("code") != "denied" || p.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s", p.body)
			}
		})
	}
	w.t = t
	two := w.as(alice, "GET", pathGroups, "")
	two.header["Authorization"] = []string{w.token(alice, "", nil), w.token(bob, "", nil)}
	two.do(401)
}

func TestScopes(t *testing.T) {
	w := newWorld(t, nil)
	id := w.newGroup(alice)
	for _, tt := range []struct {
		scope                string
		read, write, vouches int
		access               string
	}{
		{"openid profile", 200, 200, 403, "write"},
		{"", 200, 200, 403, "write"},
		{"dps:read", 200, 403, 403, "read"},
		{"openid dps:write", 200, 200, 403, "write"},
		{"dps:admin", 200, 200, 200, "admin"},
		{"dps:other", 403, 403, 403, ""},
	} {
		token := w.token(alice, tt.scope, nil)
		w.extended(alice, "GET", pathGroups+"/"+id, "").with("Authorization", token).do(tt.read)
		w.extended(alice, "PATCH", pathGroups+"/"+id, `{"name":"x"}`).with("Authorization", token).do(tt.write)
		a := w.extended(alice, "POST", pathGroups+"/"+id+"/vouch", "").with("Authorization", token).do(tt.vouches)
		if tt.vouches == 403 && a.get("code") != "denied" {
			t.Errorf("%s", a.body)
		}
		me := w.extended(alice, "GET", "/api/v1/me", "").with("Authorization", token).do(tt.read)
		if tt.read == 200 && (me.get("access") != tt.access || me.get("owner") != alice || me.get("name") != "Some One") {
			t.Errorf("%q: %s", tt.scope, me.body)
		}
	}
}

// TestAnotherOwner: what is Alice's does not exist for Bob, in any way, and is not changed.
func TestAnotherOwner(t *testing.T) {
	w := newWorld(t, nil)
	w.seed(t)
	before := w.as(alice, "GET", pathGroups, "").do(200).body
	hubs := w.as(alice, "GET", pathHubs, "").do(200).body
	body, _ := w.groupBody(w.newHub(bob, hubID))
	stolen, _ := w.groupBody(seededHub)
	for _, tt := range []struct {
		method, target, body string
		status               int
	}{
		{"GET", pathGroups + "/" + seededGroup, "", 404},
		{"PUT", pathGroups + "/" + seededGroup, body, 404},
		{"PATCH", pathGroups + "/" + seededGroup, `{"name":"bob's"}`, 404},
		{"DELETE", pathGroups + "/" + seededGroup, "", 404},
		{"DELETE", pathGroups + "?idFilter=" + seededGroup, "", 404},
		{"POST", pathGroups + "/" + seededGroup + "/proof", `{"certificate":"x"}`, 400},
		{"POST", pathGroups, stolen, 404},
		{"GET", pathHubs + "/" + seededHub, "", 404},
		{"PUT", pathHubs + "/" + seededHub, hubBody(hubID), 404},
		{"PATCH", pathHubs + "/" + seededHub, `{"name":"bob's"}`, 404},
		{"DELETE", pathHubs + "/" + seededHub, "", 404},
		{"DELETE", pathHubs + "?idFilter=" + seededHub, "", 404},
		{"GET", pathRecords + "/" + seededRecord, "", 404},
		{"DELETE", pathRecords + "/" + seededRecord, "", 404},
		{"GET", pathRecords + "/" + seededRecord + "/audit", "", 404},
		{"GET", "/api/v1/device-bindings/" + seededDevice, "", 404},
		{"DELETE", "/api/v1/device-bindings/" + seededDevice, "", 404},
	} {
		a := w.extended(bob, tt.method, tt.target, tt.body).do(tt.status)
		if strings.Contains(string(a.body), alice) || strings.Contains(string(a.body), "sensors") {
			t.Errorf("%s %s tells: %s", tt.method, tt.target, a.body)
		}
	}
	for _, target := range []string{
		pathGroups, pathGroups + "?idFilter=" + seededGroup, pathGroups + "?hubIdFilter=" + seededHub, pathGroups + "?attestationMechanismX509CertificateNames=maker",
		pathHubs + "?idFilter=" + seededHub, pathRecords, pathRecords + "?idFilter=" + seededRecord, pathRecords + "?deviceIdFilter=" + seededDevice,
		pathRecords + "?enrollmentGroupIdFilter=" + seededGroup,
	} {
		if a := w.as(bob, "GET", target, "").do(200); len(a.body) != 0 {
			t.Errorf("%s: %s", target, a.body)
		}
	}
	if n := w.as(bob, "DELETE", pathRecords, "").do(200).get("count"); n != "0" {
		t.Errorf("Bob deleted %v", n)
	}
	w.as(bob, "DELETE", pathGroups, "").do(200)
	w.as(bob, "DELETE", pathHubs, "").do(200)
	if got := w.as(alice, "GET", pathGroups, "").do(200).body; string(got) != string(before) {
		t.Errorf("Alice's groups are now %s", got)
	}
	if got := w.as(alice, "GET", pathHubs, "").do(200).body; string(got) != string(hubs) {
		t.Errorf("Alice's hubs are now %s", got)
	}
	w.as(alice, "GET", pathRecords+"?idFilter="+seededRecord, "").do(200).get("result")
}
