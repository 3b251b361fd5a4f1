package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"dps/client/d2d/web"
)

func get(t *testing.T, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	web.Handler("https://auth.example.com/realms/x", "https://sign.example.com:8443", "").ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), body
}

// TestPaths: the page's own paths get the page, everything else is not found.
func TestPaths(t *testing.T) {
	_, page := get(t, "/")
	if !bytes.Contains(page, []byte(`<div id="app">`)) {
		t.Fatalf("no page: %.200s", page)
	}
	for path, want := range map[string]int{
		"/": 200, "/callback?code=x&state=y": 200, "/join/key": 200, "/join/self": 200, "/join/browser": 200, "/devices": 200,
		"/devices/98be12de-3991-4567-aeea-edd9a656e6df": 200, "/devices/x/resource?href=%2Flight%2F1": 200,
		"/join": 404, "/join/else": 404, "/join/key/x": 404, "/devices/": 404, "/devicesx": 404, "/devices/x/other": 404, "/devices/x/resource/y": 404,
		"/devices//resource": 404, "/devices/a%2Fb": 404, "/index.html": 404, "/favicon.ico": 404, "/api/v1/nothing": 404, "/.well-known/x": 404, "/.env": 404,
		"/assets/": 404, "/index.html.gz": 404, "/devices/../x": 404,
	} {
		resp, body := get(t, path)
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
		if (want == 200) != bytes.Equal(body, page) {
			t.Errorf("%s: %.80s", path, body)
		}
	}
}

// TestPolicy: the page may ask the OAuth server and the signing service, and nobody else; nothing is written into it.
func TestPolicy(t *testing.T) {
	resp, page := get(t, "/")
	want := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self' https://auth.example.com https://sign.example.com:8443; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	if got := resp.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q, want %q", got, want)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache", "X-Frame-Options": "DENY"} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"<style", " style=", " onload=", " onclick=", "javascript:", "<base", "http://", "https://"} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page has %s", bad)
		}
	}
}

// TestAssets: every file that the page names is there, is kept for ever, and all together weigh less than 200 KB.
func TestAssets(t *testing.T) {
	_, page := get(t, "/")
	named := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllSubmatch(page, -1)
	if len(named) != 3 {
		t.Fatalf("the page names %d files, want script, style sheet and icon", len(named))
	}
	sum := 0
	for _, n := range named {
		resp, body := get(t, string(n[1]), "Accept-Encoding", "gzip")
		if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") || resp.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: status %d, headers %v", n[1], resp.StatusCode, resp.Header)
		}
		sum += len(body)
	}
	if sum > 200_000 {
		t.Errorf("the page weighs %d bytes", sum)
	}
	t.Logf("%d bytes", sum)
}
