package d2d

import (
	"net/http"
	"slices"
	"strings"

	"dps/client/d2d/member"
	"dps/shared/dps"
	"dps/shared/httpapi"
)

// access is whose requests a route serves.
type access int

const (
	anybodys  access = iota // what a page needs to know before anybody logs in
	begins                  // it initializes the client, and verifies its token itself
	members                 // as the member says
	onlookers               // members; before the client is anybody, whoever may initialize it: he must see where its log-in waits
)

type handler func(w http.ResponseWriter, r *http.Request) error

type route struct {
	methods string // separated by spaces
	path    string
	access  access
	serve   handler
}

// table is the API. What is not of PROTOCOL §9 is for new clients, or of plgd's client application.
func (a *api) table() []route {
	const devices, device = "/api/v1/devices", "/api/v1/devices/{id}"
	return []route{
		{"GET", "/.well-known/configuration", anybodys, a.configuration},
		{"GET", "/.well-known/jwks.json", anybodys, a.jwks},
		{"POST", "/api/v1/initialize", begins, a.initialize},
		{"POST", "/api/v1/initialize/{state}", begins, a.finish},
		{"GET", "/api/v1/identity/certificate", members, a.certificate},
		{"POST", "/api/v1/identity/renew", begins, a.renew},
		{"POST", "/api/v1/reset", members, a.reset},
		{"GET", "/api/v1/status", onlookers, a.status},
		{"GET", devices, members, a.discover},
		{"DELETE", devices, members, a.forget},
		{"GET", device, members, a.device},
		{"GET", device + "/resource-links", members, a.links},
		{"GET", device + "/resources/{href...}", members, a.read},
		{"PUT POST", device + "/resources/{href...}", members, a.update},
		{"POST", device + "/own", members, a.own},
		{"POST", device + "/disown", members, a.disown},
		{"POST", device + "/ownership", members, a.own},
		{"DELETE", device + "/ownership", members, a.disown},
	}
}

// mux registers each path once, with a handler that knows its methods.
func (a *api) mux() *http.ServeMux {
	paths := make(map[string]map[string]route)
	for _, r := range a.table() {
		if paths[r.path] == nil {
			paths[r.path] = make(map[string]route)
		}
		for _, m := range strings.Fields(r.methods) {
			paths[r.path][m] = r
		}
	}
	mux := http.NewServeMux()
	for path, methods := range paths {
		mux.Handle(path, a.dispatch(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.refuse(w, r, errNoPath) })
	return mux
}

func (a *api) dispatch(methods map[string]route) http.Handler {
	allowed := allow(methods)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, ok := methods[method]
		switch {
		case ok:
			if err := a.run(w, r, route); err != nil {
				a.refuse(w, r, err)
			}
		case r.Method == http.MethodOptions:
			preflight(w, r, allowed)
		default:
			w.Header().Set("Allow", allowed)
			a.refuse(w, r, errNoMethod)
		}
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

// preflight answers what a browser asks before a request of another origin's page. An origin that is not allowed did not come so far.
func preflight(w http.ResponseWriter, r *http.Request, methods string) {
	h := w.Header()
	h.Set("Allow", methods)
	if h.Get("Access-Control-Allow-Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) run(w http.ResponseWriter, r *http.Request, route route) error {
	if err := a.admit(r, route.access); err != nil {
		return err
	}
	return route.serve(w, r)
}

// admit finds out whether the request may be served: by the API's own authorization, where that is configured, and by the member's.
func (a *api) admit(r *http.Request, who access) error {
	if who == anybodys {
		return nil
	}
	if len(r.Header.Values("Authorization")) > 1 { // something in between may have checked the other one
		return unauthenticated("more than one Authorization header")
	}
	if a.Verifier != nil {
		caller, err := a.Verifier.Verify(r.Context(), authorization(r))
		switch {
		case dps.CodeOf(err) == dps.CodeDenied:
			return unauthenticated(dps.AsError(err).Message)
		case err != nil:
			return err
		case caller.Owner != a.Config.APIs.HTTP.Authorization.Owner:
			return unauthenticated("the token is not of the owner whom this client serves (apis.http.authorization.owner)")
		}
	}
	if who == begins || who == onlookers && a.Member.Status().Way == member.WayNone {
		return nil
	}
	return a.Member.Authorize(r.Context(), authorization(r))
}

func authorization(r *http.Request) string { return r.Header.Get("Authorization") }

func unauthenticated(message string) error {
	return fail(http.StatusUnauthorized, httpapi.Unauthenticated, dps.CodeDenied, "%s", message)
}
