// Package authority is the stand-in hub's certificate authority (PROTOCOL §6): a real one, over gRPC with TLS client
// certificates and over HTTP, signing only for owners that a token speaks for.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
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
	o            Options
	fault        atomic.Pointer[Fault]
	issued       atomic.Uint64
}

// Options are what an Authority needs.
type Options struct {
	Tokens        Verifier
	OwnerClaim    string
	DeviceIDClaim string           // "": no token is bound to a device
	Now           func() time.Time // nil: time.Now
}

// New makes an authority that signs with issuer, an intermediate under root.
func New(root, issuer *pki.Pair, o Options) *Authority {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Authority{root: root, issuer: issuer, o: o}
}

// SetFault makes the authority misbehave; nil mends it.
func (a *Authority) SetFault(f *Fault) { a.fault.Store(f) }

// Issued is how many certificates were signed.
func (a *Authority) Issued() uint64 { return a.issued.Load() }

// What is refused for the token's sake.
var (
	errDenied    = errors.New("access token is missing or not good")
	errForbidden = errors.New("access token is bound to another device than the CSR's")
)

// authorize checks that a bearer token speaks for an owner, and gives the device that the token is bound to, if to any.
func (a *Authority) authorize(header string) (boundTo string, err error) {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return "", errDenied
	}
	claims, err := a.o.Tokens.Verify(token)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errDenied, err)
	}
	if owner, _ := claims[a.o.OwnerClaim].(string); owner == "" {
		return "", fmt.Errorf("%w: claim %q is missing", errDenied, a.o.OwnerClaim)
	}
	boundTo, _ = claims[a.o.DeviceIDClaim].(string)
	return boundTo, nil
}

// sign checks the CSR and gives the chain, leaf first, root last. A device's own token gets certificates for that device
// alone. Of the CSR's subject the common name is kept, which is what has been checked.
func (a *Authority) sign(csrPEM []byte, boundTo string) ([]byte, error) {
	csr, id, err := parseCSR(csrPEM)
	if err != nil {
		return nil, err
	}
	if boundTo != "" && !strings.EqualFold(boundTo, id) {
		return nil, errForbidden
	}
	if f := a.fault.Load(); f != nil && f.Forge != nil {
		return f.Forge(csr, a.root, a.issuer), nil
	}
	now := a.o.Now()
	leaf, err := a.issuer.SignPublicKey(pkix.Name{CommonName: csr.Subject.CommonName}, csr.PublicKey,
		pki.Validity(now.Add(-backdated), now.Add(Lifetime)), pki.UnknownEKU(pki.OIDIdentity))
	if err != nil {
		return nil, err
	}
	a.issued.Add(1)
	return append(leaf.ChainPEM(), a.root.CertificatePEM()...), nil
}

// parseCSR gives the CSR and the id that its common name holds, where the CSR is as PROTOCOL §3 has it.
func parseCSR(data []byte) (*x509.CertificateRequest, string, error) {
	if len(data) > maxCSR {
		return nil, "", fmt.Errorf("CSR has %d bytes, at most %d are taken", len(data), maxCSR)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, "", errors.New("CSR is not PEM of the type CERTIFICATE REQUEST")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, "", fmt.Errorf("CSR: %w", err)
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, "", errors.New("CSR's key is not ECDSA P-256")
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, "", fmt.Errorf("CSR is not signed by its own key: %w", err)
	}
	id, found := strings.CutPrefix(csr.Subject.CommonName, "uuid:")
	if id, ok = dps.ParseUUID(id); !found || !ok {
		return nil, "", fmt.Errorf("CSR's common name %q is not uuid:UUID", csr.Subject.CommonName)
	}
	return csr, id, nil
}
