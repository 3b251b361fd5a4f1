// Package web is the d2d client's web page, served beside its API, which it speaks to like any other client:
//
//	/  /join/…  /devices/…  /callback ─▶ index.html, which shows the page that the path names
//	/assets/NAME-HASH.EXT             ─▶ script and style sheet, kept by browsers for ever
//
// Its sources are in web/, and in shared/web what it has in common with the operators' console, built by npm into dist/, which is kept
// with them and embedded: building the client needs no tools but Go's.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"dps/shared/web/site"
)

//go:embed dist
var dist embed.FS

// Handler makes the page. connect are where it may send requests beside its own origin: the OAuth server's origins, for log-in, and the
// signing service's, to which it carries the client's request; of a URL the origin is taken, what has none is left out. It answers
// GET and HEAD, and 404 to what is no page of it. It panics on nothing but a broken build: the files are in the program.
func Handler(connect ...string) http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // the name is a constant
		panic("the d2d client's page: " + err.Error())
	}
	return site.New(site.Options{Files: files, IsPage: isPage, ConnectSources: connect})
}

// isPage tells whether the page itself knows the path; pages/page.tsx knows the same.
func isPage(p string) bool {
	switch p {
	case "/callback", "/join/key", "/join/self", "/join/browser", "/devices":
		return true
	}
	id, ok := strings.CutPrefix(p, "/devices/")
	id = strings.TrimSuffix(id, "/resource")
	return ok && id != "" && !strings.Contains(id, "/")
}
