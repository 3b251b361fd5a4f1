package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"dps/shared/dps"
	"dps/shared/telemetry"
)

// tracer records every span.
func tracer(t *testing.T) (*telemetry.Tracer, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	return telemetry.NewTracer(provider), recorder
}

func TestSpan(t *testing.T) {
	tracer, recorder := tracer(t)
	ctx, root := tracer.Serve(t.Context(), "device connection", telemetry.Transport("tcp"))
	ctx, call := tracer.Call(ctx, "invoke enroll", telemetry.Invoked("enroll"))
	_, inner := tracer.Start(ctx, strings.Repeat("n", 100), telemetry.Group(strings.Repeat("g", 1000)), telemetry.SpanAttribute{})
	inner.Fail("expired_leaf")
	call.Set(telemetry.Outcome("unavailable"))
	call.End(dps.Wrap(dps.CodeUnavailable, errors.New(hush), "the store does not answer"))
	root.End(nil)
	spans := recorder.Ended()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	failed, called, served := spans[0], spans[1], spans[2]
	if served.SpanKind() != trace.SpanKindServer || called.SpanKind() != trace.SpanKindClient || failed.SpanKind() != trace.SpanKindInternal ||
		called.Parent().SpanID() != served.SpanContext().SpanID() || failed.Parent().SpanID() != called.SpanContext().SpanID() {
		t.Error("kinds or parents are wrong")
	}
	if s := called.Status(); s.Code != codes.Error || s.Description != "the store does not answer" {
		t.Errorf("status %+v: want the operator's message alone", s)
	}
	if got := fmt.Sprint(called.Attributes()); !strings.Contains(got, "error.type") || !strings.Contains(got, "unavailable") || strings.Contains(got, hush) {
		t.Errorf("attributes %s", got)
	}
	if s := failed.Status(); s.Code != codes.Error || s.Description != "expired_leaf" || len(failed.Name()) > 64 {
		t.Errorf("status %+v, name of %d", s, len(failed.Name()))
	}
	if a := failed.Attributes(); len(a) != 2 || len(a[0].Value.AsString()) > 128 {
		t.Errorf("attributes are not bounded: %v", a)
	}
	if served.Status().Code == codes.Error {
		t.Error("a span that ended well is marked")
	}
}

func TestASpanTakesNoForeignError(t *testing.T) {
	tracer, recorder := tracer(t)
	_, span := tracer.Start(t.Context(), "x")
	span.End(errors.New(hush))
	s := recorder.Ended()[0]
	if s.Status().Description != "internal error" || strings.Contains(fmt.Sprint(s.Attributes(), s.Events()), hush) {
		t.Errorf("%+v %v", s.Status(), s.Attributes())
	}
}

func TestNoTracerCostsNothing(t *testing.T) {
	none := telemetry.NewTracer(nil)
	ctx := t.Context()
	f := func() {
		inner, span := none.Start(ctx, "x")
		if inner != ctx || span != nil {
			t.Fatal("a tracer that is none made a span")
		}
		span.Set(telemetry.Code("2.04"))
		span.Fail("x")
		span.End(nil)
	}
	if n := testing.AllocsPerRun(100, f); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTraceparentGoesThereAndBack(t *testing.T) {
	tracer, _ := tracer(t)
	ctx, span := tracer.Start(t.Context(), "x")
	defer span.End(nil)
	header := telemetry.Inject(ctx)
	if len(header) != 55 || telemetry.Inject(t.Context()) != "" {
		t.Fatalf("traceparent %q", header)
	}
	there := telemetry.Extract(t.Context(), header)
	if telemetry.TraceID(there) != telemetry.TraceID(ctx) || len(telemetry.TraceID(ctx)) != 32 || telemetry.Inject(there) != header {
		t.Errorf("%q became %q", header, telemetry.Inject(there))
	}
	if sc := trace.SpanContextFromContext(there); !sc.IsRemote() || !sc.IsSampled() {
		t.Errorf("%+v", sc)
	}
}

func TestTraceparentThatIsNone(t *testing.T) {
	for _, junk := range []string{"", "junk", "00-0-0-00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", strings.Repeat("0", 1<<20)} {
		if id := telemetry.TraceID(telemetry.Extract(t.Context(), junk)); id != "" {
			t.Errorf("%.60q gives the trace %s", junk, id)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	f.Add("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")
	f.Fuzz(func(t *testing.T, header string) {
		ctx := telemetry.Extract(t.Context(), header)
		if again := telemetry.Extract(t.Context(), telemetry.Inject(ctx)); telemetry.TraceID(again) != telemetry.TraceID(ctx) {
			t.Errorf("%q does not come round", header)
		}
	})
}

func TestLinesCarryTheirTrace(t *testing.T) {
	tracer, _ := tracer(t)
	ctx, span := tracer.Start(t.Context(), "x")
	defer span.End(nil)
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.LogOptions{})
	log.With("a", 1).InfoContext(ctx, "m")
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line[telemetry.TraceIDKey] != telemetry.TraceID(ctx) || len(line[telemetry.SpanIDKey].(string)) != 16 || line["a"] != 1.0 {
		t.Errorf("%v", line)
	}
	b.Reset()
	log.Info("m")
	if strings.Contains(b.String(), telemetry.TraceIDKey) {
		t.Errorf("a line of no trace has one: %s", b.String())
	}
}
