package provisioning

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/ingress/coapserver"
	"dps/ingress/gate"
	"dps/shared/attestation"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/telemetry"
)

// session is one connection of an admitted device.
type session struct {
	service    *Service
	peer       coapserver.Peer
	admission  *gate.Admission
	deviceID   string   // as the device last named it
	endpoints  []string // of the device in its own network, once it has told
	discovered bool
	discover   bool
}

// step is one row of PROTOCOL §3.
type step struct {
	name    dps.Step
	method  codes.Code
	success codes.Code
	run     func(ctx context.Context, x *exchange) (any, error)
}

var steps = map[string]step{
	ocf.PathTime:               {dps.StepTime, codes.GET, codes.Content, provideTime},
	ocf.PathOwnership:          {dps.StepOwnership, codes.GET, codes.Content, provideOwnership},
	ocf.PathCloudConfiguration: {dps.StepCloudConfiguration, codes.POST, codes.Changed, provideCloudConfiguration},
	ocf.PathCredentials:        {dps.StepCredentials, codes.POST, codes.Changed, provideCredentials},
	ocf.PathACLs:               {dps.StepACLs, codes.GET, codes.Content, provideACLs},
}

// exchange is one request in service: what the step reads, and what becomes its record.
type exchange struct {
	*session
	req    coapserver.Request
	result dps.StepResult
}

// Opened records who has come in.
func (s *session) Opened() {
	r := s.newResult(dps.StepAttestation)
	r.Attestation = &dps.AttestationDetail{
		CertificatePEM: dps.EncodeCertificatesPEM(s.admission.Leaf),
		CommonName:     s.admission.Leaf.Subject.CommonName,
		RemoteAddress:  s.peer.Remote.String(),
	}
	s.service.o.Record(r)
}

// Serve takes a request its way: protocol checks, a turn, the gate again, the step, the answer, the record.
func (s *session) Serve(ctx context.Context, req coapserver.Request) coapserver.Response {
	start := s.service.o.Now()
	st, known := steps[req.Path]
	if !known {
		s.log(ctx, req, codes.NotFound, start, nil)
		return coapserver.Response{Code: codes.NotFound}
	}
	x := &exchange{session: s, req: req, result: s.newResult(st.name)}
	ctx, span := telemetry.Begin(ctx, "step "+string(st.name), telemetry.Step(st.name), telemetry.Record(s.admission.RecordID))
	resp, err := x.answer(ctx, st)
	x.result.CoAPCode = formatCode(resp.Code)
	span.Set(telemetry.Code(x.result.CoAPCode), telemetry.Group(x.result.GroupID), telemetry.Device(s.deviceID))
	span.End(err)
	if err != nil {
		x.result.ErrorMessage = truncate(dps.AsError(err).Message)
	}
	s.discover = s.discover || st.name != dps.StepTime
	s.service.o.Record(x.result)
	s.service.o.Count("step_"+string(st.name), x.result.CoAPCode)
	s.service.o.Observe("step", string(st.name), x.result.CoAPCode, s.service.o.Now().Sub(start))
	s.log(ctx, req, resp.Code, start, err)
	s.dump(ctx, req, resp)
	return resp
}

// answer runs the step where the protocol allows it.
func (x *exchange) answer(ctx context.Context, st step) (coapserver.Response, error) {
	if code, err := checkRequest(x.req, st); err != nil {
		return coapserver.Response{Code: code}, err
	}
	ctx, cancel := context.WithTimeout(ctx, StepTimeout)
	defer cancel()
	release, err := x.service.turns.take(ctx)
	if err != nil {
		return errorResponse(err), err
	}
	defer release()
	if err := x.readmit(ctx); err != nil {
		resp := errorResponse(err)
		resp.Close = !dps.IsTransient(err)
		return resp, err
	}
	body, err := x.runStep(ctx, st)
	if err != nil {
		return errorResponse(err), err
	}
	data, err := encode(x.req.Accept, body)
	if err != nil {
		return errorResponse(err), err
	}
	return coapserver.Response{Code: st.success, Format: x.req.Accept, Body: data}, nil
}

