package dps_test

import (
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
)

func TestStates(t *testing.T) {
	ok := dps.StepResult{CoAPCode: "2.04"}
	all := map[dps.Step]dps.StepResult{dps.StepOwnership: ok, dps.StepCloudConfiguration: ok, dps.StepCredentials: ok, dps.StepACLs: ok}
	failed := map[dps.Step]dps.StepResult{dps.StepOwnership: ok, dps.StepTime: {CoAPCode: "5.03"}}
	for want, steps := range map[dps.RecordState]map[dps.Step]dps.StepResult{
		dps.RecordOK: all, dps.RecordFailed: failed, dps.RecordPending: {dps.StepTime: ok},
	} {
		if got := (dps.Record{Steps: steps}).State(); got != want {
			t.Errorf("%v is %s, want %s", steps, got, want)
		}
	}
}

// TestRecordTokens: a token is good for its query alone, whatever the order of what that lists.
func TestRecordTokens(t *testing.T) {
	q := dps.RecordQuery{Owner: "o", GroupIDs: []string{"b", "a"}, States: []dps.RecordState{dps.RecordOK}, UpdatedFrom: time.Unix(1, 2)}
	same := q
	same.GroupIDs = []string{"a", "b"}
	token := q.Token("here#é")
	if place, err := same.Place(token); err != nil || place != "here#é" {
		t.Errorf("%q, %v", place, err)
	}
	if place, err := q.Place(""); err != nil || place != "" {
		t.Errorf("%q, %v", place, err)
	}
	other := q
	other.Owner = "p"
	for _, bad := range []struct {
		q     dps.RecordQuery
		token string
	}{{other, token}, {q, token + "A"}, {q, "!"}, {q, strings.Repeat("A", 5000)}, {q, q.Token("")}} {
		if _, err := bad.q.Place(bad.token); dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%.20q: %v", bad.token, err)
		}
	}
	at := dps.RecordPosition{Updated: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), ID: "a#b"}
	if back, err := dps.ParsePosition(at.Place()); err != nil || back != at {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{"x", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z#", "#a"} {
		if _, err := dps.ParsePosition(bad); dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
