package dpsctl

import (
	"context"

	"dps/client/dpsctl/api"
	"dps/shared/apply"
	"dps/shared/dps"
)

// store is what commands need of where the service keeps its data: a store itself, or the API before one.
type store interface {
	Group(ctx context.Context, id string) (dps.EnrollmentGroup, error)
	PutGroup(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error)
	DeleteGroup(ctx context.Context, id string) error
	ListGroups(ctx context.Context, owner string, p dps.Page) ([]dps.EnrollmentGroup, string, error)
	Hub(ctx context.Context, id string) (dps.Hub, error)
	DeleteHub(ctx context.Context, id string) error
	ListHubs(ctx context.Context, owner string, p dps.Page) ([]dps.Hub, string, error)
	Record(ctx context.Context, id string) (dps.Record, error)
	DeleteRecord(ctx context.Context, id string) error
	ListRecords(ctx context.Context, owner string, p dps.Page) ([]dps.Record, string, error)
	FindRecords(ctx context.Context, q dps.RecordQuery, p dps.Page) ([]dps.Record, string, error)
	Binding(ctx context.Context, deviceID string) (dps.DeviceBinding, error)
	ReleaseDevice(ctx context.Context, deviceID string) error
	ListAudit(ctx context.Context, recordID string, p dps.Page) ([]dps.AuditEntry, string, error)
}

var (
	_ store = dps.Store(nil)
	_ store = api.Store{}
)

// backend is an open store, with its secrets; or an API, with whose it is.
type backend struct {
	store   store
	where   string   // for people
	owners  []string // whom the configuration file names
	close   func() error
	*direct // nil over the API
	*remote // nil over a store
}

// direct is what a store itself has beside.
type direct struct {
	stores  apply.Stores
	secrets dps.SecretWriter
	// exclusive tells that nobody else can use the store meanwhile.
	exclusive bool
}

// remote is what an API has beside.
type remote struct {
	api api.Store
	me  api.Me
}
