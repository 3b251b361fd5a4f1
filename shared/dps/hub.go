package dps

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// MaxGateways bounds the gateways of one hub; all of them travel to every device.
const MaxGateways = 16

// DefaultGatewayScheme stands before a gateway that was written as HOST:PORT.
const DefaultGatewayScheme = "coaps+tcp"

// Hub is where devices go once provisioned: gateways, the authority that signs identities, and the OAuth client that
// speaks for the owner.
type Hub struct {
	ID                   string               `json:"id"`    // of this entry
	HubID                string               `json:"hubId"` // UUID of the hub instance; ACLs and "sid" name this one
	Name                 string               `json:"name,omitempty"`
	Owner                string               `json:"owner"`
	Gateways             []string             `json:"gateways"`         // SCHEME://HOST:PORT
	CAPool               string               `json:"caPool,omitempty"` // PEM: roots that devices need to trust the gateways
	CertificateAuthority CertificateAuthority `json:"certificateAuthority"`
	Authorization        Authorization        `json:"authorization"`
	Version              uint64               `json:"version"` // raised by each write; 0 before the first
}

// CertificateAuthority is the hub's signing service (gRPC).
type CertificateAuthority struct {
	Address   string    `json:"address"` // HOST:PORT
	KeepAlive KeepAlive `json:"keepAlive"`
	TLS       ClientTLS `json:"tls"`
}

// KeepAlive is gRPC's client keep-alive.
type KeepAlive struct {
	Time                time.Duration `json:"time"`
	Timeout             time.Duration `json:"timeout"`
	PermitWithoutStream bool          `json:"permitWithoutStream"`
}

// ClientTLS is how a client identifies itself and whom it trusts.
type ClientTLS struct {
	CAPool          string    `json:"caPool,omitempty"` // PEM
	Cert            string    `json:"cert,omitempty"`   // PEM
	Key             SecretRef `json:"key,omitempty"`
	UseSystemCAPool bool      `json:"useSystemCAPool,omitempty"`
}

// Authorization is how an access token for the owner, or for one device, is obtained (client credentials grant).
type Authorization struct {
	OwnerClaim    string        `json:"ownerClaim"`
	DeviceIDClaim string        `json:"deviceIdClaim,omitempty"` // "": tokens are not bound to a device
	Provider      OAuthProvider `json:"provider"`
}

// OAuthProvider is the OAuth 2.0 server and this service's client at it.
type OAuthProvider struct {
	Name         string     `json:"name"` // "apn" on the wire: the hub knows the provider by it
	Authority    string     `json:"authority"`
	ClientID     string     `json:"clientId"`
	ClientSecret SecretRef  `json:"clientSecret"`
	Scopes       []string   `json:"scopes,omitempty"`
	Audience     string     `json:"audience,omitempty"`
	HTTP         HTTPClient `json:"http"`
}

// HTTPClient is the tuning of an HTTP client; zero means what net/http means by it.
type HTTPClient struct {
	MaxIdleConns        int           `json:"maxIdleConns"`
	MaxConnsPerHost     int           `json:"maxConnsPerHost"`
	MaxIdleConnsPerHost int           `json:"maxIdleConnsPerHost"`
	IdleConnTimeout     time.Duration `json:"idleConnTimeout"`
	Timeout             time.Duration `json:"timeout"`
	TLS                 ClientTLS     `json:"tls"`
}

// ParseGateway gives s in its wire form: a missing scheme becomes DefaultGatewayScheme. Errors: CodeInvalid.
func ParseGateway(s string) (string, error) {
	if !strings.Contains(s, "://") {
		s = DefaultGatewayScheme + "://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return "", Errorf(CodeInvalid, "%q is not of the form SCHEME://HOST:PORT", s)
	}
	if !slices.Contains([]string{"coap", "coaps", "coap+tcp", "coaps+tcp"}, u.Scheme) {
		return "", Errorf(CodeInvalid, "%q: scheme must be coap, coaps, coap+tcp or coaps+tcp", s)
	}
	return strings.TrimSuffix(s, "/"), nil
}

// Validate checks everything about the hub that needs no other object. Errors: CodeInvalid, naming the field.
func (h Hub) Validate() error {
	if h.ID == "" || len(h.ID) > MaxNameLength {
		return Errorf(CodeInvalid, "id: must have 1 to %d bytes", MaxNameLength)
	}
	if u, ok := ParseUUID(h.HubID); !ok || u == NilUUID {
		return Errorf(CodeInvalid, "hubId: %q is not a UUID", h.HubID)
	}
	if h.Owner == "" || len(h.Owner) > MaxNameLength {
		return Errorf(CodeInvalid, "owner: must have 1 to %d bytes", MaxNameLength)
	}
	if len(h.Gateways) == 0 || len(h.Gateways) > MaxGateways {
		return Errorf(CodeInvalid, "gateways: must name 1 to %d gateways", MaxGateways)
	}
	for i, g := range h.Gateways {
		if _, err := ParseGateway(g); err != nil {
			return Errorf(CodeInvalid, "gateways[%d]: %w", i, err)
		}
	}
	if h.CAPool != "" {
		if _, err := ParseCertificatesPEM([]byte(h.CAPool), MaxGroupCertificates); err != nil {
			return Errorf(CodeInvalid, "caPool: %w", err)
		}
	}
	if h.CertificateAuthority.Address == "" {
		return Errorf(CodeInvalid, "certificateAuthority.grpc.address: must be set")
	}
	a := h.Authorization
	switch {
	case a.OwnerClaim == "":
		return Errorf(CodeInvalid, "authorization.ownerClaim: must be set")
	case a.OwnerClaim == "sub":
		return Errorf(CodeInvalid, "authorization.ownerClaim: sub is the OAuth client itself in the client credentials grant; configure a claim of its own")
	case a.Provider.Name == "":
		return Errorf(CodeInvalid, "authorization.provider.name: must be set")
	case a.Provider.ClientID == "":
		return Errorf(CodeInvalid, "authorization.provider.clientID: must be set")
	}
	if u, err := url.Parse(a.Provider.Authority); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return Errorf(CodeInvalid, "authorization.provider.authority: %q is not an http(s) URL", a.Provider.Authority)
	}
	return nil
}
