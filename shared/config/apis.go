package config

import (
	"time"

	"dps/shared/dps"
)

// APIs are what the service listens on.
type APIs struct {
	COAP   COAP   `yaml:"coap"`
	HTTP   HTTP   `yaml:"http"`
	Health Health `yaml:"health"`
}

// Health is where a load balancer asks whether devices may be sent here.
type Health struct {
	Address string `yaml:"address" default:"" unit:"HOST:PORT" doc:"Where /healthz (the process is alive) and /readyz (it takes devices) are answered, over plain HTTP. Empty: nowhere."`
	Metrics bool   `yaml:"metrics" default:"false" doc:"Answer a Prometheus server at /metrics there." applies:"apis.health.address"`
}

// Protocols of COAP.
const (
	ProtocolTCP = "tcp" // CoAP over TLS (RFC 8323)
	ProtocolUDP = "udp" // CoAP over DTLS (RFC 7252)
)

// COAP is the endpoint for devices.
type COAP struct {
	Address           string            `yaml:"address" default:"0.0.0.0:5688" unit:"HOST:PORT" doc:"Where devices connect."`
	Protocols         []string          `yaml:"protocols" default:"tcp" oneof:"tcp,udp" min:"1" doc:"CoAP over TLS (tcp), over DTLS (udp), or both."`
	MaxMessageSize    int               `yaml:"maxMessageSize" default:"262144" min:"1024" max:"67108864" unit:"bytes" doc:"Largest CoAP message that is sent or received."`
	MessagePoolSize   int               `yaml:"messagePoolSize" default:"1000" min:"0" max:"1000000" unit:"messages" doc:"How many messages are kept for reuse." applies:"udp"`
	InactivityMonitor InactivityMonitor `yaml:"inactivityMonitor"`
	BlockwiseTransfer BlockwiseTransfer `yaml:"blockwiseTransfer"`
	TLS               ServerTLS         `yaml:"tls"`
}

// InactivityMonitor closes connections nobody uses.
type InactivityMonitor struct {
	Timeout time.Duration `yaml:"timeout" default:"20s" min:"1ms" doc:"A connection without activity for so long is closed."`
}

// BlockwiseTransfer is RFC 7959.
type BlockwiseTransfer struct {
	Enabled   bool `yaml:"enabled" default:"true" doc:"Transfer messages in blocks (RFC 7959)." applies:"udp; devices have no block-wise transfer over tcp"`
	BlockSize int  `yaml:"blockSize" default:"1024" oneof:"16,32,64,128,256,512,1024" unit:"bytes" doc:"Size of a block." applies:"udp"`
}

// ServerTLS is the service's own certificate.
type ServerTLS struct {
	KeyFile  string `yaml:"keyFile" default:"" secret:"true" unit:"file" doc:"Private key in PEM format, or the ARN of a Secrets Manager secret that holds it. Read again when it changes."`
	CertFile string `yaml:"certFile" default:"" unit:"file" doc:"Certificate and its intermediates in PEM format, leaf first, or the ARN of a Secrets Manager secret. Read again when it changes."`
}

// HTTP is the operators' REST API.
type HTTP struct {
	Enabled           bool              `yaml:"enabled" default:"false" doc:"Serve the REST API."`
	Address           string            `yaml:"address" default:"0.0.0.0:9100" unit:"HOST:PORT" doc:"Where operators' clients connect."`
	TLS               HTTPServerTLS     `yaml:"tls"`
	Authorization     HTTPAuthorization `yaml:"authorization"`
	CORS              CORS              `yaml:"cors"`
	Console           Console           `yaml:"console"`
	ProofOfPossession bool              `yaml:"proofOfPossession" default:"false" doc:"Refuse the devices of a group that is created over the REST API until somebody proves to hold the key of its lead certificate, or an administrator vouches for it. Needed as soon as owners do not trust each other."`
	ReadTimeout       time.Duration     `yaml:"readTimeout" default:"8s" min:"-" doc:"Time limit for reading a request with its body. Zero or negative: none."`
	ReadHeaderTimeout time.Duration     `yaml:"readHeaderTimeout" default:"4s" doc:"Time limit for reading a request's header. Zero: readTimeout."`
	WriteTimeout      time.Duration     `yaml:"writeTimeout" default:"16s" min:"-" doc:"Time limit for writing the response. Zero or negative: none."`
	IdleTimeout       time.Duration     `yaml:"idleTimeout" default:"30s" doc:"How long a kept-alive connection may wait for its next request. Zero: readTimeout."`
}

// CORS says which web pages of other origins may use the REST API (Fetch standard, "CORS protocol").
type CORS struct {
	AllowedOrigins []string `yaml:"allowedOrigins" default:"" unit:"origins" doc:"Origins, such as https://console.example.com, whose pages may call the REST API. Empty: none but the console's own."`
}

// Console is the web page for operators.
type Console struct {
	Enabled        bool     `yaml:"enabled" default:"true" doc:"Serve the console under /, beside the REST API."`
	ConnectSources []string `yaml:"connectSources" default:"" unit:"origins" doc:"Origins beside authorization.authority's that the OAuth server's endpoints have, such as https://NAME.auth.REGION.amazoncognito.com."`
}

// HTTPServerTLS is the REST API's certificate, and whose clients it lets in.
type HTTPServerTLS struct {
	Enabled                   bool          `yaml:"enabled" default:"true" doc:"Serve over TLS. false is for a loopback address, or behind a proxy that ends TLS."`
	CAPool                    []string      `yaml:"caPool" default:"" scalar:"true" unit:"file" doc:"Roots of client certificates in PEM format, each file with any number of them."`
	KeyFile                   dps.SecretRef `yaml:"keyFile" default:"" secret:"true" unit:"file" doc:"Private key in PEM format."`
	CertFile                  string        `yaml:"certFile" default:"" unit:"file" doc:"Certificate and its intermediates in PEM format, leaf first."`
	ClientCertificateRequired bool          `yaml:"clientCertificateRequired" default:"true" doc:"Let in only clients with a certificate under caPool. Where it is false, one that is presented is verified all the same."`
}

// Server gives the certificate alone.
func (t HTTPServerTLS) Server() ServerTLS {
	return ServerTLS{KeyFile: string(t.KeyFile), CertFile: t.CertFile}
}

// HTTPAuthorization says whose tokens the REST API accepts.
type HTTPAuthorization struct {
	Authority   string     `yaml:"authority" default:"" unit:"URL" doc:"OAuth server whose tokens are accepted; its signature keys are found from here."`
	Audience    string     `yaml:"audience" default:"" doc:"Audience a token must have. Empty: any."`
	OwnerClaim  string     `yaml:"ownerClaim" default:"sub" min:"1" doc:"Claim of a token that names whose groups, hubs and devices its bearer sees."`
	WebClientID string     `yaml:"webClientID" default:"" doc:"OAuth client with which people log in to the console: public, authorization code with PKCE. Empty: the console says that log-in is not set up."`
	CLIClientID string     `yaml:"cliClientID" default:"" doc:"OAuth client with which dpsctl logs people in: public, device authorization grant. Empty: dpsctl asks for one."`
	Scopes      []string   `yaml:"scopes" default:"openid" doc:"Scopes that the console and dpsctl ask for."`
	HTTP        HTTPClient `yaml:"http"`
}
