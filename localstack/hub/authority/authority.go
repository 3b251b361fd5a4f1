// Package authority is the stand-in hub's certificate authority (PROTOCOL §6): a real one, over gRPC with TLS client
// certificates and over HTTP, signing only for owners that a token speaks for.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dps/shared/dps"
	"dps/shared/pki"
)

// Lifetimes of what is signed. Backdating forgives a device's clock.
const (
	Lifetime  = 90 * 24 * time.Hour
	backdated = time.Hour
	maxCSR    = 8 << 10 // bytes of PEM
)

// Verifier checks access tokens.
type Verifier interface {
	Verify(token string) (jwt.MapClaims, error)
}

// Fault is how the authority misbehaves, for tests of those who use it.
type Fault struct {
	Delay time.Duration
	Err   error // not nil: answer this gRPC status
	// Forge, where set, makes the answer instead.
	Forge func(csr *x509.CertificateRequest, root, issuer *pki.Pair) []byte
}

// Authority is safe for concurrent use.
type Authority struct {
	root, issuer *pki.Pair
	tokens       Verifier
	ownerClaim   string
	fault        atomic.Pointer[Fault]
	issued       atomic.Uint64
}

// New makes an authority that signs with issuer, an intermediate under root.
func New(root, issuer *pki.Pair, tokens Verifier, ownerClaim string) *Authority {
	return &Authority{root: root, issuer: issuer, tokens: tokens, ownerClaim: ownerClaim}
}

// SetFault makes the authority misbehave; nil mends it.
func (a *Authority) SetFault(f *Fault) { a.fault.Store(f) }

// Issued is how many certificates were signed.
func (a *Authority) Issued() uint64 { return a.issued.Load() }

// errDenied says that the token does not speak for an owner.
var errDenied = errors.New("access token is missing or not good")

// authorize checks that a bearer token speaks for an owner.
func (a *Authority) authorize(header string) error {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return errDenied
	}
	claims, err := a.tokens.Verify(token)
	if err != nil {
		return fmt.Errorf("%w: %w", errDenied, err)
	}
	if owner, _ := claims[a.ownerClaim].(string); owner == "" {
		return fmt.Errorf("%w: claim %q is missing", errDenied, a.ownerClaim)
	}
	return nil
}

// sign checks the CSR and gives the chain, leaf first, root last.
func (a *Authority) sign(csrPEM []byte) ([]byte, error) {
	csr, err := parseCSR(csrPEM)
	if err != nil {
		return nil, err
	}
	if f := a.fault.Load(); f != nil && f.Forge != nil {
		return f.Forge(csr, a.root, a.issuer), nil
	}
	now := time.Now()
	leaf, err := a.issuer.SignPublicKey(csr.Subject, csr.PublicKey, pki.Validity(now.Add(-backdated), now.Add(Lifetime)), pki.UnknownEKU(pki.OIDIdentity))
	if err != nil {
		return nil, err
	}
	a.issued.Add(1)
	return append(leaf.ChainPEM(), a.root.CertificatePEM()...), nil
}

func parseCSR(data []byte) (*x509.CertificateRequest, error) {
	if len(data) > maxCSR {
		return nil, fmt.Errorf("CSR has %d bytes, at most %d are taken", len(data), maxCSR)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("CSR is not PEM of the type CERTIFICATE REQUEST")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("CSR's key is not ECDSA P-256")
	}
	id, found := strings.CutPrefix(csr.Subject.CommonName, "uuid:")
	if _, ok := dps.ParseUUID(id); !found || !ok {
		return nil, fmt.Errorf("CSR's common name %q is not uuid:UUID", csr.Subject.CommonName)
	}
	return csr, csr.CheckSignature()
}
