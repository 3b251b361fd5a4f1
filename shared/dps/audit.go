package dps

import "time"

// DeviceBinding says which manufacturer key a device id belongs to: the first that was provisioned under it.
type DeviceBinding struct {
	DeviceID string    `json:"deviceId"` // UUID
	RecordID string    `json:"recordId"` // of the manufacturer key, see RecordID
	Owner    string    `json:"owner"`
	GroupID  string    `json:"groupId"`
	Created  time.Time `json:"created"`
}

// AuditEvent says what an audit entry is about.
type AuditEvent string

// The events.
const (
	AuditIssued               AuditEvent = "issued"                // an identity certificate was signed and is about to be handed out
	AuditBindingDenied        AuditEvent = "binding_denied"        // a device id was asked for that belongs to another manufacturer key
	AuditReprovisioningDenied AuditEvent = "reprovisioning_denied" // a device came again that its group's policy lets come once
)

// AuditEntry is one line of the append-only audit. An issued certificate's entry is written before the certificate leaves.
type AuditEntry struct {
	Time           time.Time  `json:"time"`
	Event          AuditEvent `json:"event"`
	RecordID       string     `json:"recordId"` // whose manufacturer key asked
	DeviceID       string     `json:"deviceId"`
	Owner          string     `json:"owner"`
	GroupID        string     `json:"groupId"`
	HubID          string     `json:"hubId,omitempty"`
	Serial         string     `json:"serial,omitempty"` // lower-case hex, issued only
	NotBefore      time.Time  `json:"notBefore,omitzero"`
	NotAfter       time.Time  `json:"notAfter,omitzero"`
	CertificatePEM string     `json:"certificatePem,omitempty"`
	Detail         string     `json:"detail,omitempty"`
}
