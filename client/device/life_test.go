package device_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

func provisioned(t *testing.T, p *peer, change ...func(*device.Config)) *device.Device {
	t.Helper()
	d := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t)), change...)
	if _, err := d.Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRenew(t *testing.T) {
	p := &peer{world: newWorld(t)}
	d := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t)))
	before, err := d.Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	after, err := d.Renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	requests, conns := p.got()
	if len(requests) != 6 || conns != 3 || requests[5].path != ocf.PathCredentials {
		t.Errorf("%d requests over %d connections; want one more of each, for credentials", len(requests), conns)
	}
	if before.Identity[0].SerialNumber.Cmp(after.Identity[0].SerialNumber) == 0 || after.Owner != before.Owner || len(after.ACEs) != len(before.ACEs) {
		t.Error("the renewal gave the old certificate, or lost what it does not renew")
	}
	if !before.Identity[0].PublicKey.(*ecdsa.PublicKey).Equal(after.Identity[0].PublicKey) {
		t.Error("the device's key changed without a factory reset")
	}
}

func TestBeforeProvisioning(t *testing.T) {
	d := newDevice(t, newWorld(t).config("coaps+tcp://127.0.0.1:1"))
	if _, err := d.Renew(t.Context()); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("Renew: error %v, want %s", err, dps.CodeInvalid)
	}
	if _, err := d.Connect(t.Context()); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("Connect: error %v, want %s", err, dps.CodeInvalid)
	}
}

func TestFactoryReset(t *testing.T) {
	d := provisioned(t, &peer{world: newWorld(t)})
	if err := d.FactoryReset(); err != nil {
		t.Fatal(err)
	}
	if _, ok := dps.ParseUUID(d.ID()); !ok || d.ID() == deviceID {
		t.Errorf("device id %q after a reset, want a new one", d.ID())
	}
	if _, err := d.Renew(t.Context()); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("Renew after a reset: error %v, want %s", err, dps.CodeInvalid)
	}
}

// TestRedirect moves the device to another service after each step that can.
func TestRedirect(t *testing.T) {
	for _, path := range []string{ocf.PathCloudConfiguration, ocf.PathCredentials, ocf.PathACLs} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			second := &peer{world: w}
			uri := "coaps+tcp://" + second.listen(t)
			first := &peer{world: w, script: at(path, func(a answer) answer { return a.field("redirecturi", uri) })}
			result, err := newDevice(t, w.config("coaps+tcp://"+first.listen(t))).Provision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			before, _ := first.got()
			after, _ := second.got()
			if len(before)+len(after) != 5 || before[len(before)-1].path != path {
				t.Errorf("%d requests before, %d after; want 5 in all, none twice", len(before), len(after))
			}
			if result.Endpoint != uri || !slices.Equal(result.Redirects, []string{uri}) {
				t.Errorf("endpoint %q, redirects %q; want %q", result.Endpoint, result.Redirects, uri)
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	question := encode(message.Message{Code: codes.GET, Token: message.Token("discover"), Options: message.Options{
		{ID: message.URIPath, Value: []byte("oic")}, {ID: message.URIPath, Value: []byte("res")},
		{ID: message.URIQuery, Value: []byte("rt=oic.wk.d")},
	}})
	script := at(ocf.PathOwnership, func(a answer) answer {
		a.records = func(whole []byte) [][]byte { return [][]byte{question, whole} }
		return a
	})
	p := &peer{world: newWorld(t), script: script}
	provisioned(t, p, func(c *device.Config) { c.LocalEndpoints = []string{"coaps://192.0.2.7:5684"} })
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.others) != 1 || p.others[0].Code != codes.Content || string(p.others[0].Token) != "discover" {
		t.Fatalf("answers %v, want one with the token", p.others)
	}
	if format, err := p.others[0].Options.ContentFormat(); err != nil || format != message.AppOcfCbor {
		t.Errorf("content format %v, %v", format, err)
	}
	var links []ocf.Link
	if err := cbor.Unmarshal(p.others[0].Payload, &links); err != nil {
		t.Fatal(err)
	}
	if len(links) != 1 || links[0].Endpoints[0].URI != "coaps://192.0.2.7:5684" || !slices.Contains(links[0].ResourceTypes, "oic.wk.d") {
		t.Errorf("links %+v", links)
	}

	silent := &peer{world: newWorld(t), script: script}
	provisioned(t, silent, func(c *device.Config) { c.SilentDiscovery = true })
	silent.mu.Lock()
	defer silent.mu.Unlock()
	if len(silent.others) != 0 {
		t.Errorf("a silent device answered %v", silent.others)
	}
}

// gatewayOf makes the service send devices to another peer, which sees their certificates.
func gatewayOf(t *testing.T, p *peer, seen *[]*x509.Certificate) *peer {
	t.Helper()
	gateway := &peer{world: p.world, tls: func(c *tls.Config) {
		c.VerifyConnection = func(s tls.ConnectionState) error { *seen = s.PeerCertificates; return nil }
	}}
	uri := "coaps+tcp://" + gateway.listen(t)
	p.change(func() {
		p.script = at(ocf.PathCloudConfiguration, func(a answer) answer { return a.field("cis", uri) })
	})
	return gateway
}

