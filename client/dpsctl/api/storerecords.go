package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"dps/shared/dps"
)

// filters are the API's for the query; whose the records are, the token says.
func filters(q dps.RecordQuery) url.Values {
	out := url.Values{}
	for _, state := range q.States {
		out.Add("state", string(state))
	}
	for name, values := range map[string][]string{"enrollmentGroupIdFilter": q.GroupIDs, "deviceIdFilter": q.DeviceIDs} {
		if len(values) > 0 {
			out[name] = values
		}
	}
	for name, value := range map[string]string{"search": q.Prefix, "updatedAfter": stamp(q.UpdatedFrom), "updatedBefore": stamp(q.UpdatedBefore)} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func fine[T any](f func(T) dps.Record) func(T) (dps.Record, error) {
	return func(v T) (dps.Record, error) { return f(v), nil }
}

// Record implements dps.RecordStore.
func (s Store) Record(ctx context.Context, id string) (dps.Record, error) {
	path, err := at(pathRecords, id)
	if err != nil {
		return dps.Record{}, err
	}
	return call(ctx, s.Client, request{method: http.MethodGet, path: path}, fine(record.domain))
}

// DeleteRecord implements dps.RecordStore.
func (s Store) DeleteRecord(ctx context.Context, id string) error {
	return s.remove(ctx, pathRecords, id)
}

// ListRecords implements dps.RecordStore.
func (s Store) ListRecords(ctx context.Context, _ string, p dps.Page) ([]dps.Record, string, error) {
	return list(ctx, s.Client, pathRecords, nil, p, fine(record.domain))
}

// FindRecords implements dps.RecordStore.
func (s Store) FindRecords(ctx context.Context, q dps.RecordQuery, p dps.Page) ([]dps.Record, string, error) {
	return list(ctx, s.Client, pathRecords, filters(q), p, fine(record.domain))
}

// entry is a line of the audit on the wire.
type entry struct {
	Time           time.Time `json:"time"`
	Event          string    `json:"event"`
	RecordID       string    `json:"recordId"`
	DeviceID       string    `json:"deviceId"`
	GroupID        string    `json:"enrollmentGroupId"`
	HubID          string    `json:"hubId"`
	Serial         string    `json:"serial"`
	NotBefore      time.Time `json:"notBefore"`
	NotAfter       time.Time `json:"notAfter"`
	CertificatePEM string    `json:"certificatePem"`
	Detail         string    `json:"detail"`
}

// ListAudit implements dps.AuditStore.
func (s Store) ListAudit(ctx context.Context, recordID string, p dps.Page) ([]dps.AuditEntry, string, error) {
	path, err := at(pathRecords, recordID, "audit")
	if err != nil {
		return nil, "", err
	}
	return list(ctx, s.Client, path, nil, p, func(e entry) (dps.AuditEntry, error) {
		return dps.AuditEntry{
			Time: e.Time, Event: dps.AuditEvent(e.Event), RecordID: e.RecordID, DeviceID: e.DeviceID, GroupID: e.GroupID, HubID: e.HubID,
			Serial: e.Serial, NotBefore: e.NotBefore, NotAfter: e.NotAfter, CertificatePEM: e.CertificatePEM, Detail: e.Detail,
		}, nil
	})
}

// Binding implements dps.BindingStore.
func (s Store) Binding(ctx context.Context, deviceID string) (dps.DeviceBinding, error) {
	path, err := at(pathBindings, deviceID)
	if err != nil {
		return dps.DeviceBinding{}, err
	}
	type binding struct {
		DeviceID string    `json:"deviceId"`
		RecordID string    `json:"recordId"`
		Owner    string    `json:"owner"`
		GroupID  string    `json:"enrollmentGroupId"`
		Created  time.Time `json:"created"`
	}
	return call(ctx, s.Client, request{method: http.MethodGet, path: path}, func(b binding) (dps.DeviceBinding, error) {
		return dps.DeviceBinding(b), nil
	})
}

// ReleaseDevice implements dps.BindingStore.
func (s Store) ReleaseDevice(ctx context.Context, deviceID string) error {
	return s.remove(ctx, pathBindings, deviceID)
}
