//go:build aws

package dynamodb_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/store/dynamodb"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)

// fixture is a store behind a middle-man, and one that speaks to DynamoDB directly and sees what is there.
type fixture struct {
	*testing.T
	way           *middleMan
	store, direct *dynamodb.Store
}

func newFixture(t *testing.T) fixture {
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	client := newClient(t, emulator(t))
	table, way := newTable(t, client), newMiddleMan(t)
	return fixture{t, way, dynamodb.New(newClient(t, way.URL), table), dynamodb.New(client, table)}
}

func newHub() dps.Hub {
	return dps.Hub{
		ID: dps.NewUUID(), HubID: dps.NewUUID(), Owner: "owner", Gateways: []string{"coaps+tcp://gateway:5684"},
		CertificateAuthority: dps.CertificateAuthority{Address: "ca:443"},
		Authorization:        dps.Authorization{OwnerClaim: "owner", Provider: dps.OAuthProvider{Name: "p", Authority: "https://oauth", ClientID: "c"}},
	}
}

func newGroup(t *testing.T) dps.EnrollmentGroup {
	t.Helper()
	ca, err := pki.NewRoot("maker " + dps.NewUUID())
	must(t, err)
	return dps.EnrollmentGroup{
		ID: dps.NewUUID(), Owner: "owner", HubIDs: []string{dps.NewUUID()},
		X509: dps.X509Attestation{CertificateChain: string(ca.CertificatePEM())},
	}
}

// steps are a device's six results.
func steps(device string) []dps.StepResult {
	var results []dps.StepResult
	for i, step := range []dps.Step{dps.StepAttestation, dps.StepTime, dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
		results = append(results, dps.StepResult{
			EventID: fmt.Sprint(device, "-", i), Time: start.Add(time.Duration(i) * time.Second), RecordID: "record-" + device, GroupID: "group",
			Owner: "owner", Step: step, DeviceID: device, CoAPCode: "2.04",
		})
	}
	return results
}

func entry(device string) dps.AuditEntry {
	return dps.AuditEntry{Time: start, Event: dps.AuditIssued, RecordID: "record-" + device, DeviceID: device, Serial: "0a"}
}

// TestNothingIsLostOrDoubled: six in ten requests fail in one way or another; what was reported done is done, once.
func TestNothingIsLostOrDoubled(t *testing.T) {
	const devices, workers = 24, 8
	f := newFixture(t)
	f.way.sometimes()
	queue := make(chan string, devices)
	for i := range devices {
		queue <- fmt.Sprint("device-", i)
	}
	close(queue)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for device := range queue {
				f.provision(device)
			}
		})
	}
	all.Wait()
	for i := range devices {
		f.wantProvisioned(fmt.Sprint("device-", i))
	}
}

// persist calls until it succeeds, as callers do: a store that is throttled for long says so, and is asked again.
func (f fixture) persist(what string, call func() error) {
	for {
		err := call()
		if err == nil {
			return
		}
		if !dps.IsTransient(err) {
			f.Errorf("%s: %v", what, err)
			return
		}
	}
}

func (f fixture) provision(device string) {
	f.persist("claim", func() error {
		_, err := f.store.ClaimDevice(f.Context(), dps.DeviceBinding{DeviceID: device, RecordID: "record-" + device, Created: start})
		return err
	})
	f.persist("audit", func() error { return f.store.AppendAudit(f.Context(), entry(device)) })
	results := steps(device)
	for _, batch := range [][]dps.StepResult{results[:1], results[1:4], results[3:], results} {
		f.persist("merge", func() error {
			_, err := f.store.MergeResults(f.Context(), batch)
			return err
		})
	}
}

func (f fixture) wantProvisioned(device string) {
	f.Helper()
	b, err := f.direct.Binding(f.Context(), device)
	if err != nil || b.RecordID != "record-"+device {
		f.Errorf("%s: binding %+v, %v", device, b, err)
	}
	entries, _, err := f.direct.ListAudit(f.Context(), "record-"+device, dps.Page{})
	if err != nil || len(entries) != 1 {
		f.Errorf("%s: %d audit entries, %v; want 1", device, len(entries), err)
	}
	rec, err := f.direct.Record(f.Context(), "record-"+device)
	must(f, err)
	for _, want := range steps(device) {
		if got := rec.Steps[want.Step]; got.EventID != want.EventID {
			f.Errorf("%s: step %s is event %q, want %q", device, want.Step, got.EventID, want.EventID)
		}
	}
}

