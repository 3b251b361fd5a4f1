package dpsctl

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dps/shared/dps"
)

// ledger keeps records in pages of one, and may be out of reach.
type ledger struct {
	dps.RecordStore
	mu      sync.Mutex
	records []dps.Record
	err     error
	looks   int
}

func (l *ledger) ListRecords(_ context.Context, owner string, p dps.Page) ([]dps.Record, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.Token == "" {
		l.looks++
	}
	if l.err != nil {
		return nil, "", l.err
	}
	var of []dps.Record
	for _, r := range l.records {
		if r.Owner == owner && r.ID > p.Token {
			of = append(of, r)
		}
	}
	if len(of) < 2 {
		return of, "", nil
	}
	return of[:1], of[0].ID, nil
}

// happen takes a step into its record.
func (l *ledger) happen(record string, step dps.Step, second int, message string) {
	result := dps.StepResult{
		EventID: fmt.Sprint(record, step, second), Time: time.Date(2026, 11, 22, 12, 0, second, 0, time.UTC), RecordID: record, Owner: "me", Step: step,
		CoAPCode: "2.04", ErrorMessage: message,
	}
	if message != "" {
		result.CoAPCode = "5.03"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.records {
		if l.records[i].ID == record {
			l.records[i].Merge(result)
			return
		}
	}
	var r dps.Record
	r.Merge(result)
	l.records = append(l.records, r)
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// watching runs a watcher, and what happens meanwhile: one func each interval.
func watching(t *testing.T, form string, l *ledger, happens ...func()) (out string, warnings int, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		w := watcher{list: l.ListRecords, owners: []string{"me", "you"}, show: newLines(&b, form).show, warn: func(error) { warnings++ }}
		done := make(chan error)
		go func() { done <- w.run(ctx, time.Minute) }()
		for _, happen := range happens {
			synctest.Wait()
			happen()
			time.Sleep(time.Minute) // of the test's own clock
		}
		synctest.Wait()
		cancel()
		err = <-done
		out = b.String()
	})
	return out, warnings, err
}

func TestWatchShowsWhatIsNew(t *testing.T) {
	l := &ledger{}
	l.happen("a", dps.StepAttestation, 0, "")
	l.happen("b", dps.StepAttestation, 1, "")
	out, _, err := watching(t, formTable, l,
		func() {},
		func() {
			l.happen("b", dps.StepOwnership, 3, "")
			l.happen("c", dps.StepAttestation, 2, "")
		},
		func() { l.happen("b", dps.StepOwnership, 4, "no\x1b such") },
		func() { l.happen("b", dps.StepOwnership, 3, "late") },
	)
	want := `TIME                   RECORD                                 DEVICE                                 STEP             RESULT
2026-11-22T12:00:02Z   c                                      -                                      attestation      ok 2.04
2026-11-22T12:00:03Z   b                                      -                                      ownership        ok 2.04
2026-11-22T12:00:04Z   b                                      -                                      ownership        failed 5.03: no? such
`
	if err != nil || out != want {
		t.Errorf("error %v, got\n%s\nwant\n%s", err, out, want)
	}
	if l.looks != 2*5 {
		t.Errorf("%d looks, want 5 for each of 2 owners", l.looks)
	}
}

func TestWatchJSON(t *testing.T) {
	l := &ledger{}
	out, _, err := watching(t, formJSON, l, func() {}, func() { l.happen("a", dps.StepTime, 0, "") }, func() { l.happen("a", dps.StepACLs, 1, "") })
	if lines := strings.Split(out, "\n"); err != nil || len(lines) != 3 || !strings.Contains(lines[1], `"step":"acl"`) {
		t.Errorf("error %v, got %s", err, out)
	}
}

func TestWatchSurvivesAnOutage(t *testing.T) {
	l := &ledger{}
	out, warnings, err := watching(t, formTable, l,
		func() { l.fail(dps.Errorf(dps.CodeThrottled, "too much at once")) },
		func() { l.happen("a", dps.StepTime, 0, "") },
		func() { l.fail(nil) },
	)
	if err != nil || warnings != 2 || strings.Count(out, "plgdTime") != 1 {
		t.Errorf("error %v, %d warnings, got %s", err, warnings, out)
	}
}

func TestWatchEndsOnOtherErrors(t *testing.T) {
	l := &ledger{}
	if _, _, err := watching(t, formTable, &ledger{err: dps.Errorf(dps.CodeUnavailable, "not there at all")}); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("at the first look: %v", err)
	}
	w := watcher{list: l.ListRecords, owners: []string{"me"}, seen: map[string]map[dps.Step]dps.Stamp{}}
	l.err = dps.Errorf(dps.CodeInternal, "broken")
	if err := w.run(t.Context(), time.Hour); dps.CodeOf(err) != dps.CodeInternal {
		t.Errorf("later: %v", err)
	}
}
