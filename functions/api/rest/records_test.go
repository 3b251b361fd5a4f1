package rest_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dps/functions/api/rest"
	"dps/shared/dps"
	"dps/shared/hubtest"
)

// fleet stores n records: of every ten one failed, one is pending, the others are done. They are a day apart in tens.
func (w *world) fleet(t testing.TB, n int) {
	t.Helper()
	var results []dps.StepResult
	for i := range n {
		story := steps(alice, fmt.Sprintf("00000000-0000-4000-8000-%012d", i), fmt.Sprintf("10000000-0000-4000-8000-%012d", i))
		for j := range story {
			story[j].Time = story[j].Time.Add(time.Duration(i/10) * 24 * time.Hour)
		}
		switch i % 10 {
		case 0:
			story[4].CoAPCode, story[4].ErrorMessage, story[4].Credential = "5.03", "the certificate authority is down", nil
		case 1:
			story = story[:3]
		}
		results = append(results, story...)
	}
	hubtest.Must(w.store.MergeResults(t.Context(), results))(t)
}

// pages goes through a listing.
func (w *world) pages(target string) (ids []string, pages int) {
	w.t.Helper()
	for token := ""; ; {
		a := w.extended(alice, "GET", target+"&pageToken="+url.QueryEscape(token), "").do(200)
		ids, pages = append(ids, a.ids()...), pages+1
		if token, _ = a.get("nextPageToken").(string); token == "" {
			return ids, pages
		}
	}
}

func TestRecordPages(t *testing.T) {
	w := newWorld(t, nil)
	w.fleet(t, 45)
	ids, pages := w.pages(pathRecords + "?pageSize=10")
	if len(ids) != 45 || pages != 5 || ids[0] != "00000000-0000-4000-8000-000000000040" || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 45 {
		t.Errorf("%d ids on %d pages", len(ids), pages)
	}
	after := seededTime.Add(24 * time.Hour).Format(time.RFC3339)
	before := seededTime.Add(48 * time.Hour).Format(time.RFC3339)
	for _, tt := range []struct {
		query string
		want  int
	}{
		{"state=failed", 5}, {"state=pending", 5}, {"state=ok", 35}, {"state=ok&state=failed", 40},
		{"enrollmentGroupIdFilter=" + seededGroup, 45}, {"enrollmentGroupIdFilter=other", 0},
		{"deviceIdFilter=10000000-0000-4000-8000-000000000007", 1},
		{"idFilter=00000000-0000-4000-8000-000000000007&idFilter=00000000-0000-4000-8000-000000000007&idFilter=none", 1},
		{"idFilter=00000000-0000-4000-8000-000000000007&state=failed", 0},
		{"updatedAfter=" + after + "&updatedBefore=" + before, 10},
		{"search=00000000-0000-4000-8000-00000000001", 10}, {"search=10000000-", 45}, {"search=DEVICE+1", 45}, {"search=nobody", 0}, {"search=evice", 0},
		{"search=device&state=failed&updatedAfter=" + after, 4}, {"enrollmentGroupIdFilter=" + seededGroup + "&state=pending", 5},
	} {
		for _, size := range []string{"1", "3", "1000"} {
			if got, _ := w.pages(pathRecords + "?pageSize=" + size + "&" + tt.query); len(got) != tt.want {
				t.Errorf("%s by %s: %d records, want %d", tt.query, size, len(got), tt.want)
			}
		}
	}
	if got := w.as(alice, "GET", pathRecords, "").do(200).lines(); len(got) != 45 {
		t.Errorf("plgd's clients get %d", len(got))
	}
}

