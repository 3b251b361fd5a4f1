//go:build aws

package dynamodb_test

import (
	"context"
	"encoding/asn1"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/store/dynamodb"
)

// meter asks DynamoDB what each call consumed, and adds it up. A write is counted with its index entries.
type meter struct {
	mu          sync.Mutex
	read, write float64
}

func (m *meter) options(o *sdk.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meter", m.handle), middleware.Before)
	})
}

func (m *meter) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	ask := reflect.ValueOf(in.Parameters).Elem().FieldByName("ReturnConsumedCapacity")
	if ask.IsValid() {
		ask.Set(reflect.ValueOf(types.ReturnConsumedCapacityTotal))
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err == nil && ask.IsValid() {
		m.add(in.Parameters, reflect.ValueOf(out.Result).Elem().FieldByName("ConsumedCapacity").Interface())
	}
	return out, metadata, err
}

func (m *meter) add(in, consumed any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, _ := consumed.([]types.ConsumedCapacity)
	if one, ok := consumed.(*types.ConsumedCapacity); ok && one != nil {
		all = append(all, *one)
	}
	for _, c := range all {
		switch in.(type) {
		case *sdk.GetItemInput, *sdk.QueryInput, *sdk.BatchGetItemInput:
			m.read += *c.CapacityUnits
		default:
			m.write += *c.CapacityUnits
		}
	}
}

// take gives what was consumed since it was last asked.
func (m *meter) take() units {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := units{m.read, m.write}
	m.read, m.write = 0, 0
	return u
}

type units struct{ read, write float64 }

func (u units) plus(v units) units { return units{u.read + v.read, u.write + v.write} }

