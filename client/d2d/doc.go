// Package d2d is the d2d client: a service on a local network that becomes a member of a security domain and talks to its devices,
// without a cloud. Its HTTP API is that of plgd's client application (PROTOCOL §9), and more for new clients.
//
//	request ─▶ guard (host, origin, bounds, panics) ─▶ route ─▶ token ─▶ handler ─▶ answer in the client's dialect
//
//	member    who the client is, and how it came to be: pre-shared key, identity certificate
//	vault     where its keys are kept, encrypted
//	reach     discovery of devices, and sessions with them
//	settings  the configuration file
//
// Two dialects share the paths (docs/adr/0007): plgd's clients are answered as plgd does, who accepts application/json and nothing
// else, or application/vnd.dps+json, gets problem details (RFC 9457), plain values, and errors for what it misspells.
package d2d