// TestFoundByIndex: one record of many is one page, in either dialect.
func TestFoundByIndex(t *testing.T) {
	w := newWorld(t, nil)
	var results []dps.StepResult
	for i := range 4500 {
		results = append(results, dps.StepResult{
			EventID: "e", Time: seededTime, RecordID: fmt.Sprintf("%06d", i), Owner: alice, GroupID: "g", Step: dps.StepTime, CoAPCode: "2.05", DeviceID: fmt.Sprint(i),
		})
	}
	hubtest.Must(w.store.MergeResults(t.Context(), results))(t)
	ids, pages := w.pages(pathRecords + "?deviceIdFilter=4499")
	if diff := cmp.Diff([]string{"004499"}, ids); diff != "" || pages != 1 {
		t.Errorf("%d pages: %s", pages, diff)
	}
	if ids, pages := w.pages(pathRecords + "?pageSize=1000"); len(ids) != 4500 || pages != 5 {
		t.Errorf("%d ids on %d pages", len(ids), pages)
	}
	for query, want := range map[string]int{"?deviceIdFilter=4499": 1, "?deviceIdFilter=4499&deviceIdFilter=1": 2, "?deviceIdFilter=4499&idFilter=000001": 2, "?enrollmentGroupIdFilter=g": 4500, "": 4500} {
		if got := w.as(alice, "GET", pathRecords+query, "").do(200).ids(); len(got) != want {
			t.Errorf("%s: plgd's clients get %d, want %d", query, len(got), want)
		}
	}
}

func TestBadPages(t *testing.T) {
	w := newWorld(t, nil)
	w.fleet(t, 12)
	token, _ := w.extended(alice, "GET", pathRecords+"?pageSize=5&state=ok", "").do(200).get("nextPageToken").(string)
	for _, query := range []string{
		"pageSize=0", "pageSize=1001", "pageSize=x", "pageSize=-1", "pageToken=x", "pageToken=e30", "pageToken=" + token, "pageToken=" + token + "&state=failed",
		"pageSize=5&pageSize=6", "updatedAfter=yesterday", "state=sad", "pageSize=%zz", "a;b",
	} {
		w.extended(alice, "GET", pathRecords+"?"+query, "").do(400)
	}
	if got := w.extended(alice, "GET", pathRecords+"?state=ok&pageSize=5&pageToken="+token, "").do(200).ids(); len(got) == 0 {
		t.Error("a good token is refused")
	}
	w.as(alice, "GET", pathRecords+"?pageSize=5", "").do(200).get("items", 0) // asking for a page is the new dialect
}

func TestRecordsAreDeleted(t *testing.T) {
	w := newWorld(t, nil)
	w.fleet(t, 5)
	w.extended(alice, "DELETE", pathRecords+"/00000000-0000-4000-8000-000000000000", "").do(204)
	w.extended(alice, "GET", pathRecords+"/00000000-0000-4000-8000-000000000000", "").do(404)
	if got := w.extended(alice, "GET", pathRecords+"/00000000-0000-4000-8000-000000000001", "").do(200); got.get("state") != "pending" {
		t.Errorf("%s", got.body)
	}
	for _, tt := range []struct{ query, count string }{
		{"?idFilter=00000000-0000-4000-8000-000000000001&idFilter=none", "1"}, {"?deviceIdFilter=10000000-0000-4000-8000-000000000002", "1"}, {"?idFilter=none", "0"}, {"", "2"}, {"", "0"},
	} {
		if got := w.as(alice, "DELETE", pathRecords+tt.query, "").do(200).get("count"); got != tt.count {
			t.Errorf("%q deletes %v, want %s", tt.query, got, tt.count)
		}
	}
}

// TestABlankFilterDeletesNothing: it is more likely a variable that was not set than the wish to delete all.
func TestABlankFilterDeletesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.fleet(t, 3)
	w.newGroup(alice)
	for _, target := range []string{
		pathRecords + "?search=", pathRecords + "?updatedAfter=", pathRecords + "?idFilter=", pathRecords + "?idfilter=&idFilter=x", pathGroups + "?idFilter=", pathHubs + "?hubIdFilter=",
	} {
		w.extended(alice, "DELETE", target, "").do(400)
		if target != pathRecords+"?search=" && target != pathRecords+"?updatedAfter=" { // which plgd's clients do not know, and is an error for that
			w.as(alice, "DELETE", target, "").do(400)
		}
	}
	if got := w.as(alice, "GET", pathRecords, "").do(200).ids(); len(got) != 3 {
		t.Errorf("%d records are left", len(got))
	}
	w.extended(alice, "GET", pathRecords+"?search="+strings.Repeat("a", 300), "").do(400)
	w.extended(alice, "GET", pathRecords+"?search=%ff", "").do(400)
}

