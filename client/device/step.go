package device

import "dps/shared/ocf"

// Step is one exchange of the protocol, or the handshake before it.
type Step string

// The steps, with the request → response pair of each.
const (
	StepHandshake   Step = "handshake"           // dial, TLS or DTLS → server's certificate
	StepTime        Step = "time"                // GET → 2.05 {time}
	StepOwnership   Step = "ownership"           // GET → 2.05 {devowneruuid}
	StepCloud       Step = "cloud-configuration" // POST {di, selectedGateway} → 2.04 {at, apn, cis, sid, servers}
	StepCredentials Step = "credentials"         // POST {di, csr, selectedGateway} → 2.04 {creds}
	StepACLs        Step = "acls"                // GET → 2.05 {aclist2}
	StepSignUp      Step = "sign-up"             // POST {di, authprovider, accesstoken, devicetype} → {uid, accesstoken, …}
	StepSignIn      Step = "sign-in"             // POST {di, uid, accesstoken, login} → {expiresin}
	StepPublish     Step = "publish"             // POST {di, links, ttl} → 2.xx
)

// The gateway's paths.
const (
	pathSignUp  = "/oic/sec/account"
	pathSignIn  = "/oic/sec/session"
	pathPublish = "/oic/rd"
)

// Order is in which order a client version takes the steps after time and ownership.
type Order int

// The orders in the field.
const (
	OrderNew Order = iota // cloud configuration, credentials, access control list
	OrderOld              // credentials, access control list, cloud configuration
)

// steps lists the provisioning steps in their order.
func (o Order) steps() []Step {
	if o == OrderOld {
		return []Step{StepTime, StepOwnership, StepCredentials, StepACLs, StepCloud}
	}
	return []Step{StepTime, StepOwnership, StepCloud, StepCredentials, StepACLs}
}

// AllSteps lists every step in the order in which a report shows them.
func AllSteps() []Step {
	return append(append([]Step{StepHandshake}, OrderNew.steps()...), StepSignUp, StepSignIn, StepPublish)
}

// path is where the step's request goes.
func (s Step) path() string {
	switch s {
	case StepTime:
		return ocf.PathTime
	case StepOwnership:
		return ocf.PathOwnership
	case StepCloud:
		return ocf.PathCloudConfiguration
	case StepCredentials:
		return ocf.PathCredentials
	case StepACLs:
		return ocf.PathACLs
	case StepSignUp:
		return pathSignUp
	case StepSignIn:
		return pathSignIn
	case StepPublish:
		return pathPublish
	default:
		return ""
	}
}
