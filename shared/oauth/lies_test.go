package oauth_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/oauth"
)

// Each way in which an OAuth server can be wrong, and what the operator reads. In no case does the error hold the token, or
// the secret.
func TestWrongServers(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	discovery := func(issuer, endpoint string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			hubtest.WriteJSON(w, http.StatusOK, map[string]any{"issuer": issuer, "token_endpoint": endpoint})
		}
	}
	claim := func(name string, value any) func(*hubtest.OAuth) {
		return func(o *hubtest.OAuth) {
			o.Claims = func(_ url.Values, c map[string]any) {
				if c[name] = value; value == nil {
					delete(c, name)
				}
			}
		}
	}
	tests := []struct {
		name string
		lie  func(*hubtest.OAuth)
		code dps.Code
		want []string // in the message
	}{
		{"owner missing", claim(hubtest.OwnerClaim, nil), dps.CodeUnavailable, []string{hubtest.OwnerClaim, `want "the owner"`, "missing"}},
		{"another owner", claim(hubtest.OwnerClaim, "eve"), dps.CodeUnavailable, []string{hubtest.OwnerClaim, `"eve"`, `want "the owner"`}},
		{"owner is a number", claim(hubtest.OwnerClaim, 7), dps.CodeUnavailable, []string{hubtest.OwnerClaim, `"7"`, `want the text "the owner"`}},
		{"owner is a list", claim(hubtest.OwnerClaim, []string{owner}), dps.CodeUnavailable, []string{hubtest.OwnerClaim, "want the text"}},
		{"owner is longer than any", claim(hubtest.OwnerClaim, strings.Repeat("x", 4000)), dps.CodeUnavailable, []string{"…"}},
		{"device missing", claim(hubtest.DeviceIDClaim, nil), dps.CodeUnavailable, []string{hubtest.DeviceIDClaim, deviceID}},
		{"another device", claim(hubtest.DeviceIDClaim, "eve"), dps.CodeUnavailable, []string{hubtest.DeviceIDClaim, `"eve"`, deviceID}},
		{"expired", claim("exp", 1000000000), dps.CodeUnavailable, []string{"2001-09-09", "clocks"}},
		{"exp is text", claim("exp", "tomorrow"), dps.CodeUnavailable, []string{`"exp"`}},
		{"token too long", claim("x", strings.Repeat("x", 9000)), dps.CodeUnavailable, []string{"at most 8192"}},
		{"opaque token", func(o *hubtest.OAuth) {
			o.Answer = func(a map[string]any) { a["access_token"] = "opaque" }
		}, dps.CodeUnavailable, []string{"not a JWT"}},
		{"token of another type", func(o *hubtest.OAuth) {
			o.Answer = func(a map[string]any) { a["token_type"] = "mac" }
		}, dps.CodeUnavailable, []string{`"mac"`, "bearer"}},
		{"no token", func(o *hubtest.OAuth) { o.OnToken = answer(200, `{}`) }, dps.CodeUnavailable, []string{"not a token response"}},
		{"token response is not JSON", func(o *hubtest.OAuth) { o.OnToken = answer(200, `<html>`) }, dps.CodeUnavailable, []string{"not a token response"}},
		{"endless token response", func(o *hubtest.OAuth) {
			o.OnToken = answer(200, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)
		}, dps.CodeUnavailable, nil},
		{"scope refused", func(o *hubtest.OAuth) {
			o.OnToken = answer(400, `{"error":"invalid_scope","error_description":"`+hubtest.ClientSecret+`"}`)
		}, dps.CodeUnavailable, []string{"invalid_scope", "HTTP status 400", "scopes"}},
		{"too many requests", func(o *hubtest.OAuth) { o.OnToken = answer(429, `{}`) }, dps.CodeThrottled, []string{"too many"}},
		{"token endpoint fails", func(o *hubtest.OAuth) { o.OnToken = answer(503, `oops`) }, dps.CodeUnavailable, []string{"503"}},
		{"token endpoint redirects", func(o *hubtest.OAuth) {
			o.OnToken = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			}
		}, dps.CodeUnavailable, []string{"redirect"}},
		{"no discovery document", func(o *hubtest.OAuth) { o.OnDiscovery = answer(404, `{}`) }, dps.CodeUnavailable, []string{"404", "authority"}},
		{"discovery redirects", func(o *hubtest.OAuth) {
			o.OnDiscovery = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
		}, dps.CodeUnavailable, []string{"redirect", "authority"}},
		{"discovery is not JSON", func(o *hubtest.OAuth) { o.OnDiscovery = answer(200, `<html>`) }, dps.CodeUnavailable, []string{"not JSON"}},
		{"endless discovery", func(o *hubtest.OAuth) {
			o.OnDiscovery = answer(200, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)
		}, dps.CodeUnavailable, []string{"262144"}},
		{"another issuer", func(o *hubtest.OAuth) {
			o.OnDiscovery = discovery("https://eve.example.com", o.URL+"/token")
		}, dps.CodeUnavailable, []string{"https://eve.example.com", "authority"}},
		{"no token endpoint", func(o *hubtest.OAuth) { o.OnDiscovery = discovery(o.URL, "") }, dps.CodeUnavailable, []string{"token endpoint"}},
		{"token endpoint in clear", func(o *hubtest.OAuth) {
			o.OnDiscovery = discovery(o.URL, "http://127.0.0.1:1/token")
		}, dps.CodeUnavailable, []string{"https"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.hub.OAuth.Do(tt.lie)
			_, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID)
			if dps.CodeOf(err) != tt.code {
				t.Fatalf("error %v, want code %s", err, tt.code)
			}
			for _, w := range tt.want {
				if !strings.Contains(dps.AsError(err).Message, w) {
					t.Errorf("message %q does not hold %q", dps.AsError(err).Message, w)
				}
			}
			for _, secret := range []string{hubtest.ClientSecret, "eyJ", "opaque"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error %q holds a secret", err)
				}
			}
		})
	}
}

