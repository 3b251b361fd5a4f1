package oauth

import (
	"embed"
	"html/template"
	"net/http"
)

//go:embed page
var files embed.FS

var pages = template.Must(template.ParseFS(files, "page/*.html"))

// question is what a page asks of a person.
type question struct {
	Client string // who wants in
	Access bool   // a choice of access is offered
	Code   string // the device's, where one is to be confirmed
	Wrong  string // what was wrong with the last answer
}

// protected keeps a page from other sites: it is shown in no frame, and its form is taken from itself alone. Form targets are not
// restricted: browsers would hold the restriction against the redirect after the form too.
func protected(page http.HandlerFunc) http.Handler {
	guarded := http.NewCrossOriginProtection().Handler(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // the query is nobody's business
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
}

func show(w http.ResponseWriter, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data) // a client that has left misses nothing
}

func stylesheet(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "page/style.css")
}
