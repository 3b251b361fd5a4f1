package apply_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"dps/shared/apply"
	"dps/shared/dps"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	groupA = "aaaaaaaa-0000-4000-8000-000000000001"
	groupB = "bbbbbbbb-0000-4000-8000-000000000002"
	hubID  = "d03a1bb4-0a77-428c-b78c-1c46efe6a38e"
	source = "file"
)

// world makes objects of manufacturers it knows by name.
type world struct {
	t   *testing.T
	cas map[string]string // name → PEM
}

func newWorld(t *testing.T) *world { return &world{t, map[string]string{}} }

func (w *world) ca(name string) string {
	w.t.Helper()
	if w.cas[name] == "" {
		root, err := pki.NewRoot(name)
		if err != nil {
			w.t.Fatal(err)
		}
		w.cas[name] = string(root.CertificatePEM())
	}
	return w.cas[name]
}

// objects makes one group per id and manufacturer ("id manufacturer"), each with a hub of its own and inline secrets.
func (w *world) objects(groups ...string) apply.Objects {
	w.t.Helper()
	var o apply.Objects
	for _, g := range groups {
		id, ca, _ := strings.Cut(g, " ")
		h := dps.Hub{
			ID: dps.ConfiguredHubID(id, hubID), HubID: hubID, Owner: "me", Gateways: []string{"coaps+tcp://hub:5684"},
			CertificateAuthority: dps.CertificateAuthority{Address: "hub:443"},
			Authorization: dps.Authorization{OwnerClaim: "owner", Provider: dps.OAuthProvider{
				Name: "p", Authority: "https://auth", ClientID: "c", ClientSecret: inline("client secret of " + id), Scopes: []string{},
			}},
		}
		o.Hubs = append(o.Hubs, h)
		o.Groups = append(o.Groups, dps.EnrollmentGroup{
			ID: id, Owner: "me", X509: dps.X509Attestation{CertificateChain: w.ca(ca)}, HubIDs: []string{h.ID}, PreSharedKey: inline("0123456789abcdef"),
		})
	}
	return o
}

func inline(value string) dps.SecretRef { return dps.SecretRef(dps.EncodeDataURI([]byte(value))) }

func mustApply(t *testing.T, m *memory, s dps.SecretWriter, o apply.Objects) apply.Result {
	t.Helper()
	r, err := apply.Apply(t.Context(), m, s, source, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantCounts checks how many entries each list of the result has: created, updated, unchanged, deleted.
func wantCounts(t *testing.T, r apply.Result, created, updated, unchanged, deleted int) {
	t.Helper()
	got := []int{len(r.Created), len(r.Updated), len(r.Unchanged), len(r.Deleted)}
	if !slices.Equal(got, []int{created, updated, unchanged, deleted}) {
		t.Errorf("got\n%s\nwant %d created, %d updated, %d unchanged, %d deleted", r, created, updated, unchanged, deleted)
	}
	if r.Changed() != (created+updated+deleted > 0) {
		t.Errorf("Changed() = %t", r.Changed())
	}
}

func TestApplyTwiceChangesNothing(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA+" x", groupB+" y")
	wantCounts(t, mustApply(t, m, s, objects), 4, 0, 0, 0)
	before, generation, puts, writes := m.everything(), m.generation, s.puts, m.writes
	wantCounts(t, mustApply(t, m, s, objects), 0, 0, 4, 0)
	if m.everything() != before || m.generation != generation || s.puts != puts || m.writes != writes {
		t.Error("the second time something was written")
	}
}

func TestApplyDoesNotChangeItsInput(t *testing.T) {
	objects := newWorld(t).objects(groupA + " x")
	mustApply(t, newMemory(t), newSecrets(), objects)
	if !objects.Groups[0].PreSharedKey.IsInline() || !objects.Hubs[0].Authorization.Provider.ClientSecret.IsInline() {
		t.Error("the caller's objects were changed")
	}
}

func TestApplyUpdatesOnlyWhatChanged(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA+" x", groupB+" y")
	mustApply(t, m, s, objects)
	objects.Groups[1].Name = "renamed"
	r := mustApply(t, m, s, objects)
	wantCounts(t, r, 0, 1, 3, 0)
	if r.Updated[0] != "group "+groupB+" (renamed)" {
		t.Errorf("updated %v", r.Updated)
	}
	if g, _ := m.Group(t.Context(), groupB); g.Version != 2 || g.Name != "renamed" {
		t.Errorf("stored %q, version %d", g.Name, g.Version)
	}
}

func TestApplyDeletesWhatTheSourceNoLongerNames(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x", groupB+" y"))
	wantCounts(t, mustApply(t, m, s, w.objects(groupA+" x")), 0, 0, 2, 2)
	if len(m.groups) != 1 || len(m.hubs) != 1 || len(s.values) != 2 {
		t.Errorf("left: %d groups, %d hubs, %d secrets", len(m.groups), len(m.hubs), len(s.values))
	}
	wantCounts(t, mustApply(t, m, s, apply.Objects{}), 0, 0, 0, 2)
	if len(m.groups)+len(m.hubs)+len(s.values) != 0 {
		t.Error("something is left")
	}
}

