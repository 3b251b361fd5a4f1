// Package record is the function that stores what happened to devices: contract.RecordRequest → contract.RecordReply.
package record

import (
	"context"
	"fmt"

	"dps/shared/contract"
	"dps/shared/dps"
)

// Store keeps records.
type Store interface {
	// MergeResults is dps.RecordStore's.
	MergeResults(ctx context.Context, results []dps.StepResult) (int, error)
}

// Handler is the function.
type Handler struct{ store Store }

// New makes the function.
func New(store Store) *Handler { return &Handler{store: store} }

// Handle stores a batch. What identifies a result must be right; what devices and errors put into it is cut to its bounds.
// Done twice, the records are the same. Errors: CodeInvalid, naming the result and the field (nothing is stored); the
// store's.
func (h *Handler) Handle(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	if len(req.Results) > contract.MaxRecordResults {
		return contract.RecordReply{}, dps.Errorf(dps.CodeInvalid, "results: %d of them, at most %d are taken at a time", len(req.Results), contract.MaxRecordResults)
	}
	if len(req.Results) == 0 {
		return contract.RecordReply{}, nil
	}
	results := make([]dps.StepResult, len(req.Results))
	for i, r := range req.Results {
		var err error
		if results[i], err = identified(r); err != nil {
			return contract.RecordReply{}, dps.Errorf(dps.CodeInvalid, "%s", fmt.Sprintf("results[%d].%s", i, dps.AsError(err).Message))
		}
		cut(&results[i])
	}
	stored, err := h.store.MergeResults(ctx, results)
	return contract.RecordReply{Stored: stored}, err
}
