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
	ReadTimeout       time.Duration     `yaml:"readTimeout" default:"8s" min:"-" doc:"Time limit for reading a request with its body. Zero or negative: none."`
	ReadHeaderTimeout time.Duration     `yaml:"readHeaderTimeout" default:"4s" doc:"Time limit for reading a request's header. Zero: readTimeout."`
	WriteTimeout      time.Duration     `yaml:"writeTimeout" default:"16s" min:"-" doc:"Time limit for writing the response. Zero or negative: none."`
	IdleTimeout       time.Duration     `yaml:"idleTimeout" default:"30s" doc:"How long a kept-alive connection may wait for its next request. Zero: readTimeout."`
}

// HTTPServerTLS is the REST API's certificate, and whose clients it lets in.
type HTTPServerTLS struct {
	CAPool                    []string      `yaml:"caPool" default:"" scalar:"true" unit:"file" doc:"Roots of client certificates in PEM format, each file with any number of them."`
	KeyFile                   dps.SecretRef `yaml:"keyFile" default:"" secret:"true" unit:"file" doc:"Private key in PEM format."`
	CertFile                  string        `yaml:"certFile" default:"" unit:"file" doc:"Certificate and its intermediates in PEM format, leaf first."`
	ClientCertificateRequired bool          `yaml:"clientCertificateRequired" default:"true" doc:"Let in only clients with a certificate under caPool."`
}

// HTTPAuthorization says whose tokens the REST API accepts.
type HTTPAuthorization struct {
	Authority string     `yaml:"authority" default:"" unit:"URL" doc:"OAuth server whose tokens are accepted; its signature keys are found from here."`
	Audience  string     `yaml:"audience" default:"" doc:"Audience a token must have. Empty: any."`
	HTTP      HTTPClient `yaml:"http"`
}
