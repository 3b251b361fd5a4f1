package rest_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dps/shared/dps"
	"dps/shared/hubtest"
)

// TestGroupPolicy: lists, revocation lists and the switch are for new clients; plgd's leave them as they are.
func TestGroupPolicy(t *testing.T) {
	w := newWorld(t, nil)
	body, maker := w.groupBody(w.newHub(alice, hubID))
	made := w.extended(alice, "POST", pathGroups, body).do(201)
	id, _ := made.get("id").(string)
	target := pathGroups + "/" + id
	if made.header.Get("Location") != target || made.header.Get("ETag") != `"1"` {
		t.Errorf("%v", made.header)
	}
	crl := hubtest.Must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: w.now, NextUpdate: w.now.Add(time.Hour)}, maker.Certificate, maker.Key))(t)
	patch, _ := json.Marshal(map[string]any{"disabled": true, "attestationMechanism": map[string]any{"x509": map[string]any{
		"requireClientAuthEKU": true,
		"allow":                map[string]any{"commonNames": []string{"device 1"}, "keyIds": []string{strings.ToUpper(seededRecord)}},
		"deny":                 map[string]any{"serials": []string{"00:0A:1B", "0"}},
		"crls":                 []any{map[string]any{"url": "https://crl.example.com/list"}, map[string]any{"inline": base64.URLEncoding.EncodeToString(crl)}},
	}}})
	w.extended(alice, "PATCH", target, string(patch)).with("Content-Type", "application/merge-patch+json").do(200)
	g := hubtest.Must(w.store.Group(t.Context(), id))(t)
	want := dps.X509Attestation{
		CertificateChain: string(maker.CertificatePEM()), RequireClientAuthEKU: true,
		Allow: dps.MatchList{CommonNames: []string{"device 1"}, KeyIDs: []string{seededRecord}}, Deny: dps.MatchList{Serials: []string{"a1b", "0"}},
		CRLs: []dps.CRLEntry{{URL: "https://crl.example.com/list"}, {Inline: crl}},
	}
	if diff := cmp.Diff(want, g.X509); diff != "" || !g.Disabled {
		t.Error(diff)
	}
	seen := w.as(alice, "GET", pathGroups, "").do(200).lines()[0]
	seen["name"] = "renamed by plgd's console"
	data, _ := json.Marshal(seen)
	w.as(alice, "PUT", target, string(data)).do(200)
	if g = hubtest.Must(w.store.Group(t.Context(), id))(t); g.Name != "renamed by plgd's console" || !g.Disabled || cmp.Diff(want, g.X509) != "" {
		t.Errorf("%+v", g)
	}
	w.extended(alice, "PATCH", target, `{"disabled":null,"attestationMechanism":{"x509":{"allow":null,"deny":null,"crls":null}}}`).do(200)
	if g = hubtest.Must(w.store.Group(t.Context(), id))(t); g.Disabled || !g.X509.Allow.IsEmpty() || len(g.X509.CRLs) != 0 || g.PreSharedKey == "" {
		t.Errorf("%+v", g)
	}
}

