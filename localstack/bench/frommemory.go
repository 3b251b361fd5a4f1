package main

import (
	"context"
	"sync"

	"dps/shared/contract"
)

// fromMemory answers for the functions what they answered first: with it, the ingress's process does the ingress's work
// alone, as where the functions run elsewhere. Enrollment, which the ingress caches itself, stays real.
type fromMemory struct {
	contract.Functions
	token remembered[contract.TokenRequest, contract.TokenReply]
	sign  remembered[contract.SignRequest, contract.SignReply]
}

var _ contract.Functions = (*fromMemory)(nil)

func newFromMemory(f contract.Functions) contract.Functions { return &fromMemory{Functions: f} }

// Token implements contract.Functions.
func (f *fromMemory) Token(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	return f.token.answer(ctx, req, f.Functions.Token)
}

// Sign implements contract.Functions.
func (f *fromMemory) Sign(ctx context.Context, req contract.SignRequest) (contract.SignReply, error) {
	return f.sign.answer(ctx, req, f.Functions.Sign)
}

// Record implements contract.Functions.
func (f *fromMemory) Record(_ context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	return contract.RecordReply{Stored: len(req.Results)}, nil
}

// remembered is a function's first good answer.
type remembered[Q, A any] struct {
	mu    sync.Mutex
	known bool
	reply A
}

func (r *remembered[Q, A]) answer(ctx context.Context, req Q, ask func(context.Context, Q) (A, error)) (A, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known {
		return r.reply, nil
	}
	reply, err := ask(ctx, req)
	r.known, r.reply = err == nil, reply
	return reply, err
}
