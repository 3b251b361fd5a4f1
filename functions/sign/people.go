package sign

import (
	"context"

	"dps/shared/claim"
	"dps/shared/dps"
)

// People has the identity certificates of people and their programs signed (PROTOCOL §6, over HTTP): members of the owner's
// security domain that are no devices, and so have neither group nor binding.
type People struct {
	handler *Handler
	audit   Audit
}

// Audit is where what is issued is written down.
type Audit interface {
	// AppendAudit is dps.AuditStore's.
	AppendAudit(ctx context.Context, e dps.AuditEntry) error
}

// NewPeople signs with the handler's tokens, authorities and checks.
func NewPeople(h *Handler, audit Audit) *People { return &People{h, audit} }

// Sign has the CSR, whose subject must be CN=uuid:<owner UUID>, signed by the owner's hub. It gives the chain as PEM, leaf
// first, root last; the audit knows of it before, under the record id of the CSR's key. Errors: CodeInvalid for a bad CSR;
// CodeUnavailable, CodeThrottled.
func (p *People) Sign(ctx context.Context, hub dps.Hub, csrPEM string) (string, error) {
	csr, err := parseCSR(csrPEM, dps.OwnerUUID(hub.Owner))
	if err != nil {
		return "", err
	}
	c := claim.Claim{Hub: hub, Group: dps.EnrollmentGroup{Owner: hub.Owner}}
	c.Device.Owner, c.Device.HubID, c.Device.DeviceID = hub.Owner, hub.ID, csr.deviceID
	issued, err := p.handler.issue(ctx, c, csr)
	if err != nil {
		return "", err
	}
	c.Device.RecordID = dps.RecordID(issued.leaf.RawSubjectPublicKeyInfo)
	if err := p.audit.AppendAudit(ctx, p.handler.entry(c, issued)); err != nil {
		return "", err
	}
	return issued.chainPEM() + issued.above.rootPEM, nil
}
