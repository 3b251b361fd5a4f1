package rest_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
)

// BenchmarkFleet asks the API about a large fleet of one owner, in the embedded store, and reports how long the middle and the
// slowest twentieth of the answers took. DPS_BENCH_RECORDS is the size, 100000 where it is not set. Run it by `make bench-records`.
func BenchmarkFleet(b *testing.B) {
	size := 100_000
	if n, err := strconv.Atoi(os.Getenv("DPS_BENCH_RECORDS")); err == nil {
		size = n
	}
	w := newWorld(b, nil)
	begin := time.Now().Add(-14 * 24 * time.Hour)
	const batch = 1000
	for at := 0; at < size; at += batch {
		var results []dps.StepResult
		for i := at; i < at+batch; i++ {
			story := steps(alice, fmt.Sprintf("%08x-0000-4000-8000-%012d", i*2654435761%(1<<32), i), fmt.Sprintf("%08x-1111-4000-8000-%012d", i*40503%(1<<32), i))
			for j := range story {
				story[j].Time = begin.Add(time.Duration(i) * 14 * 24 * time.Hour / time.Duration(size))
				story[j].GroupID = fmt.Sprintf("group-%d", i%20)
			}
			if i%10 == 0 {
				story[4].CoAPCode, story[4].ErrorMessage, story[4].Credential = "5.03", "the certificate authority is down", nil
			}
			results = append(results, story...)
		}
		hubtest.Must(w.store.MergeResults(b.Context(), results))(b)
	}
	for _, ask := range []struct{ name, target string }{
		{"list", pathRecords + "?pageSize=50"},
		{"filter by state", pathRecords + "?pageSize=50&state=failed"},
		{"filter by group and time", pathRecords + "?pageSize=50&enrollmentGroupIdFilter=group-7&updatedAfter=" + begin.Add(7*24*time.Hour).UTC().Format(time.RFC3339)},
		{"filter by device", pathRecords + "?pageSize=50&deviceIdFilter=" + fmt.Sprintf("%08x-1111-4000-8000-%012d", 4242*40503%(1<<32), 4242)},
		{"search by id", pathRecords + "?pageSize=50&search=00a"},
		{"search by name", pathRecords + "?pageSize=50&search=device"},
		{"search in vain", pathRecords + "?pageSize=50&search=nobody"},
	} {
		b.Run(ask.name, func(b *testing.B) { w.measure(b, func(int) string { return ask.target }) })
	}
	b.Run("count", func(b *testing.B) {
		w.measure(b, func(i int) string { w.now = time.Now().Add(time.Duration(i) * time.Hour); return "/api/v1/statistics" })
	})
}

// measure asks again and again.
func (w *world) measure(b *testing.B, target func(i int) string) {
	b.Helper()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		c := w.extended(alice, "GET", target(i), "")
		at := time.Now()
		if _, a := c.send(); a.code != http.StatusOK {
			b.Fatalf("%d %s", a.code, a.body)
		}
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	for _, p := range []struct {
		name string
		part int
	}{{"p50-ms", 50}, {"p95-ms", 95}} {
		b.ReportMetric(float64(took[min(len(took)-1, len(took)*p.part/100)].Microseconds())/1000, p.name)
	}
	b.ReportMetric(0, "ns/op")
}
