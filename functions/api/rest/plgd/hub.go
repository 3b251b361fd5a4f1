package plgd

// Hub is where devices go once provisioned.
type Hub struct {
	ID                   string         `json:"id" wire:"ro" doc:"Of this entry, made by the server."`
	Gateways             []string       `json:"gateways" doc:"SCHEME://HOST:PORT each."`
	CertificateAuthority *GRPCClient    `json:"certificateAuthority"`
	Authorization        *Authorization `json:"authorization"`
	Name                 string         `json:"name"`
	HubID                string         `json:"hubId" doc:"UUID of the hub, the common name of its gateways' certificates."`
	Owner                string         `json:"owner" wire:"ro"`
	CAPool               []string       `json:"caPool" wire:"ext" doc:"Roots that devices need to trust the gateways, in PEM format."`
	Version              int64          `json:"version" wire:"ext,ro" doc:"Raised by each change; the ETag."`
}

// GRPCClient is how the certificate authority is reached.
type GRPCClient struct {
	GRPC *GRPCConnection `json:"grpc"`
}

// GRPCConnection is a gRPC client's connection.
type GRPCConnection struct {
	Address   string     `json:"address" doc:"HOST:PORT."`
	KeepAlive *KeepAlive `json:"keepAlive"`
	TLS       *TLS       `json:"tls"`
}

// KeepAlive is gRPC's; times in nanoseconds.
type KeepAlive struct {
	Time                int64 `json:"time" doc:"Nanoseconds."`
	Timeout             int64 `json:"timeout" doc:"Nanoseconds."`
	PermitWithoutStream bool  `json:"permitWithoutStream"`
}

// TLS is how a client identifies itself and whom it trusts.
type TLS struct {
	CAPool          []string `json:"caPool" doc:"Roots in PEM format, as data:;base64,CONTENT or as they are."`
	Key             string   `json:"key" doc:"PEM as data:;base64,CONTENT; answers have the reference of the stored secret."`
	Cert            string   `json:"cert" doc:"PEM as data:;base64,CONTENT or as it is."`
	UseSystemCAPool bool     `json:"useSystemCaPool"`
}

// Authorization is how access tokens are obtained.
type Authorization struct {
	OwnerClaim    string    `json:"ownerClaim"`
	DeviceIDClaim string    `json:"deviceIdClaim"`
	Provider      *Provider `json:"provider"`
}

// Provider is the OAuth 2.0 server and the client at it.
type Provider struct {
	Name         string   `json:"name"`
	Authority    string   `json:"authority" doc:"URL."`
	ClientID     string   `json:"clientId"`
	Scopes       []string `json:"scopes"`
	Audience     string   `json:"audience"`
	ClientSecret string   `json:"clientSecret" doc:"As data:;base64,CONTENT; answers have the reference of the stored secret."`
	HTTP         *HTTP    `json:"http"`
}

// HTTP tunes an HTTP client; times in nanoseconds.
type HTTP struct {
	MaxIdleConns        uint32 `json:"maxIdleConns"`
	MaxConnsPerHost     uint32 `json:"maxConnsPerHost"`
	MaxIdleConnsPerHost uint32 `json:"maxIdleConnsPerHost"`
	IdleConnTimeout     int64  `json:"idleConnTimeout" doc:"Nanoseconds."`
	Timeout             int64  `json:"timeout" doc:"Nanoseconds."`
	TLS                 *TLS   `json:"tls"`
}
