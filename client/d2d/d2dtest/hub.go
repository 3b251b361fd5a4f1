// Package d2dtest has what the d2d client meets, for tests: an OAuth server that signs real tokens and knows the device flow, a signing
// service that checks what it gets, and devices in memory.
package d2dtest

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

// Names that tokens and settings share.
const (
	OwnerClaim = "https://plgd.dev/owner"
	Audience   = "hub"
	KeyID      = "one"
)

// Hub is the OAuth server and the signing service, on one TLS socket.
type Hub struct {
	URL    string
	Root   *pki.Pair // of its TLS certificate
	CA     *hubtest.CA
	Key    *ecdsa.PrivateKey
	Clock  *hubtest.Clock
	client *http.Client

	mu        sync.Mutex
	prefix    string // that the signing service is under
	requests  []string
	Signed    int                                                          // how many certificates were given
	OnSign    func(csr *x509.CertificateRequest, pem []byte) (string, int) // replaces the signing: PEM chain and status
	Confirmed bool                                                         // the person of the device flow has logged in
	Refreshed int
	NoRefresh bool // sessions have ended
	Owner     string
}

// NewHub starts one; it ends with the test.
func NewHub(t testing.TB) *Hub {
	t.Helper()
	h := &Hub{Clock: hubtest.NewClock(), Root: hubtest.Must(pki.NewRoot("infrastructure"))(t), Key: hubtest.Must(pki.NewKey())(t), Owner: "owner-1"}
	h.CA = hubtest.NewCA(t, h.Root, new(hubtest.Secrets))
	server := httptest.NewUnstartedServer(h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{hubtest.Must(h.Root.NewLeaf("hub", pki.Hosts("127.0.0.1")))(t).TLS()}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	h.URL = server.URL
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.Root.Pool(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	h.client = &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return h
}

// Client trusts the hub.
func (h *Hub) Client() *http.Client { return h.client }

// Do changes hooks while no request is looking at them.
func (h *Hub) Do(change func(*Hub)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

// Prefix has the signing service answer under plgd's prefix alone.
func (h *Hub) Prefix() { h.Do(func(h *Hub) { h.prefix = "/certificate-authority" }) }

// Requests lists method and path of what was asked.
func (h *Hub) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.requests...)
}

// Token gives an Authorization header of the owner, as change would have it.
func (h *Hub) Token(t testing.TB, change func(jwt.MapClaims)) string {
	t.Helper()
	return h.SignToken(t, jwt.SigningMethodES256, h.Key, KeyID, h.Claims(change))
}

// Claims are those of a good token.
func (h *Hub) Claims(change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": h.URL, "aud": Audience, "sub": "user-1", OwnerClaim: "owner-1",
		"iat": h.Clock.Now().Unix(), "exp": h.Clock.Now().Add(time.Hour).Unix(),
	}
	if change != nil {
		change(c)
	}
	return c
}

// SignToken signs any claims in any way.
func (h *Hub) SignToken(t testing.TB, method jwt.SigningMethod, key any, id string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = id
	return "Bearer " + hubtest.Must(token.SignedString(key))(t)
}

// JWKS is the OAuth server's key set.
func (h *Hub) JWKS() []byte {
	data, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: h.Key.Public(), KeyID: KeyID, Use: "sig", Algorithm: "ES256"}}}) // public keys always can be
	return data
}

// ServeHTTP implements http.Handler.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r.Method+" "+r.URL.Path)
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		hubtest.WriteJSON(w, http.StatusOK, map[string]any{"issuer": h.URL, "jwks_uri": h.URL + "/keys", "token_endpoint": h.URL + "/token", "device_authorization_endpoint": h.URL + "/device"})
	case "/keys":
		_, _ = w.Write(h.JWKS())
	case "/device":
		hubtest.WriteJSON(w, http.StatusOK, map[string]any{"device_code": "dc", "user_code": "ABCD-EFGH", "verification_uri": h.URL + "/login", "expires_in": 600, "interval": 1})
	case "/token":
		h.grant(w, r)
	case h.prefix + "/api/v1/sign/identity-csr":
		h.sign(w, r)
	default:
		http.NotFound(w, r)
	}
}

// grant answers the device flow and refreshes.
func (h *Hub) grant(w http.ResponseWriter, r *http.Request) {
	refresh := r.PostForm.Get("grant_type") == "refresh_token"
	switch {
	case refresh && (h.NoRefresh || !strings.HasPrefix(r.PostForm.Get("refresh_token"), "refresh-")):
		hubtest.WriteJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	case !refresh && !h.Confirmed:
		hubtest.WriteJSON(w, http.StatusBadRequest, map[string]any{"error": "authorization_pending"})
		return
	}
	h.Refreshed++
	token := jwt.NewWithClaims(jwt.SigningMethodES256, h.Claims(func(c jwt.MapClaims) { c[OwnerClaim] = h.Owner }))
	token.Header["kid"] = KeyID
	signed, err := token.SignedString(h.Key)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	hubtest.WriteJSON(w, http.StatusOK, map[string]any{"access_token": signed, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-" + dps.NewUUID()})
}

// sign checks token and CSR as the real service does.
func (h *Hub) sign(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, message string) {
		hubtest.WriteJSON(w, status, map[string]any{"code": 3, "message": message})
	}
	owner, ok := h.ownerOf(r.Header.Get("Authorization"))
	if !ok {
		refuse(http.StatusUnauthorized, "token is not good")
		return
	}
	var body struct {
		CertificateSigningRequest []byte `json:"certificateSigningRequest"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
		refuse(http.StatusBadRequest, "no request")
		return
	}
	csr, ok := parseCSR(body.CertificateSigningRequest)
	if !ok || csr.Subject.String() != "CN=uuid:"+dps.OwnerUUID(owner) {
		refuse(http.StatusBadRequest, "the CSR is not the token owner's")
		return
	}
	if h.OnSign != nil {
		chain, status := h.OnSign(csr, body.CertificateSigningRequest)
		if status != http.StatusOK {
			refuse(status, chain)
			return
		}
		hubtest.WriteJSON(w, http.StatusOK, map[string]any{"certificate": []byte(chain)})
		return
	}
	chain, err := h.Sign(body.CertificateSigningRequest)
	if err != nil {
		refuse(http.StatusInternalServerError, "broken")
		return
	}
	h.Signed++
	hubtest.WriteJSON(w, http.StatusOK, map[string]any{"certificate": chain})
}

// Sign signs as the real authority does, at the clock's time, for 30 days.
func (h *Hub) Sign(csr []byte, opts ...pki.Option) ([]byte, error) {
	now := h.Clock.Now()
	return h.CA.Sign(csr, append([]pki.Option{pki.Validity(now.Add(-time.Hour), now.Add(30*24*time.Hour))}, opts...)...)
}

func (h *Hub) ownerOf(header string) (string, bool) {
	claims := jwt.MapClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(h.URL), jwt.WithAudience(Audience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(h.Clock.Now)).
		ParseWithClaims(strings.TrimPrefix(header, "Bearer "), claims, func(*jwt.Token) (any, error) { return h.Key.Public(), nil })
	owner, ok := claims[OwnerClaim].(string)
	return owner, err == nil && ok
}

// parseCSR demands P-256, ECDSA-SHA256 and a good signature.
func parseCSR(data []byte) (*x509.CertificateRequest, bool) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, false
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || csr.CheckSignature() != nil || csr.SignatureAlgorithm != x509.ECDSAWithSHA256 {
		return nil, false
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	return csr, ok && key.Curve.Params().Name == "P-256"
}
