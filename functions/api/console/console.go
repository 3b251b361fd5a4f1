// Package console is the operators' web page, served beside the REST API, which it speaks to like any other client:
//
//	/  /devices/…  /groups/…  /hubs/…  /callback ─▶ index.html, which shows the page that the path names
//	/assets/NAME-HASH.EXT                        ─▶ script and style sheet, kept by browsers for ever
//
// Its sources are in web/, built by npm into dist/, which is kept with them and embedded: building the service needs no
// tools but Go's.
package console

import (
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Options of the console.
type Options struct {
	// ConnectSources are the origins, SCHEME://HOST[:PORT], that the page may speak to beside its own: the OAuth server's, for
	// discovery and for tokens. What is no origin is left out: it would end up in a header.
	ConnectSources []string
}

// handler serves the console. It starts nothing that would have to be closed.
type handler struct {
	files  map[string]file // by path, "/assets/…"
	policy string          // Content-Security-Policy
}

// New makes the console. It answers GET and HEAD, and 404 to what is no page of it. It panics on nothing but a broken build: the
// files are in the program.
func New(o Options) http.Handler {
	return &handler{files: embedded(), policy: policy(o.ConnectSources)}
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header(), h.policy)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this page is only read", http.StatusMethodNotAllowed)
		return
	}
	f, ok := h.find(r.URL.Path)
	if !ok {
		http.Error(w, "nothing is served under this path", http.StatusNotFound)
		return
	}
	serve(w, r, f)
}

// find gives the file under a path, or the page where the path is one of its own.
func (h *handler) find(p string) (file, bool) {
	if f, ok := h.files[p]; ok && p != pathIndex {
		return f, true
	}
	if isPage(p) {
		return h.files[pathIndex], true
	}
	return file{}, false
}

// rooms are the first parts of the page's own paths that have others below them.
var rooms = []string{"/devices", "/groups", "/hubs"}

// maxDepth bounds the page's paths: /groups/ID/edit.
const maxDepth = 3

// isPage tells whether the page itself knows the path. Anything else is not found, so that a mistyped address of the API is not
// answered with a page.
func isPage(p string) bool {
	if p == "/" || p == "/callback" {
		return true
	}
	if path.Clean(p) != p || strings.Count(p, "/") > maxDepth {
		return false
	}
	for _, room := range rooms {
		if p == room || strings.HasPrefix(p, room+"/") {
			return true
		}
	}
	return false
}

func serve(w http.ResponseWriter, r *http.Request, f file) {
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Cache-Control", f.cache)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	if strings.Contains(strings.Join(r.Header.Values("If-None-Match"), ","), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a browser that has left misses nothing
	}
}
