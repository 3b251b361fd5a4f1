package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"dps/shared/telemetry"
)

// at is a moment whose two formats differ.
var at = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

// logAt writes one record with a known time, past the logger's own clock.
func logAt(t *testing.T, o telemetry.LogOptions, level slog.Level, message string, attrs ...slog.Attr) string {
	t.Helper()
	var b bytes.Buffer
	h := telemetry.NewLogger(&b, o).Handler()
	r := slog.NewRecord(at, level, message, 0)
	r.AddAttrs(attrs...)
	if !h.Enabled(t.Context(), level) {
		return ""
	}
	if err := h.Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONTimeEncoders(t *testing.T) {
	for _, tt := range []struct {
		seconds bool
		want    string
	}{{false, "2026-03-04T05:06:07.089Z"}, {true, "2026-03-04T05:06:07Z"}} {
		var got map[string]any
		line := logAt(t, telemetry.LogOptions{Seconds: tt.seconds}, slog.LevelWarn, "hello", slog.Int("n", 1))
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if got["time"] != tt.want || got["level"] != "warn" || got["msg"] != "hello" || got["n"] != 1.0 {
			t.Errorf("seconds=%t: %s", tt.seconds, line)
		}
	}
}

func TestLevels(t *testing.T) {
	levels := []string{"debug", "info", "warn", "error"}
	for i, least := range levels {
		for j, level := range levels {
			o := telemetry.LogOptions{Level: mustLevel(t, least)}
			for _, console := range []bool{false, true} {
				o.Console = console
				if logged := logAt(t, o, mustLevel(t, level), "x") != ""; logged != (j >= i) {
					t.Errorf("from %s, console=%t: %s logged = %t", least, console, level, logged)
				}
			}
		}
	}
	if _, ok := telemetry.ParseLevel("loud"); ok {
		t.Error("ParseLevel accepts loud")
	}
}

func mustLevel(t *testing.T, s string) slog.Level {
	t.Helper()
	l, ok := telemetry.ParseLevel(s)
	if !ok {
		t.Fatalf("no level %q", s)
	}
	return l
}

func TestConsoleLine(t *testing.T) {
	got := logAt(t, telemetry.LogOptions{Console: true, Seconds: true}, slog.LevelInfo, "device attested",
		slog.String("group", "98be"), slog.String("subject", "CN=a b"), slog.Group("peer", slog.String("ip", "::1"), slog.Int("port", 7)))
	want := "2026-03-04T05:06:07Z  info   device attested                      group=98be subject=\"CN=a b\" peer.ip=::1 peer.port=7\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestConsoleColumnsAlign(t *testing.T) {
	o := telemetry.LogOptions{Console: true, Seconds: true}
	a := logAt(t, o, slog.LevelInfo, "short", slog.Int("n", 1))
	b := logAt(t, o, slog.LevelError, "rather a longer message", slog.Int("n", 1))
	if strings.Index(a, "n=1") != strings.Index(b, "n=1") {
		t.Errorf("attributes do not stand in a column:\n%s%s", a, b)
	}
}

func TestConsoleCannotBeForged(t *testing.T) {
	got := logAt(t, telemetry.LogOptions{Console: true}, slog.LevelInfo, "hi\nforged", slog.String("cn", "a\n2026 error \x1b[2J"), slog.String("k\ney", "v"))
	if strings.Count(got, "\n") != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("control characters reach the terminal: %q", got)
	}
}

func TestConsoleBoundAttributesAndGroups(t *testing.T) {
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.LogOptions{Console: true}).With("a", 1).WithGroup("g").With("b", 2)
	log.Info("m", "c", 3, "err", errors.New("out of luck"))
	if !strings.HasSuffix(b.String(), " a=1 g.b=2 g.c=3 g.err=\"out of luck\"\n") {
		t.Errorf("got %q", b.String())
	}
}

func TestStacktraceFromLevel(t *testing.T) {
	for _, console := range []bool{false, true} {
		var b bytes.Buffer
		log := telemetry.NewLogger(&b, telemetry.LogOptions{Console: console, Stacktrace: true, StacktraceLevel: slog.LevelWarn})
		log.Info("fine")
		if strings.Contains(b.String(), "TestStacktraceFromLevel") {
			t.Errorf("console=%t: stack below its level: %s", console, b.String())
		}
		sampling, _ := telemetry.WithSampling(log.Handler(), telemetry.SamplingOptions{})
		slog.New(sampling).With("a", 1).WithGroup("g").Warn("not fine")
		if !strings.Contains(b.String(), "TestStacktraceFromLevel") || strings.Contains(b.String(), "Handler)") {
			t.Errorf("console=%t: want the stack from the caller on: %s", console, b.String())
		}
	}
}
