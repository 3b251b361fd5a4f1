package device

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
)

// linkTTL is how long the gateway shall keep the published resources, in seconds.
const linkTTL = 86400

// Registration is what the device has at the gateway. Printing it shows no secret.
type Registration struct {
	DeviceID    string
	GatewayURI  string
	ServerChain []*x509.Certificate `json:"-"`
	UserID      string
	AccessToken Secret // of the sign-up, for signing in
	ExpiresIn   time.Duration
	Timings     []Timing
	Handshakes  []time.Duration
}

// Connect signs up, signs in and publishes at the gateway, with the identity certificate and the token that Provision got
// (PROTOCOL §5), then closes. Errors: CodeInvalid before the first provisioning; *Error.
func (d *Device) Connect(ctx context.Context) (*Registration, error) {
	if d.result == nil {
		return nil, dps.Errorf(dps.CodeInvalid, "device %s is not provisioned: call Provision before Connect", d.id)
	}
	to, err := parseEndpoint(d.result.Cloud.GatewayURI)
	if err != nil {
		return nil, stepError(StepHandshake, faultf(ReasonConnect, "%w", err))
	}
	g := &gatewayRun{
		session: &session{d: d, to: to, certificate: d.identity(), roots: d.gatewayRoots()},
		reg:     &Registration{DeviceID: d.id},
	}
	defer g.close()
	for _, step := range []func(context.Context) error{g.signUp, g.signIn, g.publish} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	g.reg.GatewayURI, g.reg.ServerChain, g.reg.Timings, g.reg.Handshakes = g.to.uri, g.server, g.timings, g.handshakes
	return g.reg, nil
}

// identity gives the identity certificate as TLS takes it.
func (d *Device) identity() tls.Certificate {
	out := tls.Certificate{PrivateKey: d.key, Leaf: d.result.Identity[0]}
	for _, c := range d.result.Identity {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out
}

// gatewayRoots gives every provisioned trust anchor, and those of the configuration.
func (d *Device) gatewayRoots() *x509.CertPool {
	roots := x509.NewCertPool()
	if d.cfg.GatewayRoots != nil {
		roots = d.cfg.GatewayRoots.Clone()
	}
	for _, a := range d.result.TrustAnchors {
		roots.AddCert(a.Certificate)
	}
	return roots
}

// gatewayRun is one conversation with the gateway.
type gatewayRun struct {
	*session
	reg *Registration
}

// signUp exchanges the provisioned token for one of the gateway's: POST /oic/sec/account → {uid, accesstoken, expiresin?}.
func (g *gatewayRun) signUp(ctx context.Context) error {
	cloud := g.d.result.Cloud
	var redirect endpoint
	err := g.post(ctx, StepSignUp, pairs{
		{"di", g.d.id}, {"authprovider", cloud.Provider}, {"accesstoken", cloud.AccessToken.Reveal()}, {"devicetype", g.d.cfg.DeviceType},
	}, func(payload []byte) error {
		body, err := decodeBody(payload)
		if err != nil {
			return err
		}
		redirect, err = gatewayRedirect(body)
		if err != nil {
			return err
		}
		return g.acceptSignUp(body)
	})
	if err == nil && redirect != (endpoint{}) && redirect != g.to {
		g.redirect(redirect)
	}
	return err
}

func (g *gatewayRun) acceptSignUp(body object) error {
	token, err := body.text("accesstoken")
	if err != nil {
		return err
	}
	g.reg.AccessToken = Secret(token)
	g.reg.UserID, err = body.text("uid")
	return err
}

// gatewayRedirect reads where the gateway wants the device to sign in, if elsewhere. An empty text means here.
func gatewayRedirect(body object) (endpoint, error) {
	if uri, ok := body.fields["redirecturi"].(string); !ok || uri == "" {
		return endpoint{}, nil
	}
	uri, err := body.text("redirecturi")
	if err != nil {
		return endpoint{}, err
	}
	to, err := parseEndpoint(uri)
	if err != nil {
		return to, faultf(ReasonBody, "body.redirecturi %q: %w", uri, err)
	}
	return to, nil
}

// signIn opens the device's session: POST /oic/sec/session → {expiresin}.
func (g *gatewayRun) signIn(ctx context.Context) error {
	return g.post(ctx, StepSignIn, pairs{
		{"uid", g.reg.UserID}, {"di", g.d.id}, {"accesstoken", g.reg.AccessToken.Reveal()}, {"login", true},
	}, func(payload []byte) error {
		body, err := decodeBody(payload)
		if err != nil {
			return err
		}
		seconds, err := body.number("expiresin")
		g.reg.ExpiresIn = time.Duration(seconds) * time.Second
		return err
	})
}

// publish tells the gateway of the device's resources: POST /oic/rd.
func (g *gatewayRun) publish(ctx context.Context) error {
	links := []pairs{
		g.link("/oic/d", "oic.wk.d", g.d.cfg.DeviceType),
		g.link("/oic/p", "oic.wk.p"),
	}
	body := pairs{{"di", g.d.id}, {"links", links}, {"ttl", linkTTL}}
	return g.post(ctx, StepPublish, body, func([]byte) error { return nil })
}

func (g *gatewayRun) link(href string, types ...string) pairs {
	return pairs{
		{"anchor", "ocf://" + g.d.id}, {"href", href}, {"rt", types}, {"if", []string{"oic.if.r", "oic.if.baseline"}},
		{"p", pairs{{"bm", 3}}}, {"ins", 0},
	}
}

// post takes a step at the gateway; the device does not care which code of success it gets.
func (g *gatewayRun) post(ctx context.Context, step Step, body pairs, accept func([]byte) error) error {
	q, err := post(step.path(), body)
	if err != nil {
		return stepError(step, faultf(ReasonBody, "cannot make the request: %w", err))
	}
	want := []codes.Code{codes.Changed, codes.Created, codes.Content, codes.Valid}
	return g.do(ctx, exchange{step: step, request: q, want: want, accept: accept})
}