func TestStatistics(t *testing.T) {
	w := newWorld(t, nil)
	w.fleet(t, 25)
	w.now = seededTime.Add(50 * time.Hour)
	s := w.extended(alice, "GET", "/api/v1/statistics", "").do(200)
	total, _ := s.get("total").(map[string]any)
	if diff := cmp.Diff(map[string]any{"ok": 19.0, "failed": 3.0, "pending": 3.0}, total); diff != "" {
		t.Errorf("%s%s", diff, s.body)
	}
	days, _ := s.get("days").([]any)
	if len(days) != 14 || s.get("days", 13, "name") != "2026-11-25" || s.get("days", 11, "ok") != 8.0 || s.get("days", 13, "failed") != 1.0 || s.get("days", 0, "name") != "2026-11-12" {
		t.Errorf("%s", s.body)
	}
	if s.get("groups", 0, "name") != seededGroup || s.get("groups", 0, "ok") != 19.0 || s.get("minutes") != nil {
		t.Errorf("%s", s.body)
	}
	if s.get("lastErrors", 0, "recordId") != "00000000-0000-4000-8000-000000000020" || s.get("lastErrors", 0, "step") != "credential" || s.get("lastErrors", 0, "coapCode") != "5.03" {
		t.Errorf("%s", s.body)
	}
	w.extended(alice, "GET", "/api/v1/statistics?state=failed", "").do(400)
	if empty := w.extended(bob, "GET", "/api/v1/statistics", "").do(200); empty.get("total", "ok") != nil || empty.get("groups") != nil {
		t.Errorf("another owner's: %s", empty.body)
	}
	// The last hour, by the minute; and counts are used again for a second at least.
	w.now = seededTime.Add(48*time.Hour + 30*time.Minute)
	if again := w.extended(alice, "GET", "/api/v1/statistics", "").do(200); again.get("asOf") != s.get("asOf") {
		t.Errorf("counted again at once: %s", again.body)
	}
	w.now = seededTime.Add(50*time.Hour + 2*time.Second)
	if again := w.extended(alice, "GET", "/api/v1/statistics", "").do(200); again.get("asOf") == s.get("asOf") {
		t.Errorf("not counted again: %s", again.body)
	}
	late := newWorld(t, nil)
	late.fleet(t, 25)
	late.now = seededTime.Add(48*time.Hour + 30*time.Minute)
	s = late.extended(alice, "GET", "/api/v1/statistics", "").do(200)
	if s.get("minutes", 0, "name") != "2026-11-25T12:00:00Z" || s.get("minutes", 0, "ok") != 3.0 {
		t.Errorf("%s", s.body)
	}
}

// slow is a store in which counting takes a while, as the world's clock has it.
type slow struct {
	dps.Store
	w     *world
	calls *int
}

func (s slow) SummarizeRecords(ctx context.Context, owner string, visit func(dps.RecordSummary) bool) error {
	*s.calls++
	s.w.now = s.w.now.Add(100 * time.Millisecond)
	return s.Store.SummarizeRecords(ctx, owner, visit)
}

// TestCountingIsASmallPartOfTheTime, however often one asks, and one owner's counts are not another's.
func TestCountingIsASmallPartOfTheTime(t *testing.T) {
	w, calls := newWorld(t, nil), 0
	w.options.Store = slow{w.store, w, &calls}
	w.options.Now = func() time.Time { return w.now }
	w.api = rest.New(w.options)
	for range 10 { // half a second between them
		w.extended(alice, "GET", "/api/v1/statistics", "").do(200)
		w.now = w.now.Add(500 * time.Millisecond)
	}
	if calls != 2 {
		t.Errorf("counted %d times in 5 s where counting takes 0.1 s, want twice", calls)
	}
	w.extended(bob, "GET", "/api/v1/statistics", "").do(200)
	if calls != 3 {
		t.Errorf("another owner got what was counted for this one: %d", calls)
	}
}
