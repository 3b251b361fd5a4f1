package invoke

import (
	"context"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/telemetry"
)

// Observed tells telemetry of every call as its caller sees it, all attempts together: a span, a count of "invocation" by
// "FUNCTION OUTCOME", and how long it took.
type Observed struct {
	Functions contract.Functions
	Count     func(name, reason string)
	Observe   func(name, label, outcome string, took time.Duration)
}

var _ contract.Functions = (*Observed)(nil)

// Enroll calls on.
func (o *Observed) Enroll(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error) {
	return observed(ctx, o, contract.Enroll, o.Functions.Enroll, req)
}

// Token calls on.
func (o *Observed) Token(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	return observed(ctx, o, contract.Token, o.Functions.Token, req)
}

// Sign calls on.
func (o *Observed) Sign(ctx context.Context, req contract.SignRequest) (contract.SignReply, error) {
	return observed(ctx, o, contract.Sign, o.Functions.Sign, req)
}

// Record calls on.
func (o *Observed) Record(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	return observed(ctx, o, contract.Record, o.Functions.Record, req)
}

func observed[Req, Rep any](ctx context.Context, o *Observed, function string, call func(context.Context, Req) (Rep, error), req Req) (Rep, error) {
	started := time.Now()
	ctx, span := telemetry.BeginCall(ctx, "invoke "+function, telemetry.Invoked(function))
	rep, err := call(ctx, req)
	span.End(err)
	outcome := "ok"
	if err != nil {
		outcome = string(dps.CodeOf(err))
	}
	o.Count("invocation", function+" "+outcome)
	o.Observe("invocation", function, outcome, time.Since(started))
	return rep, err
}
