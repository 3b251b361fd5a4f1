package api

import (
	"errors"
	"strings"
	"time"

	"dps/shared/dps"
)

// hub is a hub's entry on the wire; times in nanoseconds.
type hub struct {
	ID            string        `json:"id,omitempty"`
	HubID         string        `json:"hubId,omitempty"`
	Name          string        `json:"name,omitempty"`
	Owner         string        `json:"owner,omitempty"`
	Gateways      []string      `json:"gateways,omitempty"`
	CAPool        []string      `json:"caPool,omitempty"`
	Authority     authority     `json:"certificateAuthority"`
	Authorization authorization `json:"authorization"`
	Version       uint64        `json:"version,string,omitempty"`
}

type authority struct {
	GRPC struct {
		Address   string    `json:"address,omitempty"`
		KeepAlive keepAlive `json:"keepAlive,omitzero"`
		TLS       clientTLS `json:"tls"`
	} `json:"grpc"`
}

type keepAlive struct {
	Time                time.Duration `json:"time,string,omitempty"`
	Timeout             time.Duration `json:"timeout,string,omitempty"`
	PermitWithoutStream bool          `json:"permitWithoutStream,omitempty"`
}

type clientTLS struct {
	CAPool          []string `json:"caPool,omitempty"`
	Key             string   `json:"key,omitempty"`
	Cert            string   `json:"cert,omitempty"`
	UseSystemCAPool bool     `json:"useSystemCaPool,omitempty"`
}

type authorization struct {
	OwnerClaim    string   `json:"ownerClaim,omitempty"`
	DeviceIDClaim string   `json:"deviceIdClaim,omitempty"`
	Provider      provider `json:"provider"`
}

type provider struct {
	Name         string     `json:"name,omitempty"`
	Authority    string     `json:"authority,omitempty"`
	ClientID     string     `json:"clientId,omitempty"`
	ClientSecret string     `json:"clientSecret,omitempty"`
	Scopes       []string   `json:"scopes,omitempty"`
	Audience     string     `json:"audience,omitempty"`
	HTTP         httpClient `json:"http"`
}

type httpClient struct {
	MaxIdleConns        int           `json:"maxIdleConns,omitempty"`
	MaxConnsPerHost     int           `json:"maxConnsPerHost,omitempty"`
	MaxIdleConnsPerHost int           `json:"maxIdleConnsPerHost,omitempty"`
	IdleConnTimeout     time.Duration `json:"idleConnTimeout,string,omitempty"`
	Timeout             time.Duration `json:"timeout,string,omitempty"`
	TLS                 clientTLS     `json:"tls"`
}

// domain gives the hub in the service's type. Errors: CodeInternal for certificates that are none.
func (h hub) domain() (dps.Hub, error) {
	pool, err1 := pooled(h.CAPool)
	authorityTLS, err2 := h.Authority.GRPC.TLS.domain()
	p := h.Authorization.Provider
	providerTLS, err3 := p.HTTP.TLS.domain()
	return dps.Hub{
		ID: h.ID, HubID: h.HubID, Name: h.Name, Owner: h.Owner, Gateways: h.Gateways, CAPool: pool, Version: h.Version,
		CertificateAuthority: dps.CertificateAuthority{Address: h.Authority.GRPC.Address, KeepAlive: dps.KeepAlive(h.Authority.GRPC.KeepAlive), TLS: authorityTLS},
		Authorization: dps.Authorization{
			OwnerClaim: h.Authorization.OwnerClaim, DeviceIDClaim: h.Authorization.DeviceIDClaim,
			Provider: dps.OAuthProvider{
				Name: p.Name, Authority: p.Authority, ClientID: p.ClientID, ClientSecret: dps.SecretRef(p.ClientSecret), Scopes: p.Scopes, Audience: p.Audience,
				HTTP: dps.HTTPClient{
					MaxIdleConns: p.HTTP.MaxIdleConns, MaxConnsPerHost: p.HTTP.MaxConnsPerHost, MaxIdleConnsPerHost: p.HTTP.MaxIdleConnsPerHost,
					IdleConnTimeout: p.HTTP.IdleConnTimeout, Timeout: p.HTTP.Timeout, TLS: providerTLS,
				},
			},
		},
	}, errors.Join(err1, err2, err3)
}

// wireHub gives the hub as a client writes it.
func wireHub(h dps.Hub) hub {
	p := h.Authorization.Provider
	out := hub{
		HubID: h.HubID, Name: h.Name, Gateways: h.Gateways, CAPool: pool(h.CAPool),
		Authorization: authorization{
			OwnerClaim: h.Authorization.OwnerClaim, DeviceIDClaim: h.Authorization.DeviceIDClaim,
			Provider: provider{
				Name: p.Name, Authority: p.Authority, ClientID: p.ClientID, ClientSecret: string(p.ClientSecret), Scopes: p.Scopes, Audience: p.Audience,
				HTTP: httpClient{
					MaxIdleConns: p.HTTP.MaxIdleConns, MaxConnsPerHost: p.HTTP.MaxConnsPerHost, MaxIdleConnsPerHost: p.HTTP.MaxIdleConnsPerHost,
					IdleConnTimeout: p.HTTP.IdleConnTimeout, Timeout: p.HTTP.Timeout, TLS: wireTLS(p.HTTP.TLS),
				},
			},
		},
	}
	out.Authority.GRPC.Address = h.CertificateAuthority.Address
	out.Authority.GRPC.KeepAlive = keepAlive(h.CertificateAuthority.KeepAlive)
	out.Authority.GRPC.TLS = wireTLS(h.CertificateAuthority.TLS)
	return out
}

func (t clientTLS) domain() (dps.ClientTLS, error) {
	pool, err1 := pooled(t.CAPool)
	cert, err2 := text(t.Cert)
	return dps.ClientTLS{CAPool: pool, Cert: cert, Key: dps.SecretRef(t.Key), UseSystemCAPool: t.UseSystemCAPool}, errors.Join(err1, err2)
}

func wireTLS(t dps.ClientTLS) clientTLS {
	return clientTLS{CAPool: pool(t.CAPool), Cert: uri(t.Cert), Key: string(t.Key), UseSystemCAPool: t.UseSystemCAPool}
}

func pool(pem string) []string {
	if pem == "" {
		return nil
	}
	return []string{uri(pem)}
}

func pooled(uris []string) (string, error) {
	var all strings.Builder
	for _, u := range uris {
		pem, err := text(u)
		if err != nil {
			return "", err
		}
		all.WriteString(pem)
	}
	return all.String(), nil
}
