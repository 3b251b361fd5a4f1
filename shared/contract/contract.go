// Package contract is what ingress and functions say to each other: one request and one reply per function, in JSON, in a
// versioned envelope. An unknown field is ignored, so that deploys may mix versions by one; an unknown version is refused.
package contract

import (
	"context"
	"time"

	"dps/shared/dps"
)

// Functions are the functions as the ingress sees them. Package invoke has its implementations. Every error is a *dps.Error;
// all calls may be made twice with the same request and have the effect of one.
type Functions interface {
	// Enroll finds the groups that could let a device in. Errors: CodeInvalid, CodeUnavailable, CodeThrottled, CodeInternal.
	Enroll(ctx context.Context, req EnrollRequest) (EnrollReply, error)
	// Token obtains an access token for a device. Errors: CodeInvalid, CodeNotFound (group or hub gone), CodeDenied (the
	// device id belongs to another manufacturer key), CodeUnavailable, CodeThrottled, CodeInternal.
	Token(ctx context.Context, req TokenRequest) (TokenReply, error)
	// Sign has a device's CSR signed. Errors as Token; CodeInvalid where the CSR is at fault.
	Sign(ctx context.Context, req SignRequest) (SignReply, error)
	// Record stores step results. Errors: CodeInvalid (nothing was stored), CodeUnavailable, CodeThrottled, CodeInternal.
	Record(ctx context.Context, req RecordRequest) (RecordReply, error)
}

// The functions' names, as they stand in logs, metrics and configuration.
const (
	Enroll = "enroll"
	Token  = "token"
	Sign   = "sign"
	Record = "record"
)

// Bounds on requests; each function checks them before anything else.
const (
	MaxIssuers       = 5         // certificates of a presented chain
	MaxCSRSize       = 4 << 10   // bytes of PEM
	MaxRecordResults = 1000      // step results in a batch
	MaxRequestSize   = 5 << 20   // bytes of JSON: under Lambda's 6 MB for synchronous invocations
	MaxAsyncSize     = 200 << 10 // bytes of JSON: under Lambda's 256 KB for asynchronous ones
)

// Issuer names the authority that issued a presented certificate.
type Issuer struct {
	NameHash string `json:"nameHash"`        // dps.NameHash of the issuer's distinguished name
	KeyID    string `json:"keyId,omitempty"` // hex authority key id, where the certificate has one: a hint, never a proof
}

// EnrollRequest asks for the groups behind issuers. No issuers: only the generation is wanted.
type EnrollRequest struct {
	Issuers    []Issuer `json:"issuers"` // leaf-most first
	Generation uint64   `json:"generation"`
}

// EnrollReply holds the candidates, each once, in the order of the issuers that found them.
type EnrollReply struct {
	Candidates []Candidate `json:"candidates"`
	Generation uint64      `json:"generation"`
}

// Candidate is a group as the ingress needs it: everything to judge a chain and to answer the steps, and no secret.
type Candidate struct {
	GroupID                   string        `json:"groupId"`
	Owner                     string        `json:"owner"`
	Chain                     [][]byte      `json:"chain"` // DER, nearest CA first
	Lead                      int           `json:"lead"`  // index in Chain
	ExpiredCertificateEnabled bool          `json:"expiredCertificateEnabled,omitempty"`
	RequireClientAuthEKU      bool          `json:"requireClientAuthEKU,omitempty"`
	Allow                     dps.MatchList `json:"allow,omitzero"`
	Deny                      dps.MatchList `json:"deny,omitzero"`
	CRLs                      [][]byte      `json:"crls,omitempty"`        // DER
	CRLsMissing               bool          `json:"crlsMissing,omitempty"` // one could not be fetched: nobody gets in
	Disabled                  bool          `json:"disabled,omitempty"`    // an operator closed the group: nobody gets in
	Hubs                      []HubGateways `json:"hubs"`
}

// HubGateways is what a device is told of a hub.
type HubGateways struct {
	ID           string   `json:"id"`    // of the hub's entry
	HubID        string   `json:"hubId"` // of the hub
	ProviderName string   `json:"providerName"`
	Gateways     []string `json:"gateways"` // in wire form
}

// Device says for whom a token or a certificate is asked.
type Device struct {
	GroupID  string `json:"groupId"`
	HubID    string `json:"hubId"` // of the hub's entry
	Owner    string `json:"owner"`
	DeviceID string `json:"deviceId"`
	RecordID string `json:"recordId"` // of the manufacturer key
}

// TokenRequest asks for a device's access token, or its owner's.
type TokenRequest struct {
	Device Device `json:"device"`
}

// TokenReply is the access token.
type TokenReply struct {
	AccessToken string    `json:"accessToken"`
	Expiry      time.Time `json:"expiry,omitzero"` // zero: the server named none
}

// SignRequest asks for a device's identity certificate.
type SignRequest struct {
	Device Device `json:"device"`
	CSR    string `json:"csr"` // PEM
}

// SignReply is everything that goes into "creds".
type SignReply struct {
	CertificateChain string   `json:"certificateChain"`         // PEM: leaf and intermediates, without the root
	TrustAnchor      string   `json:"trustAnchor"`              // PEM: the root
	HubAuthorities   []string `json:"hubAuthorities,omitempty"` // PEM, one each: the hub's caPool without TrustAnchor
	PreSharedKey     string   `json:"preSharedKey,omitempty"`   // 16 bytes of text
}

// RecordRequest brings step results.
type RecordRequest struct {
	Results []dps.StepResult `json:"results"`
}

// RecordReply tells how many changed a record; the others were known already.
type RecordReply struct {
	Stored int `json:"stored"`
}
