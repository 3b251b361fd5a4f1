package rest

// Login says how people and programs get a token for this API: what a public client must know, and nothing secret.
type Login struct {
	Authority   string   `json:"authority" doc:"Issuer; its /.well-known/openid-configuration has the endpoints."`
	Audience    string   `json:"audience" doc:"To ask for, and what a token must have; empty: any."`
	OwnerClaim  string   `json:"ownerClaim" doc:"Claim that names whose objects the bearer sees."`
	WebClientID string   `json:"webClientId" doc:"OAuth client of the console: authorization code with PKCE. Empty: log-in to the console is not set up."`
	CLIClientID string   `json:"cliClientId" doc:"OAuth client of dpsctl: device authorization grant. Empty: bring your own."`
	Scopes      []string `json:"scopes" doc:"To ask for."`
}

func (a *api) login(*exchange) (answer, error) { return answer{object: a.Login}, nil }
