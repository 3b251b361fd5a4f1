// Package pki makes keys, certificate authorities and certificates: for the demo, for the stand-in hub, and for tests. It
// never makes what the service itself trusts in production.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// OIDIdentity is the extended key usage of an OCF identity certificate (OCF Security 2.2.5 §9.4.2.2).
var OIDIdentity = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44924, 1, 6}

// Pair is a certificate, its private key, and the certificates between it and its root, root excluded.
type Pair struct {
	Certificate   *x509.Certificate
	Key           crypto.Signer
	Intermediates []*x509.Certificate // this pair's issuer first
}

// Option changes the template of a certificate before it is signed.
type Option func(*x509.Certificate)

// Validity sets the validity period.
func Validity(notBefore, notAfter time.Time) Option {
	return func(t *x509.Certificate) { t.NotBefore, t.NotAfter = notBefore, notAfter }
}

// EKU sets the extended key usages; none removes the extension.
func EKU(usages ...x509.ExtKeyUsage) Option {
	return func(t *x509.Certificate) { t.ExtKeyUsage = usages }
}

// UnknownEKU sets extended key usages by their object identifiers, beside those of EKU.
func UnknownEKU(oids ...asn1.ObjectIdentifier) Option {
	return func(t *x509.Certificate) { t.UnknownExtKeyUsage = oids }
}

// Hosts sets the DNS names and addresses a server certificate is for.
func Hosts(hosts ...string) Option {
	return func(t *x509.Certificate) {
		for _, h := range hosts {
			if ip := net.ParseIP(h); ip != nil {
				t.IPAddresses = append(t.IPAddresses, ip)
			} else {
				t.DNSNames = append(t.DNSNames, h)
			}
		}
	}
}

// NewKey makes an ECDSA P-256 key.
func NewKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// NewRoot makes a self-signed authority, valid for ten years.
func NewRoot(commonName string, opts ...Option) (*Pair, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	t, err := authorityTemplate(commonName, opts)
	if err != nil {
		return nil, err
	}
	return sign(t, key, t, key, nil)
}

// NewIntermediate makes an authority under ca.
func (ca *Pair) NewIntermediate(commonName string, opts ...Option) (*Pair, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	return ca.CrossSign(commonName, key, opts...)
}

// CrossSign makes an authority under ca for a key that exists: the same authority under another root.
func (ca *Pair) CrossSign(commonName string, key crypto.Signer, opts ...Option) (*Pair, error) {
	t, err := authorityTemplate(commonName, opts)
	if err != nil {
		return nil, err
	}
	return sign(t, key, ca.Certificate, ca.Key, ca.chainBelowRoot())
}

// NewLeaf makes a key and an end-entity certificate under ca: valid for a year, EKU serverAuth and clientAuth unless
// opts say otherwise.
func (ca *Pair) NewLeaf(commonName string, opts ...Option) (*Pair, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	return ca.Leaf(commonName, key, opts...)
}

// Leaf is NewLeaf for a key that exists.
func (ca *Pair) Leaf(commonName string, key crypto.Signer, opts ...Option) (*Pair, error) {
	t, err := leafTemplate(commonName, opts)
	if err != nil {
		return nil, err
	}
	return sign(t, key, ca.Certificate, ca.Key, ca.chainBelowRoot())
}

// SignPublicKey is Leaf where only the public key is at hand: what a certificate authority does. The private key is nil.
func (ca *Pair) SignPublicKey(subject pkix.Name, pub crypto.PublicKey, opts ...Option) (*Pair, error) {
	t, err := leafTemplate("", opts)
	if err != nil {
		return nil, err
	}
	t.Subject = subject
	der, err := x509.CreateCertificate(rand.Reader, t, ca.Certificate, pub, ca.Key)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	return &Pair{Certificate: c, Intermediates: ca.chainBelowRoot()}, err
}

// TLS gives the pair as crypto/tls takes it: leaf and intermediates.
func (p *Pair) TLS() tls.Certificate {
	out := tls.Certificate{Certificate: [][]byte{p.Certificate.Raw}, PrivateKey: p.Key, Leaf: p.Certificate}
	for _, c := range p.Intermediates {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out
}

// ChainPEM gives the certificate and its intermediates as PEM.
func (p *Pair) ChainPEM() []byte {
	out := encode("CERTIFICATE", p.Certificate.Raw)
	for _, c := range p.Intermediates {
		out = append(out, encode("CERTIFICATE", c.Raw)...)
	}
	return out
}

// CertificatePEM gives the certificate alone as PEM.
func (p *Pair) CertificatePEM() []byte { return encode("CERTIFICATE", p.Certificate.Raw) }

// KeyPEM gives the private key as PKCS #8 in PEM.
func (p *Pair) KeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return nil, err
	}
	return encode("PRIVATE KEY", der), nil
}

// Pool gives a pool of the pair's certificate alone.
func (p *Pair) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Certificate)
	return pool
}

// Load reads what ChainPEM and KeyPEM wrote.
func Load(chainPEM, keyPEM []byte) (*Pair, error) {
	c, err := tls.X509KeyPair(chainPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	key, ok := c.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("private key of type %T cannot sign", c.PrivateKey)
	}
	p := &Pair{Certificate: c.Leaf, Key: key}
	for _, der := range c.Certificate[1:] {
		i, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		p.Intermediates = append(p.Intermediates, i)
	}
	return p, nil
}

// NewCSR makes a certificate signing request, PEM, subject CN=commonName and nothing else.
func NewCSR(commonName string, key crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: commonName}}, key)
	if err != nil {
		return nil, err
	}
	return encode("CERTIFICATE REQUEST", der), nil
}

// chainBelowRoot is what a certificate issued by ca carries along: ca and what is above it, without a self-signed root.
func (ca *Pair) chainBelowRoot() []*x509.Certificate {
	if string(ca.Certificate.RawIssuer) == string(ca.Certificate.RawSubject) {
		return nil
	}
	return append([]*x509.Certificate{ca.Certificate}, ca.Intermediates...)
}

func authorityTemplate(commonName string, opts []Option) (*x509.Certificate, error) {
	return template(commonName, 10*365*24*time.Hour, func(t *x509.Certificate) {
		t.IsCA, t.BasicConstraintsValid = true, true
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}, opts)
}

func leafTemplate(commonName string, opts []Option) (*x509.Certificate, error) {
	return template(commonName, 365*24*time.Hour, func(t *x509.Certificate) {
		// Both, and no other: iotivity-lite refuses what OCF Security 2.2.5 §9.4.2.2 does not allow.
		t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}, opts)
}

func template(commonName string, lifetime time.Duration, kind Option, opts []Option) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	t := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
	}
	kind(t)
	for _, o := range opts {
		o(t)
	}
	return t, nil
}

func sign(t *x509.Certificate, key crypto.Signer, parent *x509.Certificate, parentKey crypto.Signer, above []*x509.Certificate) (*Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), parentKey)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Pair{Certificate: c, Key: key, Intermediates: above}, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
