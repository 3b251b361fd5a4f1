package console_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"dps/functions/api/console"
)

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	console.New(console.Options{ConnectSources: []string{"https://auth.example.com:8443/realms/x"}}).ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) []byte {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var asset = regexp.MustCompile(`(?:src|href)="(/[^"]+)"`)

// assets are the paths that the page names.
func assets(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, m := range asset.FindAllSubmatch(body(t, get(t, http.MethodGet, "/")), -1) {
		paths = append(paths, string(m[1]))
	}
	if len(paths) < 3 {
		t.Fatalf("the page names %q, want script, style sheet and icon", paths)
	}
	return paths
}

// TestPaths: the page's own paths get the page, everything else is not found.
func TestPaths(t *testing.T) {
	page := body(t, get(t, http.MethodGet, "/"))
	if !bytes.Contains(page, []byte(`<div id="app">`)) {
		t.Fatalf("no page: %.200s", page)
	}
	for path, want := range map[string]int{
		"/": 200, "/callback": 200, "/callback?code=x&state=y": 200, "/devices": 200, "/devices/abc": 200, "/groups/new": 200, "/groups/x/edit": 200,
		"/hubs": 200, "/devices/a%20b": 200,
		"/index.html": 404, "/favicon.ico": 404, "/device": 404, "/devicesx": 404, "/groups/a/b/c": 404, "/assets/": 404, "/hubs/%2Fetc": 404, "/assets/app.js": 404,
		"/dist/index.html": 404, "/assets/../index.html": 404, "/devices/../x": 404, "/devices//x": 404, "/api/v1/nothing": 404, "/callback/x": 404, "/.env": 404,
		"/index.html.gz": 404,
	} {
		resp := get(t, http.MethodGet, path)
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
		if got := body(t, resp); (want == 200) != bytes.Equal(got, page) {
			t.Errorf("%s: %.80s", path, got)
		}
	}
}

func TestMethods(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
		resp := get(t, method, "/")
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
	resp := get(t, http.MethodHead, "/")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Length") == "0" || len(body(t, resp)) != 0 {
		t.Errorf("HEAD: status %d, length %s", resp.StatusCode, resp.Header.Get("Content-Length"))
	}
}

// TestHeaders: every answer, also a refusal, says what browsers must not do.
func TestHeaders(t *testing.T) {
	for _, path := range []string{"/", "/nothing", assets(t)[0]} {
		h := get(t, http.MethodGet, path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
				"connect-src 'self' https://auth.example.com:8443; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options": "nosniff",
			"Referrer-Policy":        "no-referrer",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

// TestConnectSources: what is no origin does not get into the policy.
func TestConnectSources(t *testing.T) {
	w := httptest.NewRecorder()
	console.New(console.Options{ConnectSources: []string{
		"", "auth.example.com", "ftp://x", "http://a b", "https://u:p@x", "https://x;script-src *", "https://*", "javascript:alert(1)", "http://127.0.0.1:9/",
	}}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "connect-src 'self' http://127.0.0.1:9; ") {
		t.Errorf("policy %q", got)
	}
}

// TestNothingInline: the policy would stop what is written into the page.
func TestNothingInline(t *testing.T) {
	page := string(body(t, get(t, http.MethodGet, "/")))
	for _, bad := range []string{"<style", " style=", " onload=", " onclick=", "javascript:", "<base", "http://", "https://"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if n := strings.Count(page, "<script"); n != 1 || !strings.Contains(page, `<script type="module" src="/assets/`) {
		t.Errorf("the page has %d scripts", n)
	}
}

// TestAssets: every file that the page names is there, compressed or not, and kept for ever; the page itself is not.
func TestAssets(t *testing.T) {
	if got := get(t, http.MethodGet, "/").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("the page is cached: %q", got)
	}
	for _, path := range assets(t) {
		plain := get(t, http.MethodGet, path)
		if plain.StatusCode != http.StatusOK || plain.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: status %d, cache %q", path, plain.StatusCode, plain.Header.Get("Cache-Control"))
		}
		if media := plain.Header.Get("Content-Type"); !regexp.MustCompile(`^(text/javascript|text/css|image/svg)`).MatchString(media) {
			t.Errorf("%s: %s", path, media)
		}
		packed := get(t, http.MethodGet, path, "Accept-Encoding", "br, gzip;q=0.8")
		if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%s: encoding %q, vary %q", path, packed.Header.Get("Content-Encoding"), packed.Header.Get("Vary"))
		}
		if !bytes.Equal(unpack(t, body(t, packed)), body(t, plain)) {
			t.Errorf("%s: its compressed copy says something else", path)
		}
	}
}

func unpack(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestWeight: all that a browser loads weighs less than 300 KB.
func TestWeight(t *testing.T) {
	sum := 0
	for _, path := range append(assets(t), "/") {
		sum += len(body(t, get(t, http.MethodGet, path, "Accept-Encoding", "gzip")))
	}
	if sum > 300_000 {
		t.Errorf("the console weighs %d bytes", sum)
	}
	t.Logf("%d bytes", sum)
}

func TestNegotiation(t *testing.T) {
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "GZIP": "gzip", "x-gzip": "gzip", "*": "gzip", "gzip;q=0": "", "gzip;q=0, *": "", "*;q=0": "", "br": "", "deflate, gzip;q=1.0, *;q=0.5": "gzip",
		"gzip;q=x": "", "identity": "",
	} {
		if got := get(t, http.MethodGet, "/", "Accept-Encoding", accept).Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: %q, want %q", accept, got, want)
		}
	}
}

// TestNotModified: a browser that has the page is told so, without it.
func TestNotModified(t *testing.T) {
	tag := get(t, http.MethodGet, "/").Header.Get("ETag")
	resp := get(t, http.MethodGet, "/", "If-None-Match", tag)
	if resp.StatusCode != http.StatusNotModified || len(body(t, resp)) != 0 || tag == "" {
		t.Errorf("status %d for %s", resp.StatusCode, tag)
	}
	if resp := get(t, http.MethodGet, "/", "If-None-Match", `"else"`); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d for another tag", resp.StatusCode)
	}
}
