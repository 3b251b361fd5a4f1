package enroll_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dps/functions/enroll"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixture struct {
	*hubtest.World
	ways map[string]hubtest.Functions
	log  *bytes.Buffer
}

func newFixture(t *testing.T, wrap func(enroll.Store) enroll.Store) *fixture {
	t.Helper()
	f := &fixture{World: hubtest.NewWorld(t), log: new(bytes.Buffer)}
	var store enroll.Store = f.Store
	if wrap != nil {
		store = wrap(store)
	}
	fetcher := enroll.NewFetcher(enroll.FetcherOptions{Now: f.Clock.Now})
	t.Cleanup(fetcher.Close)
	h := enroll.New(store, fetcher, slog.New(slog.NewTextHandler(f.log, nil)))
	f.ways = hubtest.Ways(&invoke.InProcess{EnrollHandler: h.Handle})
	return f
}

func issuer(ca *pki.Pair) contract.Issuer {
	return contract.Issuer{NameHash: dps.NameHash(ca.Certificate.RawSubject), KeyID: "00ff"}
}

// enroll asks each way, twice, and gives the one answer.
func (f *fixture) enroll(t *testing.T, issuers ...contract.Issuer) contract.EnrollReply {
	t.Helper()
	var replies []contract.EnrollReply
	for way, functions := range f.ways {
		for range 2 {
			reply, err := functions.Enroll(t.Context(), contract.EnrollRequest{Issuers: issuers})
			if err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			replies = append(replies, reply)
		}
	}
	for _, r := range replies[1:] {
		if diff := cmp.Diff(replies[0], r, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Fatalf("answers differ:\n%s", diff)
		}
	}
	return replies[0]
}

func (f *fixture) addGroup(t *testing.T, id string, ca *pki.Pair, change func(*dps.EnrollmentGroup)) {
	t.Helper()
	g := dps.EnrollmentGroup{ID: id, Owner: hubtest.Owner, HubIDs: []string{hubtest.HubEntry}, X509: dps.X509Attestation{CertificateChain: string(ca.ChainPEM())}}
	if change != nil {
		change(&g)
	}
	hubtest.Must(f.Store.PutGroup(t.Context(), g))(t)
}

const (
	secondGroup = "6aa14b3f-0a31-4c6a-a4ac-5d4b2d1f0002"
	thirdGroup  = "6aa14b3f-0a31-4c6a-a4ac-5d4b2d1f0003"
)

func TestEnroll(t *testing.T) {
	f := newFixture(t, nil)
	root := hubtest.Must(pki.NewRoot("upper"))(t)
	lower := hubtest.Must(root.NewIntermediate("lower"))(t)
	f.addGroup(t, secondGroup, lower, func(g *dps.EnrollmentGroup) {
		g.X509.CertificateChain += string(root.CertificatePEM())
		g.X509.LeadCertificateName = "upper"
		g.X509.ExpiredCertificateEnabled, g.X509.RequireClientAuthEKU = true, true
		g.X509.Allow.CommonNames, g.X509.Deny.Serials = []string{"a"}, []string{"1f"}
	})
	f.ChangeHub(t, func(h *dps.Hub) { h.Gateways = []string{"b:1", "coaps://a:2", "coaps+tcp://b:1", "coaps+tcp://b:1/"} })
	reply := f.enroll(t, issuer(lower), issuer(root), issuer(f.Maker), issuer(lower))
	hubs := []contract.HubGateways{{
		ID: hubtest.HubEntry, HubID: "4ad4f4d6-3bd3-4d1c-b8ab-7e4ff3ba0001", ProviderName: "plgd", Gateways: []string{"coaps+tcp://b:1", "coaps://a:2"},
	}}
	want := contract.EnrollReply{
		Generation: hubtest.Must(f.Store.Generation(t.Context()))(t),
		Candidates: []contract.Candidate{
			{
				GroupID: secondGroup, Owner: hubtest.Owner, Chain: [][]byte{lower.Certificate.Raw, root.Certificate.Raw}, Lead: 1,
				ExpiredCertificateEnabled: true, RequireClientAuthEKU: true,
				Allow: dps.MatchList{CommonNames: []string{"a"}}, Deny: dps.MatchList{Serials: []string{"1f"}}, Hubs: hubs,
			},
			{GroupID: hubtest.GroupID, Owner: hubtest.Owner, Chain: [][]byte{f.Maker.Certificate.Raw}, Hubs: hubs},
		},
	}
	if diff := cmp.Diff(want, reply); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

// TestClosedGroups are no candidates, and do not keep another group from being one.
func TestClosedGroups(t *testing.T) {
	for name, closeIt := range map[string]func(*dps.EnrollmentGroup){
		"pending": func(g *dps.EnrollmentGroup) { g.Challenge = "prove it" },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			lower := hubtest.Must(f.Maker.NewIntermediate("lower"))(t)
			f.addGroup(t, secondGroup, lower, nil)
			if r := f.enroll(t, issuer(lower), issuer(f.Maker)); len(r.Candidates) != 2 {
				t.Fatalf("open: %+v", r)
			}
			f.ChangeGroup(t, closeIt)
			r := f.enroll(t, issuer(lower), issuer(f.Maker))
			if len(r.Candidates) != 1 || r.Candidates[0].GroupID != secondGroup {
				t.Errorf("closed: %+v", r)
			}
			f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.Disabled, g.Challenge = false, "" })
			if r := f.enroll(t, issuer(f.Maker)); len(r.Candidates) != 1 {
				t.Errorf("open again: %+v", r)
			}
		})
	}
}

