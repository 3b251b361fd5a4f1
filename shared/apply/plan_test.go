package apply_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/shared/apply"
	"dps/shared/dps"
)

func mustPlan(t *testing.T, m *memory, s dps.SecretWriter, o apply.Objects) apply.Plan {
	t.Helper()
	before, writes := m.everything(), m.writes
	p, err := apply.NewPlan(t.Context(), m, s, source, o)
	if err != nil {
		t.Fatal(err)
	}
	if m.everything() != before || m.writes != writes {
		t.Error("planning wrote something")
	}
	return p
}

// wantPlanned checks that the plan foresaw what Apply then does.
func wantPlanned(t *testing.T, p apply.Plan, r apply.Result) {
	t.Helper()
	got := []int{p.Count(apply.ActionCreate), p.Count(apply.ActionUpdate), p.Count(apply.ActionDelete)}
	if want := []int{len(r.Created), len(r.Updated), len(r.Deleted)}; !cmp.Equal(got, want) {
		t.Errorf("planned %v, done %v", got, want)
	}
	if diff := cmp.Diff(r.Unchanged, p.Unchanged) + cmp.Diff(r.Kept, p.Kept); diff != "" {
		t.Error(diff)
	}
}

// TestPlanForeseesApply goes through the changes that Apply's own tests go through.
func TestPlanForeseesApply(t *testing.T) {
	w := newWorld(t)
	m, s := newMemory(t), newSecrets()
	renamed := w.objects(groupA+" x", groupB+" y")
	renamed.Groups[1].Name = "renamed"
	rotated := w.objects(groupA+" x", groupB+" y")
	rotated.Groups[0].PreSharedKey = inline("fedcba9876543210")
	for _, step := range []struct {
		name    string
		objects apply.Objects
	}{
		{"create", w.objects(groupA+" x", groupB+" y")},
		{"the same", w.objects(groupA+" x", groupB+" y")},
		{"rename", renamed},
		{"rotate a secret", rotated},
		{"move a lead certificate", w.objects(groupA+" y", groupB+" z")},
		{"take what is freed", w.objects(groupA + " z")},
		{"delete", apply.Objects{}},
	} {
		t.Run(step.name, func(t *testing.T) {
			puts := s.puts
			p := mustPlan(t, m, s, step.objects)
			if s.puts != puts {
				t.Error("planning wrote a secret")
			}
			wantPlanned(t, p, mustApply(t, m, s, step.objects))
			if again := mustPlan(t, m, s, step.objects); !again.Empty() {
				t.Errorf("after Apply, planned again: %+v", again)
			}
		})
	}
}

func TestPlanKeepsAHubThatAnotherGroupNames(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x"))
	foreign := w.objects(groupB + " y")
	foreign.Groups[0].HubIDs = []string{dps.ConfiguredHubID(groupA, hubID)}
	if _, err := m.PutGroup(t.Context(), foreign.Groups[0]); err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, m, s, apply.Objects{})
	if len(p.Kept) != 1 || p.Count(apply.ActionDelete) != 1 {
		t.Errorf("planned %+v", p)
	}
	wantPlanned(t, p, mustApply(t, m, s, apply.Objects{}))
}

func TestPlanRefusesAsApplyDoes(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	if _, err := apply.Apply(t.Context(), m, s, "another", w.objects(groupB+" x")); err != nil {
		t.Fatal(err)
	}
	_, planned := apply.NewPlan(t.Context(), m, s, source, w.objects(groupA+" x"))
	_, applied := apply.Apply(t.Context(), m, s, source, w.objects(groupA+" x"))
	if dps.CodeOf(planned) != dps.CodeConflict || planned.Error() != applied.Error() {
		t.Errorf("planned %v, applied %v", planned, applied)
	}
}

