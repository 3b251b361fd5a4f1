// Package ocf is what stands in the CoAP messages between device and service: the bodies of the five steps (OCF Security
// 2.2.x resource schemas as plgd's service fills them), their encodings, and the option numbers of OCF Core.
package ocf

import "time"

// The paths of the steps, in their order.
const (
	PathTime               = "/x.plgd.dev/time"
	PathOwnership          = "/api/v1/provisioning/ownership"
	PathCloudConfiguration = "/api/v1/provisioning/cloud-configuration"
	PathCredentials        = "/api/v1/provisioning/credentials" //nolint:gosec // a path
	PathACLs               = "/api/v1/provisioning/acls"
	PathDiscovery          = "/oic/res" // of the device: where its local endpoints stand
)

// Tag marks every entry that the service gives; without it the device rejects certificates.
const Tag = "dps"

// Credential types and usages (OCF Security 2.2.5 §13.3.1).
const (
	CredentialTypeSymmetric   = 1 // symmetric pair-wise key
	CredentialTypeCertificate = 8 // asymmetric signing key with certificate
	UsageIdentity             = "oic.sec.cred.cert"
	UsageTrustAnchor          = "oic.sec.cred.trustca"
	EncodingPEM               = "oic.sec.encoding.pem"
	EncodingRaw               = "oic.sec.encoding.raw"
)

// Permission bits of an access control entry (OCF Security 2.2.5 §13.5).
const (
	PermissionCreate = 1 << iota
	PermissionRead
	PermissionWrite
	PermissionDelete
	PermissionNotify
	PermissionAll = PermissionCreate | PermissionRead | PermissionWrite | PermissionDelete | PermissionNotify
)

// ConnectionAnonymous is the subject of whoever connects without credentials.
const ConnectionAnonymous = "anon-clear"

// Time is the answer of step 1.
type Time struct {
	Time time.Time `json:"time"` // RFC 3339 with nanoseconds
}

// Ownership is the answer of step 2: exactly this one key.
type Ownership struct {
	OwnerUUID string `json:"devowneruuid"`
}

// Endpoint is a gateway: where it is and the hub's id.
type Endpoint struct {
	URI string `json:"uri"`
	ID  string `json:"id"`
}

// CloudConfigurationRequest asks for step 3.
type CloudConfigurationRequest struct {
	DeviceID        string    `json:"di"`
	SelectedGateway *Endpoint `json:"selectedGateway,omitempty"`
}

// CloudConfiguration is the answer of step 3; the device demands all four texts, and HubID to be a UUID.
type CloudConfiguration struct {
	AccessToken  string     `json:"at"`
	ProviderName string     `json:"apn"`
	GatewayURI   string     `json:"cis"`
	HubID        string     `json:"sid"`
	Servers      []Endpoint `json:"x.org.iotivity.servers,omitempty"`
	RedirectURI  string     `json:"redirecturi,omitempty"`
}

// CredentialsRequest asks for step 4.
type CredentialsRequest struct {
	DeviceID        string    `json:"di"`
	CSR             CSR       `json:"csr"`
	SelectedGateway *Endpoint `json:"selectedGateway,omitempty"`
}

// CSR is a certificate signing request.
type CSR struct {
	Data     string `json:"data"`
	Encoding string `json:"encoding"`
}

// Credentials is the answer of step 4.
type Credentials struct {
	Creds       []Credential `json:"creds"`
	RedirectURI string       `json:"redirecturi,omitempty"`
}

// Credential is one entry of "creds".
type Credential struct {
	Subject     string          `json:"subjectuuid"`
	Type        int             `json:"credtype"`
	Usage       string          `json:"credusage,omitempty"`
	PrivateData *CredentialData `json:"privatedata,omitempty"`
	PublicData  *CredentialData `json:"publicdata,omitempty"`
	Tag         string          `json:"tag,omitempty"`
}

// CredentialData is the body of a credential.
type CredentialData struct {
	Data     string `json:"data"`
	Encoding string `json:"encoding"`
}

// ACLs is the answer of step 5.
type ACLs struct {
	Entries     []ACE  `json:"aclist2"`
	RedirectURI string `json:"redirecturi,omitempty"`
}

// ACE is an access control entry; an unknown key in it fails the step on the device.
type ACE struct {
	Subject    ACESubject    `json:"subject"`
	Permission int           `json:"permission"`
	Resources  []ACEResource `json:"resources"`
	Tag        string        `json:"tag,omitempty"`
}

// ACESubject is whom an entry lets in: one of the two.
type ACESubject struct {
	UUID           string `json:"uuid,omitempty"`
	ConnectionType string `json:"conntype,omitempty"`
}

// ACEResource is what an entry opens: one href, or by wildcard.
type ACEResource struct {
	Href       string   `json:"href,omitempty"`
	Wildcard   string   `json:"wc,omitempty"`
	Interfaces []string `json:"if"`
}

// Link is one entry of a device's discovery answer.
type Link struct {
	Anchor        string         `json:"anchor,omitempty"` // ocf://DEVICE-ID
	Href          string         `json:"href"`
	ResourceTypes []string       `json:"rt,omitempty"`
	Interfaces    []string       `json:"if,omitempty"`
	Policy        *LinkPolicy    `json:"p,omitempty"`
	Endpoints     []LinkEndpoint `json:"eps,omitempty"`
}

// LinkEndpoint is where a link can be reached.
type LinkEndpoint struct {
	URI string `json:"ep"`
}
