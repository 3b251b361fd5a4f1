package invoke

import (
	"context"

	"dps/shared/contract"
	"dps/shared/telemetry"
)

// Transport carries one enveloped request to the named function and brings its enveloped reply. Errors: *dps.Error, for
// what the function itself did not answer.
type Transport func(ctx context.Context, function string, request []byte) ([]byte, error)

// Remote calls the functions over a transport that carries JSON.
type Remote struct{ Transport Transport }

var (
	_ contract.Functions      = (*Remote)(nil)
	_ contract.OwnerFunctions = (*Remote)(nil)
)

// Enroll calls the enroll function.
func (r *Remote) Enroll(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error) {
	return call[contract.EnrollReply](ctx, r.Transport, contract.Enroll, req)
}

// Token calls the token function.
func (r *Remote) Token(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	return call[contract.TokenReply](ctx, r.Transport, contract.Token, req)
}

// Sign calls the sign function.
func (r *Remote) Sign(ctx context.Context, req contract.SignRequest) (contract.SignReply, error) {
	return call[contract.SignReply](ctx, r.Transport, contract.Sign, req)
}

// Record calls the record function.
func (r *Remote) Record(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	return call[contract.RecordReply](ctx, r.Transport, contract.Record, req)
}

// OwnerToken calls the token function for an owner.
func (r *Remote) OwnerToken(ctx context.Context, req contract.OwnerTokenRequest) (contract.TokenReply, error) {
	return call[contract.TokenReply](ctx, r.Transport, contract.OwnerToken, req)
}

// OwnerSign calls the sign function for an owner.
func (r *Remote) OwnerSign(ctx context.Context, req contract.OwnerSignRequest) (contract.OwnerSignReply, error) {
	return call[contract.OwnerSignReply](ctx, r.Transport, contract.OwnerSign, req)
}

// CheckHub has the sign function try a hub.
func (r *Remote) CheckHub(ctx context.Context, req contract.HubCheckRequest) (contract.HubCheckReply, error) {
	return call[contract.HubCheckReply](ctx, r.Transport, contract.CheckHub, req)
}

func call[Rep any](ctx context.Context, transport Transport, function string, req any) (Rep, error) {
	var rep Rep
	data, err := contract.EncodeRequest(contract.WithTraceparent(ctx, telemetry.Inject(ctx)), req)
	if err != nil {
		return rep, err
	}
	answer, err := transport(ctx, function, data)
	if err != nil {
		return rep, err
	}
	return rep, contract.DecodeReply(answer, &rep)
}
