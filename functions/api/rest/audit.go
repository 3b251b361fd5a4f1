package rest

import (
	"time"

	"dps/shared/dps"
)

// AuditEntry is one line of a manufacturer key's audit.
type AuditEntry struct {
	Time              string `json:"time" doc:"RFC 3339."`
	Event             string `json:"event" enum:"issued,binding_denied,reprovisioning_denied"`
	RecordID          string `json:"recordId"`
	DeviceID          string `json:"deviceId"`
	EnrollmentGroupID string `json:"enrollmentGroupId"`
	HubID             string `json:"hubId" doc:"Id of the hub's entry."`
	Serial            string `json:"serial" doc:"Of the certificate, in hexadecimal."`
	NotBefore         string `json:"notBefore" doc:"RFC 3339."`
	NotAfter          string `json:"notAfter" doc:"RFC 3339."`
	CertificatePEM    string `json:"certificatePem"`
	Detail            string `json:"detail"`
}

// listAudit lists what was issued to a manufacturer key, oldest first. It outlives the record. An entry of another owner, whose
// the key once was, is left out.
func (a *api) listAudit(x *exchange) (answer, error) {
	size, err := pageSize(x.query)
	if err != nil {
		return answer{}, err
	}
	at, err := positionOf(x.query)
	if err != nil {
		return answer{}, err
	}
	missing := dps.Errorf(dps.CodeNotFound, "provisioning record %.100q does not exist", x.id())
	if dps.CheckKey("id", x.id()) != nil {
		return answer{}, missing
	}
	entries, next, err := a.Store.ListAudit(x.ctx(), x.id(), dps.Page{Size: size, Token: at.Token})
	if err != nil {
		return answer{}, badToken(err, at.Token)
	}
	p := &page{}
	for _, e := range entries {
		if e.Owner == x.owner() {
			p.items = append(p.items, wireEntry(e))
		}
	}
	if len(p.items) == 0 && at.Token == "" {
		if _, err := a.record(x.ctx(), x.owner(), x.id()); err != nil {
			return answer{}, err
		}
	}
	if next != "" {
		at.Token = next
		p.next = at.encode()
	}
	return answer{page: p}, nil
}

func wireEntry(e dps.AuditEntry) AuditEntry {
	return AuditEntry{
		Time: stamp(e.Time), Event: string(e.Event), RecordID: e.RecordID, DeviceID: e.DeviceID, EnrollmentGroupID: e.GroupID, HubID: e.HubID,
		Serial: e.Serial, NotBefore: stamp(e.NotBefore), NotAfter: stamp(e.NotAfter), CertificatePEM: e.CertificatePEM, Detail: e.Detail,
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
