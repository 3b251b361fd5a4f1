package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"dps/functions/api/rest"
	"dps/functions/enroll"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

const pathDiagnose = "/api/v1/diagnoses"

// withCandidates has devices diagnosed by the real enroll function.
func withCandidates(t *testing.T) func(*rest.Options) {
	fetcher := enroll.NewFetcher()
	t.Cleanup(fetcher.Close)
	return func(o *rest.Options) {
		o.Candidates = func(ctx context.Context, s rest.CandidateStore, req contract.EnrollRequest) (contract.EnrollReply, error) {
			return enroll.New(s, fetcher, slog.New(slog.DiscardHandler)).Handle(ctx, req)
		}
	}
}

// addGroup stores a group of the owner, who wants these certificates.
func (w *world) addGroup(owner, name string, change func(*dps.EnrollmentGroup), chain ...*pki.Pair) dps.EnrollmentGroup {
	w.t.Helper()
	var pem strings.Builder
	for _, p := range chain {
		pem.Write(p.CertificatePEM())
	}
	g := dps.EnrollmentGroup{ID: dps.NewUUID(), Owner: owner, Name: name, HubIDs: []string{w.newHub(owner, hubID)}, X509: dps.X509Attestation{CertificateChain: pem.String()}}
	if change != nil {
		change(&g)
	}
	return hubtest.Must(w.store.PutGroup(w.t.Context(), g))(w.t)
}

func diagnoseBody(certificates ...*pki.Pair) string {
	var pem strings.Builder
	for _, p := range certificates {
		pem.Write(p.CertificatePEM())
	}
	data, _ := json.Marshal(map[string]string{"certificates": pem.String()})
	return string(data)
}

// TestDiagnose: the ingress's decision, in words, and never a word of another owner's groups.
func TestDiagnose(t *testing.T) {
	w := newWorld(t, withCandidates(t))
	maker := hubtest.Must(pki.NewRoot("maker"))(t)
	others := hubtest.Must(pki.NewRoot("another's maker"))(t)
	closed := hubtest.Must(pki.NewRoot("closed maker"))(t)
	waiting := hubtest.Must(pki.NewRoot("waiting maker"))(t)
	lamps := w.addGroup(alice, "lamps", func(g *dps.EnrollmentGroup) { g.X509.Deny = dps.MatchList{CommonNames: []string{"stolen"}} }, maker)
	w.addGroup(bob, "bob's secret group", nil, others)
	w.addGroup(alice, "closed", func(g *dps.EnrollmentGroup) { g.Disabled = true }, closed)
	w.addGroup(alice, "waiting", func(g *dps.EnrollmentGroup) { g.Challenge = "a challenge" }, waiting)
	leaf := func(by *pki.Pair, name string, opts ...pki.Option) *pki.Pair {
		return hubtest.Must(by.NewLeaf(name, opts...))(t)
	}
	expired := pki.Validity(time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour))
	for _, c := range []struct {
		name   string
		device *pki.Pair
		rule   any
		group  any
	}{
		{"let in", leaf(maker, "lamp"), nil, "lamps"},
		{"expired", leaf(maker, "old lamp", expired), "expired_leaf", "lamps"},
		{"denied", leaf(maker, "stolen"), "denied", "lamps"},
		{"disabled", leaf(closed, "lamp"), "group_disabled", "closed"},
		{"pending", leaf(waiting, "lamp"), "pending", "waiting"},
		{"nobody's", leaf(hubtest.Must(pki.NewRoot("nobody"))(t), "lamp"), "unknown_issuer", nil},
		{"another owner's", leaf(others, "lamp"), "unknown_issuer", nil},
	} {
		a := w.extended(alice, "POST", pathDiagnose, diagnoseBody(c.device)).do(200)
		if a.get("rule") != c.rule || a.get("groupName") != c.group || (a.get("letIn") == true) != (c.rule == nil) ||
			(a.get("remedy") == nil) != (c.rule == nil) || (a.get("means") == nil) != (c.rule == nil) {
			t.Errorf("%s: %s", c.name, a.body)
		}
		if a.get("recordId") != dps.RecordID(c.device.Certificate.RawSubjectPublicKeyInfo) || a.get("certificates", 0, "problem") != nil {
			t.Errorf("%s: %s", c.name, a.body)
		}
		if strings.Contains(string(a.body), "bob") {
			t.Errorf("%s: another owner's group is named: %s", c.name, a.body)
		}
	}
	if a := w.extended(bob, "POST", pathDiagnose, diagnoseBody(leaf(maker, "lamp"))).do(200); a.get("rule") != "unknown_issuer" || strings.Contains(string(a.body), lamps.ID) {
		t.Errorf("bob is told of alice's group: %s", a.body)
	}
	w.now = time.Now().AddDate(200, 0, 0)
	if a := w.extended(alice, "POST", pathDiagnose, diagnoseBody(leaf(maker, "lamp"))).do(200); a.get("letIn") == true {
		t.Errorf("in 200 years: %s", a.body)
	}
}

// TestDiagnoseRefusesWhatIsNoDevice, and says that it cannot where nothing was given it to look with.
func TestDiagnoseRefusesWhatIsNoDevice(t *testing.T) {
	w := newWorld(t, withCandidates(t))
	for _, body := range []string{`{}`, `{"certificates":"hello"}`, `{"certificates":5}`, diagnoseBody()} {
		w.extended(alice, "POST", pathDiagnose, body).do(400)
	}
	maker := hubtest.Must(pki.NewRoot("maker"))(t)
	many := []*pki.Pair{hubtest.Must(maker.NewLeaf("lamp"))(t)}
	for i := range 6 {
		many = append(many, hubtest.Must(pki.NewRoot(fmt.Sprint("root ", i)))(t))
	}
	if a := w.extended(alice, "POST", pathDiagnose, diagnoseBody(many...)).do(200); a.get("rule") != "too_many_certificates" {
		t.Errorf("%s", a.body)
	}
	newWorld(t, nil).extended(alice, "POST", pathDiagnose, diagnoseBody(many[0])).do(503)
}
