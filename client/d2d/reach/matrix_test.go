package reach_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"dps/client/d2d/reach"
	"dps/client/device"
	"dps/client/device/local"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

// cell is one way to reach a device: who asks, over what, and what the device makes of it.
type cell struct {
	credentials, transport, peer string
	// device changes what the device was provisioned with, and gives who asks.
	device func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials
	code   dps.Code // "": he is let in
	reason reach.Reason
}

// byCertificate are the cells of an identity certificate, over each transport.
func byCertificate(transport string) []cell {
	expired := pki.Validity(time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour))
	return []cell{
		{peer: "right", device: func(t *testing.T, d *domain, _ *local.Provisioned) reach.Credentials { return d.byCertificate(t) }},
		{peer: "wrong owner", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				c := d.identity(t, dps.NewUUID()) // of the same authority
				return reach.Credentials{Identity: &c, Roots: d.ca.Pool()}
			}},
		{peer: "other CA", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				other := newDomain(t)
				other.owner = d.owner
				c := other.byCertificate(t)
				c.Roots = d.ca.Pool() // it would trust the device
				return c
			}},
		{peer: "wrong key", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				c := d.byCertificate(t)
				c.Identity.PrivateKey = must(pki.NewKey())(t) // stolen: the certificate without its key
				c.Identity.Leaf = nil
				return c
			}},
		{peer: "expired", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				return d.byCertificate(t, expired)
			}},
		{peer: "no OCF identity", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				c := must(d.sub.NewLeaf("uuid:" + d.owner))(t).TLS()
				return reach.Credentials{Identity: &c, Roots: d.ca.Pool()}
			}},
		{peer: "no ACL entry", code: dps.CodeDenied, reason: reach.ReasonForbidden,
			device: func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				guest := dps.NewUUID()
				p.Anchors = append(p.Anchors, device.Anchor{Subject: guest, Certificate: d.ca.Certificate})
				c := d.identity(t, guest)
				return reach.Credentials{Identity: &c, Roots: d.ca.Pool()}
			}},
		{peer: "revoked anchor", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.Anchors = nil
				return d.byCertificate(t)
			}},
		{peer: "unowned device", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.Owner = ""
				return d.byCertificate(t)
			}},
		{peer: "device: other CA", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.Identity = newDomain(t).identity(t, p.DeviceID)
				return d.byCertificate(t)
			}},
		{peer: "device: expired", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.Identity = d.identity(t, p.DeviceID, expired)
				return d.byCertificate(t)
			}},
		{peer: "device: other id", code: dps.CodeDenied, reason: reach.ReasonImpostor,
			device: func(t *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.Identity = d.identity(t, dps.NewUUID())
				return d.byCertificate(t)
			}},
	}
}

// byKey are the cells of a pre-shared key.
func byKey() []cell {
	return []cell{
		{peer: "right", device: func(_ *testing.T, d *domain, _ *local.Provisioned) reach.Credentials { return d.byKey() }},
		{peer: "wrong owner", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(_ *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				return reach.Credentials{PSK: &reach.PSK{SubjectID: dps.NewUUID(), Key: d.key}}
			}},
		{peer: "wrong key", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(_ *testing.T, d *domain, _ *local.Provisioned) reach.Credentials {
				return reach.Credentials{PSK: &reach.PSK{SubjectID: d.owner, Key: [16]byte{1}}}
			}},
		{peer: "no ACL entry", code: dps.CodeDenied, reason: reach.ReasonForbidden,
			device: func(_ *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.PSK.Subject = dps.NewUUID()
				return reach.Credentials{PSK: &reach.PSK{SubjectID: p.PSK.Subject, Key: d.key}}
			}},
		{peer: "device without a key", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(_ *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.PSK = nil
				return d.byKey()
			}},
		{peer: "unowned device", code: dps.CodeDenied, reason: reach.ReasonNotOurs,
			device: func(_ *testing.T, d *domain, p *local.Provisioned) reach.Credentials {
				p.Owner = ""
				return d.byKey()
			}},
	}
}

func cells() []cell {
	var out []cell
	add := func(credentials, transport string, more []cell) {
		for _, c := range more {
			c.credentials, c.transport = credentials, transport
			out = append(out, c)
		}
	}
	add("certificate", "TCP (TLS)", byCertificate("TCP"))
	add("certificate", "UDP (DTLS)", byCertificate("UDP"))
	add("pre-shared key", "UDP (DTLS)", byKey())
	return append(out, cell{credentials: "pre-shared key", transport: "TCP (TLS)", peer: "right (Go's TLS has no such suites)",
		code: dps.CodeInvalid, reason: reach.ReasonNoCredentials,
		device: func(_ *testing.T, d *domain, _ *local.Provisioned) reach.Credentials { return d.byKey() }})
}

// TestMatrix tries every cell between the two real ends, and prints what it saw as a table.
func TestMatrix(t *testing.T) {
	all := cells()
	saw := make([]string, len(all))
	t.Run("cells", func(t *testing.T) {
		for i, c := range all {
			t.Run(c.credentials+", "+c.transport+", "+c.peer, func(t *testing.T) {
				t.Parallel()
				saw[i] = tryCell(t, c)
			})
		}
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "credentials\ttransport\tpeer\tresult")
	for i, c := range all {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.credentials, c.transport, c.peer, saw[i])
	}
	_ = w.Flush()
	t.Log("\n" + b.String())
}

func tryCell(t *testing.T, c cell) string {
	d := newDomain(t)
	p := d.provisioned(t)
	creds := c.device(t, d, p)
	cfg := local.Config{Provisioned: p, NoTCP: strings.HasPrefix(c.transport, "UDP"), NoUDP: strings.HasPrefix(c.transport, "TCP")}
	if p.Owner == "" {
		cfg.Provisioned, cfg.DeviceID = nil, p.DeviceID
	}
	s := run(t, cfg)
	cl := client(t, creds, func(o *reach.Options) { o.Timeout = shortly * 4 })
	if found := discover(t, cl, clearAddress(t, s)); len(found) != 1 || found[0].ID != p.DeviceID {
		t.Fatalf("discovered %+v, want %s", found, p.DeviceID)
	}
	got, err := cl.Read(t.Context(), p.DeviceID, "/light/1", "")
	if c.code != "" {
		wantError(t, err, c.code, c.reason)
		if _, err := cl.Update(t.Context(), p.DeviceID, "/light/1", map[string]any{"state": true}); err == nil {
			t.Error("the update of a client that may not read succeeded")
		}
		return fmt.Sprintf("refused: %s", reach.ReasonOf(err))
	}
	if err != nil || got.Format != ocf.FormatOCFCBOR || got.Value.(map[string]any)["state"] != false {
		t.Fatalf("read %+v, %v", got, err)
	}
	after, err := cl.Update(t.Context(), p.DeviceID, "/light/1", map[string]any{"state": true, "power": 55.0})
	if err != nil {
		t.Fatal(err)
	}
	if m := after.Value.(map[string]any); m["state"] != true || m["power"] != uint64(55) {
		t.Errorf("after the update the light is %v", m)
	}
	return "read and updated"
}
