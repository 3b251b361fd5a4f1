// Package enroll is the function that finds the enrollment groups that could let a device in, by the issuers of the chain it
// presents: contract.EnrollRequest → contract.EnrollReply. It proves nothing about the chain; the ingress does.
package enroll

import (
	"context"
	"log/slog"

	"dps/shared/contract"
	"dps/shared/dps"
)

// Store is what groups are found in.
type Store interface {
	// Generation is dps.GenerationStore's.
	Generation(ctx context.Context) (uint64, error)
	// GroupsByCA is dps.GroupStore's.
	GroupsByCA(ctx context.Context, nameHash string) ([]dps.EnrollmentGroup, error)
	// Hub is dps.HubStore's.
	Hub(ctx context.Context, id string) (dps.Hub, error)
}

// CRLs gets revocation lists. *Fetcher is one.
type CRLs interface {
	// CRL gives the list at the URL in DER, current as far as its nextUpdate says. Errors: CodeUnavailable.
	CRL(ctx context.Context, url string) ([]byte, error)
}

// Handler is the function.
type Handler struct {
	store Store
	crls  CRLs
	log   *slog.Logger
}

// New makes the function.
func New(store Store, crls CRLs, log *slog.Logger) *Handler {
	return &Handler{store: store, crls: crls, log: log}
}

// Handle finds the candidates, each once, in the order of the issuers. Without issuers it tells the generation alone. It
// only reads. Errors: CodeInvalid, naming the field; the store's.
func (h *Handler) Handle(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error) {
	hashes, err := nameHashes(req.Issuers)
	if err != nil {
		return contract.EnrollReply{}, err
	}
	// Read before the groups: what changes in between then carries a later number than the reply, and is noticed.
	generation, err := h.store.Generation(ctx)
	if err != nil {
		return contract.EnrollReply{}, err
	}
	groups, err := h.groups(ctx, hashes)
	if err != nil {
		return contract.EnrollReply{}, err
	}
	b := builder{Handler: h, hubs: make(map[string]*dps.Hub), room: maxCRLBytes}
	reply := contract.EnrollReply{Generation: generation, Candidates: make([]contract.Candidate, 0, len(groups))}
	for _, g := range groups {
		candidate, ok, err := b.candidate(ctx, g)
		if err != nil {
			return contract.EnrollReply{}, err
		}
		if ok {
			reply.Candidates = append(reply.Candidates, candidate)
		}
	}
	return reply, nil
}

// groups gives the groups behind the issuers, each once.
func (h *Handler) groups(ctx context.Context, hashes []string) ([]dps.EnrollmentGroup, error) {
	var all []dps.EnrollmentGroup
	seen := make(map[string]bool)
	for _, hash := range hashes {
		found, err := h.store.GroupsByCA(ctx, hash)
		if err != nil {
			return nil, err
		}
		for _, g := range found {
			if !seen[g.ID] {
				seen[g.ID] = true
				all = append(all, g)
			}
		}
	}
	return all, nil
}