func TestConnect(t *testing.T) {
	var seen []*x509.Certificate
	p := &peer{world: newWorld(t)}
	gateway := gatewayOf(t, p, &seen)
	registration, err := provisioned(t, p).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if registration.UserID != "user" || registration.ExpiresIn.Seconds() != 3600 || registration.AccessToken.Reveal() != "at-2" {
		t.Errorf("registration %+v", registration)
	}
	requests, conns := gateway.got()
	if conns != 1 || len(requests) != 3 {
		t.Fatalf("%d requests over %d connections, want 3 over 1", len(requests), conns)
	}
	up, in, publish := requests[0].body(), requests[1].body(), requests[2].body()
	if up["di"] != deviceID || up["accesstoken"] != token || up["authprovider"] != "plgd" || up["devicetype"] != device.DefaultDeviceType {
		t.Errorf("sign-up %v", up)
	}
	if in["di"] != deviceID || in["accesstoken"] != "at-2" || in["uid"] != "user" || in["login"] != true {
		t.Errorf("sign-in %v", in)
	}
	if publish["di"] != deviceID || len(publish["links"].([]any)) != 2 {
		t.Errorf("publish %v", publish)
	}
	if len(seen) != 2 || seen[0].Subject.CommonName != "uuid:"+deviceID {
		t.Errorf("the gateway saw %d certificates, want the identity chain", len(seen))
	}
}

func TestConnectFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		path   string
		change func(answer) answer
		step   device.Step
		reason device.Reason
		detail string
	}{
		{"token refused", "/oic/sec/account", func(answer) answer { return coded(codes.Unauthorized) },
			device.StepSignUp, device.ReasonCode, "4.01"},
		{"no user", "/oic/sec/account", func(a answer) answer { return a.field("uid", nil) },
			device.StepSignUp, device.ReasonBody, "uid is missing"},
		{"no token", "/oic/sec/account", func(a answer) answer { return a.field("accesstoken", nil) },
			device.StepSignUp, device.ReasonBody, "accesstoken is missing"},
		{"bad redirect", "/oic/sec/account", func(a answer) answer { return a.field("redirecturi", "x") },
			device.StepSignUp, device.ReasonBody, "redirecturi"},
		{"sign-in refused", "/oic/sec/session", func(answer) answer { return coded(codes.Forbidden) },
			device.StepSignIn, device.ReasonCode, "4.03"},
		{"no expiry", "/oic/sec/session", func(a answer) answer { return a.field("expiresin", nil) },
			device.StepSignIn, device.ReasonBody, "expiresin is missing"},
		{"publish refused", "/oic/rd", func(answer) answer { return coded(codes.BadRequest) },
			device.StepPublish, device.ReasonCode, "4.00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen []*x509.Certificate
			p := &peer{world: newWorld(t)}
			gateway := gatewayOf(t, p, &seen)
			gateway.change(func() { gateway.script = at(tt.path, tt.change) })
			_, err := provisioned(t, p).Connect(t.Context())
			wantError(t, err, tt.step, tt.reason, tt.detail)
		})
	}
}

// TestGatewayTrust lets the trust anchor that comes with the hub's id decide whether the gateway is trusted.
func TestGatewayTrust(t *testing.T) {
	for _, given := range []bool{true, false} {
		var seen []*x509.Certificate
		p := &peer{world: newWorld(t)}
		gateway := gatewayOf(t, p, &seen)
		hubRoot := must(t)(pki.NewRoot("Hub Root"))
		server := must(t)(hubRoot.NewLeaf("gateway"))
		gateway.change(func() {
			gateway.tls = func(c *tls.Config) { c.Certificates = []tls.Certificate{server.TLS()} }
		})
		cloud := p.script
		p.script = func(q received, a answer) answer {
			if q.path == ocf.PathCredentials && given {
				anchor := certificate(ocf.UsageTrustAnchor, hubID, hubRoot.CertificatePEM())
				return a.field("creds", append(a.body.(m)["creds"].([]any), anchor))
			}
			return cloud(q, a)
		}
		_, err := provisioned(t, p, func(c *device.Config) { c.GatewayRoots = nil }).Connect(t.Context())
		switch {
		case given && err != nil:
			t.Fatal(err)
		case !given:
			wantError(t, err, device.StepHandshake, device.ReasonServerCertificate, "unknown authority")
		}
	}
}

// TestRedirectLoop sends the device back and forth.
func TestRedirectLoop(t *testing.T) {
	p := &peer{world: newWorld(t)}
	here := "coaps+tcp://" + p.listen(t)
	p.change(func() {
		p.script = func(q received, a answer) answer {
			if q.path != ocf.PathTime && q.path != ocf.PathOwnership {
				return a.field("redirecturi", here)
			}
			return a
		}
	})
	result, err := newDevice(t, p.world.config(here)).Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, conns := p.got(); conns != 2 || len(result.Redirects) != 0 {
		t.Errorf("%d connections, %d redirects; a redirect to where the device is changes nothing", conns, len(result.Redirects))
	}
}