func TestStrangersAndPolling(t *testing.T) {
	f := newFixture(t, nil)
	generation := hubtest.Must(f.Store.Generation(t.Context()))(t)
	stranger := hubtest.Must(pki.NewRoot("stranger"))(t)
	if r := f.enroll(t, issuer(stranger)); len(r.Candidates) != 0 || r.Generation != generation {
		t.Errorf("stranger: %+v", r)
	}
	if r := f.enroll(t); len(r.Candidates) != 0 || r.Generation != generation {
		t.Errorf("polling: %+v", r)
	}
	for way, functions := range f.ways {
		r, err := functions.Enroll(t.Context(), contract.EnrollRequest{Issuers: []contract.Issuer{issuer(f.Maker)}, Generation: generation})
		if err != nil || len(r.Candidates) != 1 {
			t.Errorf("%s: the same generation and issuers: %+v, %v", way, r, err)
		}
	}
}

func TestBadIssuers(t *testing.T) {
	good := contract.Issuer{NameHash: strings.Repeat("0", 64)}
	tests := []struct {
		name    string
		issuers []contract.Issuer
		want    string
	}{
		{"too many", make([]contract.Issuer, contract.MaxIssuers+1), "issuers: 6"},
		{"no hash", []contract.Issuer{good, {}}, "issuers[1].nameHash"},
		{"short hash", []contract.Issuer{{NameHash: "00"}}, "issuers[0].nameHash"},
		{"capital digits", []contract.Issuer{{NameHash: strings.Repeat("A", 64)}}, "issuers[0].nameHash"},
		{"no digits", []contract.Issuer{{NameHash: strings.Repeat("\x00", 64)}}, "issuers[0].nameHash"},
		{"bad key id", []contract.Issuer{{NameHash: good.NameHash, KeyID: "xy"}}, "issuers[0].keyId"},
		{"long key id", []contract.Issuer{{NameHash: good.NameHash, KeyID: strings.Repeat("0", 129)}}, "issuers[0].keyId"},
	}
	f := newFixture(t, func(enroll.Store) enroll.Store { return nil }) // nobody is asked
	for _, tt := range tests {
		for way, functions := range f.ways {
			_, err := functions.Enroll(t.Context(), contract.EnrollRequest{Issuers: tt.issuers})
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(dps.AsError(err).Message, tt.want) {
				t.Errorf("%s, %s: error %v, want invalid with %q", tt.name, way, err, tt.want)
			}
		}
	}
}

// A group may lose its hubs and still be there: its devices' requests are answered with what is wrong.
func TestMissingHubs(t *testing.T) {
	f := newFixture(t, nil)
	h := f.Entry("foreign", "another")
	h.Version = 0
	hubtest.Must(f.Store.PutHub(t.Context(), h))(t)
	f.ChangeGroup(t, func(g *dps.EnrollmentGroup) {
		g.HubIDs = []string{"gone", "foreign", hubtest.HubEntry, hubtest.HubEntry}
	})
	r := f.enroll(t, issuer(f.Maker))
	if len(r.Candidates) != 1 || len(r.Candidates[0].Hubs) != 1 || r.Candidates[0].Hubs[0].ID != hubtest.HubEntry {
		t.Fatalf("%+v", r.Candidates)
	}
	for _, id := range []string{"hub=gone", "hub=foreign"} {
		if !strings.Contains(f.log.String(), id) {
			t.Errorf("the log does not tell of %s", id)
		}
	}
	f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.HubIDs = []string{"gone"} })
	if r := f.enroll(t, issuer(f.Maker)); len(r.Candidates) != 1 || len(r.Candidates[0].Hubs) != 0 {
		t.Fatalf("%+v", r.Candidates)
	}
}

// changing is a store that changes while it is being read.
type changing struct {
	enroll.Store
	change func()
}

func (c changing) GroupsByCA(ctx context.Context, hash string) ([]dps.EnrollmentGroup, error) {
	groups, err := c.Store.GroupsByCA(ctx, hash)
	c.change()
	return groups, err
}

