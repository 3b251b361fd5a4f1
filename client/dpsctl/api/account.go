package api

import (
	"context"
	"net/http"
	"time"
)

// Me is who bears the token.
type Me struct {
	Owner   string    `json:"owner"`
	Subject string    `json:"subject"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Access  string    `json:"access"` // none, read, write, admin
	Expiry  time.Time `json:"expiry"`
}

// IsAdmin tells whether the token may vouch for groups.
func (m Me) IsAdmin() bool { return m.Access == "admin" }

// Me asks whose the token is.
func (c *Client) Me(ctx context.Context) (m Me, err error) {
	err = c.do(ctx, request{method: http.MethodGet, path: "/api/v1/me"}, &m)
	return m, err
}

// Login is how to get a token for the API.
type Login struct {
	Authority   string   `json:"authority"`
	Audience    string   `json:"audience"`
	CLIClientID string   `json:"cliClientId"`
	Scopes      []string `json:"scopes"`
}

// Login asks how to get a token; that needs none.
func (c *Client) Login(ctx context.Context) (l Login, err error) {
	err = c.do(ctx, request{method: http.MethodGet, path: "/api/v1/login"}, &l)
	return l, err
}

// Statistics count records by state.
type Statistics struct {
	Total  Tally   `json:"total"`
	Groups []Tally `json:"groups"`
}

// Tally counts records; Name is what of.
type Tally struct {
	Name    string `json:"name"`
	OK      int    `json:"ok"`
	Failed  int    `json:"failed"`
	Pending int    `json:"pending"`
}

// Statistics asks for the counts.
func (c *Client) Statistics(ctx context.Context) (s Statistics, err error) {
	err = c.do(ctx, request{method: http.MethodGet, path: "/api/v1/statistics"}, &s)
	return s, err
}
