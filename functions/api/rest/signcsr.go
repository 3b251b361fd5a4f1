package rest

import (
	"slices"

	"dps/shared/contract"
	"dps/shared/dps"
)

// SignRequest is a person's or program's CSR (PROTOCOL §6).
type SignRequest struct {
	CertificateSigningRequest []byte `json:"certificateSigningRequest" doc:"PEM, P-256, subject CN=uuid:<owner UUID> alone."`
}

// SignReply is the identity certificate.
type SignReply struct {
	Certificate []byte `json:"certificate" doc:"PEM chain, leaf first, root last."`
}

var errNobodySigns = dps.Errorf(dps.CodeUnavailable, "no certificate authority is configured for this API")

// signCSR has the CSR signed by the owner's hub.
func (a *api) signCSR(x *exchange) (answer, error) {
	var sent SignRequest
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	if a.Owner == nil {
		return answer{}, errNobodySigns
	}
	h, err := a.hubToSign(x)
	if err != nil {
		return answer{}, err
	}
	reply, err := a.Owner.OwnerSign(x.ctx(), contract.OwnerSignRequest{HubID: h.ID, Owner: x.owner(), CSR: string(sent.CertificateSigningRequest)})
	if err != nil {
		return answer{}, err
	}
	return answer{object: SignReply{Certificate: []byte(reply.CertificateChain)}}, nil
}

// hubToSign is the owner's hub, or the one among several that the request names. Entries of one hub (docs/adr/0006) have the
// same authority, so the first does.
func (a *api) hubToSign(x *exchange) (dps.Hub, error) {
	var entries []dps.Hub
	wanted := hubFilter(x)
	err := a.hubs().ofOwner(x.owner()).each(x.ctx(), func(h dps.Hub) error {
		if wanted(h) {
			entries = append(entries, h)
		}
		return nil
	})
	if err != nil {
		return dps.Hub{}, err
	}
	if len(entries) == 0 {
		return dps.Hub{}, dps.Errorf(dps.CodeNotFound, "the owner has no such hub: there is no certificate authority that could sign")
	}
	if slices.ContainsFunc(entries, func(h dps.Hub) bool { return h.HubID != entries[0].HubID }) {
		return dps.Hub{}, dps.Errorf(dps.CodeInvalid, "hubIdFilter: the owner has several hubs; name the one whose authority is to sign")
	}
	return entries[0], nil
}
