//go:build aws

package dynamodb_test

import (
	"fmt"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/dps"
	"dps/shared/store/dynamodb"
)

// TestFindingDoesNotGrow: what a page costs to find depends on the page, not on the fleet. A Scan would be counted among the
// writes, of which none is accepted.
func TestFindingDoesNotGrow(t *testing.T) {
	s := &sheet{T: t}
	defer s.print()
	client := newClient(t, emulator(t))
	store := dynamodb.New(sdk.New(client.Options(), s.meter.options), newTable(t, client))
	const small, large = 300, 3000
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	grow := func(from, to int) {
		for at := from; at < to; at += 100 {
			var results []dps.StepResult
			for i := at; i < at+100; i++ {
				results = append(results, story(i, begin.Add(time.Duration(i)*time.Minute))...)
			}
			_, err := store.MergeResults(t.Context(), results)
			must(t, err)
		}
	}
	queries := []struct {
		name  string
		query dps.RecordQuery
		found int // of 50; -1: as it comes
		bound units
	}{
		{"the latest 50", dps.RecordQuery{}, 50, units{40, 0}},
		{"the latest 50 that failed", dps.RecordQuery{States: []dps.RecordState{dps.RecordFailed}}, 50, units{40, 0}},
		{"a group's latest 50", dps.RecordQuery{GroupIDs: []string{"group-1"}}, 50, units{40, 0}},
		{"a group's latest that failed", dps.RecordQuery{GroupIDs: []string{"group-2"}, States: []dps.RecordState{dps.RecordFailed}}, -1, units{40, 0}},
		{"50 of an hour", dps.RecordQuery{UpdatedFrom: begin.Add(time.Hour), UpdatedBefore: begin.Add(2 * time.Hour)}, 50, units{40, 0}},
		{"a device", dps.RecordQuery{DeviceIDs: []string{"device-000042"}}, 1, units{2, 0}},
		{"search: a record's id", dps.RecordQuery{Prefix: "record-000042"}, 1, units{20, 0}},
		{"search: the beginning of device ids", dps.RecordQuery{Prefix: "DEVICE-00004"}, 10, units{30, 0}},
		{"search: the beginning of a name", dps.RecordQuery{Prefix: "lamp 000042"}, 1, units{20, 0}},
		{"search: a name that 50 of many have", dps.RecordQuery{Prefix: "lamp"}, 50, units{60, 0}},
		{"search: nothing", dps.RecordQuery{Prefix: "nobody"}, 0, units{20, 0}},
	}
	ask := func(size int) {
		for _, q := range queries {
			q.query.Owner = "owner"
			s.measure(fmt.Sprintf("%d records: %s", size, q.name), q.bound, func() error {
				found, _, err := store.FindRecords(t.Context(), q.query, dps.Page{Size: 50})
				if len(found) != q.found && q.found >= 0 {
					t.Errorf("%d records: %s: found %d, want %d", size, q.name, len(found), q.found)
				}
				return err
			})
		}
	}
	grow(0, small)
	ask(small)
	grow(small, large)
	ask(large)
	perThousand := units{70, 0}
	u := s.measure("3000 records: counting all of them", units{3 * perThousand.read, 0}, func() error {
		return store.SummarizeRecords(t.Context(), "owner", func(dps.RecordSummary) bool { return true })
	})
	t.Logf("counting takes %.0f read units per 1000 records", u.read/3)
}

// story is the whole way of device i; every tenth fails, as every second of group-2's.
func story(i int, at time.Time) []dps.StepResult {
	r := dps.StepResult{
		EventID: fmt.Sprintf("event-%d", i), Time: at, RecordID: fmt.Sprintf("record-%06d", i), DeviceID: fmt.Sprintf("device-%06d", i),
		Owner: "owner", GroupID: fmt.Sprintf("group-%d", i%5), Step: dps.StepAttestation,
		Attestation: &dps.AttestationDetail{CommonName: fmt.Sprintf("Lamp %06d", i)},
	}
	results := []dps.StepResult{r}
	for _, step := range []dps.Step{dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
		next := r
		next.Step, next.Attestation, next.CoAPCode = step, nil, "2.04"
		if i%6 == 0 {
			next.CoAPCode = "5.03"
		}
		results = append(results, next)
	}
	return results
}
