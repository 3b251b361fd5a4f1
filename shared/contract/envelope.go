package contract

import (
	"context"
	"encoding/json"
	"time"

	"dps/shared/dps"
)

// Version is the version of every request; a function refuses any other.
const Version = 1

// request is the envelope of what a function is sent.
type request struct {
	Version     int             `json:"version"`
	Traceparent string          `json:"traceparent,omitempty"`
	Payload     json.RawMessage `json:"payload"`
}

type traceparentKey struct{}

// WithTraceparent gives the requests that are encoded with ctx the W3C traceparent (Trace Context §3.2) of what they belong to.
func WithTraceparent(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" {
		return ctx
	}
	return context.WithValue(ctx, traceparentKey{}, traceparent)
}

// Traceparent is what the request came with, in a Handler's context; "" where it came with none. Nobody has looked at it.
func Traceparent(ctx context.Context) string {
	traceparent, _ := ctx.Value(traceparentKey{}).(string)
	return traceparent
}

// reply is the envelope of what a function answers: one of the two.
type reply struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *replyError     `json:"error,omitempty"`
}

type replyError struct {
	Code         dps.Code `json:"code"`
	Message      string   `json:"message"`
	RetryAfterMs int64    `json:"retryAfterMs,omitempty"`
}

// EncodeRequest puts payload into its envelope, with ctx's traceparent. Errors: CodeInternal.
func EncodeRequest(ctx context.Context, payload any) ([]byte, error) {
	p, err := json.Marshal(payload)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInternal, err, "request cannot be encoded")
	}
	return json.Marshal(request{Version: Version, Traceparent: Traceparent(ctx), Payload: p})
}

// DecodeReply takes result out of its envelope, or gives the error that the function answered. Errors: any code;
// CodeInternal where data is no reply.
func DecodeReply(data []byte, result any) error {
	var r reply
	if err := json.Unmarshal(data, &r); err != nil {
		return dps.Wrap(dps.CodeInternal, err, "reply is not a reply envelope")
	}
	switch {
	case r.Error != nil:
		return &dps.Error{Code: knownCode(r.Error.Code), Message: r.Error.Message, RetryAfter: time.Duration(r.Error.RetryAfterMs) * time.Millisecond}
	case r.Result == nil:
		return dps.Errorf(dps.CodeInternal, "reply has neither result nor error")
	}
	if err := json.Unmarshal(r.Result, result); err != nil {
		return dps.Wrap(dps.CodeInternal, err, "result cannot be decoded")
	}
	return nil
}

// Handler is one function: a request in, a reply out.
type Handler[Req, Rep any] func(ctx context.Context, req Req) (Rep, error)

// ServeJSON runs the handler on an enveloped request and gives the enveloped reply. It answers every request: what goes
// wrong becomes an error in the envelope, and what a code does not explain becomes CodeInternal without its detail.
func (h Handler[Req, Rep]) ServeJSON(ctx context.Context, data []byte) []byte {
	out, _ := h.Serve(ctx, data)
	return out
}

// Serve is ServeJSON for a host that logs: beside the reply, which is always there, it gives the error that the reply tells
// of, with its detail.
func (h Handler[Req, Rep]) Serve(ctx context.Context, data []byte) ([]byte, error) {
	var req Req
	traceparent, err := decodeRequest(data, &req)
	if err != nil {
		return encodeError(err), err
	}
	rep, err := h(WithTraceparent(ctx, traceparent), req)
	if err != nil {
		return encodeError(err), err
	}
	result, err := json.Marshal(rep)
	if err != nil {
		return encodeError(err), err
	}
	out, _ := json.Marshal(reply{Result: result}) // a RawMessage that json.Marshal made is valid
	return out, nil
}

func decodeRequest(data []byte, req any) (traceparent string, err error) {
	if len(data) > MaxRequestSize {
		return "", dps.Errorf(dps.CodeInvalid, "request of %d bytes, at most %d are taken", len(data), MaxRequestSize)
	}
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		return "", dps.Errorf(dps.CodeInvalid, "request is not a request envelope")
	}
	if r.Version != Version {
		return "", dps.Errorf(dps.CodeInvalid, "contract version %d is not spoken here, only %d", r.Version, Version)
	}
	if err := json.Unmarshal(r.Payload, req); err != nil {
		return "", dps.Errorf(dps.CodeInvalid, "payload does not fit the contract")
	}
	return r.Traceparent, nil
}

func encodeError(err error) []byte {
	e := dps.AsError(err)
	message := e.Message
	if e.Code == dps.CodeInternal {
		message = "internal error"
	}
	out, _ := json.Marshal(reply{Error: &replyError{Code: e.Code, Message: message, RetryAfterMs: e.RetryAfter.Milliseconds()}})
	return out
}

// knownCode turns a code of a later version into CodeInternal, so that nobody acts on what he does not understand.
func knownCode(c dps.Code) dps.Code {
	for _, k := range dps.Codes() {
		if c == k {
			return c
		}
	}
	return dps.CodeInternal
}
