// Package oauth is the stand-in hub's OAuth 2.0 server, and OpenID provider. It believes whoever says who he is.
//
//	server, core      discovery, signature keys, who else may use them
//	token             client credentials, with the owner's and the device's claim
//	authorize, login  people in a browser: authorization code with PKCE, ID token, log-out
//	device, approve   people at a terminal: device authorization grant
//
// It knows what it handed out, so that the hub's other parts can check what they are brought.
package oauth

import (
	"encoding/json"
	"net/http"
	"time"
)

// TokenLifetime is how long an access token is good.
const TokenLifetime = time.Hour

// Options are what a Server needs.
type Options struct {
	Issuer        string
	Clients       []Client
	OwnerClaim    string
	DeviceIDClaim string           // "": no token is bound to a device
	Now           func() time.Time // nil: time.Now
}

// Server is safe for concurrent use.
type Server struct {
	*core
	o       Options
	mux     *http.ServeMux
	codes   codes
	devices devices
}

// New makes a server with a fresh key. Errors: of the random source.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := newServer(&core{}, o)
	return s, s.RotateKey()
}

func newServer(c *core, o Options) *Server {
	c.addIssuer(o.Issuer)
	s := &Server{core: c, o: o, mux: http.NewServeMux()}
	s.routes()
	return s
}

// routes says which endpoints pages of other origins may use, and which are pages themselves.
func (s *Server) routes() {
	for pattern, endpoint := range map[string]http.HandlerFunc{
		"GET " + pathDiscovery: s.discovery,
		"GET " + pathKeys:      s.jwks,
		"POST " + pathToken:    s.token,
		"POST " + pathDevice:   s.deviceAuthorization,
	} {
		s.mux.Handle(pattern, shared(endpoint))
	}
	for _, path := range []string{pathDiscovery, pathKeys, pathToken, pathDevice} {
		s.mux.Handle("OPTIONS "+path, shared(preflight))
	}
	for pattern, page := range map[string]http.HandlerFunc{
		"GET " + pathAuthorize:  s.authorization(s.showLogin),
		"POST " + pathAuthorize: s.authorization(s.logIn),
		"GET " + pathApprove:    s.showApproval,
		"POST " + pathApprove:   s.approve,
		"GET " + pathLogout:     s.logOut,
		"POST " + pathLogout:    s.logOut,
		"GET " + pathStyle:      stylesheet,
	} {
		s.mux.Handle(pattern, protected(page))
	}
}

// ServeHTTP answers a request, as a fault wants it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := s.fault.Load(); f != nil && f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return
		}
	}
	s.mux.ServeHTTP(w, r)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has left misses nothing
}
