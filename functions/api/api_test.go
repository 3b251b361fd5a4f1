package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"dps/functions/api"
)

func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
}

func TestWhoAnswers(t *testing.T) {
	for path, want := range map[string]string{
		"/": "console", "/devices/1": "console", "/assets/app.js": "console", "/apis": "console", "/healthzz": "console",
		"/api": "rest", "/api/": "rest", "/api/v1/hubs": "rest", "/healthz": "rest", "/readyz": "rest", "/readyz/": "rest",
		"/device-provisioning-service/api/v1/hubs": "rest", "/certificate-authority/api/v1/sign/identity-csr": "rest",
	} {
		w := httptest.NewRecorder()
		api.New(named("rest"), named("console")).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if w.Body.String() != want {
			t.Errorf("%s is answered by %s, want %s", path, w.Body, want)
		}
		w = httptest.NewRecorder()
		api.New(named("rest"), nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if w.Body.String() != "rest" {
			t.Errorf("%s without a console is answered by %s", path, w.Body)
		}
	}
}
