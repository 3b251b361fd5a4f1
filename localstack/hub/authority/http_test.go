package authority_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const path = "/api/v1/sign/identity-csr"

func (w *world) post(t *testing.T, path, authorization, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	answer := httptest.NewRecorder()
	w.http.ServeHTTP(answer, r)
	return answer
}

// body is a request as PROTOCOL §6 has it.
func body(t *testing.T, csr []byte) string {
	t.Helper()
	return string(must(json.Marshal(map[string][]byte{"certificateSigningRequest": csr}))(t))
}

func TestSigningOverHTTPIsTheSame(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{path, "/certificate-authority" + path} {
		key := newKey(t)
		answer := w.post(t, path, w.bearer(t, deviceID), body(t, newCSR(t, "uuid:"+deviceID, key)))
		var got map[string][]byte
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || answer.Code != http.StatusOK || len(got) != 1 {
			t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
		}
		chain := chainOf(t, got["certificate"])
		if len(chain) != 3 || !key.PublicKey.Equal(chain[0].PublicKey) || chain[0].CheckSignatureFrom(w.issuer.Certificate) != nil {
			t.Errorf("%s: %d certificates", path, len(chain))
		}
		if kind := answer.Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s: Content-Type %q", path, kind)
		}
	}
}

func TestSigningOverHTTPIsRefused(t *testing.T) {
	w := newWorld(t)
	good, csr := w.bearer(t, ""), newCSR(t, "uuid:"+deviceID, newKey(t))
	for _, c := range []struct {
		name, authorization, body string
		status                    int
		want                      string
	}{
		{"no token", "", body(t, csr), 401, "access token is missing"},
		{"garbage for a token", "Bearer garbage", body(t, csr), 401, "access token is missing or not good"},
		{"token of another device", w.bearer(t, otherID), body(t, csr), 403, "bound to another device"},
		{"no JSON", good, string(csr), 400, "{certificateSigningRequest}"},
		{"CSR not in base64", good, `{"certificateSigningRequest":"-----BEGIN"}`, 400, "{certificateSigningRequest}"},
		{"empty", good, `{}`, 400, "is not PEM"},
		{"CSR of a host", good, body(t, newCSR(t, "hub.example.com", newKey(t))), 400, "is not uuid:UUID"},
		{"too long", good, `{"certificateSigningRequest":"` + strings.Repeat("A", 64<<10) + `"}`, 400, "{certificateSigningRequest}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := w.post(t, path, c.authorization, c.body)
			if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.want) {
				t.Errorf("%d %q, want %d with %q", answer.Code, answer.Body, c.status, c.want)
			}
			if challenge := answer.Header().Get("WWW-Authenticate"); (challenge == "Bearer") != (c.status == 401) {
				t.Errorf("WWW-Authenticate %q", challenge)
			}
		})
	}
	if w.Issued() != 0 {
		t.Errorf("%d issued", w.Issued())
	}
}

func TestSigningOverHTTPTakesPostAlone(t *testing.T) {
	w := newWorld(t)
	answer := httptest.NewRecorder()
	w.http.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if answer.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", answer.Code)
	}
}
