package apply_test

import (
	"testing"

	"dps/shared/apply"
	"dps/shared/dps"
)

func mustApplyChanged(t *testing.T, m *memory, s dps.SecretWriter, o apply.Objects) apply.Result {
	t.Helper()
	r, err := apply.OnlyChanged(t.Context(), m, s, source, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatOthersChangedStays until the source says something else of the same group.
func TestWhatOthersChangedStays(t *testing.T) {
	m, s, w := newMemory(t), newSecrets(), newWorld(t)
	objects := w.objects(groupA+" x", groupB+" y")
	wantCounts(t, mustApplyChanged(t, m, s, objects), 4, 0, 0, 0)
	g, err := m.Group(t.Context(), groupA)
	if err != nil {
		t.Fatal(err)
	}
	g.Disabled = true // by an operator, for good reason
	if _, err := m.PutGroup(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if err := m.DeleteGroup(t.Context(), groupB); err != nil {
		t.Fatal(err)
	}
	r := mustApplyChanged(t, m, s, objects)
	wantCounts(t, r, 0, 0, 0, 0)
	if g, _ := m.Group(t.Context(), groupA); !g.Disabled || len(r.Untouched) != 2 {
		t.Errorf("disabled %t, untouched %v", g.Disabled, r.Untouched)
	}
	if _, err := m.Group(t.Context(), groupB); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("the deleted group is back: %v", err)
	}

	objects.Groups[0].Name = "renamed" // a change of this group alone
	wantCounts(t, mustApplyChanged(t, m, s, objects), 0, 1, 1, 0)
	if g, _ := m.Group(t.Context(), groupA); g.Disabled || g.Name != "renamed" {
		t.Errorf("%+v", g)
	}
	objects.Hubs[1].Authorization.Provider.ClientSecret = inline("another secret") // a group's hub, and its secret, are of the group
	wantCounts(t, mustApplyChanged(t, m, s, objects), 1, 1, 0, 0)

	wantCounts(t, mustApplyChanged(t, m, s, w.objects(groupB+" y")), 0, 1, 1, 2) // what is no longer named goes
	if _, err := m.Group(t.Context(), groupA); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("%v", err)
	}
}

// TestFailureIsMadeUpFor: what was not stored counts as changed the next time.
func TestFailureIsMadeUpFor(t *testing.T) {
	s, w := newSecrets(), newWorld(t)
	objects := w.objects(groupA+" x", groupB+" y")
	for failAt := 1; ; failAt++ {
		m := newMemory(t)
		m.failAt = failAt
		if _, err := apply.OnlyChanged(t.Context(), m, s, source, objects); err == nil {
			if failAt < 5 {
				t.Errorf("there are only %d writes", failAt)
			}
			return
		}
		mustApplyChanged(t, m, s, objects)
		for _, id := range []string{groupA, groupB} {
			if _, err := m.Group(t.Context(), id); err != nil {
				t.Errorf("write %d failed, and later group %s was missing: %v", failAt, id, err)
			}
		}
	}
}
