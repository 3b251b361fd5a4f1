package rest

import (
	"errors"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"dps/shared/dps"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 1 << 20

var errPanic = dps.Errorf(dps.CodeInternal, "internal error")

// guard is what every request passes first.
func (a *api) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := &startedWriter{ResponseWriter: w}
		defer a.survive(started, r)
		protect(w.Header())
		a.allowOrigin(w, r)
		if !plainPath(r.URL.Path) {
			a.refuse(w, r, a.dialectOf(r, route{legacy: true}), errNoPath)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		if trimmed := strings.TrimSuffix(r.URL.Path, "/"); trimmed != r.URL.Path && trimmed != "" {
			r = withPath(r, trimmed)
		}
		next.ServeHTTP(started, r)
	})
}

// protect sets what browsers must not do with an answer of the API. Answers hold data of one owner: nobody keeps them.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept, Authorization")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// plainPath refuses what the multiplexer would otherwise redirect, and so reveal, or a proxy before it would see differently.
func plainPath(p string) bool {
	return strings.HasPrefix(p, "/") && (path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/") && !strings.ContainsAny(p, "\x00\\")
}

func withPath(r *http.Request, p string) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = p, strings.TrimSuffix(r.URL.RawPath, "/")
	return r
}

// survive turns a panic into an answer without detail.
func (a *api) survive(w *startedWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	a.Log.ErrorContext(r.Context(), "panic", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	if w.started { // half an answer must not look whole
		panic(http.ErrAbortHandler)
	}
	a.refuse(w, r, a.dialectOf(r, route{legacy: true}), errPanic)
}

// startedWriter knows whether the answer has begun.
type startedWriter struct {
	http.ResponseWriter
	started bool
}

// WriteHeader implements http.ResponseWriter.
func (w *startedWriter) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *startedWriter) Write(p []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *startedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
