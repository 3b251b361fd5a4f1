package config

import (
	"bytes"
	"encoding/pem"
	"reflect"
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
)

func TestObjects(t *testing.T) {
	f := newFixture(t)
	objects, err := load(t, full).Objects()
	if err != nil {
		t.Fatal(err)
	}
	if len(objects.Groups) != 1 || len(objects.Hubs) != 2 {
		t.Fatalf("%d groups, %d hubs; want 1, 2", len(objects.Groups), len(objects.Hubs))
	}
	const groupID, hubID = "98be12de-3991-4567-aeea-edd9a656e6df", "d03a1bb4-0a77-428c-b78c-1c46efe6a38e"
	list := dps.MatchList{CommonNames: []string{"device-1"}, Serials: []string{"a1b"}, KeyIDs: []string{"3b241101-e2bb-4255-8caf-4136c566a962"}}
	wantGroup := dps.EnrollmentGroup{
		ID: groupID, Owner: "1", Name: "first line", Reprovision: dps.ReprovisionOnce, Disabled: true, PreSharedKey: "secrets/psk",
		HubIDs: []string{dps.ConfiguredHubID(groupID, hubID), dps.ConfiguredHubID(groupID, "0aa2a4a8-54c5-4d5a-9d0f-0d3e0e6b6d11")},
		X509: dps.X509Attestation{
			CertificateChain: string(f.manufacturer.ChainPEM()), LeadCertificateName: "Manufacturer CA", ExpiredCertificateEnabled: true,
			RequireClientAuthEKU: true, Allow: list, Deny: list,
			CRLs: []dps.CRLEntry{{Inline: f.crl}, {URL: "https://crl.example.com/manufacturer.crl"}},
		},
	}
	if got := objects.Groups[0]; !reflect.DeepEqual(got, wantGroup) {
		t.Errorf("group\ngot  %#v\nwant %#v", got, wantGroup)
	}
	tls := dps.ClientTLS{
		CAPool: read(t, "certs/root.crt") + read(t, "certs/other-root.crt"), Cert: read(t, "certs/client.crt"), Key: "certs/client.key", UseSystemCAPool: true,
	}
	wantHub := dps.Hub{
		ID: wantGroup.HubIDs[0], HubID: hubID, Name: "Europe", Owner: "1", CAPool: string(f.root.CertificatePEM()),
		Gateways: []string{"coaps+tcp://hub.example.com:5684", "coaps+tcp://hub2.example.com:5684", "coaps://hub3.example.com:5684"},
		CertificateAuthority: dps.CertificateAuthority{
			Address: "hub.example.com:443", KeepAlive: dps.KeepAlive{Time: 30 * time.Second, Timeout: 5 * time.Second}, TLS: tls,
		},
		Authorization: dps.Authorization{
			OwnerClaim: "https://plgd.dev/owner", DeviceIDClaim: "https://plgd.dev/deviceId",
			Provider: dps.OAuthProvider{
				Name: "plgd.dps", Authority: "https://auth.example.com", ClientID: "test", ClientSecret: "secrets/client-secret",
				Scopes: []string{"openid"}, Audience: "https://api.example.com",
				HTTP: dps.HTTPClient{MaxConnsPerHost: 64, Timeout: 2500 * time.Millisecond, TLS: tls},
			},
		},
	}
	if got := objects.Hubs[0]; !reflect.DeepEqual(got, wantHub) {
		t.Errorf("hub\ngot  %#v\nwant %#v", got, wantHub)
	}
}

func TestObjectsNormalize(t *testing.T) {
	newFixture(t)
	objects, err := load(t, minimal,
		"98be12de-3991-4567-aeea-edd9a656e6df", "98BE12DE-3991-4567-AEEA-EDD9A656E6DF",
		"coapGateway: hub.example.com:5684", "coapGateway: hub.example.com:5684\n      gateways: ['coaps+tcp://hub.example.com:5684/']").Objects()
	if err != nil {
		t.Fatal(err)
	}
	g, h := objects.Groups[0], objects.Hubs[0]
	if g.ID != "98be12de-3991-4567-aeea-edd9a656e6df" || h.ID != dps.ConfiguredHubID(g.ID, h.HubID) {
		t.Errorf("ids %s, %s", g.ID, h.ID)
	}
	if len(h.Gateways) != 1 {
		t.Errorf("the same gateway twice: %v", h.Gateways)
	}
}

func TestObjectsReadPEMRevocationLists(t *testing.T) {
	f := newFixture(t)
	put(t, "certs/manufacturer.crl", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: f.crl}))
	objects, err := load(t, full).Objects()
	if err != nil || !bytes.Equal(objects.Groups[0].X509.CRLs[0].Inline, f.crl) {
		t.Errorf("error %v", err)
	}
}

// TestObjectsOfConfigMadeInCode: what Parse would have refused is refused here, too.
func TestObjectsOfConfigMadeInCode(t *testing.T) {
	c := Default()
	c.EnrollmentGroups = []EnrollmentGroup{{ID: "98be12de-3991-4567-aeea-edd9a656e6df", Hub: &Hub{}}}
	_, err := c.Objects()
	if dps.CodeOf(err) != dps.CodeInvalid {
		t.Fatalf("code %q, want invalid", dps.CodeOf(err))
	}
	for _, path := range []string{"owner", "hub.hubID", "hub.authorization.ownerClaim"} {
		if !strings.Contains(err.Error(), "enrollmentGroups[0]."+path+": must be set") {
			t.Errorf("nothing about %s:\n%v", path, err)
		}
	}
}
