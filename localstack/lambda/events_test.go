package lambda_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"dps/localstack/lambda"
	"dps/shared/dps"
)

func TestEventIsDelivered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "marks")
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	for range 3 {
		k.send(t, "puppet", act{"mark": file})
	}
	k.drain(t)
	got := marks(t, file)
	for id, n := range got {
		if n != 1 {
			t.Errorf("event %s came %d times", id, n)
		}
	}
	if len(got) != 3 || len(k.DeadLetters()) != 0 {
		t.Errorf("%d events, dead letters %v", len(got), k.DeadLetters())
	}
}

func TestFailedEventIsTriedThreeTimesAndBuried(t *testing.T) {
	file := filepath.Join(t.TempDir(), "marks")
	buried := make(chan lambda.DeadLetter, 1)
	k := newKit(t, lambda.Options{OnDeadLetter: func(l lambda.DeadLetter) { buried <- l }}, puppet("puppet"))
	k.send(t, "puppet", act{"mark": file, "fail": "no way"})
	k.drain(t)
	got := marks(t, file)
	letter := <-buried
	if len(got) != 1 || got[`"`+letter.RequestID+`"`] != 3 {
		t.Errorf("deliveries %v, want 3 of %s", got, letter.RequestID)
	}
	if letter.Function != "puppet" || letter.Attempts != 3 || !strings.Contains(string(letter.Payload), "no way") ||
		decode[functionError](t, letter.Error).ErrorMessage != "no way" {
		t.Errorf("dead letter %+v", letter)
	}
	if all := k.DeadLetters(); len(all) != 1 || all[0].RequestID != letter.RequestID {
		t.Errorf("dead letters %v", all)
	}
	if s := k.stats(t, "puppet"); s.Retries != 2 || s.DeadLetters != 1 || s.Started != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestEventsWaitForAnInstance(t *testing.T) {
	const many = 20
	file := filepath.Join(t.TempDir(), "marks")
	one := puppet("one")
	one.Concurrency = 1
	k := newKit(t, lambda.Options{}, one)
	for range many {
		k.send(t, "one", act{"mark": file})
	}
	k.drain(t)
	if got := marks(t, file); len(got) != many {
		t.Errorf("%d events came, want %d", len(got), many)
	}
	if s := k.stats(t, "one"); s.Retries != 0 || s.Started != 1 || s.Throttles != 0 {
		t.Errorf("stats %+v: waiting is no attempt", s)
	}
}

func TestDrainEndsWithItsContext(t *testing.T) {
	b := newBarrier(t)
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	k.send(t, "puppet", act{"wait": b.url})
	<-b.arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Drain(ctx); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("drain: %v", err)
	}
	close(b.open)
	k.drain(t)
}

func TestCloseTellsOfEventsUnderWay(t *testing.T) {
	b := newBarrier(t)
	h, err := lambda.New(t.Context(), lambda.Options{
		RetryDelays: []time.Duration{time.Hour},
		Functions:   []lambda.Function{{Name: "puppet", Binary: built.get(t, "puppet"), Timeout: time.Hour}},
	})
	if err != nil {
		t.Fatal(err)
	}
	k := newKitOn(t, h)
	k.send(t, "puppet", act{"wait": b.url})
	<-b.arrived
	if err := h.Close(); err == nil || !strings.Contains(err.Error(), "1 asynchronous events were still under way") {
		t.Errorf("close: %v", err)
	}
}

func TestDoubledEvents(t *testing.T) {
	const many = 10
	file := filepath.Join(t.TempDir(), "marks")
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	k.faults(t, "puppet", lambda.Faults{Twice: 1})
	for range many {
		k.send(t, "puppet", act{"mark": file})
	}
	k.drain(t)
	got := marks(t, file)
	for id, n := range got {
		if n != 2 {
			t.Errorf("event %s came %d times, want twice", id, n)
		}
	}
	if s := k.stats(t, "puppet"); len(got) != many || s.Doubled != many {
		t.Errorf("%d events, stats %+v", len(got), s)
	}
}

func TestKilledInstancesLoseNoEvent(t *testing.T) {
	const many = 30
	file := filepath.Join(t.TempDir(), "marks")
	k := newKit(t, lambda.Options{Seed: 1, RetryDelays: make([]time.Duration, 20)}, puppet("puppet"))
	k.faults(t, "puppet", lambda.Faults{Kill: 0.4})
	for range many {
		k.send(t, "puppet", act{"mark": file})
	}
	k.drain(t)
	s := k.stats(t, "puppet")
	if got := marks(t, file); len(got) != many || len(k.DeadLetters()) != 0 {
		t.Errorf("%d of %d events came, dead letters %v", len(got), many, k.DeadLetters())
	}
	if s.Killed == 0 || s.Retries != s.Killed || s.FunctionErrors != s.Killed {
		t.Errorf("stats %+v: want a retry for each kill", s)
	}
}

func TestKilledInstanceIsAFunctionError(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	k.faults(t, "puppet", lambda.Faults{Kill: 1})
	for range 4 {
		wantFunctionError(t, k.mustInvoke(t, "puppet", nil), "Runtime.ExitError", "signal: killed")
	}
	k.faults(t, "puppet", lambda.Faults{})
	if out := k.mustInvoke(t, "puppet", nil); out.FunctionError != nil {
		t.Errorf("without faults: %s", out.Payload)
	}
}

func TestThrottlingFault(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	k.faults(t, "puppet", lambda.Faults{Throttle: 1})
	_, err := k.invoke(t.Context(), "puppet", nil)
	wantAPIError[*types.TooManyRequestsException](t, err)
	if s := k.stats(t, "puppet"); s.Throttles != 1 || s.Invocations != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestSlowFaultDelays(t *testing.T) {
	const delay = 20 * time.Millisecond
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	k.mustInvoke(t, "puppet", nil)
	k.faults(t, "puppet", lambda.Faults{Slow: 1, SlowBy: delay})
	begin := time.Now()
	if out := k.mustInvoke(t, "puppet", nil); out.FunctionError != nil {
		t.Errorf("delayed: %s", out.Payload)
	}
	if took := time.Since(begin); took < delay {
		t.Errorf("took %s, want %s at least", took, delay)
	}
}

func TestDelayEndsWithItsCaller(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	k.faults(t, "puppet", lambda.Faults{Slow: 1, SlowBy: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := k.invoke(ctx, "puppet", nil); ended <- err }()
	cancel()
	if err := <-ended; err == nil {
		t.Error("a delayed invocation was served")
	}
	if s := k.stats(t, "puppet"); s.Invocations != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestBadFaultsAreRefused(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	for _, f := range []lambda.Faults{{Kill: 2}, {Throttle: -1}, {SlowBy: -1}} {
		if err := k.SetFaults("puppet", f); dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if err := k.SetFaults("nobody", lambda.Faults{}); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("nobody: %v", err)
	}
}
