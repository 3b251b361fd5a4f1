package dps

import (
	"slices"
	"time"
)

// Step names one part of the way of a device; a record keeps the latest result of each.
type Step string

// The steps, in the order of PROTOCOL §3, with the attestation before them.
const (
	StepAttestation        Step = "attestation"
	StepTime               Step = "plgdTime"
	StepOwnership          Step = "ownership"
	StepCloudConfiguration Step = "cloud"
	StepCredentials        Step = "credential"
	StepACLs               Step = "acl"
	StepLocalEndpoints     Step = "localEndpoints"
)

// Bounds on what a device can make a record hold.
const (
	MaxLocalEndpoints     = 32
	MaxErrorMessageLength = 1024
)

// StepResult is one event in a device's life. It is complete in itself: delivered twice, late or out of order, the record
// ends the same.
type StepResult struct {
	EventID  string    `json:"eventId"` // unique; the later (Time, EventID) wins
	Time     time.Time `json:"time"`
	RecordID string    `json:"recordId"`
	GroupID  string    `json:"groupId"`
	Owner    string    `json:"owner"`
	Step     Step      `json:"step"`

	DeviceID     string `json:"deviceId,omitempty"` // "" where the step does not know it: never erases one
	CoAPCode     string `json:"coapCode,omitempty"` // "2.05"; "" where there was no answer to a request
	ErrorMessage string `json:"errorMessage,omitempty"`

	Attestation    *AttestationDetail `json:"attestation,omitempty"`
	Ownership      *OwnershipDetail   `json:"ownership,omitempty"`
	Cloud          *CloudDetail       `json:"cloud,omitempty"`
	Credential     *CredentialDetail  `json:"credential,omitempty"`
	ACL            *ACLDetail         `json:"acl,omitempty"`
	LocalEndpoints []string           `json:"localEndpoints,omitempty"`
}

// AttestationDetail is who the device proved to be.
type AttestationDetail struct {
	CertificatePEM string `json:"certificatePem"`
	CommonName     string `json:"commonName"`
	RemoteAddress  string `json:"remoteAddress,omitempty"`
}

// OwnershipDetail is the owner the device was given, in wire form.
type OwnershipDetail struct {
	Owner string `json:"owner"`
}

// CloudDetail is the hub the device was sent to. It never holds the token.
type CloudDetail struct {
	ProviderName    string    `json:"providerName"`
	Gateways        []Gateway `json:"gateways"`
	SelectedGateway int       `json:"selectedGateway"` // index in Gateways
}

// Gateway is a hub's endpoint.
type Gateway struct {
	URI string `json:"uri"`
	ID  string `json:"id"` // hub id
}

// CredentialDetail is what the device was given. Of a pre-shared key only its subject is kept.
type CredentialDetail struct {
	IdentityCertificatePEM string              `json:"identityCertificatePem,omitempty"`
	PreSharedKeySubject    string              `json:"preSharedKeySubject,omitempty"`
	Credentials            []CredentialSummary `json:"credentials,omitempty"`
}

// CredentialSummary is one entry of "creds" without its private part.
type CredentialSummary struct {
	Subject   string `json:"subject"`
	Type      int    `json:"type"`
	Usage     string `json:"usage,omitempty"`
	PublicPEM string `json:"publicPem,omitempty"`
}

// ACLDetail is the access control the device was given.
type ACLDetail struct {
	Entries []ACLEntry `json:"entries"`
}

// ACLEntry is one entry of "aclist2".
type ACLEntry struct {
	SubjectUUID    string   `json:"subjectUuid,omitempty"`
	ConnectionType string   `json:"connectionType,omitempty"`
	Permission     int      `json:"permission"`
	Resources      []string `json:"resources"` // hrefs, "*" for the wildcard
}

// Record is one device's story: for each step its latest result, and when the story began.
type Record struct {
	ID             string              `json:"id"`
	Owner          string              `json:"owner"`
	GroupID        string              `json:"groupId"`
	DeviceID       string              `json:"deviceId,omitempty"`
	Created        time.Time           `json:"created"`
	Updated        time.Time           `json:"updated"`
	LocalEndpoints []string            `json:"localEndpoints,omitempty"`
	Steps          map[Step]StepResult `json:"steps"`
	Sources        RecordSources       `json:"sources,omitzero"`
}

// RecordSources says which event each field that any step may set was taken from: a late event must lose against it even
// after that event's own step has moved on.
type RecordSources struct {
	Owner          Stamp `json:"owner"` // and the group, and Updated
	DeviceID       Stamp `json:"deviceId,omitzero"`
	LocalEndpoints Stamp `json:"localEndpoints,omitzero"`
}

// Merge takes r into the record and tells whether it changed anything. Results may come twice, late and in any order, and
// the record ends the same: Created is the earliest time of all, each step and each field keeps the latest (Time, EventID),
// and an empty device id or endpoint list never erases a known one.
func (rec *Record) Merge(r StepResult) bool {
	first, stamp, changed := rec.ID == "", r.stamp(), false
	if rec.Steps == nil {
		rec.Steps = make(map[Step]StepResult, 6)
	}
	if old, seen := rec.Steps[r.Step]; !seen || r.After(old) {
		rec.Steps[r.Step], changed = r, true
	}
	if first || r.Time.Before(rec.Created) {
		rec.Created, changed = r.Time, true
	}
	if first || stamp.After(rec.Sources.Owner) {
		rec.ID, rec.Updated, rec.Owner, rec.GroupID = r.RecordID, r.Time, r.Owner, r.GroupID
		rec.Sources.Owner, changed = stamp, true
	}
	if r.DeviceID != "" && (rec.DeviceID == "" || stamp.After(rec.Sources.DeviceID)) {
		rec.DeviceID, rec.Sources.DeviceID, changed = r.DeviceID, stamp, true
	}
	if len(r.LocalEndpoints) > 0 && (len(rec.LocalEndpoints) == 0 || stamp.After(rec.Sources.LocalEndpoints)) {
		rec.LocalEndpoints, rec.Sources.LocalEndpoints, changed = slices.Clone(r.LocalEndpoints), stamp, true
	}
	return changed
}

// Stamp orders events: by time, equal times by event id.
type Stamp struct {
	Time    time.Time `json:"time"`
	EventID string    `json:"eventId"`
}

// After tells whether s is later than other.
func (s Stamp) After(other Stamp) bool {
	if !s.Time.Equal(other.Time) {
		return s.Time.After(other.Time)
	}
	return s.EventID > other.EventID
}

func (r StepResult) stamp() Stamp { return Stamp{r.Time, r.EventID} }

// After tells whether r is later than other; equal times are told apart by their event ids.
func (r StepResult) After(other StepResult) bool { return r.stamp().After(other.stamp()) }

// Failed tells whether the step ended in an error.
func (r StepResult) Failed() bool {
	return r.ErrorMessage != "" || r.CoAPCode != "" && r.CoAPCode[0] != '2'
}
