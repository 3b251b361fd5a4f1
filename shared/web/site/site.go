// Package site serves a web page that is embedded in a program:
//
//	/  and the page's own paths  ─▶ index.html, which shows what the path names
//	/assets/NAME-HASH.EXT        ─▶ script and style sheet, kept by browsers for ever
//
// The files are what shared/web/tools builds: each with NAME.gz beside it. What a page is made of is in the folders beside this one.
package site

import (
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// Options of a page.
type Options struct {
	// Files are what the build made: index.html, assets/NAME-HASH.EXT, …, and a NAME.gz beside each.
	Files fs.FS
	// IsPage tells whether the page itself knows the path, such as "/devices/7", which is clean. Anything else is not found, so that
	// a mistyped address of an API is not answered with a page. "/" is always one.
	IsPage func(path string) bool
	// ConnectSources are the origins, SCHEME://HOST[:PORT], that the page may speak to beside its own. Of a URL the origin is
	// taken; what is none is left out: it would end up in a header.
	ConnectSources []string
}

// handler serves the page. It starts nothing that would have to be closed.
type handler struct {
	files  map[string]file // by path, "/assets/…"
	policy string          // Content-Security-Policy
	isPage func(string) bool
}

// New makes the handler. It answers GET and HEAD, and 404 to what is no page. It panics on nothing but a broken build: the files are
// in the program.
func New(o Options) http.Handler {
	return &handler{files: readAll(o.Files), policy: policy(o.ConnectSources), isPage: o.IsPage}
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
	if p == "/" || isClean(p) && h.isPage(p) {
		return h.files[pathIndex], true
	}
	return file{}, false
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
