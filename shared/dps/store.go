package dps

import "context"

// Page bounds a listing. Token is what the last call returned; "" starts.
type Page struct {
	Size  int // 1 to MaxPageSize; anything else is MaxPageSize
	Token string
}

// MaxPageSize bounds one answer of a listing.
const MaxPageSize = 1000

// Limit is the page's size within its bounds.
func (p Page) Limit() int {
	if p.Size < 1 || p.Size > MaxPageSize {
		return MaxPageSize
	}
	return p.Size
}

// GroupStore keeps enrollment groups. All reads see every write that returned before them, listings excepted: in the cloud
// they may be a moment late.
type GroupStore interface {
	// Group gives one group. Errors: CodeNotFound, CodeUnavailable.
	Group(ctx context.Context, id string) (EnrollmentGroup, error)
	// PutGroup creates the group (Version 0) or replaces the version it names, and gives it back with its new version. It
	// raises the generation. Errors: CodeInvalid, CodeConflict (the version moved, or another group has the same lead
	// certificate by CAIdentity), CodeUnavailable.
	PutGroup(ctx context.Context, g EnrollmentGroup) (EnrollmentGroup, error)
	// DeleteGroup removes the group; one that is not there counts as removed. It raises the generation. Errors: CodeUnavailable.
	DeleteGroup(ctx context.Context, id string) error
	// GroupsByCA gives every group in whose chain a certificate's subject has this NameHash, ordered by id; those that wait for
	// proof (Challenge) excepted, which hold no lead certificate either. Errors: CodeUnavailable.
	GroupsByCA(ctx context.Context, nameHash string) ([]EnrollmentGroup, error)
	// ListGroups gives the owner's groups, ordered by id, and the next page's token, "" at the end. Errors: CodeInvalid for a
	// token of no listing, CodeUnavailable.
	ListGroups(ctx context.Context, owner string, p Page) ([]EnrollmentGroup, string, error)
}

// HubStore keeps hubs, by the same rules as GroupStore.
type HubStore interface {
	// Hub gives one hub. Errors: CodeNotFound, CodeUnavailable.
	Hub(ctx context.Context, id string) (Hub, error)
	// PutHub creates or replaces, as PutGroup. Errors: CodeInvalid, CodeConflict, CodeUnavailable.
	PutHub(ctx context.Context, h Hub) (Hub, error)
	// DeleteHub removes, as DeleteGroup. Errors: CodeUnavailable.
	DeleteHub(ctx context.Context, id string) error
	// ListHubs lists, as ListGroups. Errors: CodeInvalid, CodeUnavailable.
	ListHubs(ctx context.Context, owner string, p Page) ([]Hub, string, error)
}

// GenerationStore tells whether anything about groups or hubs has changed.
type GenerationStore interface {
	// Generation is a number that every change to a group or hub raises. Errors: CodeUnavailable.
	Generation(ctx context.Context) (uint64, error)
}

// RecordStore keeps provisioning records.
type RecordStore interface {
	// MergeResults takes results into their records (Record.Merge) and gives how many changed one. All or nothing per record;
	// calling it again with the same results changes nothing. Errors: CodeInvalid (a result without record id, owner or
	// step; nothing is stored), CodeUnavailable.
	MergeResults(ctx context.Context, results []StepResult) (int, error)
	// Record gives one record. Errors: CodeNotFound, CodeUnavailable.
	Record(ctx context.Context, id string) (Record, error)
	// DeleteRecord removes the record, not its audit. Errors: CodeUnavailable.
	DeleteRecord(ctx context.Context, id string) error
	// ListRecords lists the owner's records, ordered by id, as ListGroups. Errors: CodeInvalid, CodeUnavailable.
	ListRecords(ctx context.Context, owner string, p Page) ([]Record, string, error)
	// FindRecords gives the records that meet the query, the latest change first, equal times by id; with a Prefix, in an order of
	// the store's own. What changes while one pages moves to the front, and may be met again or not. A page may be short, or empty,
	// before the last: what one answer reads is bounded. Errors: CodeInvalid for a token that is not of this query, CodeUnavailable.
	FindRecords(ctx context.Context, q RecordQuery, p Page) ([]Record, string, error)
	// SummarizeRecords visits the summaries of the owner's records, in no order, until visit returns false. Errors:
	// CodeUnavailable.
	SummarizeRecords(ctx context.Context, owner string, visit func(RecordSummary) bool) error
}

// BindingStore keeps which manufacturer key owns which device id.
type BindingStore interface {
	// ClaimDevice binds the device id to the manufacturer key unless it is bound; the same key may claim again. It gives the
	// binding that stands. Errors: CodeConflict where another key holds it (the binding that stands is returned beside the
	// error), CodeInvalid, CodeUnavailable.
	ClaimDevice(ctx context.Context, b DeviceBinding) (DeviceBinding, error)
	// Binding gives who holds the device id. Errors: CodeNotFound, CodeUnavailable.
	Binding(ctx context.Context, deviceID string) (DeviceBinding, error)
	// ReleaseDevice removes the binding. Errors: CodeUnavailable.
	ReleaseDevice(ctx context.Context, deviceID string) error
}

// AuditStore keeps the append-only audit.
type AuditStore interface {
	// AppendAudit adds the entry durably before it returns; the same entry twice is kept once. Errors: CodeInvalid,
	// CodeUnavailable.
	AppendAudit(ctx context.Context, e AuditEntry) error
	// ListAudit lists the entries of one manufacturer key, oldest first. Errors: CodeInvalid, CodeUnavailable.
	ListAudit(ctx context.Context, recordID string, p Page) ([]AuditEntry, string, error)
}

// Manifest remembers which groups and hubs a source of configuration wrote last, so that what it no longer names can go.
type Manifest struct {
	GroupIDs []string `json:"groupIds"`
	HubIDs   []string `json:"hubIds"`
	// Written says of each group what the source said of it and its hubs then, as a digest: what it still says so need not be
	// written over what others have changed since. Empty where the source does not care.
	Written map[string]string `json:"written,omitempty"`
}

// ManifestStore keeps manifests by the name of their source.
type ManifestStore interface {
	// Manifest gives the last one written, an empty one where there is none. Errors: CodeUnavailable.
	Manifest(ctx context.Context, source string) (Manifest, error)
	// PutManifest replaces it. Errors: CodeInvalid, CodeUnavailable.
	PutManifest(ctx context.Context, source string, m Manifest) error
}

// Store is everything an adapter keeps. Consumers take the roles they need, not this. Every write refuses with CodeInvalid,
// and stores nothing, where the value's Storable does, or where it is larger than the store takes; a context that has ended
// is CodeUnavailable. Where CodeUnavailable is promised, CodeThrottled may come as well: the same, with a RetryAfter.
type Store interface {
	GroupStore
	HubStore
	GenerationStore
	RecordStore
	BindingStore
	AuditStore
	ManifestStore
}
