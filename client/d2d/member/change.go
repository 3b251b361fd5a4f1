package member

import (
	"dps/client/d2d/reach"
	"dps/client/d2d/settings"
	"dps/shared/bearer"
	"dps/shared/dps"
)

// keep puts the credentials into the vault.
func (m *Member) keep(c *current) error {
	data, err := c.encode()
	if err != nil {
		return err
	}
	return m.o.Vault.Save(data)
}

// become makes the client somebody else, if nobody else did since epoch. Where saving fails nothing has changed.
func (m *Member) become(c *current, epoch uint64, save bool) error {
	m.mu.Lock()
	if m.epoch != epoch {
		m.mu.Unlock()
		return precondition("the client was initialized or reset in the meantime")
	}
	if save {
		if err := m.keep(c); err != nil {
			m.mu.Unlock()
			return err
		}
	}
	m.now = c
	m.epoch++
	m.report, m.seen = report{}, seenToken{}
	m.pending.clear()
	m.equip()
	m.mu.Unlock()
	m.o.Changed()
	m.rouse()
	return nil
}

// rotate keeps the refresh token that took the place of another: the old one is of no use any more.
func (m *Member) rotate(epoch uint64, refresh string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch != epoch || m.now.identity == nil || m.now.identity.refresh == refresh {
		return nil
	}
	i := *m.now.identity
	i.refresh = refresh
	c := &current{way: m.now.way, identity: &i}
	if err := m.keep(c); err != nil {
		return err
	}
	m.now = c
	return nil
}

// equip prepares what the new current needs: when it is renewed, and how its tokens are verified.
func (m *Member) equip() {
	if m.verifier != nil {
		m.verifier.Close()
		m.verifier = nil
	}
	i := m.now.identity
	if i == nil {
		return
	}
	i.plan(m.o.Jitter())
	if m.now.way == WayBrowser {
		m.verifier = m.pinned(i.jwks)
	}
}

// rouse has Run look again.
func (m *Member) rouse() {
	select {
	case m.wake <- struct{}{}:
	default: // it is about to
	}
}

// snapshot gives who the client is, and the epoch for become.
func (m *Member) snapshot() (*current, uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now, m.epoch
}

// fresh gives the epoch of a client that is not initialized. Errors: precondition.
func (m *Member) fresh() (uint64, error) {
	c, epoch := m.snapshot()
	if c.way != WayNone {
		return 0, precondition("already initialized: reset the client first")
	}
	return epoch, nil
}

// allowed tells whether the configuration has this way of initialization. Errors: CodeInvalid.
func (m *Member) allowed(w Way) error {
	var ok bool
	switch m.device().Authentication {
	case settings.PreSharedKey:
		ok = w == WayKey
	case settings.X509:
		ok = w == WaySelf && m.remote().Mode == settings.ModeNone || w == WayBrowser && m.remote().Mode == settings.UserAgent
	default:
		ok = w == WayKey || m.remote().Authority != "" && (w == WayBrowser || m.remote().CertificateAuthority != "")
	}
	if ok {
		return nil
	}
	return dps.Errorf(dps.CodeInvalid, "the client is not configured to be initialized in this way (%s): clients.device.coap.tls.authentication is %s, remoteProvisioning.mode is %s",
		w, m.device().Authentication, m.remote().Mode)
}

// InitializeKey makes the client the holder of a pre-shared key; where save is false, until the program ends. Errors:
// precondition, CodeInvalid, and the vault's.
func (m *Member) InitializeKey(subjectID, key string, save bool) error {
	epoch, err := m.fresh()
	if err != nil {
		return err
	}
	if err := m.allowed(WayKey); err != nil {
		return err
	}
	id, ok := dps.ParseUUID(subjectID)
	if !ok || id == dps.NilUUID {
		return dps.Errorf(dps.CodeInvalid, "preSharedKey.subjectId: is not a UUID: give the owner's id")
	}
	k, err := settings.ParseKey(key)
	if err != nil {
		return dps.Errorf(dps.CodeInvalid, "preSharedKey.key: %w", err)
	}
	return m.become(keyState(id, k), epoch, save)
}

// Reset forgets everything: keys, certificate, JWKS, tokens, and what is under way. Errors: precondition where there is nothing to
// forget, and the vault's.
func (m *Member) Reset() error {
	c, epoch := m.snapshot()
	if c.way == WayNone {
		return precondition("not initialized: there is nothing to reset")
	}
	return m.become(&current{reset: true}, epoch, true)
}

// Credentials are who the client is for package reach. Errors: precondition where it is nobody, or its certificate has expired.
func (m *Member) Credentials() (reach.Credentials, error) {
	c, _ := m.snapshot()
	switch {
	case c.psk != nil:
		return reach.Credentials{PSK: c.psk}, nil
	case c.identity == nil:
		return reach.Credentials{}, precondition("not initialized: initialize the client first")
	case !m.o.Now().Before(c.identity.leaf().NotAfter):
		return reach.Credentials{}, precondition("the identity certificate has expired: have it renewed (POST /api/v1/identity/renew with a token)")
	}
	return reach.Credentials{Identity: c.identity.tls(), Roots: c.identity.roots(m.o.Roots)}, nil
}

// verifierOf gives what verifies the tokens of an initialized client, nil where it wants none.
func (m *Member) verifierOf(c *current) *bearer.Verifier {
	switch c.way {
	case WayBrowser:
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.verifier
	case WaySelf:
		return m.discovery
	default:
		return nil
	}
}
