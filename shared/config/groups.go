package config

import "dps/shared/dps"

// EnrollmentGroup says which devices get in, to whom they then belong, and which hubs they join.
type EnrollmentGroup struct {
	ID                   string               `yaml:"id" default:"" unit:"UUID" doc:"Unique id of the group. Required."`
	Owner                string               `yaml:"owner" default:"" doc:"Owner of the provisioned devices. Required."`
	Name                 string               `yaml:"name" default:"" doc:"Name for people."`
	PreSharedKeyFile     dps.SecretRef        `yaml:"preSharedKeyFile" inline:"preSharedKey" default:"" secret:"true" unit:"file" doc:"Pre-shared key for the owner, exactly 16 bytes, that is stored on the device. preSharedKey holds the key itself instead. Empty: none."`
	AttestationMechanism AttestationMechanism `yaml:"attestationMechanism"`
	Reprovisioning       string               `yaml:"reprovisioning" default:"allow" oneof:"allow,sameDeviceId,once" doc:"What becomes of a device that was provisioned before: it may come again (allow), but not under another device id (sameDeviceId), or not at all until its record is deleted (once)."`
	Disabled             bool                 `yaml:"disabled" default:"false" doc:"Refuse the group's devices."`
	Hub                  *Hub                 `yaml:"hub"`
	Hubs                 []Hub                `yaml:"hubs" max:"16"`
}

// AllHubs gives the group's hubs: hub, the default one, before those of hubs.
func (g EnrollmentGroup) AllHubs() []Hub {
	if g.Hub == nil {
		return g.Hubs
	}
	return append([]Hub{*g.Hub}, g.Hubs...)
}

// AttestationMechanism is how devices prove who made them.
type AttestationMechanism struct {
	X509 X509 `yaml:"x509"`
}

// X509 is attestation by the manufacturer's certificate.
type X509 struct {
	CertificateChain          string    `yaml:"certificateChain" default:"" unit:"file" doc:"Certificate authorities of the manufacturer in PEM format, the one nearest to the device first. Required."`
	LeadCertificateName       string    `yaml:"leadCertificateName" default:"" doc:"Common name of the certificate in the chain that devices of the group are recognized by. Empty: the first."`
	ExpiredCertificateEnabled bool      `yaml:"expiredCertificateEnabled" default:"false" doc:"Let in devices whose own certificate is expired."`
	RequireClientAuthEKU      bool      `yaml:"requireClientAuthEKU" default:"false" doc:"Let in only devices whose certificate has the extended key usage clientAuth, not those whose certificate has none at all."`
	Allow                     MatchList `yaml:"allow"`
	Deny                      MatchList `yaml:"deny"`
	CRLs                      []string  `yaml:"crls" default:"" unit:"file or URL" doc:"Certificate revocation lists, DER or PEM. A list given by URL is fetched and kept fresh; while it cannot be, no device gets in."`
}

// MatchList names device certificates by any of three properties.
type MatchList struct {
	CommonNames []string `yaml:"commonNames" default:"" max:"10000" doc:"Common names of the device certificates' subjects."`
	Serials     []string `yaml:"serials" default:"" max:"10000" unit:"hex" doc:"Serial numbers of the device certificates; colons are ignored."`
	KeyIDs      []string `yaml:"keyIds" default:"" max:"10000" unit:"UUID" doc:"Ids of the devices' provisioning records, which name the manufacturer keys."`
}

// Hub is a plgd hub that provisioned devices connect to.
type Hub struct {
	CAPool               []string             `yaml:"caPool" default:"" scalar:"true" unit:"file" doc:"Roots in PEM format that devices need to trust the gateways."`
	HubID                string               `yaml:"hubID" default:"" unit:"UUID" doc:"Unique id of the hub instance. Required."`
	Name                 string               `yaml:"name" default:"" doc:"Name for people."`
	COAPGateway          string               `yaml:"coapGateway" default:"" unit:"HOST:PORT" doc:"The hub's CoAP gateway. It stands before those of gateways."`
	Gateways             []string             `yaml:"gateways" default:"" unit:"SCHEME://HOST:PORT" doc:"The hub's CoAP gateways. One is required, here or as coapGateway. Without a scheme: coaps+tcp."`
	CertificateAuthority CertificateAuthority `yaml:"certificateAuthority"`
	Authorization        Authorization        `yaml:"authorization"`
}

// AllGateways gives the hub's gateways as they are written: coapGateway before those of gateways.
func (h Hub) AllGateways() []string {
	if h.COAPGateway == "" {
		return h.Gateways
	}
	return append([]string{h.COAPGateway}, h.Gateways...)
}

// CertificateAuthority is the hub's service that signs identity certificates.
type CertificateAuthority struct {
	GRPC AuthorityGRPC `yaml:"grpc"`
}

// AuthorityGRPC is the authority's gRPC endpoint.
type AuthorityGRPC struct {
	Address   string    `yaml:"address" default:"" unit:"HOST:PORT" doc:"The certificate authority. Required."`
	KeepAlive KeepAlive `yaml:"keepAlive"`
	TLS       ClientTLS `yaml:"tls"`
}

// Authorization is how tokens for the owner's devices are obtained (OAuth 2.0 client credentials).
type Authorization struct {
	OwnerClaim    string   `yaml:"ownerClaim" default:"" doc:"Claim that holds the owner; the OAuth server sets it as asked. Not sub, which is the OAuth client itself. Required."`
	DeviceIDClaim string   `yaml:"deviceIDClaim" default:"" doc:"Claim that binds a token to its device; the OAuth server sets it as asked. Empty: tokens are not bound."`
	Provider      Provider `yaml:"provider"`
}

// Provider is the OAuth server, and this service's client at it.
type Provider struct {
	Name             string        `yaml:"name" default:"" doc:"The provider's name, as it is registered at the hub. Required."`
	Authority        string        `yaml:"authority" default:"" unit:"URL" doc:"The OAuth server; its token endpoint is found from here. Required."`
	ClientID         string        `yaml:"clientID" default:"" doc:"OAuth client id. Required."`
	ClientSecretFile dps.SecretRef `yaml:"clientSecretFile" inline:"clientSecret" default:"" secret:"true" unit:"file" doc:"OAuth client secret. clientSecret holds the secret itself instead. Required."`
	Scopes           []string      `yaml:"scopes" default:"" doc:"Scopes to ask for."`
	Audience         string        `yaml:"audience" default:"" doc:"Audience to ask for. Empty: none."`
	HTTP             HTTPClient    `yaml:"http"`
}
