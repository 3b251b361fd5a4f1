package ocf

// The resources of a device that a client on the local network speaks to (OCF Core 2.2.5 §11, Security 2.2.5 §13).
const (
	PathDevice        = "/oic/d"
	PathPlatform      = "/oic/p"
	PathDoxm          = "/oic/sec/doxm"
	PathPstat         = "/oic/sec/pstat"
	PathCred          = "/oic/sec/cred" //nolint:gosec // a path
	PathACL2          = "/oic/sec/acl2"
	PathSDI           = "/oic/sec/sdi"
	AnchorScheme      = "ocf://"
	InterfaceBaseline = "oic.if.baseline"
	InterfaceLinks    = "oic.if.ll"
	InterfaceRead     = "oic.if.r"
	InterfaceActuator = "oic.if.a"
	InterfaceRW       = "oic.if.rw"
)

// Where devices listen for everybody (OCF Core 2.2.5 §12.2.9): the "All OCF Nodes" addresses.
const (
	MulticastIPv4      = "224.0.1.187:5683"
	MulticastIPv6Link  = "[ff02::158]:5683"
	MulticastIPv6Realm = "[ff03::158]:5683"
	MulticastIPv6Site  = "[ff05::158]:5683"
)

// Schemes of a link's endpoints.
const (
	SchemeUDP       = "coap"
	SchemeUDPSecure = "coaps"
	SchemeTCPSecure = "coaps+tcp"
)

// OnboardingState is the state of a device's onboarding, "dos.s" (OCF Security 2.2.5 §13.8).
type OnboardingState int

// The states. A device between owners is in StateRFOTM, one in use in StateRFNOP.
const (
	StateReset  OnboardingState = iota // everything provisioned is being forgotten
	StateRFOTM                         // ready for ownership transfer
	StateRFPRO                         // ready for provisioning
	StateRFNOP                         // ready for normal operation
	StateSReset                        // soft reset
)

// OwnerTransferManufacturer is the ownership transfer by manufacturer certificate, oic.sec.doxm.mfgcert, as doxm counts the
// methods (OCF Security 2.2.5 §7.3.6, §13.2); OwnerTransferSelf is what a reset device has selected.
const (
	OwnerTransferManufacturer = 2
	OwnerTransferSelf         = 4
)

// OperationalModeClient is client-directed provisioning, in "om" and "sm" of pstat.
const OperationalModeClient = 4

// SubjectAny is the subject of a trust anchor that vouches for anybody.
const SubjectAny = "*"

// ConnectionAuthenticated is the subject of whoever connects with credentials.
const ConnectionAuthenticated = "auth-crypt"

// The wildcards of an access control entry (OCF Security 2.2.5 §12.2.4).
const (
	WildcardAll     = "*" // every resource that is not configuration
	WildcardSecured = "+" // of these, the discoverable ones with a secure endpoint
	WildcardPublic  = "-" // of these, the discoverable ones with an open endpoint
)

// Bits of a link's policy.
const (
	PolicyDiscoverable = 1
	PolicyObservable   = 2
)

// LinkPolicy is "p" of a link.
type LinkPolicy struct {
	Bitmask int `json:"bm"`
}

// LinksBaseline is the discovery answer of the baseline interface: one of these in an array.
type LinksBaseline struct {
	ResourceTypes []string `json:"rt,omitempty"`
	Interfaces    []string `json:"if,omitempty"`
	Name          string   `json:"n,omitempty"`
	Links         []Link   `json:"links"`
}

// DeviceInfo is /oic/d.
type DeviceInfo struct {
	ResourceTypes      []string `json:"rt,omitempty"`
	Interfaces         []string `json:"if,omitempty"`
	Name               string   `json:"n"`
	DeviceID           string   `json:"di"`
	PermanentID        string   `json:"piid,omitempty"`
	SpecificationLevel string   `json:"icv,omitempty"`
	DataModelLevel     string   `json:"dmv,omitempty"`
}

