package settings

import "time"

// Config is the file.
type Config struct {
	Log                Log                `yaml:"log"`
	APIs               APIs               `yaml:"apis"`
	Clients            Clients            `yaml:"clients"`
	RemoteProvisioning RemoteProvisioning `yaml:"remoteProvisioning"`
	Storage            Storage            `yaml:"storage"`

	// Notes are about properties of plgd's that have no effect here.
	Notes []string
}

// Log is what is logged.
type Log struct {
	Level    string `yaml:"level" default:"info" oneof:"debug,info,warn,error" doc:"What is logged, to standard error."`
	Encoding string `yaml:"encoding" default:"text" oneof:"text,json" doc:"How it is logged."`
}

// APIs are what the client serves.
type APIs struct {
	HTTP HTTP `yaml:"http"`
}

// HTTP is the API and the page.
type HTTP struct {
	Address           string        `yaml:"address" default:"127.0.0.1:8080" doc:"Where it is served, HOST:PORT. Beyond loopback it needs tls and authorization."`
	AllowedHosts      []string      `yaml:"allowedHosts" doc:"Host names, beside localhost and the address itself, that requests may be for. Others are refused: a name that somebody else's DNS leads here is an attack (DNS rebinding)."`
	TLS               TLS           `yaml:"tls"`
	CORS              CORS          `yaml:"cors"`
	Page              Page          `yaml:"page"`
	Authorization     Authorization `yaml:"authorization"`
	ReadTimeout       time.Duration `yaml:"readTimeout" default:"8s" doc:"Time limit for reading a request."`
	ReadHeaderTimeout time.Duration `yaml:"readHeaderTimeout" default:"4s" doc:"Time limit for reading a request's header."`
	WriteTimeout      time.Duration `yaml:"writeTimeout" default:"1m" doc:"Time limit for a whole answer; taking ownership of a device takes a while."`
	IdleTimeout       time.Duration `yaml:"idleTimeout" default:"30s" doc:"How long a connection may wait for its next request."`
}

// TLS is the API's own certificate.
type TLS struct {
	Enabled  bool   `yaml:"enabled" default:"false" doc:"Serve over TLS."`
	CertFile string `yaml:"certFile" doc:"Certificate and its intermediates, PEM."`
	KeyFile  string `yaml:"keyFile" doc:"Private key, PEM."`
}

// CORS says which web pages of other origins may use the API.
type CORS struct {
	AllowedOrigins []string `yaml:"allowedOrigins" doc:"Origins, such as https://console.example.com, whose pages may use the API. Never *."`
}

// Page is the client's web page.
type Page struct {
	ConnectSources []string `yaml:"connectSources" doc:"Origins, beside those of remoteProvisioning.authority and certificateAuthority, that the page may speak to: where the OAuth server has its endpoints elsewhere, such as https://NAME.auth.REGION.amazoncognito.com."`
}

// Authorization says whose tokens the API wants, whatever its way of initialization.
type Authorization struct {
	Authority  string `yaml:"authority" doc:"OAuth server whose tokens are wanted, by the exact name that it gives itself. Empty: none are, but in X509 mode those of the owner."`
	Audience   string `yaml:"audience" doc:"Audience that a token must have. Empty: any."`
	OwnerClaim string `yaml:"ownerClaim" default:"sub" doc:"Claim that names a token's owner."`
	Owner      string `yaml:"owner" doc:"The one owner who may use this client. Needed with authority."`
}

// Clients are whom the client talks to.
type Clients struct {
	Device Device `yaml:"device"`
}

// Device is how devices are reached.
type Device struct {
	COAP COAP `yaml:"coap"`
}

// COAP is how devices are spoken to.
type COAP struct {
	MaxMessageSize    int               `yaml:"maxMessageSize" default:"65536" doc:"Largest answer of a device, in bytes, once its blocks are together."`
	Timeout           time.Duration     `yaml:"timeout" default:"10s" doc:"Time limit for a handshake, and for an answer."`
	InactivityMonitor InactivityMonitor `yaml:"inactivityMonitor"`
	Interfaces        []string          `yaml:"interfaces" doc:"Network interfaces that discovery uses. Empty: all."`
	TLS               DeviceTLS         `yaml:"tls"`
	OwnershipTransfer OwnershipTransfer `yaml:"ownershipTransfer"`
}

// InactivityMonitor ends sessions that nobody uses.
type InactivityMonitor struct {
	Timeout time.Duration `yaml:"timeout" default:"2m" doc:"How long a session with a device is kept without use."`
}

// Authentications of DeviceTLS.
const (
	PreSharedKey  = "preSharedKey"
	X509          = "x509"
	Uninitialized = "uninitialized"
)

