// Package console is the operators' web page, served beside the REST API, which it speaks to like any other client:
//
//	/  /devices/…  /groups/…  /hubs/…  /callback ─▶ index.html, which shows the page that the path names
//	/assets/NAME-HASH.EXT                        ─▶ script and style sheet, kept by browsers for ever
//
// Its sources are in web/, and in shared/web what it has in common with the d2d client's page, built by npm into dist/, which is kept
// with them and embedded: building the service needs no tools but Go's.
package console

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"dps/shared/web/site"
)

//go:embed dist
var dist embed.FS

// Options of the console.
type Options struct {
	// ConnectSources are the origins, SCHEME://HOST[:PORT], that the page may speak to beside its own: the OAuth server's, for
	// discovery and for tokens. What is no origin is left out: it would end up in a header.
	ConnectSources []string
}

// New makes the console. It answers GET and HEAD, and 404 to what is no page of it. It panics on nothing but a broken build: the
// files are in the program.
func New(o Options) http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // the name is a constant
		panic("console: " + err.Error())
	}
	return site.New(site.Options{Files: files, IsPage: isPage, ConnectSources: o.ConnectSources})
}

// rooms are the first parts of the page's own paths that have others below them.
var rooms = []string{"/devices", "/groups", "/hubs"}

// maxDepth bounds the page's paths: /groups/ID/edit.
const maxDepth = 3

// isPage tells whether the page itself knows the path.
func isPage(p string) bool {
	if p == "/callback" {
		return true
	}
	if strings.Count(p, "/") > maxDepth {
		return false
	}
	for _, room := range rooms {
		if p == room || strings.HasPrefix(p, room+"/") {
			return true
		}
	}
	return false
}