// PlatformInfo is /oic/p.
type PlatformInfo struct {
	ResourceTypes    []string `json:"rt,omitempty"`
	Interfaces       []string `json:"if,omitempty"`
	PlatformID       string   `json:"pi"`
	ManufacturerName string   `json:"mnmn"`
}

// Doxm is /oic/sec/doxm: whose the device is, and how it can become somebody's.
type Doxm struct {
	ResourceTypes []string `json:"rt,omitempty"`
	Interfaces    []string `json:"if,omitempty"`
	Methods       []int    `json:"oxms"`
	Selected      int      `json:"oxmsel"`
	Credentials   int      `json:"sct"`
	Owned         bool     `json:"owned"`
	DeviceID      string   `json:"deviceuuid"`
	OwnerID       string   `json:"devowneruuid"`
	ResourceOwner string   `json:"rowneruuid"`
}

// DoxmUpdate changes doxm; what is nil stays.
type DoxmUpdate struct {
	Selected      *int    `json:"oxmsel,omitempty"`
	Owned         *bool   `json:"owned,omitempty"`
	DeviceID      *string `json:"deviceuuid,omitempty"`
	OwnerID       *string `json:"devowneruuid,omitempty"`
	ResourceOwner *string `json:"rowneruuid,omitempty"`
}

// Pstat is /oic/sec/pstat: where in its onboarding the device is.
type Pstat struct {
	ResourceTypes []string   `json:"rt,omitempty"`
	Interfaces    []string   `json:"if,omitempty"`
	State         PstatState `json:"dos"`
	Operational   bool       `json:"isop"`
	CurrentMode   int        `json:"cm"`
	TargetMode    int        `json:"tm"`
	Mode          int        `json:"om"`
	Supported     int        `json:"sm"`
	ResourceOwner string     `json:"rowneruuid"`
}

// PstatState is "dos".
type PstatState struct {
	State   OnboardingState `json:"s"`
	Pending bool            `json:"p"`
}

// PstatUpdate changes pstat; what is nil stays.
type PstatUpdate struct {
	State         *PstatStateUpdate `json:"dos,omitempty"`
	Mode          *int              `json:"om,omitempty"`
	ResourceOwner *string           `json:"rowneruuid,omitempty"`
}

// PstatStateUpdate moves the device to another state; a key "p" in it is refused.
type PstatStateUpdate struct {
	State OnboardingState `json:"s"`
}

// CredEntry is one entry of /oic/sec/cred as it is read and written. Key material is never read back.
type CredEntry struct {
	ID          int       `json:"credid,omitempty"`
	Subject     string    `json:"subjectuuid"`
	Type        int       `json:"credtype"`
	Usage       string    `json:"credusage,omitempty"`
	PrivateData *CredData `json:"privatedata,omitempty"`
	PublicData  *CredData `json:"publicdata,omitempty"`
	Tag         string    `json:"tag,omitempty"`
}

// CredData is the body of an entry: text or bytes.
type CredData struct {
	Data     any    `json:"data,omitempty"`
	Encoding string `json:"encoding"`
}

// Cred is /oic/sec/cred, and what changes it.
type Cred struct {
	ResourceTypes []string    `json:"rt,omitempty"`
	Interfaces    []string    `json:"if,omitempty"`
	Entries       []CredEntry `json:"creds,omitempty"`
	ResourceOwner string      `json:"rowneruuid,omitempty"`
}

// LocalACE is an entry of /oic/sec/acl2 as it is read; what the provisioning service gives (ACE) has no id.
type LocalACE struct {
	ID int `json:"aceid,omitempty"`
	ACE
}

// ACL2 is /oic/sec/acl2, and what changes it.
type ACL2 struct {
	ResourceTypes []string   `json:"rt,omitempty"`
	Interfaces    []string   `json:"if,omitempty"`
	Entries       []LocalACE `json:"aclist2,omitempty"`
	ResourceOwner string     `json:"rowneruuid,omitempty"`
}