func TestChangeInBetweenIsNoticed(t *testing.T) {
	var f *fixture
	f = newFixture(t, func(s enroll.Store) enroll.Store {
		return changing{s, func() { f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.Name += "x" }) }}
	})
	r, err := f.ways["typed"].Enroll(t.Context(), contract.EnrollRequest{Issuers: []contract.Issuer{issuer(f.Maker)}})
	if err != nil {
		t.Fatal(err)
	}
	if now := hubtest.Must(f.Store.Generation(t.Context()))(t); r.Generation >= now {
		t.Fatalf("generation %d, the store's is %d: the change would be missed", r.Generation, now)
	}
}

// broken is a store in which one thing is down, or one group is damaged.
type broken struct {
	enroll.Store
	generation, groups, hub error
	damaged                 string
}

func (b broken) Generation(ctx context.Context) (uint64, error) {
	if b.generation != nil {
		return 0, b.generation
	}
	return b.Store.Generation(ctx)
}

func (b broken) GroupsByCA(ctx context.Context, hash string) ([]dps.EnrollmentGroup, error) {
	if b.groups != nil {
		return nil, b.groups
	}
	groups, err := b.Store.GroupsByCA(ctx, hash)
	for i := range groups {
		if groups[i].ID == b.damaged {
			groups[i].X509.CertificateChain = "damaged"
		}
	}
	return groups, err
}

func (b broken) Hub(ctx context.Context, id string) (dps.Hub, error) {
	if b.hub != nil {
		return dps.Hub{}, b.hub
	}
	return b.Store.Hub(ctx, id)
}

func TestStoreDown(t *testing.T) {
	down := dps.Errorf(dps.CodeUnavailable, "it is down")
	for name, b := range map[string]broken{"generation": {generation: down}, "groups": {groups: down}, "hub": {hub: down}} {
		f := newFixture(t, func(s enroll.Store) enroll.Store { b.Store = s; return b })
		for way, functions := range f.ways {
			_, err := functions.Enroll(t.Context(), contract.EnrollRequest{Issuers: []contract.Issuer{issuer(f.Maker)}})
			if dps.CodeOf(err) != dps.CodeUnavailable {
				t.Errorf("%s, %s: %v", name, way, err)
			}
		}
	}
}

func TestDamagedGroupKeepsNobodyElseOut(t *testing.T) {
	f := newFixture(t, func(s enroll.Store) enroll.Store { return broken{Store: s, damaged: secondGroup} })
	other := hubtest.Must(pki.NewRoot("other"))(t)
	f.addGroup(t, secondGroup, other, nil)
	r := f.enroll(t, issuer(other), issuer(f.Maker))
	if len(r.Candidates) != 1 || r.Candidates[0].GroupID != hubtest.GroupID || !strings.Contains(f.log.String(), secondGroup) {
		t.Fatalf("%+v\n%s", r.Candidates, f.log)
	}
}

// newCRL makes a list of the authority that is current until nextUpdate.
func newCRL(t testing.TB, ca *pki.Pair, nextUpdate time.Time, revoked int, extensions ...pkix.Extension) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: nextUpdate, ExtraExtensions: extensions}
	for i := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: big.NewInt(int64(i) + 1<<60), RevocationTime: list.ThisUpdate,
		})
	}
	return hubtest.Must(x509.CreateRevocationList(rand.Reader, list, ca.Certificate, ca.Key))(t)
}

func TestInlineLists(t *testing.T) {
	f := newFixture(t, nil)
	der := newCRL(t, f.Maker, time.Now().Add(time.Hour), 3)
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
	long := newCRL(t, f.Maker, time.Now().Add(time.Hour), 1, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, 900<<10)})
	tests := []struct {
		name    string
		lists   [][]byte
		want    int
		missing bool
	}{
		{"DER and PEM", [][]byte{der, inPEM}, 2, false},
		{"garbage", [][]byte{der, []byte("hello")}, 1, true},
		{"longer than one may be", [][]byte{der, make([]byte, enroll.MaxCRLSize+1)}, 1, true},
		{"longer than all may be", [][]byte{long, long, long, long, der}, 3, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.ChangeGroup(t, func(g *dps.EnrollmentGroup) {
				g.X509.CRLs = nil
				for _, l := range tt.lists {
					g.X509.CRLs = append(g.X509.CRLs, dps.CRLEntry{Inline: l})
				}
			})
			c := f.enroll(t, issuer(f.Maker)).Candidates[0]
			if len(c.CRLs) != tt.want || c.CRLsMissing != tt.missing {
				t.Fatalf("%d lists, missing %t; want %d, %t", len(c.CRLs), c.CRLsMissing, tt.want, tt.missing)
			}
			for _, l := range c.CRLs {
				if _, err := x509.ParseRevocationList(l); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