// DeviceTLS is who the client is for devices.
type DeviceTLS struct {
	Authentication string `yaml:"authentication" default:"preSharedKey" oneof:"preSharedKey,x509,uninitialized" doc:"What devices know the client by: a pre-shared key, an identity certificate, or whatever initialize settles."`
	PreSharedKey   Key    `yaml:"preSharedKey"`
}

// Key is a pre-shared key that is configured rather than generated.
type Key struct {
	SubjectID string `yaml:"subjectId" doc:"UUID that devices know the key by: the owner's. Empty: generated at the first start."`
	Key       string `yaml:"key" secret:"true" doc:"The key: text of 16 bytes, or data:;base64,… of 16 bytes. Empty: generated at the first start."`
}

// OwnershipTransfer is how the client becomes a device's owner.
type OwnershipTransfer struct {
	Methods                 []string                `yaml:"methods" default:"manufacturerCertificate" doc:"manufacturerCertificate is the only one: justWorks lets anybody in between become the owner."`
	ManufacturerCertificate ManufacturerCertificate `yaml:"manufacturerCertificate"`
}

// ManufacturerCertificate says which makers' devices may be owned.
type ManufacturerCertificate struct {
	TLS Roots `yaml:"tls"`
}

// Roots are certificates that others must lead to.
type Roots struct {
	CAPool []string `yaml:"caPool" doc:"Files of root certificates, PEM."`
}

// Modes of RemoteProvisioning.
const (
	ModeNone  = "none"
	UserAgent = "userAgent"
)

// RemoteProvisioning is how the client gets its identity certificate.
type RemoteProvisioning struct {
	Mode                 string        `yaml:"mode" default:"none" oneof:"none,userAgent" doc:"userAgent: the user's browser carries the request to the signing service. none: the client goes there itself."`
	Authority            string        `yaml:"authority" doc:"OAuth server whose users may initialize the client, by the exact name that it gives itself."`
	CertificateAuthority string        `yaml:"certificateAuthority" doc:"URL of the signing service, without /api/v1/sign/identity-csr."`
	OwnerClaim           string        `yaml:"ownerClaim" default:"sub" doc:"Claim that names a token's owner."`
	CAPool               []string      `yaml:"caPool" doc:"Root certificates of the security domain, PEM files. Empty: the root that the first certificate comes with is believed."`
	HubID                string        `yaml:"hubID" doc:"Hub's id, for the page to show."`
	COAPGateway          string        `yaml:"coapGateway" doc:"Hub's gateway for devices, for the page to show."`
	WebOAuthClient       OAuthClient   `yaml:"webOAuthClient"`
	DeviceOAuthClient    OAuthClient   `yaml:"deviceOAuthClient"`
	TokenFile            string        `yaml:"tokenFile" doc:"File with an access token, read whenever one is needed: for a client that nobody logs in to."`
	UserAgent            UserAgentOnly `yaml:"userAgent"`
	HTTP                 HubHTTP       `yaml:"http"`
}

// OAuthClient is an OAuth client at the authority.
type OAuthClient struct {
	ClientID string   `yaml:"clientID" doc:"Its id; a public client, without a secret."`
	Audience string   `yaml:"audience" doc:"Audience that tokens are asked for, and must have. Empty: any."`
	Scopes   []string `yaml:"scopes" doc:"Scopes that are asked for."`
}

// UserAgentOnly is for the mode userAgent alone.
type UserAgentOnly struct {
	CSRChallengeStateExpiration time.Duration `yaml:"csrChallengeStateExpiration" default:"1m" doc:"How long the browser may take between the request for signing and the certificate."`
}

// HubHTTP is how the authority and the signing service are reached.
type HubHTTP struct {
	Timeout time.Duration `yaml:"timeout" default:"10s" doc:"Time limit for each request."`
	TLS     HubTLS        `yaml:"tls"`
}

// HubTLS says whose certificates the hub may have.
type HubTLS struct {
	CAPool          []string `yaml:"caPool" doc:"Root certificates, PEM files. Empty: the system's."`
	UseSystemCAPool bool     `yaml:"useSystemCAPool" default:"false" doc:"Trust the system's beside those of caPool."`
}

// Storage is where the credentials are kept.
type Storage struct {
	Path           string `yaml:"path" doc:"File for the credentials, encrypted. Empty: dps/d2d/credentials in the user's folder for configuration."`
	Protection     string `yaml:"protection" default:"auto" oneof:"auto,keyring,passphrase,keyFile" doc:"Where its key is. auto: a passphrase where one is given, else the system's keyring where there is one, else a key file."`
	PassphraseFile string `yaml:"passphraseFile" doc:"File with the passphrase. Empty: the environment variable DPS_D2D_PASSPHRASE, where it is set."`
	KeyFile        string `yaml:"keyFile" doc:"The key file, made at the first start. Empty: storage.path with .key behind it."`
}
