package site

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// policy is the Content-Security-Policy: scripts and styles from here alone, none written into the page, nothing in frames, no
// form sent anywhere; requests go here and to the origins that are named.
func policy(connect []string) string {
	sources := []string{"'self'"}
	for _, source := range connect {
		if origin, ok := originOf(source); ok {
			sources = append(sources, origin)
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src " + strings.Join(sources, " ") +
		"; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}

// originOf gives the origin of an address.
func originOf(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, " ;,'\"*") {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}

// protect sets what browsers must not do with the page.
func protect(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3): gzip, x-gzip or *, unless with a quality of zero. Where gzip is named,
// the star says nothing about it.
func acceptsGzip(values []string) bool {
	star := false
	for _, coding := range strings.Split(strings.Join(values, ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return quality(params) > 0
		case "*":
			star = quality(params) > 0
		}
	}
	return star
}

// quality reads "q=0.5"; what is not understood weighs nothing, and nothing at all weighs one.
func quality(params string) float64 {
	if strings.TrimSpace(params) == "" {
		return 1
	}
	name, value, _ := strings.Cut(params, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0
	}
	return q
}
