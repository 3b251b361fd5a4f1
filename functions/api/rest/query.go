package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dps/shared/dps"
)

// Bounds on a query.
const (
	maxQuery  = 64 << 10 // bytes; plgd's console deletes fifty ids at once
	maxValues = 1000     // of one parameter
)

// parameter is one of a query.
type parameter struct {
	name  string
	doc   string
	many  bool     // it may repeat
	isInt bool     //
	enum  []string // the values it may have; nil: any
	only  bool     // new clients alone may send it
}

// query holds the values by parameter name.
type query map[string][]string

func (q query) all(name string) []string { return q[name] }

func (q query) one(name string) string {
	if len(q[name]) == 0 {
		return ""
	}
	return q[name][0]
}

// empty tells whether none of the parameters filters anything.
func (q query) empty() bool { return len(q) == 0 }

// canonicalName: plgd's clients write a parameter's name in any case, protobuf's in snake_case.
func canonicalName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// parseQuery reads what the route knows. plgd ignores other parameters; here a deletion does not, lest a typing error in a
// filter delete everything, and neither do new clients' requests. Errors: CodeInvalid, naming the parameter.
func parseQuery(raw string, r route, d dialect) (query, error) {
	if len(raw) > maxQuery {
		return nil, dps.Errorf(dps.CodeInvalid, "query: has %d bytes, at most %d are taken", len(raw), maxQuery)
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "query: cannot be read: see to its escapes")
	}
	out := make(query, len(values))
	for name, given := range values {
		i := slices.IndexFunc(r.query, func(p parameter) bool { return canonicalName(p.name) == canonicalName(name) && (d.extended || !p.only) })
		if i < 0 {
			if d.extended || r.method == http.MethodDelete {
				return nil, dps.Errorf(dps.CodeInvalid, "query: there is no parameter %.100q here; known are %s", name, known(r.query))
			}
			continue
		}
		if r.method == http.MethodDelete && slices.Contains(given, "") {
			return nil, dps.Errorf(dps.CodeInvalid, "%s: is empty; a deletion without filters deletes everything, so leave the parameter out if that is meant", name)
		}
		if err := out.add(r.query[i], given); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (q query) add(p parameter, given []string) error {
	for _, value := range given {
		if p.enum != nil && !slices.Contains(p.enum, value) {
			return dps.Errorf(dps.CodeInvalid, "%s: %.100q is none of %s", p.name, value, strings.Join(p.enum, ", "))
		}
		q[p.name] = append(q[p.name], value)
	}
	switch n := len(q[p.name]); {
	case n > maxValues:
		return dps.Errorf(dps.CodeInvalid, "%s: is given %d times, at most %d are taken", p.name, n, maxValues)
	case n > 1 && !p.many:
		return dps.Errorf(dps.CodeInvalid, "%s: is given %d times, want one", p.name, n)
	}
	return nil
}

func known(all []parameter) string {
	if len(all) == 0 {
		return "none"
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}
