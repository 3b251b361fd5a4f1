package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
	"dps/shared/httpapi"
)

func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

// ifMatch is the header's value, all of it (RFC 9110 §13.1.1).
func ifMatch(r *http.Request) string { return strings.Join(r.Header.Values("If-Match"), ",") }

func listed(header, tag string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(s string) bool {
		s = strings.TrimSpace(s)
		return s == "*" || s == tag
	})
}

// matches checks If-Match against what is stored. now is what the client would make of it; nil: nothing, it deletes.
func matches[T any](x *exchange, r resource[T], current T, now *T) error {
	header := ifMatch(x.r)
	if header == "" || listed(header, etag(r.meta(current).version)) {
		return nil
	}
	return stale(r, http.StatusPreconditionFailed, current, now)
}

// stale says that somebody else has changed the object, how it stands now, and in what it differs from what the client wants.
func stale[T any](r resource[T], status int, current T, now *T) error {
	m, grpc := r.meta(current), httpapi.FailedPrecondition
	if status == http.StatusConflict {
		grpc = httpapi.Aborted
	}
	f := fail(status, grpc, dps.CodeConflict, "%s %s has version %d by now: somebody else changed it; look at what differs and try again on that version", r.noun, m.id, m.version)
	object := plgd.Marshal(r.wire(current), plgd.Extended)
	f.extra = map[string]any{"version": strconv.FormatUint(m.version, 10), "current": rawJSON(object)}
	if now != nil {
		wanted := *now
		for _, s := range r.secrets(&wanted) { // a value on its way to the secrets store is nobody's business
			if s.ref.IsInline() {
				*s.ref = dps.SecretRef(dps.SecretScheme + s.name)
			}
		}
		f.extra["differs"] = differences(object, plgd.Marshal(r.wire(wanted), plgd.Extended))
	}
	return f
}

// notModified tells whether the client has this version already (RFC 9110 §13.1.2).
func notModified(r *http.Request, tag string) bool {
	header := strings.Join(r.Header.Values("If-None-Match"), ",")
	return header != "" && listed(strings.ReplaceAll(header, "W/", ""), tag)
}
