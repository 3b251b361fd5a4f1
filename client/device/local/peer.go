package local

import (
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

// Bounds of a client's certificates, checked before they are looked at.
const (
	maxChain       = 5
	maxCertificate = 4 << 10 // bytes
)

// peer is who is at the other end, as the handshake proved it.
type peer struct {
	secure     bool
	transfers  bool   // it takes the device over: the connection of an ownership transfer
	id         string // UUID of its certificate or key; "": none
	credential int    // id of the credential that let it in
	notAfter   time.Time
}

// admitCertificate judges a client's certificates (OCF Security 2.2.5 §9.4, §10.3): its chain must end in a trust anchor of
// this device that vouches for the client's id, and be for the use as an identity. Errors: CodeDenied.
func (st *state) admitCertificate(chain []*x509.Certificate, now time.Time) (*peer, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, dps.Errorf(dps.CodeDenied, "client presents %d certificates, want 1 to %d", len(chain), maxChain)
	}
	leaf := chain[0]
	id, err := certificateID(leaf)
	if err != nil {
		return nil, err
	}
	for _, c := range st.creds {
		if c.isPSK() || !c.vouchesFor(id) {
			continue
		}
		if verifyChain(chain, c.anchor, now) == nil {
			return &peer{secure: true, id: id, credential: c.id, notAfter: leaf.NotAfter}, nil
		}
	}
	return nil, dps.Errorf(dps.CodeDenied, "no trust anchor of this device vouches for the client %s with the certificate of %q, valid %s to %s",
		id, clip(leaf.Issuer.String()), leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339))
}

// vouchesFor: the firmware lets an anchor speak for its own subject alone, unless that is "*".
func (c credential) vouchesFor(id string) bool { return c.subject == id || c.subject == "*" }

// certificateID gives the id in an identity certificate's subject. Errors: CodeDenied.
func certificateID(leaf *x509.Certificate) (string, error) {
	if len(leaf.Raw) > maxCertificate {
		return "", dps.Errorf(dps.CodeDenied, "client certificate has %d bytes, at most %d are allowed", len(leaf.Raw), maxCertificate)
	}
	if !slices.ContainsFunc(leaf.UnknownExtKeyUsage, pki.OIDIdentity.Equal) {
		return "", dps.Errorf(dps.CodeDenied, "client certificate lacks the extended key usage %v of an OCF identity", pki.OIDIdentity)
	}
	text, found := strings.CutPrefix(strings.ToLower(leaf.Subject.CommonName), "uuid:")
	id, ok := dps.ParseUUID(text)
	if !found || !ok {
		return "", dps.Errorf(dps.CodeDenied, "client certificate's common name %q is not uuid:UUID", clip(leaf.Subject.CommonName))
	}
	return id, nil
}

func verifyChain(chain []*x509.Certificate, anchor *x509.Certificate, now time.Time) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(anchor)
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

// key gives the pre-shared key of an identity: the 16 bytes of the subject's UUID, as the firmware sends them. Errors:
// CodeDenied.
func (st *state) key(identity []byte) ([]byte, error) {
	id, err := identityID(identity)
	if err != nil {
		return nil, err
	}
	for _, c := range st.creds {
		if c.isPSK() && c.subject == id {
			return slices.Clone(c.key[:]), nil
		}
	}
	return nil, dps.Errorf(dps.CodeDenied, "no pre-shared key for the client %s", id)
}

// admitKey gives the peer of a handshake by pre-shared key that has succeeded. Errors: CodeDenied.
func (st *state) admitKey(identity []byte) (*peer, error) {
	id, err := identityID(identity)
	if err != nil {
		return nil, err
	}
	for _, c := range st.creds {
		if c.isPSK() && c.subject == id {
			return &peer{secure: true, id: id, credential: c.id}, nil
		}
	}
	return nil, dps.Errorf(dps.CodeDenied, "no pre-shared key for the client %s", id)
}

func identityID(identity []byte) (string, error) {
	if len(identity) != 16 {
		return "", dps.Errorf(dps.CodeDenied, "PSK identity has %d bytes, want the 16 of a UUID", len(identity))
	}
	s := hex.EncodeToString(identity)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], nil
}

// stillAdmits tells whether what let the peer in holds yet: its credential may have been withdrawn, its certificate expired,
// or the device reset.
func (st *state) stillAdmits(p *peer, now time.Time) bool {
	switch {
	case !p.secure:
		return true
	case p.transfers:
		return st.dos == ocf.StateRFOTM || st.dos == ocf.StateRFPRO
	case !p.notAfter.IsZero() && now.After(p.notAfter):
		return false
	}
	_, ok := st.credential(p.credential)
	return ok
}

// hasKey tells whether anybody may come with a pre-shared key.
func (st *state) hasKey() bool { return slices.ContainsFunc(st.creds, credential.isPSK) }

// identityBytes gives the 16 bytes of a UUID.
func identityBytes(id string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil {
		return nil, dps.Errorf(dps.CodeInternal, "device id %q is no UUID", id)
	}
	return b, nil
}
