package rest

import (
	"net/http"
	"strings"

	"dps/shared/httpapi"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 1 << 20

// guard is what every request passes first.
func (a *api) guard(next http.Handler) http.Handler {
	refuse := func(w http.ResponseWriter, r *http.Request, err error) {
		a.refuse(w, r, a.dialectOf(r, route{legacy: true}), err)
	}
	return httpapi.Survive(a.Log, refuse, func(w http.ResponseWriter, r *http.Request) {
		httpapi.Protect(w.Header())
		w.Header().Set("Vary", "Accept, Authorization")
		a.allowOrigin(w, r)
		if !httpapi.IsPlainPath(r.URL.Path) {
			refuse(w, r, errNoPath)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		if trimmed := strings.TrimSuffix(r.URL.Path, "/"); trimmed != r.URL.Path && trimmed != "" {
			r = withPath(r, trimmed)
		}
		next.ServeHTTP(w, r)
	})
}

func withPath(r *http.Request, p string) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = p, strings.TrimSuffix(r.URL.RawPath, "/")
	return r
}
