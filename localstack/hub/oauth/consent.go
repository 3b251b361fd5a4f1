package oauth

import (
	"net/http"
	"slices"
	"strings"
)

// The provisioning service's scopes, from the least to the most.
const (
	scopeRead  = "dps:read"
	scopeWrite = "dps:write"
	scopeAdmin = "dps:admin"
)

// accesses are what a person chooses from, and the provisioning service's scopes that it allows.
func accesses() map[string][]string {
	return map[string][]string{
		"admin": {scopeRead, scopeWrite, scopeAdmin},
		"":      {scopeRead, scopeWrite, scopeAdmin}, // no choice is offered where no such scope is asked for
		"write": {scopeRead, scopeWrite},
		"read":  {scopeRead},
	}
}

func isAccess(scope string) bool { return strings.HasPrefix(scope, "dps:") }

func asksForAccess(scopes []string) bool { return slices.ContainsFunc(scopes, isAccess) }

// consent reads the form of the log-in: who it is, and what remains of the scopes that are asked for.
func consent(w http.ResponseWriter, r *http.Request, asked []string) (owner string, granted []string, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	owner = r.PostFormValue("owner")
	allowed, known := accesses()[r.PostFormValue("access")]
	return owner, narrow(asked, allowed), owner != "" && known && r.PostFormValue("answer") != "deny"
}

// narrow takes the scopes out that are not allowed. Reading always remains: a token without any of these scopes may do more at
// the provisioning service, not less.
func narrow(asked, allowed []string) []string {
	granted := slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return isAccess(s) && !slices.Contains(allowed, s) })
	if asksForAccess(asked) && !asksForAccess(granted) {
		granted = append(granted, scopeRead)
	}
	return granted
}