// checkRequest holds a request against its step before anything is spent on it.
func checkRequest(req coapserver.Request, st step) (codes.Code, error) {
	switch {
	case req.Fault != 0:
		return req.Fault, dps.Errorf(dps.CodeInvalid, "request breaks the protocol: %s", req.Fault)
	case req.Method != st.method:
		return codes.MethodNotAllowed, dps.Errorf(dps.CodeInvalid, "method is %s, want %s", req.Method, st.method)
	case !isFormat(req.Accept):
		return codes.NotAcceptable, dps.Errorf(dps.CodeInvalid, "answer is wanted in content format %d, want 10000, 60 or 50", req.Accept)
	case st.method == codes.POST && !isFormat(req.Format):
		return codes.UnsupportedMediaType, dps.Errorf(dps.CodeInvalid, "body has content format %d, want 10000, 60 or 50", req.Format)
	case len(req.Body) > ocf.MaxRequestSize:
		return codes.RequestEntityTooLarge, dps.Errorf(dps.CodeInvalid, "body has %d bytes, at most %d are taken", len(req.Body), ocf.MaxRequestSize)
	default:
		return 0, nil
	}
}

func isFormat(f uint16) bool {
	return f == ocf.FormatOCFCBOR || f == ocf.FormatCBOR || f == ocf.FormatJSON
}

// readmit asks the gate again: groups change and certificates are revoked while connections live.
func (x *exchange) readmit(ctx context.Context) error {
	admission, err := x.service.o.Gate.Admit(ctx, x.peer.Certificates)
	var refusal *attestation.Refusal
	if errors.As(err, &refusal) {
		x.service.o.Gate.Refused(err, x.peer.Certificates[0], x.peer.Remote.String())
		return dps.Errorf(dps.CodeDenied, "no longer admitted: %s", refusal.Rule)
	}
	if err != nil {
		return err
	}
	x.admission = admission
	x.result.GroupID, x.result.Owner = admission.Group.GroupID, admission.Group.Owner
	return nil
}

// runStep keeps a defect in one step from taking down the connections of all others.
func (x *exchange) runStep(ctx context.Context, st step) (body any, err error) {
	defer func() {
		if p := recover(); p != nil {
			x.service.o.Log.Error("step panicked", "step", st.name, "panic", p, "stack", string(debug.Stack()))
			err = dps.Errorf(dps.CodeInternal, "internal error")
		}
	}()
	return st.run(ctx, x)
}

// encode writes a body within what the device can take.
func encode(format uint16, body any) ([]byte, error) {
	data, err := ocf.Encode(format, body)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInternal, err, "answer cannot be encoded")
	}
	if len(data) > ocf.MaxResponseSize {
		return nil, dps.Errorf(dps.CodeUnavailable, "answer has %d bytes, the device takes %d: configure fewer hubs, gateways or authorities", len(data), ocf.MaxResponseSize)
	}
	return data, nil
}

func (s *session) newResult(st dps.Step) dps.StepResult {
	return dps.StepResult{
		EventID: s.service.eventID(), Time: s.service.o.Now().UTC(), RecordID: s.admission.RecordID,
		GroupID: s.admission.Group.GroupID, Owner: s.admission.Group.Owner, Step: st, DeviceID: s.deviceID,
	}
}

// named remembers the device id that a request names, in its canonical form. Errors: CodeInvalid.
func (x *exchange) named(deviceID string) error {
	id, ok := dps.ParseUUID(deviceID)
	if !ok || id == dps.NilUUID {
		return dps.Errorf(dps.CodeInvalid, "di is not a UUID")
	}
	x.deviceID, x.result.DeviceID = id, id
	return nil
}

func (s *session) log(ctx context.Context, req coapserver.Request, code codes.Code, start time.Time, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("method", req.Method.String()), slog.String("path", req.Path), slog.String("code", formatCode(code)),
		slog.Duration("duration", s.service.o.Now().Sub(start)), slog.String("group", s.admission.Group.GroupID),
		slog.String("manufacturerCN", s.admission.Leaf.Subject.CommonName), slog.String("record", s.admission.RecordID),
		slog.String("device", s.deviceID), slog.String("remote", s.peer.Remote.String()),
	}
	if len(s.endpoints) > 0 {
		attrs = append(attrs, slog.Any("localEndpoints", s.endpoints))
	}
	if err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.Any("error", err))
	}
	s.service.o.Log.LogAttrs(ctx, level, "request", attrs...)
}

func truncate(s string) string {
	if len(s) > dps.MaxErrorMessageLength {
		return strings.ToValidUTF8(s[:dps.MaxErrorMessageLength], "")
	}
	return s
}
