//go:build iotivity

package iotivity_test

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"dps/client/d2d/reach"
	"dps/shared/dps"
	"dps/shared/pki"
)

// TestOwnUseDisown: a device of another make becomes ours by its manufacturer's certificate, is used by our key, and given up.
func TestOwnUseDisown(t *testing.T) {
	w := newWorld(t, tcp)
	c, here := w.client(w.byKey()), byAddress(t)
	d := find(t, c, here)
	if d.Ownership != reach.OwnershipUnowned || !d.CanOwn {
		t.Fatalf("discovered %+v, want nobody's, that can be owned", d)
	}
	if err := c.Own(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	if d := find(t, c, here); d.Ownership != reach.OwnershipOurs || d.OwnerID != w.owner {
		t.Errorf("owned, it is %+v", d)
	}
	useLight(t, c, d.ID, 7)
	if details := must(c.Device(t.Context(), d.ID))(t); details.Platform == nil || details.Platform.ManufacturerName != "Acme" || len(details.Links) < 4 {
		t.Errorf("details %+v", details)
	}
	if err := c.Disown(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	if again := find(t, c, here); again.Ownership != reach.OwnershipUnowned || again.ID == d.ID {
		t.Errorf("given up, it is %+v, want nobody's, with another id", again)
	}
}

// TestMulticast: the device answers the groups of OCF, over IPv4 and IPv6.
func TestMulticast(t *testing.T) {
	w := newWorld(t, tcp)
	c := w.client(w.byKey())
	find(t, c, reach.Query{MulticastIPv4: true})
	find(t, c, reach.Query{MulticastIPv6: true})
}

// TestKeyUsage: what iotivity-lite refuses without a word, the client explains.
func TestKeyUsage(t *testing.T) {
	w := newWorld(t, tcp)
	c, id := w.own()
	w.certify(c, id)
	c = w.client(w.byCertificate(w.ca, w.owner, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }))
	find(t, c, byAddress(t))
	if _, err := c.Read(t.Context(), id, "/light/1", ""); reach.ReasonOf(err) != reach.ReasonNotOurs || !strings.Contains(dps.AsError(err).Message, "keyAgreement") {
		t.Errorf("%v, want it to name keyAgreement", err)
	}
}

// TestWhoGetsIn: the device lets in its owner by either credential over either transport, and nobody else; the client says why.
func TestWhoGetsIn(t *testing.T) {
	for _, transport := range []string{udp, tcp} {
		t.Run(transport, func(t *testing.T) {
			w := newWorld(t, transport)
			c, id := w.own()
			w.certify(c, id)
			useLight(t, c, id, 1)
			stranger, otherCA := dps.NewUUID(), must(pki.NewRoot("another domain"))(t)
			wrongKey := w.byKey()
			wrongKey.PSK.Key[0]++
			over := pki.Validity(time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour))
			for _, who := range []struct {
				name  string
				shows reach.Credentials
				want  reach.Reason // "": gets in
			}{
				{"the owner's certificate", w.byCertificate(w.ca, w.owner), ""},
				{"the owner's key", w.byKey(), ""},
				{"another owner's certificate", w.byCertificate(w.ca, stranger), reach.ReasonForbidden},
				{"a certificate of another authority", w.byCertificate(otherCA, w.owner), reach.ReasonNotOurs},
				{"a certificate that has expired", w.byCertificate(w.ca, w.owner, over), reach.ReasonNotOurs},
				{"a wrong key", wrongKey, reach.ReasonNotOurs},
				{"another owner's key", reach.Credentials{PSK: &reach.PSK{SubjectID: stranger, Key: w.key}}, reach.ReasonNotOurs},
			} {
				t.Run(who.name, func(t *testing.T) {
					c := w.client(who.shows)
					find(t, c, byAddress(t))
					_, err := c.Read(t.Context(), id, "/light/1", "")
					if got := reach.ReasonOf(err); got != who.want || (err == nil) != (who.want == "") {
						t.Errorf("%q: %v, caused by %v, want %q", got, err, errors.Unwrap(err), who.want)
					}
				})
			}
		})
	}
}
