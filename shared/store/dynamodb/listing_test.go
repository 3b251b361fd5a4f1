//go:build aws

package dynamodb_test

import (
	"slices"
	"strings"
	"testing"

	"dps/shared/dps"
	"dps/shared/store/dynamodb"
)

// TestLargeObjectsMakeSmallPages: what one answer holds is bounded in bytes, too, and nothing is left out for it.
func TestLargeObjectsMakeSmallPages(t *testing.T) {
	client := newClient(t, emulator(t))
	store := dynamodb.New(client, newTable(t, client))
	var want []string
	for range 16 {
		g := newGroup(t)
		g.X509.Deny.Serials = slices.Repeat([]string{strings.Repeat("a", 40)}, 8000)
		g, err := store.PutGroup(t.Context(), g)
		must(t, err)
		want = append(want, g.ID)
	}
	slices.Sort(want)
	var got []string
	pages := 0
	for p := (dps.Page{}); pages == 0 || p.Token != ""; pages++ {
		groups, next, err := store.ListGroups(t.Context(), "owner", p)
		must(t, err)
		for _, g := range groups {
			got = append(got, g.ID)
		}
		p.Token = next
	}
	if !slices.Equal(got, want) || pages != 2 {
		t.Errorf("%d groups on %d pages, want 16 in order on 2", len(got), pages)
	}
}

// TestTokensOfAnotherListing are refused or lead somewhere; they never make DynamoDB refuse the query.
func TestTokensOfAnotherListing(t *testing.T) {
	client := newClient(t, emulator(t))
	store := dynamodb.New(client, newTable(t, client))
	for range 2 {
		_, err := store.PutHub(t.Context(), newHub())
		must(t, err)
	}
	_, token, err := store.ListHubs(t.Context(), "owner", dps.Page{Size: 1})
	must(t, err)
	if _, _, err = store.ListAudit(t.Context(), "record", dps.Page{Token: token}); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("%v, want %s", err, dps.CodeInvalid)
	}
}

// TestABadTimeStoresNothingOfItsBatch: one that no store could give back is found before anything is written.
func TestABadTimeStoresNothingOfItsBatch(t *testing.T) {
	f := newFixture(t)
	batch := append(steps("good"), steps("bad")[0])
	batch[6].Time = start.AddDate(8000, 0, 0)
	if _, err := f.store.MergeResults(t.Context(), batch); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "results[6].time") {
		t.Errorf("%v, want %s", err, dps.CodeInvalid)
	}
	if n := f.way.seen.Load(); n != 0 {
		t.Errorf("DynamoDB was asked %d times", n)
	}
}

// TestTooLargeIsInvalid: what DynamoDB would not take is refused before it is asked, also in a transaction.
func TestTooLargeIsInvalid(t *testing.T) {
	f := newFixture(t)
	g := newGroup(t)
	g.X509.Allow.CommonNames = slices.Repeat([]string{strings.Repeat("n", 100)}, 5000)
	if _, err := f.store.PutGroup(t.Context(), g); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "x509.allow.commonNames") {
		t.Errorf("%v, want %s", err, dps.CodeInvalid)
	}
	if n := f.way.seen.Load(); n != 0 {
		t.Errorf("DynamoDB was asked %d times", n)
	}
}
