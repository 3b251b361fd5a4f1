package rest

import (
	"context"
	"net/http"

	"dps/functions/api/rest/plgd"
	"dps/shared/bearer"
)

// exchange is one request on its way.
type exchange struct {
	r       *http.Request
	w       http.ResponseWriter
	route   route
	caller  bearer.Caller
	dialect dialect
	query   query
}

func (x *exchange) ctx() context.Context { return x.r.Context() }

func (x *exchange) owner() string { return x.caller.Owner }

// id is the object that the path names.
func (x *exchange) id() string { return x.r.PathValue("id") }

// run takes a request through token and scope to its handler, and the answer back.
func (a *api) run(w http.ResponseWriter, r *http.Request, route route) {
	x := &exchange{r: r, w: w, route: route, dialect: a.dialectOf(r, route)}
	answer, err := a.serve(x)
	if err != nil {
		a.refuse(w, r, x.dialect, err)
		return
	}
	if answer.stream != nil {
		a.stream(r.Context(), x, answer)
		return
	}
	a.write(x, answer)
}

func (a *api) serve(x *exchange) (answer, error) {
	var err error
	if x.caller, err = a.admit(x.r, x.route.scope); err != nil {
		return answer{}, err
	}
	if x.query, err = parseQuery(x.r.URL.RawQuery, x.route, x.dialect); err != nil {
		return answer{}, err
	}
	return x.route.serve(x)
}

// dialect is how a client wants to be answered.
type dialect struct {
	extended bool      // the one for new clients
	form     plgd.Form // of objects
	media    string    // Content-Type of objects
}