// TestCapacity measures what one device costs, on data as large as real ones, and holds it under bounds that docs/cost.md
// may count on.
func TestCapacity(t *testing.T) {
	var m meter
	client := newClient(t, emulator(t))
	table := newTable(t, client)
	store := dynamodb.New(sdk.New(client.Options(), m.options), table)
	d := newDevice(t)
	group, hub := newGroup(t), newHub()
	group.HubIDs = []string{hub.ID}
	_, err := store.PutHub(t.Context(), hub)
	must(t, err)
	if group, err = store.PutGroup(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	chain, err := group.X509.Certificates()
	must(t, err)
	m.take()

	var report strings.Builder
	fmt.Fprintf(&report, "\n%-44s %6s %6s   %s\n", "", "read", "write", "at most")
	measure := func(what string, bound units, call func() error) units {
		t.Helper()
		if err := call(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		u := m.take()
		fmt.Fprintf(&report, "%-44s %6.1f %6.1f   %.1f, %.1f\n", what, u.read, u.write, bound.read, bound.write)
		if u.read > bound.read || u.write > bound.write {
			t.Errorf("%s: %.1f read and %.1f write units, at most %.1f and %.1f are accepted", what, u.read, u.write, bound.read, bound.write)
		}
		return u
	}
	merge := func(batches ...[]dps.StepResult) func() error {
		return func() error {
			for _, b := range batches {
				if n, err := store.MergeResults(t.Context(), b); err != nil || n != len(b) {
					return fmt.Errorf("%d of %d results changed the record: %w", n, len(b), err)
				}
			}
			return nil
		}
	}
	each := func(results []dps.StepResult) (batches [][]dps.StepResult) {
		for i := range results {
			batches = append(batches, results[i:i+1])
		}
		return batches
	}

	measure("generation (an ingress asks every few seconds)", units{1, 0}, func() error {
		_, err := store.Generation(t.Context())
		return err
	})
	measure("groups of an authority (cached by the ingress)", units{2, 0}, func() error {
		_, err := store.GroupsByCA(t.Context(), dps.NameHash(chain[0].RawSubject))
		return err
	})
	measure("group", units{1, 0}, func() error { _, err := store.Group(t.Context(), group.ID); return err })
	measure("hub", units{1, 0}, func() error { _, err := store.Hub(t.Context(), hub.ID); return err })
	first := measure("claim of a device id, the first", units{1, 1}, func() error { _, err := store.ClaimDevice(t.Context(), d.binding); return err })
	again := measure("claim, again", units{1, 0}, func() error { _, err := store.ClaimDevice(t.Context(), d.binding); return err })
	audit := measure("audit entry of a certificate", units{0, 1}, func() error { return store.AppendAudit(t.Context(), d.audit) })
	one := measure("record, seven results in one batch", units{0.5, 6}, merge(d.results))
	renewed := measure("record, provisioned once more in one batch", units{1, 5}, merge(d.later(time.Hour)))
	measure("record, the same batch delivered again", units{1, 0}, func() error { _, err := store.MergeResults(t.Context(), d.later(time.Hour)); return err })
	o := newDevice(t)
	two := measure("record, in two batches", units{1.5, 8}, merge(o.results[:4], o.results[4:]))
	o = newDevice(t)
	seven := measure("record, in seven batches", units{5, 24}, merge(each(o.results)...))
	page := measure("a page of an owner's records (16 shards)", units{12, 0}, func() error {
		_, _, err := store.ListRecords(t.Context(), d.binding.Owner, dps.Page{Size: 100})
		return err
	})
	_ = page

	// The token and the sign function claim once each.
	device := first.plus(again).plus(audit)
	for _, line := range []struct {
		name  string
		u     units
		bound units
	}{
		{"A DEVICE, its results in one batch", device.plus(one), units{2.5, 8}},
		{"A DEVICE, its results in two batches", device.plus(two), units{3.5, 10}},
		{"A DEVICE, each result by itself", device.plus(seven), units{7, 26}},
		{"A DEVICE, provisioned once more", again.plus(again).plus(audit).plus(renewed), units{3, 6}},
	} {
		measured := line.u
		fmt.Fprintf(&report, "%-44s %6.1f %6.1f   %.1f, %.1f\n", line.name, measured.read, measured.write, line.bound.read, line.bound.write)
		if measured.read > line.bound.read || measured.write > line.bound.write {
			t.Errorf("%s is over its bound", line.name)
		}
	}
	t.Log(report.String())
}

// device is what the service stores of one device, as large as a real one's.
type device struct {
	binding dps.DeviceBinding
	audit   dps.AuditEntry
	results []dps.StepResult
}

func newDevice(t *testing.T) device {
	t.Helper()
	maker, identity := authority(t, "Example Devices Manufacturing CA"), authority(t, "hub identity CA")
	id, record, group, hub, owner := dps.NewUUID(), dps.NewUUID(), dps.NewUUID(), dps.NewUUID(), dps.NewUUID()
	manufactured := leaf(t, maker, "example-device-"+id)
	issued := leaf(t, identity, "uuid:"+id, pki.UnknownEKU(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44924, 1, 6}))
	results := []dps.StepResult{
		{Step: dps.StepAttestation, Attestation: &dps.AttestationDetail{
			CertificatePEM: dps.EncodeCertificatesPEM(manufactured.Certificate), CommonName: "example-device-" + id, RemoteAddress: "203.0.113.77:52144",
		}},
		{Step: dps.StepTime, CoAPCode: "2.05"},
		{Step: dps.StepOwnership, CoAPCode: "2.04", Ownership: &dps.OwnershipDetail{Owner: owner}},
		{Step: dps.StepCloudConfiguration, CoAPCode: "2.04", Cloud: &dps.CloudDetail{
			ProviderName: "plgd.dps.mobile", Gateways: []dps.Gateway{{URI: "coaps+tcp://hub.example.com:5684", ID: hub}},
		}},
		{Step: dps.StepCredentials, CoAPCode: "2.04", Credential: &dps.CredentialDetail{
			IdentityCertificatePEM: string(issued.ChainPEM()), PreSharedKeySubject: owner,
			Credentials: []dps.CredentialSummary{
				{Subject: owner, Type: 1}, {Subject: id, Type: 8, Usage: "oic.sec.cred.cert"},
				{Subject: owner, Type: 8, Usage: "oic.sec.cred.trustca", PublicPEM: root(identity)},
			},
		}},
		{Step: dps.StepACLs, CoAPCode: "2.05", ACL: &dps.ACLDetail{Entries: []dps.ACLEntry{
			{SubjectUUID: owner, Permission: 31, Resources: []string{"*"}},
			{ConnectionType: "anon-clear", Permission: 2, Resources: []string{"/oic/d", "/oic/p", "/oic/res", "/oic/sec/doxm"}},
			{SubjectUUID: hub, Permission: 31, Resources: []string{"*"}},
		}}},
		{Step: dps.StepLocalEndpoints, LocalEndpoints: []string{"coap://[fe80::1234:5678:9abc:def0]:41324", "coaps://[fe80::1234:5678:9abc:def0]:42021"}},
	}
	for i := range results {
		r := &results[i]
		r.EventID, r.Time, r.RecordID, r.GroupID, r.Owner = dps.NewUUID(), start.Add(time.Duration(i)*time.Second), record, group, owner
		if i > 0 {
			r.DeviceID = id
		}
	}
	c := issued.Certificate
	return device{
		dps.DeviceBinding{DeviceID: id, RecordID: record, Owner: owner, GroupID: group, Created: start},
		dps.AuditEntry{
			Time: start, Event: dps.AuditIssued, RecordID: record, DeviceID: id, Owner: owner, GroupID: group, HubID: hub,
			Serial: c.SerialNumber.Text(16), NotBefore: c.NotBefore, NotAfter: c.NotAfter, CertificatePEM: dps.EncodeCertificatesPEM(c),
		},
		results,
	}
}

// later gives the results of another provisioning.
func (d device) later(by time.Duration) []dps.StepResult {
	var results []dps.StepResult
	for _, r := range d.results {
		r.EventID, r.Time = r.EventID[:35]+"x", r.Time.Add(by)
		results = append(results, r)
	}
	return results
}

func authority(t *testing.T, name string) *pki.Pair {
	t.Helper()
	root, err := pki.NewRoot(name + " root")
	must(t, err)
	ca, err := root.NewIntermediate(name)
	must(t, err)
	return ca
}

func leaf(t *testing.T, ca *pki.Pair, name string, opts ...pki.Option) *pki.Pair {
	t.Helper()
	pair, err := ca.NewLeaf(name, opts...)
	must(t, err)
	return pair
}

func root(ca *pki.Pair) string { return string(ca.CertificatePEM()) } // as large
