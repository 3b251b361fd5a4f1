package record_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"dps/functions/record"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/store/bolt"
)

const recordID = "00000000-cafe-4eaf-8eef-0000000000aa"

func newStore(t *testing.T) *bolt.Store {
	t.Helper()
	store := hubtest.Must(bolt.Open(filepath.Join(t.TempDir(), "db")))(t)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func ways(store record.Store) map[string]hubtest.Functions {
	return hubtest.Ways(&invoke.InProcess{RecordHandler: record.New(store).Handle})
}

func result(step dps.Step) dps.StepResult {
	return dps.StepResult{
		EventID: dps.NewUUID(), Time: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC), RecordID: recordID, GroupID: hubtest.GroupID,
		Owner: hubtest.Owner, Step: step, DeviceID: hubtest.Device.DeviceID, CoAPCode: "2.05",
	}
}

// full has every detail there is.
func full() []dps.StepResult {
	attestation, ownership, cloud := result(dps.StepAttestation), result(dps.StepOwnership), result(dps.StepCloudConfiguration)
	credential, acl, endpoints := result(dps.StepCredentials), result(dps.StepACLs), result(dps.StepLocalEndpoints)
	attestation.Attestation = &dps.AttestationDetail{CertificatePEM: "PEM", CommonName: "cn", RemoteAddress: "192.0.2.1:9"}
	ownership.Ownership = &dps.OwnershipDetail{Owner: "owner"}
	cloud.Cloud = &dps.CloudDetail{ProviderName: "p", Gateways: []dps.Gateway{{URI: "coaps+tcp://h:1", ID: "i"}}}
	credential.Credential = &dps.CredentialDetail{
		IdentityCertificatePEM: "PEM", PreSharedKeySubject: "s", Credentials: []dps.CredentialSummary{{Subject: "s", Type: 8, PublicPEM: "PEM"}},
	}
	acl.ACL = &dps.ACLDetail{Entries: []dps.ACLEntry{{SubjectUUID: "u", Permission: 31, Resources: []string{"*"}}}}
	endpoints.LocalEndpoints = []string{"coaps://[fe80::1]:5684"}
	return []dps.StepResult{attestation, result(dps.StepTime), ownership, cloud, credential, acl, endpoints}
}

// Each event twice, each way: the record is the same, and tells everything.
func TestRecord(t *testing.T) {
	events := full()
	var first dps.Record
	for way := range ways(nil) {
		t.Run(way, func(t *testing.T) {
			store := newStore(t)
			functions := ways(store)[way]
			for i, want := range []int{len(events), 0} {
				reply, err := functions.Record(t.Context(), contract.RecordRequest{Results: events})
				if err != nil || reply.Stored != want {
					t.Fatalf("delivery %d: stored %d, %v; want %d", i+1, reply.Stored, err, want)
				}
			}
			got := hubtest.Must(store.Record(t.Context(), recordID))(t)
			if got.DeviceID != hubtest.Device.DeviceID || got.Owner != hubtest.Owner || len(got.LocalEndpoints) != 1 || got.Created.IsZero() {
				t.Errorf("record %+v", got)
			}
			for _, want := range events {
				if diff := cmp.Diff(want, got.Steps[want.Step]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", want.Step, diff)
				}
			}
			if first.ID == "" {
				first = got
			}
			if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("the ways differ:\n%s", diff)
			}
		})
	}
}

func TestRefusesWithoutStoringAny(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct {
		name   string
		change func(*dps.StepResult)
		want   string
	}{
		{"no record id", func(r *dps.StepResult) { r.RecordID = "" }, "results[1].recordId"},
		{"bad group id", func(r *dps.StepResult) { r.GroupID = long }, "results[1].groupId"},
		{"bad device id", func(r *dps.StepResult) { r.DeviceID = "x" }, "results[1].deviceId"},
		{"no event id", func(r *dps.StepResult) { r.EventID = "" }, "results[1].eventId"},
		{"long event id", func(r *dps.StepResult) { r.EventID = long }, "results[1].eventId"},
		{"no owner", func(r *dps.StepResult) { r.Owner = "" }, "results[1].owner"},
		{"long owner", func(r *dps.StepResult) { r.Owner = long }, "results[1].owner"},
		{"no time", func(r *dps.StepResult) { r.Time = time.Time{} }, "results[1].time"},
		{"unknown step", func(r *dps.StepResult) { r.Step = "dance" }, `"dance"`},
		{"long code", func(r *dps.StepResult) { r.CoAPCode = "2.055" }, "results[1].coapCode"},
	}
	store := newStore(t)
	for _, tt := range tests {
		for way, functions := range ways(store) {
			t.Run(tt.name+"/"+way, func(t *testing.T) {
				bad := result(dps.StepTime)
				tt.change(&bad)
				_, err := functions.Record(t.Context(), contract.RecordRequest{Results: []dps.StepResult{result(dps.StepTime), bad}})
				if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(dps.AsError(err).Message, tt.want) {
					t.Fatalf("error %v, want invalid with %q", err, tt.want)
				}
			})
		}
	}
	if _, err := store.Record(t.Context(), recordID); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("something was stored: %v", err)
	}
}

