package tracetree_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"dps/shared/telemetry"
	"dps/shared/telemetry/pipeline"
	"dps/shared/telemetry/tracetree"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// span is one that began and ended so many milliseconds after at.
func span(id, parent byte, name string, from, to int, status sdktrace.Status, attributes ...attribute.KeyValue) sdktrace.ReadOnlySpan {
	traceID := trace.TraceID{1}
	stub := tracetest.SpanStub{
		Name: name, StartTime: at.Add(time.Duration(from) * time.Millisecond), EndTime: at.Add(time.Duration(to) * time.Millisecond),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{id}}), Status: status, Attributes: attributes,
	}
	if parent != 0 {
		stub.Parent = trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{parent}})
	}
	return stub.Snapshot()
}

func TestTree(t *testing.T) {
	c := tracetree.New()
	ok := sdktrace.Status{}
	for _, s := range []sdktrace.ReadOnlySpan{ // as they end: children first
		span(3, 2, "invoke enroll", 10, 22, ok),
		span(2, 1, "handshake", 0, 38, ok, attribute.String(telemetry.AttrGroup, "98be"), attribute.String(telemetry.AttrOutcome, "accepted")),
		span(6, 5, "invoke sign", 102, 400, ok, attribute.Bool(telemetry.AttrColdStart, true)),
		span(5, 1, "step credential", 101, 402, sdktrace.Status{Code: codes.Error, Description: "the hub does not answer"},
			attribute.String(telemetry.AttrError, "unavailable"), attribute.String(telemetry.AttrCode, "5.03")),
		span(4, 1, "step cloud", 50, 51, ok, attribute.String(telemetry.AttrCode, "2.04")),
		span(1, 0, "device connection", 0, 12412, ok),
	} {
		c.OnEnd(s)
	}
	var b strings.Builder
	if err := c.WriteAll(&b); err != nil {
		t.Fatal(err)
	}
	want := `device connection      12.4 s
├─ handshake            38 ms   accepted, group 98be
│  └─ invoke enroll     12 ms
├─ step cloud         1.00 ms   2.04
└─ step credential     301 ms   ✗ unavailable: the hub does not answer, 5.03
   └─ invoke sign      298 ms   cold start
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestAParentThatWasNeverSeen(t *testing.T) {
	c := tracetree.New()
	c.OnEnd(span(2, 9, "enroll", 0, 5, sdktrace.Status{}))
	c.OnEnd(span(3, 3, "its own parent", 6, 7, sdktrace.Status{}))
	var b strings.Builder
	if err := c.Write(&b, trace.TraceID{1}); err != nil {
		t.Fatal(err)
	}
	if want := "enroll           5.00 ms\nits own parent   1.00 ms\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestWhatADeviceNamesCannotMoveTheCursor(t *testing.T) {
	c := tracetree.New()
	c.OnEnd(span(1, 0, "a\nb", 0, 5, sdktrace.Status{Code: codes.Error, Description: "\x1b[2J"}, attribute.String(telemetry.AttrDevice, "x\r\ny")))
	var b strings.Builder
	if err := c.WriteAll(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "\n") != 1 || strings.ContainsAny(b.String(), "\x1b\r") {
		t.Errorf("%q", b.String())
	}
}

func TestSpansOfTheTracer(t *testing.T) {
	c := tracetree.New()
	tracing, err := pipeline.NewTracing(pipeline.Source{Service: "test"}, pipeline.TracingOptions{Ratio: 1, Also: []sdktrace.SpanProcessor{c}})
	if err != nil {
		t.Fatal(err)
	}
	tracer := telemetry.NewTracer(tracing.Provider())
	for i := range 3 {
		ctx, root := tracer.Serve(t.Context(), fmt.Sprint("connection ", i))
		_, inner := tracer.Start(ctx, "step")
		inner.End(errors.New("hush"))
		root.End(nil)
	}
	ids := c.Traces()
	if len(ids) != 3 || len(c.Spans(ids[2])) != 2 || c.Spans(ids[2])[0].Name() != "connection 2" {
		t.Errorf("traces %v", ids)
	}
	var b strings.Builder
	if err := c.WriteAll(&b); err != nil || strings.Count(b.String(), "└─ step") != 3 || strings.Count(b.String(), "✗ internal") != 3 || strings.Contains(b.String(), "hush") {
		t.Errorf("%v\n%s", err, b.String())
	}
	if err := tracing.Shutdown(t.Context()); err != nil || len(c.Traces()) != 3 {
		t.Errorf("%v: the spans stay after the end", err)
	}
	if c.Reset(); len(c.Traces()) != 0 {
		t.Error("Reset leaves traces")
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	c := tracetree.New()
	s := span(1, 0, "x", 0, 5, sdktrace.Status{})
	for range tracetree.MaxSpans + 5 {
		c.OnEnd(s)
	}
	if got := len(c.Spans(trace.TraceID{1})); got != tracetree.MaxSpans || c.Dropped() != 5 {
		t.Errorf("%d kept, %d dropped", got, c.Dropped())
	}
	var b strings.Builder
	if err := c.WriteAll(&b); err != nil || !strings.HasSuffix(b.String(), "\n5 later spans were not kept\n") {
		t.Errorf("%v: %q", err, b.String()[max(0, b.Len()-60):])
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestAWriterThatFails(t *testing.T) {
	c := tracetree.New()
	c.OnEnd(span(1, 0, "x", 0, 5, sdktrace.Status{}))
	if err := c.WriteAll(failing{}); err == nil {
		t.Error("no error")
	}
}
