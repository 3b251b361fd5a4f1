package plgd

import (
	"math"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
)

// HubOf gives the hub as clients see it: secrets as the references that they are.
func HubOf(h dps.Hub) Hub {
	p, ca := h.Authorization.Provider, h.CertificateAuthority
	return Hub{
		ID: h.ID, HubID: h.HubID, Name: h.Name, Owner: h.Owner, Gateways: h.Gateways, CAPool: poolOf(h.CAPool),
		Version: int64(h.Version), //nolint:gosec // no object is changed so often
		CertificateAuthority: &GRPCClient{GRPC: &GRPCConnection{
			Address:   ca.Address,
			KeepAlive: &KeepAlive{Time: int64(ca.KeepAlive.Time), Timeout: int64(ca.KeepAlive.Timeout), PermitWithoutStream: ca.KeepAlive.PermitWithoutStream},
			TLS:       tlsOf(ca.TLS),
		}},
		Authorization: &Authorization{
			OwnerClaim: h.Authorization.OwnerClaim, DeviceIDClaim: h.Authorization.DeviceIDClaim,
			Provider: &Provider{
				Name: p.Name, Authority: p.Authority, ClientID: p.ClientID, Scopes: p.Scopes, Audience: p.Audience,
				ClientSecret: p.ClientSecret.String(), HTTP: httpOf(p.HTTP),
			},
		},
	}
}

func tlsOf(t dps.ClientTLS) *TLS {
	return &TLS{CAPool: poolOf(t.CAPool), Key: t.Key.String(), Cert: PEMOf(t.Cert), UseSystemCAPool: t.UseSystemCAPool}
}

func httpOf(c dps.HTTPClient) *HTTP {
	return &HTTP{
		MaxIdleConns: count(c.MaxIdleConns), MaxConnsPerHost: count(c.MaxConnsPerHost), MaxIdleConnsPerHost: count(c.MaxIdleConnsPerHost),
		IdleConnTimeout: int64(c.IdleConnTimeout), Timeout: int64(c.Timeout), TLS: tlsOf(c.TLS),
	}
}

func count(n int) uint32 {
	return uint32(min(max(n, 0), math.MaxInt32))
}

// Onto gives old as the client would have it. Secrets are whatever it sent, still to be settled. What plgd's clients cannot
// say stays as it is, unless extended. Errors: CodeInvalid, naming the field.
func (h Hub) Onto(old dps.Hub, extended bool) (dps.Hub, error) {
	now := old
	now.Name, now.Gateways = h.Name, nil
	if id, ok := dps.ParseUUID(h.HubID); ok {
		now.HubID = id
	} else {
		now.HubID = h.HubID // Validate says the rest
	}
	for _, g := range h.Gateways {
		uri, err := dps.ParseGateway(g)
		if err != nil {
			return now, dps.Errorf(dps.CodeInvalid, "gateways: %w", err)
		}
		now.Gateways = append(now.Gateways, uri)
	}
	if extended {
		pool, err := poolFrom("caPool", h.CAPool, dps.MaxGroupCertificates)
		if err != nil {
			return now, err
		}
		now.CAPool = pool
	}
	var err error
	if now.CertificateAuthority, err = authorityFrom(h.CertificateAuthority); err != nil {
		return now, err
	}
	now.Authorization, err = authorizationFrom(h.Authorization)
	return now, err
}

func authorityFrom(c *GRPCClient) (dps.CertificateAuthority, error) {
	if c == nil || c.GRPC == nil {
		return dps.CertificateAuthority{}, nil
	}
	out, at := dps.CertificateAuthority{Address: c.GRPC.Address}, "certificateAuthority.grpc"
	if k := c.GRPC.KeepAlive; k != nil {
		if k.Time < 0 || k.Timeout < 0 {
			return out, dps.Errorf(dps.CodeInvalid, "%s.keepAlive: times must not be negative", at)
		}
		out.KeepAlive = dps.KeepAlive{Time: time.Duration(k.Time), Timeout: time.Duration(k.Timeout), PermitWithoutStream: k.PermitWithoutStream}
	}
	var err error
	out.TLS, err = tlsFrom(at+".tls", c.GRPC.TLS)
	return out, err
}

func authorizationFrom(a *Authorization) (dps.Authorization, error) {
	if a == nil {
		return dps.Authorization{}, nil
	}
	out := dps.Authorization{OwnerClaim: a.OwnerClaim, DeviceIDClaim: a.DeviceIDClaim}
	if a.Provider == nil {
		return out, nil
	}
	p := a.Provider
	out.Provider = dps.OAuthProvider{
		Name: p.Name, Authority: p.Authority, ClientID: p.ClientID, Audience: p.Audience, Scopes: slices.Clone(p.Scopes),
		ClientSecret: dps.SecretRef(p.ClientSecret),
	}
	var err error
	out.Provider.HTTP, err = httpFrom("authorization.provider.http", p.HTTP)
	return out, err
}

func httpFrom(at string, c *HTTP) (dps.HTTPClient, error) {
	if c == nil {
		return dps.HTTPClient{}, nil
	}
	out := dps.HTTPClient{IdleConnTimeout: time.Duration(c.IdleConnTimeout), Timeout: time.Duration(c.Timeout)}
	for _, n := range []struct {
		value uint32
		into  *int
	}{{c.MaxIdleConns, &out.MaxIdleConns}, {c.MaxConnsPerHost, &out.MaxConnsPerHost}, {c.MaxIdleConnsPerHost, &out.MaxIdleConnsPerHost}} {
		if n.value > math.MaxInt32 {
			return out, dps.Errorf(dps.CodeInvalid, "%s: at most %d connections can be asked for", at, math.MaxInt32)
		}
		*n.into = int(n.value)
	}
	if out.IdleConnTimeout < 0 || out.Timeout < 0 {
		return out, dps.Errorf(dps.CodeInvalid, "%s: times must not be negative", at)
	}
	var err error
	out.TLS, err = tlsFrom(at+".tls", c.TLS)
	return out, err
}

func tlsFrom(at string, t *TLS) (dps.ClientTLS, error) {
	if t == nil {
		return dps.ClientTLS{}, nil
	}
	out := dps.ClientTLS{Key: dps.SecretRef(strings.TrimSpace(t.Key)), UseSystemCAPool: t.UseSystemCAPool}
	var err error
	if out.CAPool, err = poolFrom(at+".caPool", t.CAPool, maxPool); err != nil {
		return out, err
	}
	out.Cert, err = pemFrom(at+".cert", t.Cert, dps.MaxGroupCertificates)
	return out, err
}
