package d2d

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"dps/client/d2d/settings"
	"dps/shared/dps"
	"dps/shared/httpapi"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 256 << 10

var (
	errHost = fail(http.StatusMisdirectedRequest, httpapi.PermissionDenied, dps.CodeDenied,
		"this client is not served under that host name: use localhost or its address, or add the name to apis.http.allowedHosts")
	errOrigin = fail(http.StatusForbidden, httpapi.PermissionDenied, dps.CodeDenied,
		"pages of that origin may not use this client: add it to apis.http.cors.allowedOrigins if you trust it")
)

// guard is what every request passes first. A client without tokens is open to every program of this machine; it must not be open to
// every web page that a browser of this machine shows.
func (a *api) guard(next http.Handler) http.Handler {
	return httpapi.Survive(a.Log, a.refuse, func(w http.ResponseWriter, r *http.Request) {
		httpapi.Protect(w.Header())
		w.Header().Set("Vary", "Accept, Authorization, Origin")
		switch {
		case !a.knowsHost(r):
			a.refuse(w, r, errHost)
			return
		case !httpapi.IsPlainPath(r.URL.Path):
			a.refuse(w, r, errNoPath)
			return
		case !isAPI(r.URL.Path):
			a.pages(w, r)
			return
		case !a.letsOrigin(w, r):
			a.refuse(w, r, errOrigin)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		next.ServeHTTP(w, r)
	})
}

func isAPI(p string) bool {
	return strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/.well-known/")
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
