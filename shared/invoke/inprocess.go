// Package invoke has the ways to call the functions: in this process (embedded mode), and over any transport that carries
// the contract's JSON.
package invoke

import (
	"context"

	"dps/shared/contract"
)

// InProcess calls handlers directly, typed values in and out: the transport of the embedded mode.
type InProcess struct {
	EnrollHandler contract.Handler[contract.EnrollRequest, contract.EnrollReply]
	TokenHandler  contract.Handler[contract.TokenRequest, contract.TokenReply]
	SignHandler   contract.Handler[contract.SignRequest, contract.SignReply]
	RecordHandler contract.Handler[contract.RecordRequest, contract.RecordReply]

	OwnerTokenHandler contract.Handler[contract.OwnerTokenRequest, contract.TokenReply]
	OwnerSignHandler  contract.Handler[contract.OwnerSignRequest, contract.OwnerSignReply]
	CheckHubHandler   contract.Handler[contract.HubCheckRequest, contract.HubCheckReply]
}

var (
	_ contract.Functions      = (*InProcess)(nil)
	_ contract.OwnerFunctions = (*InProcess)(nil)
)

// Enroll calls the enroll function.
func (p *InProcess) Enroll(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error) {
	return p.EnrollHandler(ctx, req)
}

// Token calls the token function.
func (p *InProcess) Token(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	return p.TokenHandler(ctx, req)
}

// Sign calls the sign function.
func (p *InProcess) Sign(ctx context.Context, req contract.SignRequest) (contract.SignReply, error) {
	return p.SignHandler(ctx, req)
}

// Record calls the record function.
func (p *InProcess) Record(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	return p.RecordHandler(ctx, req)
}

// OwnerToken calls the token function for an owner.
func (p *InProcess) OwnerToken(ctx context.Context, req contract.OwnerTokenRequest) (contract.TokenReply, error) {
	return p.OwnerTokenHandler(ctx, req)
}

// OwnerSign calls the sign function for an owner.
func (p *InProcess) OwnerSign(ctx context.Context, req contract.OwnerSignRequest) (contract.OwnerSignReply, error) {
	return p.OwnerSignHandler(ctx, req)
}

// CheckHub has the sign function try a hub.
func (p *InProcess) CheckHub(ctx context.Context, req contract.HubCheckRequest) (contract.HubCheckReply, error) {
	return p.CheckHubHandler(ctx, req)
}

// ServeJSON calls the named function with the contract's JSON: what Remote's Transport is when both ends are in one
// process, so that tests can prove that nothing leans on shared memory. ok is false where no function has the name.
func (p *InProcess) ServeJSON(ctx context.Context, function string, request []byte) (reply []byte, ok bool) {
	switch function {
	case contract.Enroll:
		return p.EnrollHandler.ServeJSON(ctx, request), true
	case contract.Token:
		return p.TokenHandler.ServeJSON(ctx, request), true
	case contract.Sign:
		return p.SignHandler.ServeJSON(ctx, request), true
	case contract.Record:
		return p.RecordHandler.ServeJSON(ctx, request), true
	case contract.OwnerToken:
		return p.OwnerTokenHandler.ServeJSON(ctx, request), true
	case contract.OwnerSign:
		return p.OwnerSignHandler.ServeJSON(ctx, request), true
	case contract.CheckHub:
		return p.CheckHubHandler.ServeJSON(ctx, request), true
	default:
		return nil, false
	}
}
