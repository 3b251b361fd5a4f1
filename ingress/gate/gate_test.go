package gate_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"dps/ingress/gate"
	"dps/shared/attestation"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store stands for the enroll function over a store: groups by the names of their authorities.
type store struct {
	mu         sync.Mutex
	generation uint64
	groups     []contract.Candidate
	calls      atomic.Int64
	running    atomic.Int64
	most       atomic.Int64
	before     func(ctx context.Context, req contract.EnrollRequest) error
}

func (s *store) Enroll(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error) {
	if len(req.Issuers) > 0 {
		s.calls.Add(1)
	}
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for old := s.most.Load(); n > old && !s.most.CompareAndSwap(old, n); old = s.most.Load() {
	}
	if s.before != nil {
		if err := s.before(ctx, req); err != nil {
			return contract.EnrollReply{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := contract.EnrollReply{Generation: s.generation}
	for _, g := range s.groups {
		for _, i := range req.Issuers {
			if hasAuthority(g, i.NameHash) {
				reply.Candidates = append(reply.Candidates, g)
				break
			}
		}
	}
	return reply, nil
}

func (s *store) set(groups ...contract.Candidate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.groups = groups
}

func hasAuthority(c contract.Candidate, nameHash string) bool {
	for _, der := range c.Chain {
		if parsed, err := x509.ParseCertificate(der); err == nil && dps.NameHash(parsed.RawSubject) == nameHash {
			return true
		}
	}
	return false
}

type fixture struct {
	*gate.Gate
	store    *store
	counters *telemetry.Counters
	log      *strings.Builder
	root     *pki.Pair
}

func newFixture(t *testing.T, now func() time.Time) *fixture {
	t.Helper()
	f := &fixture{store: &store{}, counters: new(telemetry.Counters), log: &strings.Builder{}}
	var err error
	f.root, err = pki.NewRoot("Maker", anytime)
	must(t, err)
	f.store.set(candidate("00000000-0000-4000-8000-000000000001", f.root))
	f.Gate, err = gate.New(gate.Options{
		Enroller: f.store, Expiration: 10 * time.Minute, Now: now, Log: telemetry.NewLogger(f.log, telemetry.LogOptions{}),
		Count: f.counters.Add, LogOnce: telemetry.NewLimiter(now).Allow,
	})
	must(t, err)
	return f
}

func candidate(id string, ca *pki.Pair) contract.Candidate {
	return contract.Candidate{GroupID: id, Owner: "1", Chain: [][]byte{ca.Certificate.Raw}}
}

// anytime makes certificates that are valid on the bubble's clock, which starts in 2000, as well as today.
var anytime = pki.Validity(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC))

func (f *fixture) chain(t *testing.T, ca *pki.Pair, cn string, opts ...pki.Option) []*x509.Certificate {
	t.Helper()
	leaf, err := ca.NewLeaf(cn, append([]pki.Option{anytime}, opts...)...)
	must(t, err)
	return append([]*x509.Certificate{leaf.Certificate}, leaf.Intermediates...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rule(err error) attestation.Rule {
	var r *attestation.Refusal
	if errors.As(err, &r) {
		return r.Rule
	}
	return ""
}

func TestOneLookupForAllDevicesOfAMaker(t *testing.T) {
	f := newFixture(t, time.Now)
	for i := range 20 {
		a, err := f.Admit(t.Context(), f.chain(t, f.root, fmt.Sprintf("device-%d", i)))
		must(t, err)
		if a.Group.GroupID != "00000000-0000-4000-8000-000000000001" || a.RecordID == "" || a.Leaf.Subject.CommonName != fmt.Sprintf("device-%d", i) {
			t.Fatalf("admission is %+v", a)
		}
	}
	if n := f.store.calls.Load(); n != 1 {
		t.Errorf("%d lookups, want 1", n)
	}
	if hits, misses := f.counters.Get("issuer_cache", "hit"), f.counters.Get("issuer_cache", "miss"); hits != 19 || misses != 1 {
		t.Errorf("issuer cache: %d hits, %d misses; want 19 and 1", hits, misses)
	}
}

func TestVerdictIsRememberedForTheWholeChainAlone(t *testing.T) {
	f := newFixture(t, time.Now)
	chain := f.chain(t, f.root, "device")
	for range 3 {
		_, err := f.Admit(t.Context(), chain)
		must(t, err)
	}
	if hits := f.counters.Get("verdict_cache", "hit"); hits != 2 {
		t.Errorf("%d hits, want 2", hits)
	}
	// The same leaf with another certificate behind it is another chain.
	if _, err := f.Admit(t.Context(), append(chain[:1:1], f.root.Certificate)); err != nil {
		t.Fatal(err)
	}
	if hits := f.counters.Get("verdict_cache", "hit"); hits != 2 {
		t.Errorf("a longer chain was answered from the shorter one's verdict")
	}
}

// TestFirstRequestsAtOnce: one lookup serves all, the losers of the race wait for it, and the winner's hanging up fails
// nobody.
func TestFirstRequestsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		release := make(chan struct{})
		f.store.before = func(context.Context, contract.EnrollRequest) error { <-release; return nil }
		first, hangUp := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { _, err := f.Admit(first, f.chain(t, f.root, "first")); failed <- err }()
		synctest.Wait()
		results := make(chan error, 50)
		for i := range 50 {
			chain := f.chain(t, f.root, fmt.Sprintf("device-%d", i))
			go func() { _, err := f.Admit(t.Context(), chain); results <- err }()
		}
		synctest.Wait()
		hangUp()
		if err := <-failed; dps.CodeOf(err) != dps.CodeUnavailable {
			t.Errorf("who hung up got %v", err)
		}
		close(release)
		for range 50 {
			must(t, <-results)
		}
		if n := f.store.calls.Load(); n != 1 {
			t.Errorf("%d lookups, want 1", n)
		}
	})
}

func TestStrangersCostOneLookupInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		stranger, err := pki.NewRoot("Nobody", anytime)
		must(t, err)
		knock := func() {
			t.Helper()
			chain := f.chain(t, stranger, "stranger")
			_, err := f.Admit(t.Context(), chain)
			if rule(err) != attestation.RuleUnknownIssuer {
				t.Fatalf("got %v", err)
			}
			f.Refused(err, chain[0], "192.0.2.1:1")
		}
		for range 100 {
			knock()
		}
		if n := f.store.calls.Load(); n != 1 {
			t.Errorf("%d lookups for 100 strangers, want 1", n)
		}
		if n := strings.Count(f.log.String(), "device refused"); n != 1 {
			t.Errorf("%d log lines for 100 strangers, want 1", n)
		}
		if n := f.counters.Get("attestation_refused", string(attestation.RuleUnknownIssuer)); n != 100 {
			t.Errorf("%d counted, want 100", n)
		}
		time.Sleep(61 * time.Second)
		knock()
		if n := f.store.calls.Load(); n != 2 {
			t.Errorf("%d lookups a minute later, want 2", n)
		}
		if !strings.Contains(f.log.String(), `"suppressed":99`) {
			t.Errorf("the log does not say how many were not logged: %s", f.log)
		}
	})
}

