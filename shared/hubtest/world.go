package hubtest

import (
	"context"
	"path/filepath"
	"testing"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/invoke"
	"dps/shared/pki"
	"dps/shared/store/bolt"
)

// What a World holds.
const (
	Owner    = "the owner"
	GroupID  = "6aa14b3f-0a31-4c6a-a4ac-5d4b2d1f0001"
	HubEntry = "hub-1"
)

// Device is a device of the world's group; its record id is that of a manufacturer key.
var Device = contract.Device{
	GroupID: GroupID, HubID: HubEntry, Owner: Owner,
	DeviceID: "00000000-cafe-4eaf-8eef-000000000001", RecordID: "00000000-cafe-4eaf-8eef-0000000000aa",
}

// World is a hub, and a store that knows it and one enrollment group.
type World struct {
	*Hub
	Store *bolt.Store
	Clock *Clock
	Maker *pki.Pair // the group's authority
}

// NewWorld makes one, which ends with the test.
func NewWorld(t testing.TB) *World {
	t.Helper()
	w := &World{Hub: New(t), Clock: NewClock(), Maker: Must(pki.NewRoot("maker"))(t)}
	w.Store = Must(bolt.Open(filepath.Join(t.TempDir(), "db")))(t)
	t.Cleanup(func() { _ = w.Store.Close() })
	Must(w.Store.PutHub(t.Context(), w.version0()))(t)
	Must(w.Store.PutGroup(t.Context(), dps.EnrollmentGroup{
		ID: GroupID, Owner: Owner, HubIDs: []string{HubEntry}, X509: dps.X509Attestation{CertificateChain: string(w.Maker.CertificatePEM())},
	}))(t)
	return w
}

func (w *World) version0() dps.Hub {
	h := w.Entry(HubEntry, Owner)
	h.Version = 0
	return h
}

// ChangeHub changes the stored hub.
func (w *World) ChangeHub(t testing.TB, change func(*dps.Hub)) {
	t.Helper()
	h := Must(w.Store.Hub(t.Context(), HubEntry))(t)
	change(&h)
	Must(w.Store.PutHub(t.Context(), h))(t)
}

// ChangeGroup changes the stored group.
func (w *World) ChangeGroup(t testing.TB, change func(*dps.EnrollmentGroup)) {
	t.Helper()
	g := Must(w.Store.Group(t.Context(), GroupID))(t)
	change(&g)
	Must(w.Store.PutGroup(t.Context(), g))(t)
}

// Audit lists what is known of a manufacturer key.
func (w *World) Audit(t testing.TB, recordID string) []dps.AuditEntry {
	t.Helper()
	entries, _, err := w.Store.ListAudit(t.Context(), recordID, dps.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// Functions are all functions, as devices and as owners need them.
type Functions interface {
	contract.Functions
	contract.OwnerFunctions
}

// Ways are the ways to call the functions: typed, and through the contract's JSON, which shares no memory.
func Ways(p *invoke.InProcess) map[string]Functions {
	return map[string]Functions{
		"typed": p,
		"JSON": &invoke.Remote{Transport: func(ctx context.Context, function string, request []byte) ([]byte, error) {
			reply, ok := p.ServeJSON(ctx, function, request)
			if !ok {
				return nil, dps.Errorf(dps.CodeInternal, "no function %s", function)
			}
			return reply, nil
		}},
	}
}
