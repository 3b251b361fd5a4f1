package device

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"dps/shared/ocf"
)

// Result is everything that a provisioned device holds, and how it came by it. Printing it shows no secret.
type Result struct {
	DeviceID     string
	Endpoint     string // the last one, after redirects
	Redirects    []string
	ServerChain  []*x509.Certificate `json:"-"`
	Time         time.Time           // as the service told it
	Owner        string              // UUID
	Identity     []*x509.Certificate `json:"-"` // leaf first, without the root
	TrustAnchors []Anchor
	PSK          *PSK // nil: the group has none
	ACEs         []ocf.ACE
	Cloud        Cloud
	Attempts     int // full provisionings until this one succeeded, itself included
	Timings      []Timing
	Handshakes   []time.Duration // one for each connection
}

// Anchor is a provisioned trust anchor. Its subject is the owner, or the hub whose gateway it vouches for.
type Anchor struct {
	Subject     string
	Certificate *x509.Certificate `json:"-"`
}

// PSK is a provisioned pre-shared key.
type PSK struct {
	Subject string
	Key     Secret
}

// Cloud says where the device signs in, and with what.
type Cloud struct {
	AccessToken Secret
	Provider    string
	GatewayURI  string
	HubID       string
	Servers     []ocf.Endpoint
}

// Timing is how long a step took, in which try it succeeded.
type Timing struct {
	Step     Step
	Duration time.Duration
	Tries    int
}

// checkWhole holds the steps' answers against one another: the hub that the device signs in at must also be let in, or it
// could never control the device. Errors: *Error.
func (r *Result) checkWhole() error {
	if names(r.ACEs, r.Cloud.HubID) {
		return nil
	}
	return stepError(StepACLs, faultf(ReasonBody, "no entry of body.aclist2 lets in the hub %s of the cloud configuration", r.Cloud.HubID))
}

// String gives the account of the provisioning, a line for each thing, without secrets.
func (r *Result) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-22s %s\n", name, clip(fmt.Sprintf(format, args...)))
	}
	line("device id", "%s", r.DeviceID)
	line("service", "%s", r.Endpoint)
	if len(r.ServerChain) > 0 {
		line("its certificate", "%s", describe(r.ServerChain[0]))
	}
	line("time", "%s", r.Time.Format(time.RFC3339Nano))
	line("owner", "%s", r.Owner)
	for _, c := range r.Identity {
		line("identity chain", "%s", describe(c))
	}
	for _, a := range r.TrustAnchors {
		line("trust anchor", "%s, for %s", describe(a.Certificate), a.Subject)
	}
	if r.PSK != nil {
		line("pre-shared key", "%v, for %s", r.PSK.Key, r.PSK.Subject)
	} else {
		line("pre-shared key", "none")
	}
	line("access control", "%d entries", len(r.ACEs))
	line("gateway", "%s, hub %s", r.Cloud.GatewayURI, r.Cloud.HubID)
	line("gateways known", "%d", len(r.Cloud.Servers))
	line("provider, token", "%s, %v", r.Cloud.Provider, r.Cloud.AccessToken)
	line("attempts", "%d, %d connections, %d redirects", r.Attempts, len(r.Handshakes), len(r.Redirects))
	for _, t := range r.Timings {
		line("  "+string(t.Step), "%v", t.Duration.Round(10*time.Microsecond))
	}
	return b.String()
}

func describe(c *x509.Certificate) string {
	return fmt.Sprintf("%s, valid %s to %s", c.Subject, stamp(c.NotBefore), stamp(c.NotAfter))
}
