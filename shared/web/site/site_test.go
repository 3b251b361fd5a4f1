package site_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"dps/shared/web/site"
)

func files(names ...string) fstest.MapFS {
	all := make(fstest.MapFS)
	for _, n := range names {
		all[n] = &fstest.MapFile{Data: []byte(n)}
	}
	return all
}

// TestWhatIsNotBuiltIsNoticed: a page without its compressed copies, or none at all, does not come up.
func TestWhatIsNotBuiltIsNoticed(t *testing.T) {
	for name, dist := range map[string]fstest.MapFS{
		"nothing":        {},
		"no page":        files("assets/app.js", "assets/app.js.gz"),
		"no page's copy": files("index.html"),
		"no file's copy": files("index.html", "index.html.gz", "assets/app.js"),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it came up", name)
				}
			}()
			site.New(site.Options{Files: dist})
		}()
	}
}

// TestAnswers: files are kept for ever where their name has their hash, pages are what the site says, refusals are protected too.
func TestAnswers(t *testing.T) {
	h := site.New(site.Options{
		Files:  files("index.html", "index.html.gz", "assets/app.js", "assets/app.js.gz", "licenses.txt", "licenses.txt.gz"),
		IsPage: func(p string) bool { return p == "/room" },
	})
	for _, c := range []struct {
		method, path  string
		status        int
		cache, encode string
	}{
		{http.MethodGet, "/", 200, "no-cache", ""},
		{http.MethodGet, "/room", 200, "no-cache", ""},
		{http.MethodGet, "/room/", 404, "", ""},
		{http.MethodGet, "/x/../room", 404, "", ""},
		{http.MethodGet, "/assets/app.js", 200, "public, max-age=31536000, immutable", ""},
		{http.MethodGet, "/licenses.txt", 200, "no-cache", ""},
		{http.MethodGet, "/assets/app.js.gz", 404, "", ""},
		{http.MethodGet, "/index.html", 404, "", ""},
		{http.MethodHead, "/room", 200, "no-cache", ""},
		{http.MethodPost, "/room", 405, "", ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status || w.Header().Get("Cache-Control") != c.cache || w.Header().Get("Content-Encoding") != c.encode {
			t.Errorf("%s %s: %d %v", c.method, c.path, w.Code, w.Header())
		}
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: no policy", c.method, c.path)
		}
		if c.method == http.MethodHead && w.Body.Len() != 0 {
			t.Errorf("HEAD has a body")
		}
	}
}
