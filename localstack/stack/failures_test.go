package stack_test

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	grpccodes "google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/client/device"
	"dps/localstack/hub"
	"dps/localstack/hub/authority"
	"dps/localstack/hub/oauth"
	"dps/localstack/stack"
	"dps/shared/dps"
	"dps/shared/pki"
)

func asDeviceError(t *testing.T, err error) *device.Error {
	t.Helper()
	var e *device.Error
	if !errors.As(err, &e) {
		t.Fatalf("want an error of the device, got %v", err)
	}
	return e
}

// TestDependenciesFail: the OAuth server and the authority, each slow, down and lying. The device is told 5.03, the record
// says why, no certificate leaves without its audit entry, and once the dependency is mended the same device gets in.
func TestDependenciesFail(t *testing.T) {
	forge := func(f func(csr *x509.CertificateRequest, root, issuer *pki.Pair) (*pki.Pair, *pki.Pair)) *authority.Fault {
		return &authority.Fault{Forge: func(csr *x509.CertificateRequest, root, issuer *pki.Pair) []byte {
			leaf, top := f(csr, root, issuer)
			return append(leaf.ChainPEM(), top.CertificatePEM()...)
		}}
	}
	issue := func(ca *pki.Pair, csr *x509.CertificateRequest, opts ...pki.Option) *pki.Pair {
		leaf, err := ca.SignPublicKey(csr.Subject, csr.PublicKey, opts...)
		if err != nil {
			panic(err)
		}
		return leaf
	}
	identity := pki.UnknownEKU(pki.OIDIdentity)
	for _, c := range []struct {
		name   string
		oauth  *oauth.Fault
		ca     *authority.Fault
		step   device.Step
		reason string
	}{
		{"OAuth server down", &oauth.Fault{Status: 500}, nil, device.StepCloud, "OAuth"},
		{"OAuth server overrun", &oauth.Fault{Status: 429}, nil, device.StepCloud, "OAuth"},
		{"OAuth server refuses the client", &oauth.Fault{Status: 401}, nil, device.StepCloud, "OAuth"},
		{"OAuth server answers garbage", &oauth.Fault{Garbage: true}, nil, device.StepCloud, "OAuth"},
		{"token of another owner", &oauth.Fault{Claims: map[string]string{hub.DefaultOwnerClaim: "2"}}, nil, device.StepCloud, hub.DefaultOwnerClaim},
		{"token without owner", &oauth.Fault{Claims: map[string]string{hub.DefaultOwnerClaim: ""}}, nil, device.StepCloud, hub.DefaultOwnerClaim},
		{"token of another device", &oauth.Fault{Claims: map[string]string{hub.DefaultDeviceIDClaim: dps.NewUUID()}}, nil, device.StepCloud, hub.DefaultDeviceIDClaim},
		{"token has ended", &oauth.Fault{Lifetime: -time.Hour}, nil, device.StepCloud, ""},
		{"authority down", nil, &authority.Fault{Err: status.Error(grpccodes.Unavailable, "down")}, device.StepCredentials, ""},
		{"authority overrun", nil, &authority.Fault{Err: status.Error(grpccodes.ResourceExhausted, "busy")}, device.StepCredentials, ""},
		{"authority fails", nil, &authority.Fault{Err: status.Error(grpccodes.Internal, "host db-17 is on fire")}, device.StepCredentials, ""},
		{"no certificate", nil, &authority.Fault{Forge: func(*x509.CertificateRequest, *pki.Pair, *pki.Pair) []byte { return nil }}, device.StepCredentials, ""},
		{"garbage for a certificate", nil, &authority.Fault{Forge: func(*x509.CertificateRequest, *pki.Pair, *pki.Pair) []byte {
			return []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}}, device.StepCredentials, ""},
		{"certificate for another key", nil, forge(func(csr *x509.CertificateRequest, root, issuer *pki.Pair) (*pki.Pair, *pki.Pair) {
			key, _ := pki.NewKey()
			leaf, err := issuer.SignPublicKey(csr.Subject, key.Public(), identity)
			if err != nil {
				panic(err)
			}
			return leaf, root
		}), device.StepCredentials, ""},
		{"certificate for another device", nil, forge(func(csr *x509.CertificateRequest, root, issuer *pki.Pair) (*pki.Pair, *pki.Pair) {
			csr.Subject.CommonName = "uuid:" + dps.NewUUID()
			return issue(issuer, csr, identity), root
		}), device.StepCredentials, ""},
		{"certificate without the identity usage", nil, forge(func(csr *x509.CertificateRequest, root, issuer *pki.Pair) (*pki.Pair, *pki.Pair) {
			return issue(issuer, csr), root
		}), device.StepCredentials, ""},
		{"certificate that ends in half an hour", nil, forge(func(csr *x509.CertificateRequest, root, issuer *pki.Pair) (*pki.Pair, *pki.Pair) {
			return issue(issuer, csr, identity, pki.Validity(time.Now().Add(-time.Hour), time.Now().Add(30*time.Minute))), root
		}), device.StepCredentials, ""},
		{"chain that ends in a foreign root", nil, forge(func(csr *x509.CertificateRequest, _, issuer *pki.Pair) (*pki.Pair, *pki.Pair) {
			foreign, err := pki.NewRoot("Stand-in hub root")
			if err != nil {
				panic(err)
			}
			return issue(issuer, csr, identity), foreign
		}), device.StepCredentials, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			s.Hub.OAuth.SetFault(c.oauth)
			s.Hub.Authority.SetFault(c.ca)
			d, cfg := newDevice(t, s, "tcp", "device", nil)
			_, err := d.Provision(t.Context())
			if e := asDeviceError(t, err); !e.Transient || e.Step != c.step {
				t.Errorf("the device is told %v; want a transient error at %s", err, c.step)
			}
			must(t, s.Service.Flush(t.Context()))
			rec, err := s.Service.Store().Record(t.Context(), stack.RecordID(cfg))
			must(t, err)
			failed := rec.Steps[map[device.Step]dps.Step{device.StepCloud: dps.StepCloudConfiguration, device.StepCredentials: dps.StepCredentials}[c.step]]
			if failed.CoAPCode != "5.03" || failed.ErrorMessage == "" || !strings.Contains(failed.ErrorMessage, c.reason) {
				t.Errorf("the record says %q (%s), want a reason with %q", failed.ErrorMessage, failed.CoAPCode, c.reason)
			}
			if strings.Contains(failed.ErrorMessage, "db-17") {
				t.Errorf("the record tells of the inside: %q", failed.ErrorMessage)
			}
			if audit, _, err := s.Service.Store().ListAudit(t.Context(), rec.ID, dps.Page{}); err != nil || len(audit) != 0 {
				t.Errorf("the audit says %+v, %v; nothing was issued", audit, err)
			}
			s.Hub.OAuth.SetFault(nil)
			s.Hub.Authority.SetFault(nil)
			eventually(t, "the mended dependency is used again", func() bool {
				_, err = d.Provision(t.Context())
				return err == nil
			})
		})
	}
}

