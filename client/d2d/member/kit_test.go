package member_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"dps/client/d2d/d2dtest"
	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/dps"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a vault.
type memory struct {
	mu      sync.Mutex
	content []byte
	saves   int
	broken  bool
}

func (v *memory) Load() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.content == nil {
		return nil, dps.Errorf(dps.CodeNotFound, "nothing")
	}
	return v.content, nil
}

func (v *memory) Save(content []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.broken {
		return dps.Wrap(dps.CodeUnavailable, errors.New("disk"), "disk is full")
	}
	v.content, v.saves = content, v.saves+1
	return nil
}

func (v *memory) Place() string { return "memory" }

// world is a member with all it needs.
type world struct {
	*member.Member
	t       *testing.T
	hub     *d2dtest.Hub
	vault   *memory
	o       member.Options
	changed int
}

// config sets how the client is initialized.
func config(hub *d2dtest.Hub, authentication, mode string) settings.Config {
	c := settings.Default()
	c.Clients.Device.COAP.TLS.Authentication = authentication
	r := &c.RemoteProvisioning
	r.Mode, r.Authority, r.CertificateAuthority, r.OwnerClaim = mode, hub.URL, hub.URL, d2dtest.OwnerClaim
	r.WebOAuthClient.Audience = d2dtest.Audience
	return c
}

func newWorld(t *testing.T, authentication, mode string, change ...func(*member.Options)) *world {
	t.Helper()
	w := &world{t: t, hub: d2dtest.NewHub(t), vault: new(memory)}
	w.o = member.Options{
		Config: config(w.hub, authentication, mode), Vault: w.vault, HTTP: w.hub.Client(), Now: w.hub.Clock.Now,
		Jitter: func() float64 { return 0.5 }, Changed: func() { w.changed++ },
	}
	for _, c := range change {
		c(&w.o)
	}
	w.open()
	t.Cleanup(func() { w.Close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	m, err := member.Open(w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Member = m
}

// restart is what happens when the program starts again with the same vault.
func (w *world) restart() {
	w.t.Helper()
	w.Close()
	w.open()
}

func (w *world) want(err error, code dps.Code) {
	w.t.Helper()
	if dps.CodeOf(err) != code {
		w.t.Errorf("%v, want code %q", err, code)
	}
}

func (w *world) wantPrecondition(err error) {
	w.t.Helper()
	if !member.IsPrecondition(err) || dps.CodeOf(err) != dps.CodeConflict {
		w.t.Errorf("%v, want a precondition", err)
	}
}

func (w *world) wantUnauthenticated(err error) {
	w.t.Helper()
	if !member.IsUnauthenticated(err) || dps.CodeOf(err) != dps.CodeDenied {
		w.t.Errorf("%v, want unauthenticated", err)
	}
}

func (w *world) token() string { return w.hub.Token(w.t, nil) }

// another is a token of another user, or another owner.
func (w *world) another(claim string) string {
	return w.hub.Token(w.t, func(c jwt.MapClaims) { c[claim] = "somebody else" })
}

func (w *world) challenge() member.Challenge {
	w.t.Helper()
	c, err := w.Challenge(w.t.Context(), w.hub.JWKS(), w.token())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) sign(c member.Challenge) []byte {
	w.t.Helper()
	chain, err := w.hub.Sign(c.CSR)
	if err != nil {
		w.t.Fatal(err)
	}
	return chain
}

// initialize goes all the way of the browser.
func (w *world) initialize() {
	w.t.Helper()
	c := w.challenge()
	if err := w.Finish(w.t.Context(), c.State, w.token(), w.sign(c)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) leaf() *x509.Certificate {
	w.t.Helper()
	chain, err := w.Certificate()
	if err != nil {
		w.t.Fatal(err)
	}
	block, _ := pem.Decode(chain)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}