func TestBadBodies(t *testing.T) {
	w := newWorld(t, nil)
	target := pathGroups + "/" + w.newGroup(alice)
	hub := pathHubs + "/" + w.newHub(alice, hubID)
	for _, tt := range []struct{ target, body, field string }{
		{target, `{"nothing":1}`, "nothing"},
		{target, `{"attestationMechanism":{"x509":{"nothing":1}}}`, "attestationMechanism.x509.nothing"},
		{target, `{"name":1}`, "name"},
		{target, `{"disabled":"true"}`, "disabled"},
		{target, `{"hubIds":"x"}`, "hubIds"},
		{target, `{"hubIds":[null]}`, "hubIds[0]"},
		{target, `{"hubIds":["nobody's"]}`, "hubIds[0]"},
		{target, `{"hubIds":[]}`, "hubIds"},
		{target, `{"id":"other"}`, "id"},
		{target, `{"owner":"bob"}`, "owner"},
		{target, `{"attestationMechanism":null}`, "certificateChain"},
		{target, `{"attestationMechanism":{"x509":{"leadCertificateName":"none"}}}`, "leadCertificateName"},
		{target, `{"attestationMechanism":{"x509":{"deny":{"serials":["xyz"]}}}}`, "deny.serials[0]"},
		{target, `{"attestationMechanism":{"x509":{"deny":{"serials":["` + strings.Repeat("f", 41) + `"]}}}}`, "deny.serials[0]"},
		{target, `{"attestationMechanism":{"x509":{"allow":{"keyIds":["xyz"]}}}}`, "allow.keyIds[0]"},
		{target, `{"attestationMechanism":{"x509":{"allow":{"commonNames":[""]}}}}`, "allow.commonNames[0]"},
		{target, `{"attestationMechanism":{"x509":{"crls":[{}]}}}`, "crls[0]"},
		{target, `{"attestationMechanism":{"x509":{"crls":[{"url":"file:///etc/passwd"}]}}}`, "crls[0].url"},
		{target, `{"attestationMechanism":{"x509":{"crls":[{"inline":"AAAA"}]}}}`, "crls[0].inline"},
		{target, `{"attestationMechanism":{"x509":{"crls":[{"inline":"!"}]}}}`, "crls[0].inline"},
		{target, `[]`, "body"}, {target, `null`, "body"}, {target, `{`, "body"}, {target, `"x"`, "body"},
		{target, strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40), "body"},
		{hub, `{"hubId":"x"}`, "hubId"},
		{hub, `{"gateways":[]}`, "gateways"},
		{hub, `{"gateways":["http://x"]}`, "gateways"},
		{hub, `{"caPool":["data:;base64,AAAA"]}`, "caPool"},
		{hub, `{"certificateAuthority":{"grpc":{"keepAlive":{"time":"-1"}}}}`, "keepAlive"},
		{hub, `{"certificateAuthority":{"grpc":{"keepAlive":{"time":"1.5"}}}}`, "keepAlive.time"},
		{hub, `{"authorization":{"provider":{"http":{"maxIdleConns":-1}}}}`, "maxIdleConns"},
		{hub, `{"authorization":{"provider":{"http":{"maxIdleConns":4294967295}}}}`, "http"},
		{hub, `{"authorization":{"provider":{"http":{"timeout":-1}}}}`, "http"},
		{hub, `{"authorization":{"ownerClaim":"sub"}}`, "ownerClaim"},
		{hub, `{"authorization":null}`, "ownerClaim"},
	} {
		before := w.extended(alice, "GET", tt.target, "").do(200).body
		status := 400
		if strings.Contains(tt.body, "nobody's") {
			status = 404
		}
		a := w.extended(alice, "PATCH", tt.target, tt.body).do(status)
		if detail, _ := a.get("detail").(string); !strings.Contains(detail, tt.field) {
			t.Errorf("%.60s: %q does not name %s", tt.body, detail, tt.field)
		}
		if after := w.extended(alice, "GET", tt.target, "").do(200).body; string(after) != string(before) {
			t.Errorf("%s changed something", tt.body)
		}
	}
}

// TestPlgdTakes what protobuf's JSON takes, and ignores what it does not know.
func TestPlgdTakes(t *testing.T) {
	w := newWorld(t, nil)
	a := w.as(alice, "POST", pathHubs, `{"hub_id":"`+strings.ToUpper(hubID)+`","gateways":["hub.example.com:5684"],"nothing":{"known":1},"caPool":["ignored"],"name":null,
		"certificate_authority":{"grpc":{"address":"hub.example.com:443","keep_alive":{"time":10000000000,"timeout":"20000000000","permit_without_stream":true}}},
		"authorization":{"owner_claim":"owner","device_id_claim":"device","provider":{"name":"plgd","authority":"https://auth.example.com","client_id":"dps",
		"http":{"max_idle_conns":"16","idle_conn_timeout":"30000000000"}}}}`).with("Content-Type", "application/protojson; charset=utf-8").do(200)
	id, _ := a.get("id").(string)
	h := hubtest.Must(w.store.Hub(t.Context(), id))(t)
	want := dps.Hub{
		ID: id, HubID: hubID, Owner: alice, Gateways: []string{"coaps+tcp://hub.example.com:5684"}, Version: 1,
		CertificateAuthority: dps.CertificateAuthority{Address: "hub.example.com:443", KeepAlive: dps.KeepAlive{Time: 10 * time.Second, Timeout: 20 * time.Second, PermitWithoutStream: true}},
		Authorization: dps.Authorization{OwnerClaim: "owner", DeviceIDClaim: "device", Provider: dps.OAuthProvider{
			Name: "plgd", Authority: "https://auth.example.com", ClientID: "dps", HTTP: dps.HTTPClient{MaxIdleConns: 16, IdleConnTimeout: 30 * time.Second},
		}},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	for body, field := range map[string]string{`{"hubId":1}`: "hubId", `{"gateways":{}}`: "gateways", `x`: "body", `{}`: "hubId"} {
		a := w.as(alice, "POST", pathHubs, body).do(400)
		if message, _ := a.get("message").(string); a.get("code") != 3.0 || !strings.Contains(message, field) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
}
