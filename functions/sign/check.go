package sign

import (
	"context"
	"fmt"
	"time"

	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/oauth"
)

// expirySoon is how long before its end a certificate is complained of.
const expirySoon = 21 * 24 * time.Hour

// HandleCheck tries what devices will need of a hub: a token for its owner, obtained anew, and its authority, which is shown
// the token. Nothing is signed. Errors: as contract.OwnerFunctions.CheckHub.
func (h *Handler) HandleCheck(ctx context.Context, req contract.HubCheckRequest) (contract.HubCheckReply, error) {
	hub, err := claim.OwnersHub(ctx, h.store, req.HubID, req.Owner)
	if err != nil {
		return contract.HubCheckReply{}, err
	}
	token, check := h.checkToken(ctx, hub)
	reply := contract.HubCheckReply{Checks: []contract.HubCheck{check}}
	if hub.CertificateAuthority.TLS.Cert != "" {
		reply.Checks = append(reply.Checks, h.checkClientCertificate(hub))
	}
	reply.Checks = append(reply.Checks, h.checkAuthority(ctx, hub, token))
	return reply, nil
}

// checkToken obtains a token that nobody has used: one that is remembered shows nothing of the OAuth server as it is now.
func (h *Handler) checkToken(ctx context.Context, hub dps.Hub) (oauth.Token, contract.HubCheck) {
	check := contract.HubCheck{Name: contract.CheckToken}
	token, err := h.tokens.OwnerToken(ctx, hub, hub.Owner)
	if err == nil {
		h.tokens.ForgetOwnerToken(ctx, hub, hub.Owner, token)
		token, err = h.tokens.OwnerToken(ctx, hub, hub.Owner)
	}
	if err != nil {
		check.Detail = dps.AsError(err).Message
		check.Remedy = "See to authorization.provider: authority, clientId, clientSecret, scopes, audience."
		return oauth.Token{}, check
	}
	check.OK, check.ValidUntil = true, token.Expiry
	check.Detail = fmt.Sprintf("%s gave a token for owner %q.", hub.Authorization.Provider.Authority, hub.Owner)
	return token, check
}

func (h *Handler) checkClientCertificate(hub dps.Hub) contract.HubCheck {
	check := contract.HubCheck{Name: contract.CheckClientCertificate, Remedy: "Give certificateAuthority.grpc.tls.cert and key that the authority accepts."}
	chain, err := dps.ParseCertificatesPEM([]byte(hub.CertificateAuthority.TLS.Cert), dps.MaxGroupCertificates)
	if err != nil {
		check.Detail = dps.AsError(err).Message
		return check
	}
	leaf, now := chain[0], h.now()
	check.ValidUntil = leaf.NotAfter
	switch {
	case now.After(leaf.NotAfter):
		check.Detail = "The certificate shown to the authority has expired."
	case now.Before(leaf.NotBefore):
		check.Detail = "The certificate shown to the authority is not valid yet."
	case now.Add(expirySoon).After(leaf.NotAfter):
		check.OK, check.Detail = true, "The certificate shown to the authority is valid, but ends soon: renew it."
	default:
		check.OK, check.Remedy, check.Detail = true, "", "The certificate shown to the authority is valid."
	}
	return check
}

func (h *Handler) checkAuthority(ctx context.Context, hub dps.Hub, token oauth.Token) contract.HubCheck {
	check := contract.HubCheck{Name: contract.CheckAuthority}
	if token.Value == "" {
		check.Detail, check.Remedy = "Not tried: there is no token to show it.", "See to the token first."
		return check
	}
	validUntil, err := h.authorities.Probe(ctx, hub, token.Value)
	check.ValidUntil = validUntil
	if err != nil {
		check.Detail = dps.AsError(err).Message
		check.Remedy = "See to certificateAuthority.grpc: address, tls.caPool, tls.cert and key."
		return check
	}
	check.OK = true
	check.Detail = fmt.Sprintf("The certificate authority at %s answers and accepts the token.", hub.CertificateAuthority.Address)
	return check
}
