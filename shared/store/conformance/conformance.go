// Package conformance proves that a store keeps the promises of the ports in package dps, sentence by sentence. Every
// adapter runs it over the real thing it adapts.
package conformance

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
)

// Run runs the suite. open gives a store that is ready for use and arranges for its closing (t.Cleanup); it is called once
// per test, and may give the same store each time or one that holds other data: the suite makes fresh ids, owners and
// authorities, and counts on nothing but its own. Nothing else may write to it meanwhile.
func Run(t *testing.T, open func(t *testing.T) dps.Store) {
	for _, area := range []struct {
		name  string
		tests []test
	}{
		{"Groups", groupTests}, {"Lead", leadTests}, {"GroupsByCA", lookupTests}, {"Hubs", hubTests},
		{"Generation", generationTests}, {"Records", recordTests}, {"FindRecords", findTests}, {"Merge", mergeTests}, {"Bindings", bindingTests},
		{"Audit", auditTests}, {"Manifests", manifestTests}, {"Listings", listingTests}, {"Contexts", contextTests},
	} {
		t.Run(area.name, func(t *testing.T) {
			for _, tt := range area.tests {
				t.Run(tt.name, func(t *testing.T) { tt.run(fixture{t, open(t)}) })
			}
		})
	}
}

type test struct {
	name string
	run  func(f fixture)
}

// start is when the suite's events happen; its nanoseconds must survive storage.
var start = time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)

// fixture is one test and its store.
type fixture struct {
	*testing.T
	store dps.Store
}

// authority makes a certificate authority.
func (f fixture) authority(name string) *pki.Pair {
	f.Helper()
	pair, err := pki.NewRoot(name)
	f.must(err)
	return pair
}

// group makes a group of a new owner; the first authority of its chain is its lead certificate.
func (f fixture) group(chain ...*pki.Pair) dps.EnrollmentGroup {
	f.Helper()
	if len(chain) == 0 {
		chain = []*pki.Pair{f.authority("maker")}
	}
	var pem strings.Builder
	for _, ca := range chain {
		pem.Write(ca.CertificatePEM())
	}
	return dps.EnrollmentGroup{
		ID: dps.NewUUID(), Owner: newOwner(), Name: "a group", X509: dps.X509Attestation{CertificateChain: pem.String()},
		HubIDs: []string{dps.NewUUID()}, PreSharedKey: "secret:key",
	}
}

func (f fixture) hub() dps.Hub {
	return dps.Hub{
		ID: dps.NewUUID(), HubID: dps.NewUUID(), Owner: newOwner(), Name: "a hub", Gateways: []string{"coaps+tcp://gateway:5684"},
		CertificateAuthority: dps.CertificateAuthority{Address: "ca:443", TLS: dps.ClientTLS{Key: "secret:ca"}},
		Authorization: dps.Authorization{OwnerClaim: "owner", Provider: dps.OAuthProvider{
			Name: "provider", Authority: "https://oauth", ClientID: "client", ClientSecret: "secret:client", Scopes: []string{"a"},
		}},
	}
}

func newOwner() string { return "owner-" + dps.NewUUID() }

func (f fixture) putGroup(g dps.EnrollmentGroup) dps.EnrollmentGroup {
	f.Helper()
	stored, err := f.store.PutGroup(f.Context(), g)
	f.must(err)
	return stored
}

func (f fixture) putHub(h dps.Hub) dps.Hub {
	f.Helper()
	stored, err := f.store.PutHub(f.Context(), h)
	f.must(err)
	return stored
}

func (f fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// wantCode checks an error's code; "" wants none.
func (f fixture) wantCode(err error, code dps.Code) {
	f.Helper()
	if dps.CodeOf(err) != code {
		f.Errorf("error %v has code %q, want %q", err, dps.CodeOf(err), code)
	}
}

// same compares by JSON: what a store gives back may differ in empty and missing slices, in nothing else.
func (f fixture) same(got, want any) {
	f.Helper()
	if g, w := f.json(got), f.json(want); g != w {
		f.Errorf("got  %s\nwant %s", g, w)
	}
}

func (f fixture) json(v any) string {
	f.Helper()
	data, err := json.Marshal(v)
	f.must(err)
	return string(data)
}
