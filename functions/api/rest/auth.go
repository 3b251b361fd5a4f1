package rest

import (
	"net/http"
	"slices"
	"strings"

	"dps/shared/bearer"
	"dps/shared/dps"
	"dps/shared/httpapi"
)

// scope is what a token must have been given for.
type scope int

const (
	open  scope = iota // no token is needed
	read               // dps:read
	write              // dps:write
	admin              // dps:admin
)

const scopePrefix = "dps:"

// String is the scope's name in a token.
func (s scope) String() string { return scopePrefix + [...]string{"", "read", "write", "admin"}[s] }

// admit finds out who asks, and whether he may. A token without any scope of ours, as plgd's own clients have it, may read and
// write; one with some may do what they say, each including the lesser.
func (a *api) admit(r *http.Request, need scope) (bearer.Caller, error) {
	if need == open {
		return bearer.Caller{}, nil
	}
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 { // a proxy may have checked the other one
		return bearer.Caller{}, unauthenticated(dps.Errorf(dps.CodeDenied, "more than one Authorization header"))
	}
	caller, err := a.Verifier.Verify(r.Context(), strings.Join(headers, ""))
	if dps.CodeOf(err) == dps.CodeDenied {
		return bearer.Caller{}, unauthenticated(dps.AsError(err))
	}
	if err != nil {
		return bearer.Caller{}, err
	}
	if granted(caller) < need {
		return bearer.Caller{}, fail(http.StatusForbidden, httpapi.PermissionDenied, dps.CodeDenied, "the token lacks the scope %s", need)
	}
	return caller, nil
}

func unauthenticated(err *dps.Error) error {
	return &failure{err: err, status: http.StatusUnauthorized, grpc: httpapi.Unauthenticated}
}

func granted(c bearer.Caller) scope {
	if !slices.ContainsFunc(c.Scopes, func(s string) bool { return strings.HasPrefix(s, scopePrefix) }) {
		return write
	}
	for _, s := range []scope{admin, write, read} {
		if c.Has(s.String()) {
			return s
		}
	}
	return open
}
