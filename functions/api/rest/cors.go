package rest

import (
	"net/http"
	"slices"
	"strings"
)

// corsMaxAge is how long a browser may remember a preflight's answer, in seconds.
const corsMaxAge = "600"

// allowOrigin lets pages of the configured origins read the answer. Tokens travel in a header that the page sets itself, never
// in cookies: credentials are not allowed.
func (a *api) allowOrigin(w http.ResponseWriter, r *http.Request) {
	if len(a.AllowedOrigins) == 0 {
		return
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(a.AllowedOrigins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "ETag, Location, Retry-After")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// preflight answers what a browser asks before a request of another origin's page. An origin that is not allowed is
// told nothing, which is a no.
func preflight(w http.ResponseWriter, r *http.Request, methods string) {
	h := w.Header()
	if h.Get("Access-Control-Allow-Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return
	}
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", strings.Join([]string{"Accept", "Authorization", "Content-Type", "If-Match", "If-None-Match", "Traceparent", "Tracestate"}, ", "))
	h.Set("Access-Control-Max-Age", corsMaxAge)
}
