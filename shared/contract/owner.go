package contract

import (
	"context"
	"time"
)

// OwnerFunctions is what the functions do for an owner himself, who is no device. In the cloud each is an alias of a function
// that only the role that needs it may invoke, and never the ingress's (docs/adr/0008): who has the ingress must not thereby
// speak for owners.
type OwnerFunctions interface {
	// OwnerToken obtains a token that speaks for the owner and no device, which is what sign shows to the hub's authority.
	// Errors: CodeInvalid, CodeNotFound (the hub is gone, or another owner's), CodeUnavailable, CodeThrottled, CodeInternal.
	OwnerToken(ctx context.Context, req OwnerTokenRequest) (TokenReply, error)
	// OwnerSign has a person's or program's CSR signed by the owner's hub. Errors: as OwnerToken; CodeInvalid where the CSR is
	// at fault.
	OwnerSign(ctx context.Context, req OwnerSignRequest) (OwnerSignReply, error)
	// CheckHub tries what devices will need of a hub. What is wrong with the hub is in the reply. Errors: as OwnerToken.
	CheckHub(ctx context.Context, req HubCheckRequest) (HubCheckReply, error)
}

// The owner functions' names: of a function, and of its alias.
const (
	OwnerToken = Token + ":" + AliasOwner
	OwnerSign  = Sign + ":" + AliasOwner
	CheckHub   = Sign + ":" + AliasCheck
)

// The aliases that take another request than a device's.
const (
	AliasOwner = "owner"
	AliasCheck = "check"
)

// OwnerTokenRequest asks for an owner's token.
type OwnerTokenRequest struct {
	HubID string `json:"hubId"` // of the hub's entry
	Owner string `json:"owner"` // whose the hub must be
	// Refused is a token that was refused somewhere: another is wanted. It is a secret.
	Refused string `json:"refused,omitempty"`
}

// OwnerSignRequest asks for the identity certificate of a person or program.
type OwnerSignRequest struct {
	HubID string `json:"hubId"`
	Owner string `json:"owner"`
	CSR   string `json:"csr"` // PEM; its subject must be CN=uuid:<owner UUID>
}

// OwnerSignReply is the certificate.
type OwnerSignReply struct {
	CertificateChain string `json:"certificateChain"` // PEM, leaf first, root last
}

// HubCheckRequest asks whether a hub can be used.
type HubCheckRequest struct {
	HubID string `json:"hubId"`
	Owner string `json:"owner"`
}

// HubCheckReply tells what was tried, in that order.
type HubCheckReply struct {
	Checks []HubCheck `json:"checks"`
}

// HubCheck is one thing that was tried.
type HubCheck struct {
	Name       string    `json:"name"` // CheckToken …
	OK         bool      `json:"ok"`
	Detail     string    `json:"detail"`              // what was found
	Remedy     string    `json:"remedy,omitempty"`    // what to do where it is not OK
	ValidUntil time.Time `json:"validUntil,omitzero"` // of what was obtained or is used
}

// What CheckHub tries.
const (
	CheckToken             = "token"             // the OAuth server gives a token for the owner
	CheckClientCertificate = "clientCertificate" // the certificate shown to the authority is valid
	CheckAuthority         = "authority"         // the authority answers, and takes the token
)
