package dps

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// RecordState sums a record up.
type RecordState string

// The states.
const (
	RecordPending RecordState = "pending" // under way, or gone quiet before the end
	RecordOK      RecordState = "ok"      // every step was done
	RecordFailed  RecordState = "failed"  // the last result of some step is an error
)

// RecordStates gives all of them.
func RecordStates() []RecordState { return []RecordState{RecordPending, RecordOK, RecordFailed} }

// State tells how the device fares.
func (rec Record) State() RecordState {
	for _, s := range rec.Steps {
		if s.Failed() {
			return RecordFailed
		}
	}
	for _, step := range [...]Step{StepOwnership, StepCloudConfiguration, StepCredentials, StepACLs} {
		if _, done := rec.Steps[step]; !done {
			return RecordPending
		}
	}
	return RecordOK
}

// RecordSummary is what records are found and counted by.
type RecordSummary struct {
	ID         string
	DeviceID   string // "" where none is known
	GroupID    string
	CommonName string // of the manufacturer certificate; "" before the attestation is recorded
	State      RecordState
	Updated    time.Time
}

// Summary sums the record up.
func (rec Record) Summary() RecordSummary {
	s := RecordSummary{ID: rec.ID, DeviceID: rec.DeviceID, GroupID: rec.GroupID, State: rec.State(), Updated: rec.Updated}
	if a := rec.Steps[StepAttestation].Attestation; a != nil {
		s.CommonName = a.CommonName
	}
	return s
}

// RecordQuery says which of an owner's records are wanted: those that meet all of its conditions. An empty one is none.
type RecordQuery struct {
	Owner         string
	GroupIDs      []string      // any of them
	States        []RecordState // any of them
	DeviceIDs     []string      // any of them, exact
	UpdatedFrom   time.Time     // then or later
	UpdatedBefore time.Time
	Prefix        string // what the record id, the device id or the common name begins with, in any case
}

// Matches tells whether the record that the summary is of is wanted. Owner is not looked at.
func (q RecordQuery) Matches(s RecordSummary) bool {
	switch {
	case len(q.GroupIDs) > 0 && !slices.Contains(q.GroupIDs, s.GroupID),
		len(q.States) > 0 && !slices.Contains(q.States, s.State),
		len(q.DeviceIDs) > 0 && (s.DeviceID == "" || !slices.Contains(q.DeviceIDs, s.DeviceID)),
		!q.UpdatedFrom.IsZero() && s.Updated.Before(q.UpdatedFrom),
		!q.UpdatedBefore.IsZero() && !s.Updated.Before(q.UpdatedBefore):
		return false
	}
	return q.Prefix == "" || hasPrefixFold(s.ID, q.Prefix) || hasPrefixFold(s.DeviceID, q.Prefix) || hasPrefixFold(s.CommonName, q.Prefix)
}

// hasPrefixFold: stores that keep an index fold by ToLower, and so does this.
func hasPrefixFold(s, prefix string) bool {
	return strings.HasPrefix(strings.ToLower(s), strings.ToLower(prefix))
}

// RecordPosition is a place in what a query finds: behind the record with this id and time of change.
type RecordPosition struct {
	Updated time.Time
	ID      string
}

// IsZero tells whether it is the beginning.
func (p RecordPosition) IsZero() bool { return p.ID == "" }

// Compare orders positions as queries give records: the latest change first, equal times by id. Negative: p comes first.
func (p RecordPosition) Compare(other RecordPosition) int {
	return cmp.Or(other.Updated.Compare(p.Updated), cmp.Compare(p.ID, other.ID))
}

// Position is where the record stands.
func (s RecordSummary) Position() RecordPosition { return RecordPosition{s.Updated, s.ID} }

// recordToken is a page token: a place among what a query finds, in the store's own words, bound to the query.
type recordToken struct {
	Query string `json:"q"`
	Place string `json:"p"`
}

// Token gives the page token of the place, for stores.
func (q RecordQuery) Token(place string) string {
	data, _ := json.Marshal(recordToken{q.fingerprint(), place}) // two texts always can be
	return base64.RawURLEncoding.EncodeToString(data)
}

// maxToken bounds a page token, in bytes.
const maxToken = 4 << 10

// Place reads a page token, for stores; "" is the beginning. Errors: CodeInvalid where it is none of this query's.
func (q RecordQuery) Place(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	var t recordToken
	data, err := base64.RawURLEncoding.DecodeString(token[:min(len(token), maxToken)])
	if err != nil || len(token) > maxToken || json.Unmarshal(data, &t) != nil || t.Query != q.fingerprint() || t.Place == "" {
		return "", errForeignToken
	}
	return t.Place, nil
}

var errForeignToken = Errorf(CodeInvalid, "page token is none that this query gave: start again without it")

// Place is the position as text, for a page token.
func (p RecordPosition) Place() string { return p.Updated.UTC().Format(time.RFC3339Nano) + "#" + p.ID }

// ParsePosition is the inverse of RecordPosition.Place; "" is the beginning. Errors: CodeInvalid.
func ParsePosition(place string) (RecordPosition, error) {
	if place == "" {
		return RecordPosition{}, nil
	}
	stamp, id, _ := strings.Cut(place, "#")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil || id == "" {
		return RecordPosition{}, errForeignToken
	}
	return RecordPosition{at, id}, nil
}

// fingerprint tells queries apart, whatever the order of their lists.
func (q RecordQuery) fingerprint() string {
	q.GroupIDs, q.States, q.DeviceIDs = sorted(q.GroupIDs), sorted(q.States), sorted(q.DeviceIDs)
	data, _ := json.Marshal(q) // texts and times always can be
	return NameHash(data)[:16]
}

func sorted[T cmp.Ordered](list []T) []T { return slices.Sorted(slices.Values(list)) }