// TestSlowDependencies: an answer comes within the 8 s that a device waits, whatever the dependency does.
func TestSlowDependencies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes the 7 s of the budget")
	}
	for name, fault := range map[string]func(*hub.Hub){
		"OAuth server": func(h *hub.Hub) { h.OAuth.SetFault(&oauth.Fault{Delay: time.Minute}) },
		"authority":    func(h *hub.Hub) { h.Authority.SetFault(&authority.Fault{Delay: time.Minute}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			fault(s.Hub)
			d, _ := newDevice(t, s, "tcp", "device", func(c *device.Config) { c.Timeouts = []time.Duration{8 * time.Second} })
			_, err := d.Provision(t.Context())
			if e := asDeviceError(t, err); e.Reason != device.ReasonUnavailable {
				t.Errorf("the device is told %v; want 5.03 before its own timeout", err)
			}
			s.Hub.OAuth.SetFault(nil)
			s.Hub.Authority.SetFault(nil)
		})
	}
}

// TestStrangersStayOut: what the handshake refuses, over both protocols, while a device of the group gets in.
func TestStrangersStayOut(t *testing.T) {
	s := start(t, nil)
	stranger, err := pki.NewRoot("Acme Devices factory 1") // the right name, the wrong key
	must(t, err)
	nobody, err := stranger.NewLeaf("stranger")
	must(t, err)
	for _, protocol := range []string{"tcp", "udp"} {
		for name, change := range map[string]func(*device.Config){
			"authority of the same name": func(c *device.Config) { c.Manufacturer = nobody.TLS() },
			"expired leaf": func(c *device.Config) {
				leaf, err := s.PKI.Manufacturer.NewLeaf("old", pki.Validity(time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)))
				must(t, err)
				c.Manufacturer = leaf.TLS()
			},
			"usage without clientAuth": func(c *device.Config) {
				leaf, err := s.PKI.Manufacturer.NewLeaf("server", pki.EKU(x509.ExtKeyUsageServerAuth))
				must(t, err)
				c.Manufacturer = leaf.TLS()
			},
		} {
			t.Run(protocol+", "+name, func(t *testing.T) {
				d, _ := newDevice(t, s, protocol, "x", change)
				_, err := d.Provision(t.Context())
				if e := asDeviceError(t, err); e.Transient || e.Step != device.StepTime && e.Step != device.StepHandshake {
					t.Errorf("the stranger is told %v", err)
				}
			})
		}
		d, _ := newDevice(t, s, protocol, "friend", nil)
		_, err := d.Provision(t.Context())
		must(t, err)
	}
}

// TestConfigurationChanges: a group that the file no longer lists is gone after a restart, and so are its devices.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s, err := stack.Start(t.Context(), stack.Options{Dir: dir})
	must(t, err)
	d, cfg := newDevice(t, s, "tcp", "device", nil)
	_, err = d.Provision(t.Context())
	must(t, err)
	must(t, s.Stop())
	s, err = stack.Start(t.Context(), stack.Options{Dir: dir})
	must(t, err)
	defer func() { must(t, s.Stop()) }()
	rec, err := s.Service.Store().Record(t.Context(), stack.RecordID(cfg))
	must(t, err)
	if rec.Steps[dps.StepCredentials].CoAPCode != "2.04" {
		t.Errorf("the record did not survive: %+v", rec)
	}
	cfg.Endpoint, cfg.DeviceID = s.Endpoint("tcp"), d.ID()
	d, err = device.New(cfg)
	must(t, err)
	_, err = d.Provision(context.WithoutCancel(t.Context()))
	must(t, err) // its binding survived too, and is its own
}
