// Package sign is the function that has a device's identity certificate signed by the hub's certificate authority
// (PROTOCOL §3, step 4, and §6): contract.SignRequest → contract.SignReply.
//
//	CSR ─▶ checked ─▶ claim settled ─▶ owner's token ─▶ certificate authority ─▶ answer checked ─▶ audit ─▶ reply
//
// Neither side is trusted: a device may ask for a foreign id, an authority may answer anything.
package sign

import (
	"context"
	"time"

	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/oauth"
	"dps/shared/resilience"
)

// Tokens obtains tokens. *oauth.Tokens is one.
type Tokens interface {
	// OwnerToken gives a token that speaks for the owner. Errors: CodeUnavailable, CodeThrottled.
	OwnerToken(ctx context.Context, hub dps.Hub, owner string) (oauth.Token, error)
	// ForgetOwnerToken drops one that was refused.
	ForgetOwnerToken(ctx context.Context, hub dps.Hub, owner string, refused oauth.Token)
}

// Authorities signs. *certauthority.Authorities is one.
type Authorities interface {
	// Sign gives the hub's authority's answer to the CSR, unchecked. Errors: CodeInvalid, CodeUnavailable, CodeThrottled;
	// certauthority.ErrTokenRefused in the chain where another token may help.
	Sign(ctx context.Context, hub dps.Hub, token string, csr []byte) ([]byte, error)
	// Probe finds out whether it would sign, and until when its own certificate is valid; zero: unknown. Errors: as Sign.
	Probe(ctx context.Context, hub dps.Hub, token string) (validUntil time.Time, err error)
}

// Options may be left zero.
type Options struct {
	// Count is told of calls ("dependency"), certificates ("certificate_issued") and the cache of verified authorities
	// ("verified_authorities"). nil: nobody.
	Count func(name, reason string)
	// Gauge is given the state of the guard's breakers. nil: nobody is.
	Gauge func(name, label string, read func() float64) (stop func())
	// Guard is what calls of the authority go through. nil: one of its own.
	Guard *resilience.Guard
}

// Handler is the function.
type Handler struct {
	desk        *claim.Desk
	store       claim.Store
	tokens      Tokens
	authorities Authorities
	secrets     dps.Secrets
	now         func() time.Time
	guard       *resilience.Guard
	verified    *verifiedAuthorities
	count       func(name, reason string)
}

// New makes the function. The last of opts counts.
func New(store claim.Store, tokens Tokens, authorities Authorities, secrets dps.Secrets, now func() time.Time, opts ...Options) *Handler {
	var o Options
	for _, last := range opts {
		o = last
	}
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	if o.Guard == nil {
		o.Guard = resilience.New("certificate authority", resilience.Options{Count: o.Count, Gauge: o.Gauge})
	}
	return &Handler{
		desk: claim.NewDesk(store, now), store: store, tokens: tokens, authorities: authorities, secrets: secrets,
		now: now, guard: o.Guard, verified: newVerifiedAuthorities(o.Count), count: o.Count,
	}
}

// Handle has the CSR signed. The audit knows of the certificate before anybody else does. Done twice, the binding is the
// same and the second certificate is one more, for the same key, with an audit entry of its own. Errors: as
// contract.Functions.Sign.
func (h *Handler) Handle(ctx context.Context, req contract.SignRequest) (contract.SignReply, error) {
	csr, err := parseCSR(req.CSR, req.Device.DeviceID)
	if err != nil {
		return contract.SignReply{}, err
	}
	c, err := h.desk.Settle(ctx, req.Device)
	if err != nil {
		return contract.SignReply{}, err
	}
	key, err := h.preSharedKey(ctx, c.Group) // before a certificate is made that could then not be handed out
	if err != nil {
		return contract.SignReply{}, err
	}
	issued, err := h.issue(ctx, c, csr)
	if err != nil {
		return contract.SignReply{}, err
	}
	h.count("certificate_issued", "device")
	if err := h.store.AppendAudit(ctx, h.entry(c, issued)); err != nil {
		return contract.SignReply{}, err
	}
	return contract.SignReply{
		CertificateChain: issued.chainPEM(),
		TrustAnchor:      issued.above.rootPEM,
		HubAuthorities:   hubAuthorities(c.Hub, issued.above.root()),
		PreSharedKey:     key,
	}, nil
}

func (h *Handler) entry(c claim.Claim, i *identity) dps.AuditEntry {
	return dps.AuditEntry{
		Time: h.now().UTC(), Event: dps.AuditIssued,
		RecordID: c.Device.RecordID, DeviceID: c.Device.DeviceID, Owner: c.Device.Owner, GroupID: c.Device.GroupID, HubID: c.Device.HubID,
		Serial: i.leaf.SerialNumber.Text(16), NotBefore: i.leaf.NotBefore.UTC(), NotAfter: i.leaf.NotAfter.UTC(),
		CertificatePEM: i.leafPEM,
	}
}