// TestLostAnswers: DynamoDB has written, and the answer is lost. The write is neither done twice nor refused for itself.
func TestLostAnswers(t *testing.T) {
	f := newFixture(t)
	f.Run("group", func(t *testing.T) {
		f.way.firstOf("TransactWriteItems", dropAfter, dropAfter)
		before := f.generation()
		g, err := f.store.PutGroup(t.Context(), newGroup(t))
		must(t, err)
		if n := f.generation(); g.Version != 1 || n != before+1 {
			t.Errorf("version %d, generation %d, want 1 and %d", g.Version, n, before+1)
		}
		f.way.firstOf("TransactWriteItems", dropAfter)
		if g, err = f.store.PutGroup(t.Context(), g); err != nil || g.Version != 2 {
			t.Errorf("version %d, %v; want 2", g.Version, err)
		}
		f.way.firstOf("TransactWriteItems", dropAfter)
		must(t, f.store.DeleteGroup(t.Context(), g.ID))
		if n := f.generation(); n != before+3 {
			t.Errorf("generation %d, want %d", n, before+3)
		}
	})
	f.Run("hub", func(t *testing.T) {
		f.way.firstOf("TransactWriteItems", dropAfter, throttle, dropAfter)
		h, err := f.store.PutHub(t.Context(), newHub())
		if err != nil || h.Version != 1 {
			t.Errorf("version %d, %v; want 1", h.Version, err)
		}
	})
	f.Run("claim", func(t *testing.T) {
		f.way.firstOf("PutItem", dropAfter)
		want := dps.DeviceBinding{DeviceID: dps.NewUUID(), RecordID: "r", Created: start}
		if got, err := f.store.ClaimDevice(t.Context(), want); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	})
	f.Run("audit", func(t *testing.T) {
		f.way.firstOf("PutItem", dropAfter, dropAfter)
		must(t, f.store.AppendAudit(t.Context(), entry("audited")))
		entries, _, err := f.direct.ListAudit(t.Context(), "record-audited", dps.Page{})
		if err != nil || len(entries) != 1 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
	f.Run("record", func(t *testing.T) {
		for _, batch := range [][]dps.StepResult{steps("merged")[:2], steps("merged")[2:]} {
			f.way.firstOf("PutItem", dropAfter)
			if n, err := f.store.MergeResults(t.Context(), batch); err != nil || n != len(batch) {
				t.Errorf("%d changes, %v; want %d", n, err, len(batch))
			}
		}
	})
}

func (f fixture) generation() uint64 {
	f.Helper()
	n, err := f.direct.Generation(f.Context())
	must(f, err)
	return n
}

// TestFailuresForGood: what lasts longer than the caller's patience has the code that tells him what to do, and no name.
func TestFailuresForGood(t *testing.T) {
	tests := []struct {
		name string
		fate fate
		want dps.Code
	}{
		{"throttled", throttle, dps.CodeThrottled},
		{"internal error", fail, dps.CodeUnavailable},
		{"no connection", dropBefore, dps.CodeUnavailable},
		{"no answer", holdForAWhile, dps.CodeUnavailable},
	}
	f := newFixture(t)
	for _, tt := range tests {
		f.Run(tt.name, func(t *testing.T) {
			f.way.always(tt.fate)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			for name, err := range f.calls(ctx) {
				e := dps.AsError(err)
				if e == nil || e.Code != tt.want || strings.Contains(e.Message, "dps-") || strings.Contains(e.Message, "127.0.0.1") {
					t.Errorf("%s: %v, want %s", name, err, tt.want)
				}
				if tt.want == dps.CodeThrottled && e != nil && e.RetryAfter == 0 {
					t.Errorf("%s: no advice when to come again", name)
				}
			}
		})
	}
	f.way.always(pass)
	if _, err := f.direct.Record(f.Context(), "record-device"); dps.CodeOf(err) != dps.CodeNotFound {
		f.Errorf("a failed call left %v", err)
	}
}

// calls makes calls of every kind at once.
func (f fixture) calls(ctx context.Context) map[string]error {
	g := newGroup(f.T)
	calls := map[string]func() error{
		"GetItem":            func() error { _, err := f.store.Generation(ctx); return err },
		"Query":              func() error { _, err := f.store.GroupsByCA(ctx, "hash"); return err },
		"index":              func() error { _, _, err := f.store.ListRecords(ctx, "owner", dps.Page{}); return err },
		"TransactWriteItems": func() error { _, err := f.store.PutGroup(ctx, g); return err },
		"merge":              func() error { _, err := f.store.MergeResults(ctx, steps("device")); return err },
		"audit":              func() error { return f.store.AppendAudit(ctx, entry("device")) },
		"DeleteItem":         func() error { return f.store.ReleaseDevice(ctx, "device") },
	}
	errs, mu, all := make(map[string]error), sync.Mutex{}, sync.WaitGroup{}
	for name, call := range calls {
		all.Go(func() {
			err := call()
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	all.Wait()
	return errs
}

// TestCancelledWhileWaiting: a caller that goes does not wait for an answer that never comes.
func TestCancelledWhileWaiting(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.way.decide.Store(func(string) fate { cancel(); return holdForAWhile })
	if _, err := f.store.Generation(ctx); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("%v, want %s", err, dps.CodeUnavailable)
	}
	if n := f.way.seen.Load(); n != 1 {
		t.Errorf("%d attempts after the end, want 1 in all", n)
	}
}

// TestADeadConnectionIsGivenUp: one that never answers does not use up the caller's time.
func TestADeadConnectionIsGivenUp(t *testing.T) {
	f := newFixture(t)
	f.way.firstOf("GetItem", holdForAWhile)
	if _, err := f.store.Generation(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNoTable: the operator is told what to look at.
func TestNoTable(t *testing.T) {
	store := dynamodb.New(newClient(t, emulator(t)), "nowhere")
	_, err := store.Generation(t.Context())
	if e := dps.AsError(err); e.Code != dps.CodeUnavailable || !strings.Contains(e.Message, "table does not exist") {
		t.Errorf("%v", err)
	}
}
