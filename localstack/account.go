package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"dps/client/device"
	"dps/localstack/stack"
	"dps/shared/dps"
)

// stack says what is up, and where.
func (p *printer) stack(s *world) {
	p.line("The stack is up; what it keeps is in %s", shorten(s.Dir))
	p.item("service", "%s  %s", s.Endpoint("tcp"), s.Endpoint("udp"))
	p.item("console", "%s/  log in as anybody; owner %q has the devices", s.apiURL, stack.Owner)
	p.item("OAuth server", "%s", s.Hub.OAuthURL())
	p.item("authority", "grpc %s", s.Hub.AuthorityAddr())
	p.item("gateway", "coaps+tcp://%[1]s  coaps://%[1]s", s.Hub.Gateway.Addr())
}

// provision takes one device fresh from the factory to its hub, and tells its story from both sides: what the device got,
// and what the service recorded. connections is how often it had to connect to the service.
func provision(ctx context.Context, s *world, p *printer, protocol string) (connections int, err error) {
	cfg, err := s.NewDevice(protocol, "acme-lamp-"+strings.ToUpper(protocol))
	if err != nil {
		return 0, err
	}
	p.line("\nA device over %s", map[string]string{"tcp": "TLS / TCP", "udp": "DTLS / UDP"}[protocol])
	d, err := device.New(cfg)
	if err != nil {
		return 0, err
	}
	r, err := d.Provision(ctx)
	if err != nil {
		return 0, fmt.Errorf("the device was not provisioned: %w", err)
	}
	p.account(cfg.Manufacturer.Leaf, r)
	reg, err := d.Connect(ctx)
	if err != nil {
		return 0, fmt.Errorf("the hub's gateway did not let the device in: %w", err)
	}
	known, ok := s.Hub.Gateway.Device(reg.DeviceID)
	if !ok || !known.SignedIn {
		return 0, errors.New("the hub's gateway does not know the device as signed in")
	}
	p.item("hub", "registered and signed in as a device of owner %q, %d resources published", known.Owner, known.Links)
	if s.around != nil {
		if err := s.around.welcome("acme-lamp-"+strings.ToUpper(protocol), cfg, d, r); err != nil { //nolint:contextcheck // the device stays
			return 0, err
		}
	}
	return len(r.Handshakes), p.err
}

// account is what the device got, step by step.
func (p *printer) account(manufacturer *x509.Certificate, r *device.Result) {
	took := make(map[device.Step]time.Duration)
	for _, t := range r.Timings {
		took[t.Step] = t.Duration.Round(100 * time.Microsecond)
	}
	p.item("attested", "%q by %q → enrollment group %s", manufacturer.Subject.CommonName, manufacturer.Issuer.CommonName, stack.GroupID)
	p.item("time", "%s  (%s)", r.Time.Format(time.RFC3339), took[device.StepTime])
	p.item("owner", "%s  (%s)", r.Owner, took[device.StepOwnership])
	p.item("cloud", "%s, hub %s, token by %q  (%s)", r.Cloud.GatewayURI, r.Cloud.HubID, r.Cloud.Provider, took[device.StepCloud])
	identity := r.Identity[0]
	p.item("identity", "%s, valid until %s, by %q  (%s)", identity.Subject, identity.NotAfter.Format(time.DateOnly), identity.Issuer.CommonName, took[device.StepCredentials])
	p.item("trust", "%s%s", count(len(r.TrustAnchors), "trust anchor"), withKey(r))
	p.item("access", "%s of the access control list  (%s)", countEntries(len(r.ACEs)), took[device.StepACLs])
}

func withKey(r *device.Result) string {
	if r.PSK == nil {
		return ", no pre-shared key"
	}
	return ", and a pre-shared key for the owner's own clients"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func countEntries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// records lists what the service has recorded, newest last.
func (p *printer) records(records []dps.Record) {
	p.line("%-36s  %-36s  %-8s  %s", "RECORD", "DEVICE", "UPDATED", "STEPS")
	for _, r := range records {
		p.line("%-36s  %-36s  %-8s  %s", r.ID, r.DeviceID, r.Updated.Local().Format(time.TimeOnly), steps(r))
	}
}

// steps gives each step's latest code in the protocol's order.
func steps(r dps.Record) string {
	var out []string
	for _, s := range []dps.Step{dps.StepAttestation, dps.StepTime, dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
		result, ok := r.Steps[s]
		switch {
		case !ok:
			out = append(out, string(s)+" –")
		case result.CoAPCode == "":
			out = append(out, string(s))
		default:
			out = append(out, string(s)+" "+result.CoAPCode)
		}
	}
	return strings.Join(out, " · ")
}
