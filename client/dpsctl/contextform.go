package dpsctl

import (
	"strings"
	"time"

	"dps/client/dpsctl/profile"
)

// shownContext is a context as it is shown: its tokens are not.
type shownContext struct {
	Name     string   `json:"name"`
	Current  bool     `json:"current"`
	Server   string   `json:"server"`
	OAuth    string   `json:"authority"`
	ClientID string   `json:"clientId"`
	Program  bool     `json:"program"`
	Scopes   []string `json:"scopes,omitempty"`
	Session  string   `json:"session"`
}

func contextColumns() []column[shownContext] {
	return []column[shownContext]{
		{"CURRENT", false, func(c shownContext) string { return map[bool]string{true: "*"}[c.Current] }},
		{"NAME", false, func(c shownContext) string { return c.Name }},
		{"SERVER", false, func(c shownContext) string { return c.Server }},
		{"SESSION", false, func(c shownContext) string { return c.Session }},
		{"OAUTH SERVER", true, func(c shownContext) string { return c.OAuth }},
		{"OAUTH CLIENT", true, func(c shownContext) string { return c.ClientID }},
		{"SCOPES", true, func(c shownContext) string { return strings.Join(c.Scopes, " ") }},
	}
}

func show(p profile.Profile, c profile.Context, current string) (shownContext, error) {
	session, ok, err := p.Session(c.Name)
	out := shownContext{
		Name: c.Name, Current: c.Name == current, Server: c.Server, OAuth: c.Authority, ClientID: c.ClientID, Program: c.Program, Scopes: c.Scopes,
	}
	switch {
	case !ok:
		out.Session = "logged out"
	case session.RefreshToken != "" || c.Program:
		out.Session = "renewed as needed"
	case session.Expiry.IsZero():
		out.Session = "open"
	case time.Now().After(session.Expiry):
		out.Session = "ended"
	default:
		out.Session = "until " + when(session.Expiry)
	}
	return out, err
}
