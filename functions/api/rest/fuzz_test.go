package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"dps/functions/api/rest"
	"dps/shared/dps"
)

// FuzzRequests: whatever comes, the answer is no defect's, is JSON, and tells nothing of another owner's.
func FuzzRequests(f *testing.F) {
	for _, seed := range []struct{ method, path, query, accept, body string }{
		{"GET", pathGroups, "idFilter=" + seededGroup, "", ""},
		{"PUT", pathGroups + "/" + seededGroup, "", "application/json", `{"name":"x"}`},
		{"PATCH", pathHubs + "/" + seededHub, "", "", `{"authorization":{"provider":{"clientSecret":"/etc/passwd"}}}`},
		{"POST", pathHubs, "", "application/protojson", hubBody(hubID)},
		{"DELETE", pathRecords, "deviceIdFilter=x", "", ""},
		{"GET", pathRecords, "pageSize=3&pageToken=eyJmIjoiIn0&state=ok", "*/*", ""},
		{"POST", "/api/v1/sign/identity-csr", "hubIdFilter=x", "", `{"certificateSigningRequest":"AAAA"}`},
		{"GET", "/api/v1/statistics", "search=%00", "", ""},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.accept, seed.body)
	}
	w := newWorld(f, func(o *rest.Options) { o.ProofOfPossession = true })
	hub := dps.Hub{
		ID: seededHub, HubID: hubID, Owner: alice, Name: "alices-own", Gateways: []string{"coaps://hub.example.com:1"}, CertificateAuthority: dps.CertificateAuthority{Address: "x:1"},
		Authorization: dps.Authorization{OwnerClaim: "owner", Provider: dps.OAuthProvider{Name: "p", Authority: "https://x", ClientID: "c"}},
	}
	if _, err := w.store.PutHub(f.Context(), hub); err != nil {
		f.Fatal(err)
	}
	token := w.token(bob, "dps:admin", nil)
	f.Fuzz(func(t *testing.T, method, path, query, accept, body string) {
		r := &http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Body: http.NoBody, ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Authorization": {token}, "Accept": {accept}},
		}
		r = r.WithContext(t.Context())
		r.Body = readCloser{strings.NewReader(body)}
		recorder := httptest.NewRecorder()
		w.api.ServeHTTP(recorder, r)
		answer := recorder.Body.String()
		if recorder.Code == http.StatusInternalServerError || strings.Contains(answer, "alices-own") || strings.Contains(answer, "root:x:0") {
			t.Fatalf("status %d: %s\n%s", recorder.Code, answer, w.log)
		}
		for line := range strings.Lines(answer) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("status %d: %q", recorder.Code, line)
			}
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
