package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"dps/shared/dps"
)

var errPanic = dps.Errorf(dps.CodeInternal, "internal error")

// Survive turns a panic of next into an answer without detail, which refuse writes, and logs it. Half an answer is cut off: it must not
// look whole.
func Survive(log *slog.Logger, refuse func(http.ResponseWriter, *http.Request, error), next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := &startedWriter{ResponseWriter: w}
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			log.ErrorContext(r.Context(), "panic", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			if started.started {
				panic(http.ErrAbortHandler)
			}
			refuse(w, r, errPanic)
		}()
		next(started, r)
	})
}

// Protect sets what browsers must not do with an answer: it holds data of one owner, and nobody keeps it.
func Protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// IsPlainPath refuses what a multiplexer would redirect, and so reveal, or a proxy before it would see differently.
func IsPlainPath(p string) bool {
	return strings.HasPrefix(p, "/") && (path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/") && !strings.ContainsAny(p, "\x00\\")
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
