package rest

import (
	"net/http"
	"slices"
	"strings"
)

// Prefix is what plgd's deployments put before every path.
const Prefix = "/device-provisioning-service"

// signPrefix is the same for the signing service.
const signPrefix = "/certificate-authority"

// route is one operation: what serves it, and what the OpenAPI document says of it.
type route struct {
	method, path string
	id           string // operationId
	summary      string
	scope        scope
	legacy       bool // plgd's clients know it: it speaks both dialects
	prefix       string
	query        []parameter
	in           any    // a zero value of the body's type; nil: no body
	inType       string // media type of the body; "": application/json
	out          any    // a zero value of the answer's type; nil: no body
	list         bool   // the answer is a page of out
	raw          bool   // the answer is an object of any kind
	created      bool   // the answer's status is 201 for new clients
	example      string // of the body
	errors       []int  // statuses beyond those that every operation may answer
	serve        func(*exchange) (answer, error)
}

// mux registers each path once, with a handler that knows its methods.
func (a *api) mux() *http.ServeMux {
	mux := http.NewServeMux()
	paths := make(map[string]map[string]route)
	for _, r := range a.routes {
		for _, path := range []string{r.path, r.prefix + r.path} {
			if paths[path] == nil {
				paths[path] = make(map[string]route)
			}
			paths[path][r.method] = r
		}
	}
	for path, methods := range paths {
		mux.Handle(path, a.dispatch(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, a.dialectOf(r, route{legacy: true}), errNoPath)
	})
	return mux
}

func (a *api) dispatch(methods map[string]route) http.Handler {
	allowed := allow(methods)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if route, ok := methods[method]; ok {
			a.run(w, r, route)
			return
		}
		w.Header().Set("Allow", allowed)
		if r.Method == http.MethodOptions {
			preflight(w, r, allowed)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		a.refuse(w, r, a.dialectOf(r, route{legacy: true}), errNoMethod)
	})
}

func allow(methods map[string]route) string {
	names := []string{http.MethodOptions}
	for m := range methods {
		names = append(names, m)
		if m == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