func TestThrottledSaysForHowLong(t *testing.T) {
	f := newFixture(t)
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.OnToken = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	_, err := f.OwnerToken(t.Context(), f.entry, owner)
	if e := dps.AsError(err); e.Code != dps.CodeThrottled || e.RetryAfter != 7*time.Second {
		t.Fatalf("error %v, RetryAfter %s", err, e.RetryAfter)
	}
}

func TestUnusableSettings(t *testing.T) {
	tests := []struct {
		name   string
		change func(*fixture)
		want   string
	}{
		{"server's certificate is not trusted", func(f *fixture) {
			f.entry.Authorization.Provider.HTTP.TLS.CAPool = string(f.hub.CA.Root.CertificatePEM())
		}, "http.tls.caPool"},
		{"no such secret", func(f *fixture) { f.entry.Authorization.Provider.ClientSecret = "secret:none" }, "clientSecret"},
		{"key without certificate", func(f *fixture) {
			f.entry.Authorization.Provider.HTTP.TLS.Key = hubtest.ClientKeyRef
		}, "authorization.provider.http.tls.cert"},
		{"nobody listens", func(f *fixture) { f.entry.Authorization.Provider.Authority = "https://127.0.0.1:1" }, "cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			tt.change(f)
			_, err := f.OwnerToken(t.Context(), f.entry, owner)
			if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(dps.AsError(err).Message, tt.want) {
				t.Fatalf("error %v, want unavailable with %q", err, tt.want)
			}
			if strings.Contains(dps.AsError(err).Message, "127.0.0.1") {
				t.Errorf("message %q names a host", dps.AsError(err).Message)
			}
		})
	}
}

// A server that takes its time costs the time that the settings allow, and no more.
func TestSlowServer(t *testing.T) {
	f := newFixture(t)
	gone := make(chan struct{})
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.OnToken = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(gone) }
	})
	f.entry.Authorization.Provider.HTTP.Timeout = 50 * time.Millisecond
	_, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID)
	if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "in time") {
		t.Fatalf("error %v", err)
	}
	<-gone // the request was cancelled, not left to itself
}

// While new discovery documents cannot be had, the old one serves.
func TestDiscoveryIsKept(t *testing.T) {
	f := newFixture(t)
	f.ownerToken(t)
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.OnDiscovery = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
		o.Claims = func(_ url.Values, c map[string]any) { c["exp"] = time.Now().Add(9 * time.Hour).Unix() }
	})
	f.clock.Advance(2 * time.Hour)
	f.ownerToken(t)
	if discoveries, _ := f.hub.OAuth.Calls(); discoveries != 2 {
		t.Fatalf("%d discoveries, want 2: one an hour", discoveries)
	}
	f.entry.Version++ // nothing is known of new settings
	if _, err := f.OwnerToken(t.Context(), f.entry, owner); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Fatalf("without any document: %v", err)
	}
}

func FuzzClaims(f *testing.F) {
	f.Add(hubtest.JWT(map[string]any{hubtest.OwnerClaim: owner, "exp": 4000000000}))
	f.Add("a.e30.b")
	f.Add("e30.bnVsbA.e30")
	f.Add("..")
	oauth.CheckFuzzedClaims(f, hubtest.OwnerClaim, owner, func(t *testing.T, token string, err error) {
		if err == nil {
			return
		}
		if dps.CodeOf(err) != dps.CodeUnavailable {
			t.Errorf("code %q", dps.CodeOf(err))
		}
		if len(token) > 20 && bytes.Contains([]byte(err.Error()), []byte(token)) {
			t.Error("the error holds the token")
		}
	})
}
