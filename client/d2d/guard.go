package d2d

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"strings"

	"dps/client/d2d/settings"
	"dps/shared/dps"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 256 << 10

var (
	errHost = fail(http.StatusMisdirectedRequest, grpcPermissionDenied, dps.CodeDenied,
		"this client is not served under that host name: use localhost or its address, or add the name to apis.http.allowedHosts")
	errOrigin = fail(http.StatusForbidden, grpcPermissionDenied, dps.CodeDenied,
		"pages of that origin may not use this client: add it to apis.http.cors.allowedOrigins if you trust it")
	errPanic = dps.Errorf(dps.CodeInternal, "internal error")
)

// guard is what every request passes first. A client without tokens is open to every program of this machine; it must not be open to
// every web page that a browser of this machine shows.
func (a *api) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := &startedWriter{ResponseWriter: w}
		defer a.survive(started, r)
		protect(w.Header())
		switch {
		case !a.knowsHost(r):
			a.refuse(w, r, errHost)
			return
		case !plainPath(r.URL.Path):
			a.refuse(w, r, errNoPath)
			return
		case !isAPI(r.URL.Path):
			a.pages(started, r)
			return
		case !a.letsOrigin(w, r):
			a.refuse(w, r, errOrigin)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		next.ServeHTTP(started, r)
	})
}

// protect sets what browsers must not do with an answer of the API; a page's handler sets its own.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept, Authorization, Origin")
}

func isAPI(p string) bool {
	return strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/.well-known/")
}

// plainPath refuses what the multiplexer would redirect, or something in between would read differently.
func plainPath(p string) bool {
	return strings.HasPrefix(p, "/") && (path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/") && !strings.ContainsAny(p, "\x00\\")
}

// allowedHosts are the names that requests may be for, in lower case.
func allowedHosts(h settings.HTTP) map[string]bool {
	hosts := map[string]bool{"localhost": true}
	for _, n := range h.AllowedHosts {
		hosts[strings.ToLower(n)] = true
	}
	return hosts
}

// knowsHost keeps out requests for a name that somebody else's DNS leads here (DNS rebinding): to a browser they are of the same
// origin as his page. An address is safe where it is the one that the request arrived at, or loopback.
func (a *api) knowsHost(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if a.hosts[host] {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.Unmap() == localAddress(r))
}

// letsOrigin keeps out other sites' pages (CSRF), and lets those that are configured read the answer.
func (a *api) letsOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin" || site == "none"
	case origin == scheme(r)+"://"+r.Host:
		return true
	case a.origins[origin]:
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Retry-After")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return true
	}
	return false
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// pages serves the web page, where there is one.
func (a *api) pages(w http.ResponseWriter, r *http.Request) {
	if a.Pages == nil {
		a.refuse(w, r, errNoPath)
		return
	}
	a.Pages.ServeHTTP(w, r)
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
	a.refuse(w, r, errPanic)
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
