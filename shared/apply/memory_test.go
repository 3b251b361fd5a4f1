package apply_test

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"dps/shared/apply"
	"dps/shared/dps"
)

// memory is a store that keeps JSON, checks after every write that no group names a missing hub, and can fail or be
// interfered with at any write.
type memory struct {
	t          *testing.T
	groups     map[string][]byte
	hubs       map[string][]byte
	manifests  map[string]dps.Manifest
	generation uint64
	writes     int
	failAt     int           // the write that fails, 0 for none
	meddle     func(*memory) // called once before the next write of a group or hub
}

var _ apply.Stores = (*memory)(nil)

func newMemory(t *testing.T) *memory {
	return &memory{t: t, groups: map[string][]byte{}, hubs: map[string][]byte{}, manifests: map[string]dps.Manifest{}}
}

func (m *memory) write() error {
	if meddle := m.meddle; meddle != nil {
		m.meddle = nil
		meddle(m)
	}
	if m.writes++; m.writes == m.failAt {
		return dps.Errorf(dps.CodeUnavailable, "the store is down")
	}
	return nil
}

func (m *memory) checkHubs() {
	m.t.Helper()
	for id := range m.groups {
		for _, hub := range decode[dps.EnrollmentGroup](m.groups[id]).HubIDs {
			if m.hubs[hub] == nil {
				m.t.Errorf("group %s names the missing hub %s", id, hub)
			}
		}
	}
}

func (m *memory) Group(_ context.Context, id string) (dps.EnrollmentGroup, error) {
	if m.groups[id] == nil {
		return dps.EnrollmentGroup{}, dps.Errorf(dps.CodeNotFound, "no such group")
	}
	return decode[dps.EnrollmentGroup](m.groups[id]), nil
}

func (m *memory) PutGroup(_ context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	if err := m.write(); err != nil {
		return g, err
	}
	var version uint64
	if old := m.groups[g.ID]; old != nil {
		version = decode[dps.EnrollmentGroup](old).Version
	}
	if version != g.Version {
		return g, dps.Errorf(dps.CodeConflict, "the version moved")
	}
	for id, data := range m.groups {
		if id != g.ID && leadOf(decode[dps.EnrollmentGroup](data)) == leadOf(g) {
			return g, dps.Errorf(dps.CodeConflict, "lead certificate taken")
		}
	}
	g.Version++
	m.groups[g.ID] = encode(g)
	m.generation++
	m.checkHubs()
	return g, nil
}

func (m *memory) DeleteGroup(_ context.Context, id string) error {
	if err := m.write(); err != nil {
		return err
	}
	delete(m.groups, id)
	m.generation++
	return nil
}

func (m *memory) GroupsByCA(_ context.Context, hash string) ([]dps.EnrollmentGroup, error) {
	return m.selectGroups(func(g dps.EnrollmentGroup) bool {
		chain, _ := g.X509.Certificates()
		for _, c := range chain {
			if dps.NameHash(c.RawSubject) == hash {
				return true
			}
		}
		return false
	}), nil
}

// ListGroups gives pages of one, so that whoever forgets the token is found out.
func (m *memory) ListGroups(_ context.Context, owner string, p dps.Page) ([]dps.EnrollmentGroup, string, error) {
	groups := m.selectGroups(func(g dps.EnrollmentGroup) bool { return g.Owner == owner && g.ID > p.Token })
	if len(groups) <= 1 {
		return groups, "", nil
	}
	return groups[:1], groups[0].ID, nil
}

func (m *memory) selectGroups(want func(dps.EnrollmentGroup) bool) []dps.EnrollmentGroup {
	var out []dps.EnrollmentGroup
	for _, id := range slices.Sorted(maps.Keys(m.groups)) {
		if g := decode[dps.EnrollmentGroup](m.groups[id]); want(g) {
			out = append(out, g)
		}
	}
	return out
}

func (m *memory) Hub(_ context.Context, id string) (dps.Hub, error) {
	if m.hubs[id] == nil {
		return dps.Hub{}, dps.Errorf(dps.CodeNotFound, "no such hub")
	}
	return decode[dps.Hub](m.hubs[id]), nil
}

func (m *memory) PutHub(_ context.Context, h dps.Hub) (dps.Hub, error) {
	if err := m.write(); err != nil {
		return h, err
	}
	var version uint64
	if old := m.hubs[h.ID]; old != nil {
		version = decode[dps.Hub](old).Version
	}
	if version != h.Version {
		return h, dps.Errorf(dps.CodeConflict, "the version moved")
	}
	h.Version++
	m.hubs[h.ID] = encode(h)
	m.generation++
	return h, nil
}

func (m *memory) DeleteHub(_ context.Context, id string) error {
	if err := m.write(); err != nil {
		return err
	}
	delete(m.hubs, id)
	m.generation++
	m.checkHubs()
	return nil
}

func (m *memory) ListHubs(context.Context, string, dps.Page) ([]dps.Hub, string, error) {
	return nil, "", dps.Errorf(dps.CodeInternal, "nobody needs this")
}

func (m *memory) Manifest(_ context.Context, source string) (dps.Manifest, error) {
	return m.manifests[source], nil
}

func (m *memory) PutManifest(_ context.Context, source string, manifest dps.Manifest) error {
	if err := m.write(); err != nil {
		return err
	}
	m.manifests[source] = manifest
	return nil
}

// everything is all that is stored, as text.
func (m *memory) everything() string {
	var b strings.Builder
	for _, part := range []map[string][]byte{m.groups, m.hubs} {
		for _, id := range slices.Sorted(maps.Keys(part)) {
			b.Write(part[id])
		}
	}
	return b.String() + string(encode(m.manifests))
}

// writeOnly is a secrets store that can only be written, such as that of an operator without the right to read.
type writeOnly struct{ values map[string]string }

func (s writeOnly) PutSecret(_ context.Context, name string, value []byte) (dps.SecretRef, error) {
	s.values[name] = string(value)
	return dps.SecretRef("secret:" + name), nil
}

func (s writeOnly) DeleteSecret(_ context.Context, ref dps.SecretRef) error {
	delete(s.values, strings.TrimPrefix(string(ref), "secret:"))
	return nil
}

// secrets is one that can be read, too, and counts what is written.
type secrets struct {
	writeOnly
	puts int
}

var (
	_ dps.Secrets      = (*secrets)(nil)
	_ dps.SecretWriter = (*secrets)(nil)
)

func newSecrets() *secrets { return &secrets{writeOnly: writeOnly{map[string]string{}}} }

func (s *secrets) PutSecret(ctx context.Context, name string, value []byte) (dps.SecretRef, error) {
	s.puts++
	return s.writeOnly.PutSecret(ctx, name, value)
}

func (s *secrets) Secret(_ context.Context, ref dps.SecretRef) ([]byte, error) {
	value, ok := s.values[strings.TrimPrefix(string(ref), "secret:")]
	if !ok {
		return nil, dps.Errorf(dps.CodeNotFound, "no such secret")
	}
	return []byte(value), nil
}

func leadOf(g dps.EnrollmentGroup) string {
	lead, ok := apply.Lead(g)
	if !ok {
		return cmp.Or(g.ID, "?")
	}
	return dps.CAIdentity(lead)
}

func decode[T any](data []byte) T {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		panic(err)
	}
	return v
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
