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

// TestCapacity measures what one device costs, on data as large as real ones, and holds it under bounds that the cost model
// may count on. DynamoDB Local counts as AWS does, except that a query that finds nothing is free here, and 0.5 there.
func TestCapacity(t *testing.T) {
	s := &sheet{T: t}
	defer s.print()
	client := newClient(t, emulator(t))
	table := newTable(t, client)
	store := dynamodb.New(sdk.New(client.Options(), s.meter.options), table)
	s.lookups(store)

	d := newDevice(t)
	claim := func() error { _, err := store.ClaimDevice(t.Context(), d.binding); return err }
	first := s.measure("claim of a device id, the first", units{1, 1}, claim)
	again := s.measure("claim, again", units{1, 0}, claim)
	audit := s.measure("audit entry of a certificate", units{0, 1}, func() error { return store.AppendAudit(t.Context(), d.audit) })

	one := s.measure("record, seven results in one batch", units{0.5, 10}, s.merge(store, d.results))
	renewed := s.measure("record, provisioned once more, one batch", units{1, 9}, s.merge(store, d.later(time.Hour)))
	s.measure("record, the same batch delivered again", units{1, 0}, func() error {
		_, err := store.MergeResults(t.Context(), d.later(time.Hour))
		return err
	})
	other, third := newDevice(t).results, newDevice(t).results
	two := s.measure("record, in two batches", units{1.5, 17}, s.merge(store, other[:4], other[4:]))
	seven := s.measure("record, in seven batches", units{5, 54}, s.merge(store, each(third)...))

	device := first.plus(again).plus(audit) // the token and the sign function claim once each
	s.line("A DEVICE, its results in one batch", device.plus(one), units{2.5, 12})
	s.line("A DEVICE, its results in two batches", device.plus(two), units{3.5, 19})
	s.line("A DEVICE, each result by itself", device.plus(seven), units{7, 56})
	s.line("A DEVICE, provisioned once more", again.plus(again).plus(audit).plus(renewed), units{3, 10})
}

// lookups measures what functions and operators read; for most devices the ingress and the functions have it in memory.
func (s *sheet) lookups(store *dynamodb.Store) {
	s.Helper()
	g, h := newGroup(s.T), newHub()
	_, err := store.PutHub(s.Context(), h)
	must(s, err)
	_, err = store.PutGroup(s.Context(), g)
	must(s, err)
	chain, err := g.X509.Certificates()
	must(s, err)
	s.measure("generation", units{1, 0}, func() error { _, err := store.Generation(s.Context()); return err })
	s.measure("groups of an authority", units{2, 0}, func() error {
		groups, err := store.GroupsByCA(s.Context(), dps.NameHash(chain[0].RawSubject))
		if len(groups) != 1 {
			s.Errorf("%d groups, want 1", len(groups))
		}
		return err
	})
	s.measure("group", units{1, 0}, func() error { _, err := store.Group(s.Context(), g.ID); return err })
	s.measure("hub", units{1, 0}, func() error { _, err := store.Hub(s.Context(), h.ID); return err })
}

// merge takes the batches in, each of which must be new.
func (s *sheet) merge(store *dynamodb.Store, batches ...[]dps.StepResult) func() error {
	return func() error {
		for _, b := range batches {
			n, err := store.MergeResults(s.Context(), b)
			if err != nil {
				return err
			}
			if n != len(b) {
				return fmt.Errorf("%d of %d results changed the record", n, len(b))
			}
		}
		return nil
	}
}

func each(results []dps.StepResult) (batches [][]dps.StepResult) {
	for i := range results {
		batches = append(batches, results[i:i+1])
	}
	return batches
}
