package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"dps/shared/telemetry"
)

// sampled logs to b through a sampling handler whose clock is c.
func sampled(b *bytes.Buffer, c *clock, o telemetry.SamplingOptions) (*slog.Logger, func()) {
	o.Now = c.now
	h, flush := telemetry.WithSampling(telemetry.NewLogger(b, telemetry.LogOptions{}).Handler(), o)
	return slog.New(h), func() { flush(nil) }
}

func linesOf(t *testing.T, b *bytes.Buffer) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(b.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestRepeatedLinesAreSampledAndCounted(t *testing.T) {
	var b bytes.Buffer
	var c clock
	m := telemetry.NewMetrics(nil)
	log, flush := sampled(&b, &c, telemetry.SamplingOptions{First: 3, Keys: []string{"rule"}, Always: []string{"request"}, Count: m.Count})
	for i := range 1000 {
		log.Warn("device refused", "rule", "expired_leaf", "n", i)
		log.Info("request", "n", i)
	}
	log.Warn("device refused", "rule", "revoked")
	log.Error("device refused", "rule", "expired_leaf")
	if n := len(linesOf(t, &b)); n != 3+1000+2 {
		t.Errorf("%d lines, want 3 and the 1000 that are never held back, and 2 of other kinds", n)
	}
	if got := m.Get(telemetry.EventSuppressed, "warn"); got != 997 {
		t.Errorf("counted %d, want 997", got)
	}
	b.Reset()
	c.pass(telemetry.LimiterInterval)
	log.Warn("device refused", "rule", "expired_leaf")
	if lines := linesOf(t, &b); len(lines) != 1 || lines[0][telemetry.SuppressedKey] != 997.0 {
		t.Errorf("after a minute: %v, want one line that tells of 997", lines)
	}
	b.Reset()
	flush()
	if b.Len() != 0 {
		t.Errorf("nothing is left to tell: %s", b.String())
	}
}

func TestFlushTellsOfWhatWasHeldBack(t *testing.T) {
	var b bytes.Buffer
	var c clock
	log, flush := sampled(&b, &c, telemetry.SamplingOptions{First: 1})
	for i := range 10 {
		log.Info(fmt.Sprint("message ", i%2))
	}
	b.Reset()
	flush()
	flush()
	if lines := linesOf(t, &b); len(lines) != 1 || lines[0][telemetry.SuppressedKey] != 8.0 {
		t.Errorf("got %v, want one line that tells of 8", lines)
	}
}

func TestKindsByBoundAttributes(t *testing.T) {
	var b bytes.Buffer
	var c clock
	log, _ := sampled(&b, &c, telemetry.SamplingOptions{First: 1, Keys: []string{"group"}})
	for range 5 {
		log.With("group", "a").Info("m")
		log.With("group", "b", "n", 1).Info("m")
		log.WithGroup("g").With("group", "c").Info("m", "group", "d") // another's "group": g.group
		log.Info("m")
	}
	if n := len(linesOf(t, &b)); n != 3 {
		t.Errorf("%d lines, want one of each of 3 kinds:\n%s", n, b.String())
	}
}

func TestSamplingIsBounded(t *testing.T) {
	var b bytes.Buffer
	var c clock
	log, flush := sampled(&b, &c, telemetry.SamplingOptions{First: 1, Keys: []string{"issuer"}})
	const strangers = 5000
	for i := range strangers {
		log.Warn("device refused", "issuer", fmt.Sprint(i))
	}
	n := len(linesOf(t, &b))
	if n != telemetry.MaxLimiterKeys+1 {
		t.Errorf("%d lines of %d strangers, want %d", n, strangers, telemetry.MaxLimiterKeys+1)
	}
	b.Reset()
	flush()
	if lines := linesOf(t, &b); len(lines) != 1 || lines[0][telemetry.SuppressedKey] != float64(strangers-n) {
		t.Errorf("got %v, want all others counted", lines)
	}
}

func TestSamplingConcurrently(t *testing.T) {
	var b bytes.Buffer
	var c clock
	m := telemetry.NewMetrics(nil)
	log, _ := sampled(&b, &c, telemetry.SamplingOptions{First: 10, Count: m.Count})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				log.Info("m")
			}
		})
	}
	wg.Wait()
	if lines, held := len(linesOf(t, &b)), m.Get(telemetry.EventSuppressed, "info"); lines != 10 || held != 790 {
		t.Errorf("%d lines, %d held back; want 10, 790", lines, held)
	}
}