// TestAuthorityWithTheSameNameIsNobody: a stranger who calls himself as the maker does gets nowhere, cached or not.
func TestAuthorityWithTheSameNameIsNobody(t *testing.T) {
	f := newFixture(t, time.Now)
	impostor, err := pki.NewRoot("Maker", anytime)
	must(t, err)
	for range 2 {
		if _, err := f.Admit(t.Context(), f.chain(t, impostor, "device")); err == nil {
			t.Fatal("the impostor's device is in")
		}
		_, err := f.Admit(t.Context(), f.chain(t, f.root, "device"))
		must(t, err)
	}
}

func TestGenerationDropsWhatWasCached(t *testing.T) {
	f := newFixture(t, time.Now)
	other, err := pki.NewRoot("Other maker", anytime)
	must(t, err)
	mine, others := f.chain(t, f.root, "device"), f.chain(t, other, "device")
	_, err = f.Admit(t.Context(), mine)
	must(t, err)
	if _, err := f.Admit(t.Context(), others); err == nil {
		t.Fatal("a device of no group is in")
	}
	f.store.set(candidate("00000000-0000-4000-8000-000000000002", other)) // the first group is deleted, another made
	if _, err := f.Admit(t.Context(), mine); err != nil {
		t.Fatalf("before the ingress has asked for the generation, the cache answers: %v", err)
	}
	f.Refresh(t.Context())
	if _, err := f.Admit(t.Context(), mine); rule(err) != attestation.RuleUnknownIssuer {
		t.Errorf("a deleted group's device: %v", err)
	}
	a, err := f.Admit(t.Context(), others)
	must(t, err)
	if a.Group.GroupID != "00000000-0000-4000-8000-000000000002" {
		t.Errorf("got group %s", a.Group.GroupID)
	}
}

func TestCachesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		chain := f.chain(t, f.root, "device")
		for _, step := range []struct {
			wait  time.Duration
			calls int64
		}{{0, 1}, {9 * time.Minute, 1}, {61 * time.Second, 2}} {
			time.Sleep(step.wait)
			_, err := f.Admit(t.Context(), chain)
			must(t, err)
			if n := f.store.calls.Load(); n != step.calls {
				t.Errorf("after %s more: %d lookups, want %d", step.wait, n, step.calls)
			}
		}
	})
}

// TestAMissingListIsNotRememberedForLong: a revocation list that could not be fetched for a moment locks devices out for a
// moment, not for as long as groups are cached.
func TestAMissingListIsNotRememberedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		chain := f.chain(t, f.root, "device")
		set := func(missing bool) { // no change of the store's: the generation stays
			f.store.mu.Lock()
			defer f.store.mu.Unlock()
			f.store.groups[0].CRLsMissing = missing
		}
		set(true)
		if _, err := f.Admit(t.Context(), chain); err == nil {
			t.Error("a device is in although nobody knows who is revoked")
		}
		set(false)
		time.Sleep(6 * time.Second)
		_, err := f.Admit(t.Context(), chain)
		must(t, err)
	})
}

// TestVerdictEndsWithTheCertificate, however long groups are cached.
func TestVerdictEndsWithTheCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		now := time.Now()
		chain := f.chain(t, f.root, "device", pki.Validity(now.Add(-time.Hour), now.Add(2*time.Minute)))
		_, err := f.Admit(t.Context(), chain)
		must(t, err)
		time.Sleep(3 * time.Minute)
		if _, err := f.Admit(t.Context(), chain); err == nil {
			t.Error("an expired certificate is in by a remembered verdict")
		}
	})
}

// TestLookupsAreBounded: many strangers of many names at once do not storm the store, and none waits beyond his deadline.
func TestLookupsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		f.store.before = func(ctx context.Context, _ contract.EnrollRequest) error {
			<-ctx.Done() // a store that hangs
			return dps.Wrap(dps.CodeUnavailable, ctx.Err(), "store")
		}
		var wg sync.WaitGroup
		for i := range 100 {
			ca, err := pki.NewRoot(fmt.Sprintf("Stranger %d", i), anytime)
			must(t, err)
			chain := f.chain(t, ca, "device")
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if _, err := f.Admit(ctx, chain); !dps.IsTransient(err) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if n := f.store.most.Load(); n > 16 {
			t.Errorf("%d lookups at once, at most 16 are allowed", n)
		}
	})
}

func TestStoreDownIsNotAVerdict(t *testing.T) {
	f := newFixture(t, time.Now)
	down := errors.New("no route")
	f.store.before = func(context.Context, contract.EnrollRequest) error {
		return dps.Wrap(dps.CodeUnavailable, down, "store")
	}
	chain := f.chain(t, f.root, "device")
	if _, err := f.Admit(t.Context(), chain); dps.CodeOf(err) != dps.CodeUnavailable || rule(err) != "" {
		t.Errorf("got %v", err)
	}
	f.Refresh(t.Context())
	f.store.before = nil
	_, err := f.Admit(t.Context(), chain)
	must(t, err) // a failure is not remembered
}

// TestAnOldReplyIsNotRemembered: an answer from before a change that is known already is used once.
func TestAnOldReplyIsNotRemembered(t *testing.T) {
	f := newFixture(t, time.Now)
	f.store.set(f.store.groups...)
	f.Refresh(t.Context())
	f.store.generation-- // a replica that lags
	_, err := f.Admit(t.Context(), f.chain(t, f.root, "one"))
	must(t, err)
	f.store.generation++
	_, err = f.Admit(t.Context(), f.chain(t, f.root, "two"))
	must(t, err)
	if n := f.store.calls.Load(); n != 2 {
		t.Errorf("%d lookups, want 2", n)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { f.Watch(ctx, 3*time.Second); close(done) }()
		_, err := f.Admit(t.Context(), f.chain(t, f.root, "device"))
		must(t, err)
		f.store.set()
		time.Sleep(4 * time.Second)
		if _, err := f.Admit(t.Context(), f.chain(t, f.root, "device")); err == nil {
			t.Error("the change was not noticed within the interval")
		}
		cancel()
		<-done
	})
}
