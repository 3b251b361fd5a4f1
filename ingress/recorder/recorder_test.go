package recorder_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"dps/ingress/recorder"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// function takes batches, unless it is told not to.
type function struct {
	mu      sync.Mutex
	batches [][]string
	err     error
	refuse  string // an event that it calls invalid
}

func (f *function) Record(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return contract.RecordReply{}, f.err
	}
	if err := ctx.Err(); err != nil {
		return contract.RecordReply{}, dps.Wrap(dps.CodeUnavailable, err, "too late")
	}
	var ids []string
	for _, r := range req.Results {
		if r.EventID == f.refuse {
			return contract.RecordReply{}, dps.Errorf(dps.CodeInvalid, "never")
		}
		ids = append(ids, r.EventID)
	}
	f.batches = append(f.batches, ids)
	return contract.RecordReply{Stored: len(ids)}, nil
}

func (f *function) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// got gives the events taken, in order.
func (f *function) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Concat(f.batches...)
}

func (f *function) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.batches)
}

type bench struct {
	*recorder.Recorder
	f        *function
	counters *telemetry.Counters
	path     string
}

func newBench(t *testing.T, spooled bool) *bench {
	t.Helper()
	b := &bench{f: &function{}, counters: new(telemetry.Counters), path: filepath.Join(t.TempDir(), "spool", "records.jsonl")}
	o := recorder.Options{Function: b.f, Log: telemetry.Discard(), Count: b.counters.Add}
	if spooled {
		var err error
		if o.Spool, err = recorder.OpenSpool(b.path); err != nil {
			t.Fatal(err)
		}
	}
	b.Recorder = recorder.New(o)
	return b
}

// run delivers until the test's bubble ends it.
func (b *bench) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func (b *bench) add(from, n int) {
	for i := range n {
		b.Add(dps.StepResult{EventID: fmt.Sprintf("%06d", from+i), RecordID: "r", Owner: "1", Step: dps.StepTime})
	}
}

var errDown = dps.Errorf(dps.CodeUnavailable, "down")

func TestAFullBatchGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, false)
		defer b.run(t)()
		b.add(0, recorder.BatchSize)
		synctest.Wait()
		if n := b.f.calls(); n != 1 {
			t.Errorf("%d batches, want 1", n)
		}
	})
}

func TestASmallBatchWaitsForItsInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, false)
		defer b.run(t)()
		b.add(0, 3)
		time.Sleep(recorder.BatchInterval - time.Millisecond)
		if n := b.f.calls(); n != 0 {
			t.Errorf("%d batches before the interval", n)
		}
		b.add(3, 2)
		time.Sleep(2 * time.Millisecond)
		if n, got := b.f.calls(), b.f.got(); n != 1 || len(got) != 5 {
			t.Errorf("%d batches with %d results, want 1 with 5", n, len(got))
		}
	})
}

// TestNothingIsLostWhileTheFunctionFails: everything arrives, in order, once it is mended.
func TestNothingIsLostWhileTheFunctionFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, false)
		defer b.run(t)()
		b.f.fail(errDown)
		b.add(0, 250)
		time.Sleep(5 * time.Minute)
		if n := b.Waiting(); n != 250 {
			t.Errorf("%d wait, want 250", n)
		}
		b.f.fail(nil)
		b.add(250, 50)
		time.Sleep(time.Minute)
		got := b.f.got()
		if len(got) != 300 || !slices.IsSorted(got) {
			t.Errorf("%d arrived, sorted %t", len(got), slices.IsSorted(got))
		}
	})
}

// TestOneBadResultHoldsBackNobody: it is dropped, counted, and the others are stored.
func TestOneBadResultHoldsBackNobody(t *testing.T) {
	b := newBench(t, false)
	b.f.refuse = "000004"
	b.add(0, 10)
	b.Flush(t.Context())
	if got := b.f.got(); len(got) != 9 || slices.Contains(got, "000004") {
		t.Errorf("stored: %v", got)
	}
	if n := b.counters.Get("record", "refused"); n != 1 {
		t.Errorf("%d counted as refused, want 1", n)
	}
}

// TestOverflowGoesToDisk, and comes back when the function does, after a restart too.
func TestOverflowGoesToDisk(t *testing.T) {
	b := newBench(t, true)
	b.f.fail(errDown)
	const all = 21_000
	b.add(0, all)
	if n := b.Waiting(); n > 20_000 {
		t.Errorf("%d wait in memory", n)
	}
	b.Flush(t.Context()) // the process ends: all of it is on disk now
	if n := b.Waiting(); n != 0 {
		t.Errorf("%d would be lost", n)
	}
	appendTo(t, b.path, `{"eventId":"cut sho`) // a crash in the middle of a line
	spool, err := recorder.OpenSpool(b.path)
	if err != nil {
		t.Fatal(err)
	}
	again := recorder.New(recorder.Options{Function: b.f, Spool: spool, Log: telemetry.Discard(), Count: b.counters.Add})
	again.Flush(t.Context())
	if len(b.f.got()) != 0 {
		t.Error("delivered to a function that is down")
	}
	b.f.fail(nil)
	again.Flush(t.Context())
	got := b.f.got()
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != all {
		t.Errorf("%d of %d arrived", len(got), all)
	}
	if _, err := os.Stat(b.path); !os.IsNotExist(err) {
		t.Errorf("the spool is still there: %v", err)
	}
	if b.counters.Get("record", "lost") != 0 {
		t.Error("something is counted as lost")
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestWithoutSpoolLossIsCounted: no silent loss.
func TestWithoutSpoolLossIsCounted(t *testing.T) {
	b := newBench(t, false)
	b.f.fail(errDown)
	b.add(0, 5)
	b.Flush(t.Context())
	if n := b.counters.Get("record", "lost"); n != 5 {
		t.Errorf("%d counted as lost, want 5", n)
	}
}

// TestManyAtOnce: adding from many goroutines while batches are delivered and the function comes and goes.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, true)
		stop := b.run(t)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for j := range 100 {
					b.add(i*1000+j, 1)
					time.Sleep(7 * time.Millisecond)
				}
			})
		}
		for i := range 20 {
			b.f.fail([]error{errDown, nil}[i%2])
			time.Sleep(50 * time.Millisecond)
		}
		wg.Wait()
		b.f.fail(nil)
		stop()
		b.Flush(t.Context())
		got := b.f.got()
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != 2000 {
			t.Errorf("%d of 2000 arrived", len(got))
		}
	})
}
