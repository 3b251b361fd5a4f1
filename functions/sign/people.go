package sign

import (
	"context"

	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
)

// HandleOwner has the CSR of a person or program signed (PROTOCOL §6, over HTTP): a member of the owner's security domain that
// is no device, and so has neither group nor binding. The CSR's subject must be CN=uuid:<owner UUID>. The audit knows of the
// certificate before anybody else does, under the record id of the CSR's key. Errors: as contract.OwnerFunctions.OwnerSign.
func (h *Handler) HandleOwner(ctx context.Context, req contract.OwnerSignRequest) (contract.OwnerSignReply, error) {
	csr, err := parseCSR(req.CSR, dps.OwnerUUID(req.Owner))
	if err != nil {
		return contract.OwnerSignReply{}, err
	}
	hub, err := claim.OwnersHub(ctx, h.store, req.HubID, req.Owner)
	if err != nil {
		return contract.OwnerSignReply{}, err
	}
	c := claim.Claim{Hub: hub, Group: dps.EnrollmentGroup{Owner: hub.Owner}}
	c.Device.Owner, c.Device.HubID, c.Device.DeviceID = hub.Owner, hub.ID, csr.deviceID
	issued, err := h.issue(ctx, c, csr)
	if err != nil {
		return contract.OwnerSignReply{}, err
	}
	h.count("certificate_issued", "owner")
	c.Device.RecordID = dps.RecordID(issued.leaf.RawSubjectPublicKeyInfo)
	if err := h.store.AppendAudit(ctx, h.entry(c, issued)); err != nil {
		return contract.OwnerSignReply{}, err
	}
	return contract.OwnerSignReply{CertificateChain: issued.chainPEM() + issued.above.rootPEM}, nil
}
