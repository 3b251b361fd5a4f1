package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dps/functions/api"
	"dps/shared/dps"
	"dps/shared/telemetry"
)

// generation is a store that answers with an error, or without.
type generation struct{ err error }

func (g generation) Generation(ctx context.Context) (uint64, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		panic("the store is asked without a deadline")
	}
	return 1, g.err
}

func TestRoutes(t *testing.T) {
	down := dps.Wrap(dps.CodeUnavailable, io.ErrUnexpectedEOF, "table dps-prod of account 1234 does not answer")
	rest := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "REST "+r.URL.Path) })
	tests := []struct {
		name, method, path string
		store              error
		rest               http.Handler
		status             int
		contentType, body  string
	}{
		{"alive", http.MethodGet, "/healthz", nil, nil, 200, "application/json", `{"status":"up"}`},
		{"alive while the store is down", http.MethodGet, "/healthz", down, nil, 200, "application/json", `{"status":"up"}`},
		{"ready", http.MethodGet, "/readyz", nil, nil, 200, "application/json", `{"status":"ready"}`},
		{"not ready", http.MethodGet, "/readyz", down, nil, 503, "application/problem+json", `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the store does not answer"}`},
		{"nothing else", http.MethodGet, "/api/v1/x", nil, nil, 404, "application/problem+json", `{"type":"about:blank","title":"Not Found","status":404,"detail":"nothing is served under this path"}`},
		{"health is only read", http.MethodPost, "/healthz", nil, nil, 404, "application/problem+json", `{"type":"about:blank","title":"Not Found","status":404,"detail":"nothing is served under this path"}`},
		{"REST has the rest", http.MethodDelete, "/api/v1/x", down, rest, 200, "text/plain; charset=utf-8", "REST /api/v1/x"},
		{"REST does not have health", http.MethodGet, "/healthz", nil, rest, 200, "application/json", `{"status":"up"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h := api.New(api.Options{Store: generation{tt.store}, REST: tt.rest, Log: telemetry.Discard()})
			h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, http.NoBody))
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.contentType || strings.TrimSpace(w.Body.String()) != tt.body {
				t.Errorf("%d %s %s", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			if tt.status == 503 && w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

// What is wrong inside is for the log.
func TestNotReadyIsLogged(t *testing.T) {
	var out strings.Builder
	log := telemetry.NewLogger(&out, telemetry.LogOptions{})
	h := api.New(api.Options{Store: generation{dps.Errorf(dps.CodeThrottled, "the table is busy")}, Log: log})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
	var line struct{ Level, Msg, Code, Error string }
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil || line.Level != "warn" || line.Code != "throttled" || line.Error != "the table is busy" {
		t.Errorf("log %q, %v", out.String(), err)
	}
}
