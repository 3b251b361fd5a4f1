package hub

import (
	"context"
	"fmt"
	"net"

	"dps/localstack/hub/oauth"
)

// The clients with which people and programs come to the provisioning service's API. They are registered where people log in.
const (
	ConsoleClientID = "console"   // authorization code with PKCE, no secret
	CLIClientID     = "dpsctl"    // device authorization grant, no secret
	D2DClientID     = "d2d"       // the d2d client's page: authorization code with PKCE, no secret
	D2DDeviceID     = "d2d-alone" // the d2d client itself: device authorization grant, no secret
	ProgramClientID = "dpsctl-ci" // client credentials, for owner "1"
	ProgramSecret   = "dpsctl-ci" //nolint:gosec // everybody knows it, as "test" in seed 001
)

// DefaultPeopleAudience is the audience of tokens for the provisioning service's API.
const DefaultPeopleAudience = "https://dps.example.com"

// operatorsClients may come back to a page on this machine, whatever its port.
func operatorsClients(audience string) []oauth.Client {
	forPeople := []string{"openid", "profile", "dps:read", "dps:write", "dps:admin"}
	return []oauth.Client{
		{
			Name: "The console", ID: ConsoleClientID, Scopes: forPeople, Audience: audience,
			RedirectURL:  "http://127.0.0.1/callback",
			RedirectURLs: []string{"http://localhost/callback", "https://127.0.0.1/callback", "https://localhost/callback"},
			LogoutURLs:   []string{"http://127.0.0.1/", "http://localhost/", "https://127.0.0.1/", "https://localhost/"},
		},
		{
			Name: "The d2d client's page", ID: D2DClientID, Scopes: forPeople, Audience: audience,
			RedirectURL:  "http://127.0.0.1/callback",
			RedirectURLs: []string{"http://localhost/callback", "https://127.0.0.1/callback", "https://localhost/callback"},
			LogoutURLs:   []string{"http://127.0.0.1/", "http://localhost/", "https://127.0.0.1/", "https://localhost/"},
		},
		{Name: "The d2d client", ID: D2DDeviceID, GrantType: oauth.GrantDeviceCode, Scopes: forPeople, Audience: audience},
		{Name: "dpsctl", ID: CLIClientID, GrantType: oauth.GrantDeviceCode, Scopes: forPeople, Audience: audience},
		{
			Name: "dpsctl of a pipeline", ID: ProgramClientID, Secret: ProgramSecret, GrantType: oauth.GrantClientCredentials,
			Scopes: []string{"dps:read", "dps:write", "dps:admin"}, Audience: audience, Owner: "1",
		},
	}
}

// startPeople serves the OAuth server where people log in.
func (h *Hub) startPeople(ctx context.Context) error {
	if h.o.PeopleAddress == "" {
		return nil
	}
	l, err := listenLoopback(ctx, h.o.PeopleAddress)
	if err != nil {
		return err
	}
	h.peopleURL = "http://" + l.Addr().String()
	h.people = h.newWebServer(h.OAuth.Beside(h.peopleURL, operatorsClients(h.o.PeopleAudience)...))
	h.wg.Go(func() { _ = h.people.Serve(l) }) // ends when it is closed
	return nil
}

// listenLoopback refuses addresses that others reach: what is said here is in clear.
func listenLoopback(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("--people-address %q is no address of this machine alone: give one such as 127.0.0.1:0", address)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: --people-address takes a port that is free, or 0 for any", err)
	}
	return l, nil
}

// PeopleURL is the issuer where people log in; empty without a PeopleAddress.
func (h *Hub) PeopleURL() string { return h.peopleURL }