func TestApplyLeavesOtherSourcesAlone(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x"))
	if _, err := apply.Apply(t.Context(), m, s, "another", w.objects(groupB+" y")); err != nil {
		t.Fatal(err)
	}
	mustApply(t, m, s, apply.Objects{})
	if m.groups[groupB] == nil || m.groups[groupA] != nil {
		t.Errorf("groups left: %d", len(m.groups))
	}
}

func TestApplyKeepsAHubThatAnotherGroupNames(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x"))
	// The group that names the hub is not on the first page of its owner's groups.
	foreign := w.objects(groupB+" y", strings.Replace(groupB, "2", "3", 1)+" z")
	foreign.Groups[1].HubIDs = []string{dps.ConfiguredHubID(groupA, hubID)}
	if _, err := m.PutHub(t.Context(), foreign.Hubs[0]); err != nil {
		t.Fatal(err)
	}
	for _, g := range foreign.Groups {
		if _, err := m.PutGroup(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	r := mustApply(t, m, s, apply.Objects{})
	wantCounts(t, r, 0, 0, 0, 1)
	if len(r.Kept) != 1 || m.hubs[foreign.Groups[1].HubIDs[0]] == nil || !strings.Contains(r.String(), "1 kept because other groups name them") {
		t.Errorf("%s", r)
	}
}

func TestApplyNeverStoresASecret(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	objects.Hubs[0].CertificateAuthority.TLS.Key = inline("authority key")
	objects.Hubs[0].Authorization.Provider.HTTP.TLS.Key = inline("oauth key")
	mustApply(t, m, s, objects)
	for _, text := range []string{"data:", "0123456789abcdef", "client secret", "authority key", "oauth key"} {
		if strings.Contains(m.everything(), text) {
			t.Errorf("the store holds %q:\n%s", text, m.everything())
		}
	}
	h := objects.Hubs[0].ID
	want := map[string]string{
		"psk/" + groupA: "0123456789abcdef", "oauth/" + h + "/clientSecret": "client secret of " + groupA,
		"ca/" + h + "/tlsKey": "authority key", "oauth/" + h + "/tlsKey": "oauth key",
	}
	for name, value := range want {
		if s.values[name] != value {
			t.Errorf("secret %s is %q, want %q", name, s.values[name], value)
		}
	}
	if len(s.values) != len(want) {
		t.Errorf("%d secrets, want %d", len(s.values), len(want))
	}
}

func TestApplyRotatesASecret(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	mustApply(t, m, s, objects)
	generation := m.generation
	objects.Groups[0].PreSharedKey = inline("fedcba9876543210")
	wantCounts(t, mustApply(t, m, s, objects), 0, 1, 1, 0)
	if got := s.values["psk/"+groupA]; got != "fedcba9876543210" {
		t.Errorf("secret %q", got)
	}
	if m.generation == generation {
		t.Error("the generation stands still: caches would keep the old secret")
	}
}

func TestApplyRotatesWithoutTheRightToRead(t *testing.T) {
	m, s, w := newMemory(t), writeOnly{map[string]string{}}, newWorld(t)
	objects := w.objects(groupA + " x")
	mustApply(t, m, s, objects)
	wantCounts(t, mustApply(t, m, s, objects), 0, 0, 2, 0)
	objects.Groups[0].PreSharedKey = inline("fedcba9876543210")
	mustApply(t, m, s, objects)
	if got := s.values["psk/"+groupA]; got != "fedcba9876543210" {
		t.Errorf("secret %q", got)
	}
}

func TestApplyWritesALostSecretAgain(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	mustApply(t, m, s, objects)
	clear(s.values)
	mustApply(t, m, s, objects)
	if len(s.values) != 2 {
		t.Errorf("%d secrets, want 2", len(s.values))
	}
}

func TestApplyForgetsASecretThatMovedIntoAFile(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	mustApply(t, m, s, objects)
	objects.Groups[0].PreSharedKey = "secrets/psk"
	mustApply(t, m, s, objects)
	if g, _ := m.Group(t.Context(), groupA); g.PreSharedKey != "secrets/psk" {
		t.Errorf("reference %s", g.PreSharedKey)
	}
	if _, left := s.values["psk/"+groupA]; left {
		t.Error("the old secret is left behind")
	}
	objects.Groups[0].PreSharedKey = "secret:shared-by-hand"
	mustApply(t, m, s, objects)
	s.values["shared-by-hand"] = "x"
	mustApply(t, m, s, apply.Objects{})
	if s.values["shared-by-hand"] == "" {
		t.Error("a secret that is the operator's own was deleted")
	}
}

func TestApplyMovesALeadCertificate(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	mustApply(t, m, s, w.objects(groupA+" x", groupB+" y"))
	// B gives y up for z, A takes it: A comes first and must wait.
	wantCounts(t, mustApply(t, m, s, w.objects(groupA+" y", groupB+" z")), 0, 2, 2, 0)
	// B goes, A takes what it had.
	wantCounts(t, mustApply(t, m, s, w.objects(groupA+" z")), 0, 1, 1, 2)
}

func TestApplyLeadCertificateConflicts(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	if _, err := apply.Apply(t.Context(), m, s, "another", w.objects(groupB+" x")); err != nil {
		t.Fatal(err)
	}
	_, err := apply.Apply(t.Context(), m, s, source, w.objects(groupA+" x"))
	want := "group " + groupA + `: its lead certificate "CN=x" is that of group ` + groupB + " already: "
	if dps.CodeOf(err) != dps.CodeConflict || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = apply.Apply(t.Context(), newMemory(t), s, source, w.objects(groupA+" x", groupB+" x"))
	want = "group " + groupB + `: its lead certificate "CN=x" is that of group ` + groupA + " already: "
	if dps.CodeOf(err) != dps.CodeInvalid || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestApplyRefusesBeforeWriting(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(*apply.Objects){
		"missing hub":   func(o *apply.Objects) { o.Hubs = nil },
		"hub twice":     func(o *apply.Objects) { o.Hubs = append(o.Hubs, o.Hubs[0]) },
		"group twice":   func(o *apply.Objects) { o.Groups = append(o.Groups, o.Groups[0]) },
		"invalid group": func(o *apply.Objects) { o.Groups[0].Owner = "" },
		"invalid hub":   func(o *apply.Objects) { o.Hubs[0].Gateways = nil },
	} {
		t.Run(name, func(t *testing.T) {
			m, s, objects := newMemory(t), newSecrets(), w.objects(groupA+" x")
			change(&objects)
			_, err := apply.Apply(t.Context(), m, s, source, objects)
			if dps.CodeOf(err) != dps.CodeInvalid || m.writes != 0 || s.puts != 0 {
				t.Errorf("%v after %d writes", err, m.writes+s.puts)
			}
		})
	}
}

// TestApplyIsStoppedAnywhere fails at each write in turn, then changes its mind and applies something else: the end is
// always the same, nothing is left behind, and at no time does a group name a missing hub (memory checks).
func TestApplyIsStoppedAnywhere(t *testing.T) {
	w := newWorld(t)
	first, second := w.objects(groupA+" x", groupB+" y"), w.objects(groupB+" x")
	for failAt := 1; ; failAt++ {
		m, s := newMemory(t), newSecrets()
		m.failAt = failAt
		_, err := apply.Apply(t.Context(), m, s, source, first)
		if err == nil {
			_, err = apply.Apply(t.Context(), m, s, source, second)
		}
		mustApply(t, m, s, second)
		if len(m.groups) != 1 || len(m.hubs) != 1 || m.groups[groupB] == nil {
			t.Fatalf("failing at write %d leaves %d groups, %d hubs", failAt, len(m.groups), len(m.hubs))
		}
		if err == nil {
			if failAt < 10 {
				t.Errorf("only %d writes", failAt)
			}
			return
		}
		if dps.CodeOf(err) != dps.CodeUnavailable {
			t.Fatalf("failing at write %d: code %s", failAt, dps.CodeOf(err))
		}
	}
}

func TestApplyRetriesWhenTheVersionMoves(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	mustApply(t, m, s, objects)
	objects.Groups[0].Name = "ours"
	m.meddle = func(m *memory) {
		g, _ := m.Group(t.Context(), groupA)
		g.Name = "theirs"
		if _, err := m.PutGroup(t.Context(), g); err != nil {
			t.Error(err)
		}
	}
	wantCounts(t, mustApply(t, m, s, objects), 0, 1, 1, 0)
	if g, _ := m.Group(t.Context(), groupA); g.Name != "ours" || g.Version != 3 {
		t.Errorf("stored %q, version %d", g.Name, g.Version)
	}
}

func TestApplyGivesUpWhenTheVersionKeepsMoving(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA + " x")
	mustApply(t, m, s, objects)
	objects.Hubs[0].Name = "ours"
	var meddle func(m *memory)
	meddle = func(m *memory) {
		h, _ := m.Hub(t.Context(), objects.Hubs[0].ID)
		h.Name += "."
		if _, err := m.PutHub(t.Context(), h); err != nil {
			t.Error(err)
		}
		m.meddle = meddle
	}
	m.meddle = meddle
	_, err := apply.Apply(t.Context(), m, s, source, objects)
	if want := "hub " + objects.Hubs[0].ID + ": others keep changing it: try again"; dps.CodeOf(err) != dps.CodeConflict || dps.AsError(err).Message != want {
		t.Errorf("got %v", err)
	}
}

func TestResultString(t *testing.T) {
	r := apply.Result{Created: []string{"hub h (Europe)"}, Deleted: []string{"group g"}}
	want := "created    hub h (Europe)\ndeleted    group g\n1 created, 0 updated, 0 unchanged, 1 deleted"
	if r.String() != want {
		t.Errorf("got\n%s\nwant\n%s", r, want)
	}
}