func TestPlanTellsWhatDiffers(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	objects.Hubs[0].CertificateAuthority.KeepAlive.PermitWithoutStream = true
	objects.Hubs[0].Gateways = []string{"coaps://one:1", "coaps://two:2"}
	mustApply(t, m, s, objects)
	g, h := &objects.Groups[0], &objects.Hubs[0]
	g.Owner, h.Owner = "you", "you"
	g.PreSharedKey = inline("fedcba9876543210")
	g.X509.Deny.Serials = []string{"a1"}
	g.X509.ExpiredCertificateEnabled = true
	g.X509.CRLs = []dps.CRLEntry{{Inline: []byte("list")}, {URL: "https://crl"}}
	h.CertificateAuthority.KeepAlive.PermitWithoutStream = false
	h.CertificateAuthority.KeepAlive.Time = 3e9
	h.CertificateAuthority.TLS.Key = inline("key")
	h.Gateways = []string{"coaps://two:2", "coaps://one:1"}
	h.Authorization.Provider.Scopes = []string{"openid"}
	list := sha256.Sum256([]byte("list"))
	want := []apply.Change{
		{Action: apply.ActionUpdate, Kind: "hub", ID: h.ID, Fields: []apply.Field{
			{Path: "owner", Old: `"me"`, New: `"you"`},
			{Path: "gateways", Old: `"coaps://one:1", "coaps://two:2"`, New: `"coaps://two:2", "coaps://one:1"`},
			{Path: "certificateAuthority.keepAlive.time", Old: "0s", New: "3s"},
			{Path: "certificateAuthority.keepAlive.permitWithoutStream", Old: "true", New: "false"},
			{Path: "certificateAuthority.tls.key", New: "set", Secret: true},
			{Path: "authorization.provider.scopes", Added: []string{`"openid"`}},
		}},
		{Action: apply.ActionUpdate, Kind: "group", ID: g.ID, Fields: []apply.Field{
			{Path: "owner", Old: `"me"`, New: `"you"`},
			{Path: "x509.expiredCertificateEnabled", Old: "false", New: "true"},
			{Path: "x509.deny.serials", Added: []string{`"a1"`}},
			{Path: "x509.crls", Added: []string{fmt.Sprintf("4 bytes, SHA-256 %x", list[:6]), `"https://crl"`}},
			{Path: "preSharedKey", Old: "set", New: "set", Secret: true},
		}},
	}
	p := mustPlan(t, m, s, objects)
	if diff := cmp.Diff(want, p.Changes); diff != "" {
		t.Error(diff)
	}
}

// TestPlanShowsCertificatesByName: PEM says nothing to people.
func TestPlanShowsCertificatesByName(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x"))
	p := mustPlan(t, m, s, w.objects(groupA+" y"))
	if len(p.Changes) != 1 || len(p.Changes[0].Fields) != 1 {
		t.Fatalf("planned %+v", p)
	}
	f := p.Changes[0].Fields[0]
	if f.Path != "x509.certificateChain" || !strings.HasPrefix(f.Old, `"CN=x" (SHA-256 `) || !strings.HasPrefix(f.New, `"CN=y" (SHA-256 `) {
		t.Errorf("planned %+v", f)
	}
}

// TestPlanNeverTellsASecret looks at everything that a plan holds.
func TestPlanNeverTellsASecret(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	first := mustPlan(t, m, s, w.objects(groupA+" x"))
	mustApply(t, m, s, w.objects(groupA+" x"))
	objects := w.objects(groupA + " x")
	objects.Hubs[0].Authorization.Provider.ClientSecret = inline("another secret")
	second := mustPlan(t, m, s, objects)
	if len(second.Changes) != 1 {
		t.Errorf("planned %+v", second)
	}
	for _, p := range []apply.Plan{first, second} {
		text := string(encode(p))
		for _, secret := range []string{"0123456789abcdef", "client secret", "another secret", "data:"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in the plan: %s", secret, text)
			}
		}
	}
}

func TestPlanTellsOfLostSecrets(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x"))
	delete(s.values, "psk/"+groupA)
	p := mustPlan(t, m, s, w.objects(groupA+" x"))
	if p.Empty() || !cmp.Equal(p.Secrets, []string{"psk/" + groupA}) || len(p.Changes) != 0 {
		t.Errorf("planned %+v", p)
	}
}

// TestPlanWithoutTheRightToReadSecrets: what cannot be compared is announced as written.
func TestPlanWithoutTheRightToReadSecrets(t *testing.T) {
	m, s, w := newMemory(t), writeOnly{map[string]string{}}, newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x"))
	if p := mustPlan(t, m, s, w.objects(groupA+" x")); len(p.Secrets) != 2 || len(p.Changes) != 0 {
		t.Errorf("planned %+v", p)
	}
}