func TestBatches(t *testing.T) {
	batch := make([]dps.StepResult, contract.MaxRecordResults+1)
	for i := range batch {
		batch[i] = result(dps.StepTime)
	}
	functions := ways(newStore(t))["typed"]
	for _, tt := range []struct {
		size int
		code dps.Code
	}{{0, ""}, {contract.MaxRecordResults, ""}, {contract.MaxRecordResults + 1, dps.CodeInvalid}} {
		if _, err := functions.Record(t.Context(), contract.RecordRequest{Results: batch[:tt.size]}); dps.CodeOf(err) != tt.code {
			t.Errorf("batch of %d: %v, want code %q", tt.size, err, tt.code)
		}
	}
}

// What a device, or its maker, puts into a result is cut, alike each way; and the caller's own is left alone.
func TestCuts(t *testing.T) {
	r := result(dps.StepLocalEndpoints)
	r.ErrorMessage = strings.Repeat("ü", dps.MaxErrorMessageLength) // two bytes each
	r.Attestation = &dps.AttestationDetail{CommonName: "x\xff\xff" + strings.Repeat("ü", 200), CertificatePEM: strings.Repeat("x", 100<<10)}
	r.LocalEndpoints = []string{strings.Repeat("x", 257), "\xff"}
	for range 40 {
		r.LocalEndpoints = append(r.LocalEndpoints, "coap://x")
	}
	r.Cloud = &dps.CloudDetail{Gateways: make([]dps.Gateway, 1000), SelectedGateway: 999}
	var stored []dps.StepResult
	for way := range ways(nil) {
		store := newStore(t)
		if _, err := ways(store)[way].Record(t.Context(), contract.RecordRequest{Results: []dps.StepResult{r}}); err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hubtest.Must(store.Record(t.Context(), recordID))(t).Steps[dps.StepLocalEndpoints])
	}
	if diff := cmp.Diff(stored[0], stored[1]); diff != "" {
		t.Fatalf("the ways differ:\n%s", diff)
	}
	got := stored[0]
	if len(got.ErrorMessage) != dps.MaxErrorMessageLength || !utf8.ValidString(got.ErrorMessage) {
		t.Errorf("error message of %d bytes", len(got.ErrorMessage))
	}
	if cn := got.Attestation.CommonName; !strings.HasPrefix(cn, "x\uFFFD\uFFFDü") || len(cn) > dps.MaxNameLength || len(cn) < dps.MaxNameLength-3 || !utf8.ValidString(cn) {
		t.Errorf("common name %q", cn)
	}
	if got.Attestation.CertificatePEM != "" {
		t.Error("half a certificate was kept, or too long a one")
	}
	if len(got.LocalEndpoints) != dps.MaxLocalEndpoints || got.LocalEndpoints[0] != "\uFFFD" {
		t.Errorf("%d endpoints, first %q", len(got.LocalEndpoints), got.LocalEndpoints[0])
	}
	if len(got.Cloud.Gateways) != 512 || got.Cloud.SelectedGateway != -1 {
		t.Errorf("%d gateways, selected %d", len(got.Cloud.Gateways), got.Cloud.SelectedGateway)
	}
	if len(r.LocalEndpoints) != 42 || len(r.Cloud.Gateways) != 1000 {
		t.Error("the caller's result was changed")
	}
}

// down is a store that is down.
type down struct{}

func (down) MergeResults(context.Context, []dps.StepResult) (int, error) {
	return 0, dps.Errorf(dps.CodeUnavailable, "it is down")
}

func TestStoreDown(t *testing.T) {
	for way, functions := range ways(down{}) {
		if _, err := functions.Record(t.Context(), contract.RecordRequest{Results: full()}); dps.CodeOf(err) != dps.CodeUnavailable {
			t.Errorf("%s: %v", way, err)
		}
	}
}
