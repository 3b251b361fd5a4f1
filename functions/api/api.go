// Package api is the function behind the HTTP API: the REST API, and beside it the console, which is static. It is an
// http.Handler, so that the same runs on Lambda and in a server of one's own.
//
//	/api/…  /device-provisioning-service/…  /certificate-authority/…  /healthz  /readyz ─▶ rest
//	everything else                                                                    ─▶ console
package api

import (
	"net/http"
	"strings"
)

// prefixes are the paths of the REST API.
var prefixes = []string{"/api/", "/device-provisioning-service/", "/certificate-authority/", "/healthz/", "/readyz/"}

// New puts the two side by side. Without a console (nil) the REST API answers everything, which is mostly that nothing is there.
func New(rest, console http.Handler) http.Handler {
	if console == nil {
		return rest
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range prefixes {
			if strings.HasPrefix(r.URL.Path+"/", prefix) {
				rest.ServeHTTP(w, r)
				return
			}
		}
		console.ServeHTTP(w, r)
	})
}
