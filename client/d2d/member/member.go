package member

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"dps/client/d2d/settings"
	"dps/shared/bearer"
	"dps/shared/dps"
)

// Vault keeps the credentials. *vault.Vault is one.
type Vault interface {
	// Load gives what is kept. Errors: CodeNotFound where nothing is; any other: it cannot be opened, and must not be written.
	Load() ([]byte, error)
	// Save keeps content instead of what was kept, whole or not at all.
	Save(content []byte) error
	// Place tells where that is, for people.
	Place() string
}

// Options of a Member. Vault and HTTP are needed; Config is checked already.
type Options struct {
	Config settings.Config
	Vault  Vault
	Roots  []*x509.Certificate // of the security domain; none: the first certificate's own root is believed
	HTTP   *http.Client        // to the OAuth server and the signing service; must not follow redirects

	// Changed is called after the client has become somebody else: sessions and devices of the old one are to be forgotten.
	Changed func()
	// Show tells a person where to log in, and with which code, in the device flow.
	Show func(page, code string)

	Now    func() time.Time // nil: time.Now
	Jitter func() float64   // in [0, 1); nil: random
	Log    *slog.Logger     // nil: nowhere
}

// Member is the client's identity. Its methods can be called from several goroutines.
type Member struct {
	o         Options
	discovery *bearer.Verifier // by the authority's own keys
	signer    signer
	wake      chan struct{}

	mu       sync.Mutex
	now      *current
	epoch    uint64 // of changes: what began before one must not end after it
	verifier *bearer.Verifier
	pending  challenges
	seen     seenToken
	report   report
}

// Open finds out who the client is, and makes it somebody at the first start of the pre-shared key's way. Errors: those of the
// vault, CodeInvalid, and CodeConflict where the vault and the configuration contradict each other.
func Open(o Options) (*Member, error) {
	o = o.complete()
	m := &Member{
		o: o, wake: make(chan struct{}, 1), now: &current{},
		signer: signer{base: o.Config.RemoteProvisioning.CertificateAuthority, client: o.HTTP},
	}
	c, err := m.start()
	if err != nil {
		return nil, err
	}
	m.discovery = bearer.New(m.tokenRules(o.HTTP))
	m.now = c
	m.equip()
	return m, nil
}

func (o Options) complete() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = mathrand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Show == nil {
		o.Show = func(string, string) {}
	}
	return o
}

// Close ends what is under way. Run is to have ended.
func (m *Member) Close() {
	m.discovery.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.verifier != nil {
		m.verifier.Close()
	}
}

// start gives who the client is when it begins.
func (m *Member) start() (*current, error) {
	data, err := m.o.Vault.Load()
	if dps.CodeOf(err) == dps.CodeNotFound {
		return m.firstStart()
	}
	if err != nil {
		return nil, err
	}
	c, err := decode(data)
	if err != nil {
		return nil, err
	}
	if err := m.suits(c); err != nil {
		return nil, err
	}
	if key := m.device().PreSharedKey; key.Key != "" && (c.psk == nil || c.psk.SubjectID != key.SubjectID) {
		m.o.Log.Warn("the configured pre-shared key is not used: the client has been initialized or reset since", "place", m.o.Vault.Place())
	}
	return c, nil
}

// suits refuses to start as somebody whom the configuration does not mean.
func (m *Member) suits(c *current) error {
	configured := m.device().Authentication
	stored := settings.PreSharedKey
	if c.identity != nil {
		stored = settings.X509
	}
	if c.way == WayNone || configured == settings.Uninitialized || configured == stored {
		return nil
	}
	return dps.Errorf(dps.CodeConflict, "clients.device.coap.tls.authentication: is %s, but the client's credentials (%s) are of the kind %s. "+
		"To keep them, write %[3]s. To give them up, write %[3]s, start, POST /api/v1/reset, stop, and write %[1]s again", configured, m.o.Vault.Place(), stored)
}

// firstStart makes a pre-shared key, where that is the way, and keeps it.
func (m *Member) firstStart() (*current, error) {
	if m.device().Authentication != settings.PreSharedKey {
		return &current{}, nil
	}
	if configured := m.device().PreSharedKey; configured.Key != "" {
		key, err := settings.ParseKey(configured.Key)
		if err != nil {
			return nil, err
		}
		id, ok := dps.ParseUUID(configured.SubjectID)
		if !ok {
			return nil, dps.Errorf(dps.CodeInvalid, "clients.device.coap.tls.preSharedKey.subjectId: is not a UUID")
		}
		return keyState(id, key), nil
	}
	var key [settings.KeySize]byte
	_, _ = rand.Read(key[:]) // it never fails: it ends the process instead
	c := keyState(dps.NewUUID(), key)
	if err := m.keep(c); err != nil {
		return nil, err
	}
	m.o.Log.Info("a pre-shared key was made: keep it, devices know this client by nothing else", "subjectId", c.psk.SubjectID, "place", m.o.Vault.Place())
	return c, nil
}

func (m *Member) device() settings.DeviceTLS { return m.o.Config.Clients.Device.COAP.TLS }

func (m *Member) remote() settings.RemoteProvisioning { return m.o.Config.RemoteProvisioning }

// tokenRules are whose tokens initialize the client.
func (m *Member) tokenRules(client *http.Client) bearer.Options {
	r := m.remote()
	return bearer.Options{Authority: r.Authority, Audience: r.WebOAuthClient.Audience, OwnerClaim: r.OwnerClaim, Client: client, Now: m.o.Now}
}

// context bounds what is done at the hub on a request's behalf.
func (m *Member) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 2*m.remote().HTTP.Timeout)
}
