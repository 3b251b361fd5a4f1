package member

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"time"

	"dps/client/d2d/reach"
	"dps/client/d2d/settings"
	"dps/shared/dps"
)

// current is who the client is at a moment. It is never changed, only replaced.
type current struct {
	way      Way
	reset    bool // it was somebody: nothing happens by itself until a person initializes it again
	psk      *reach.PSK
	identity *identity
}

// identity is an identity certificate with its key, and whose it is.
type identity struct {
	owner   string // as the token names him
	user    string // the token's subject: who initialized the client
	key     *ecdsa.PrivateKey
	chain   []*x509.Certificate // leaf first, root last
	jwks    []byte              // that tokens are verified by, in the browser's way
	refresh string              // OAuth refresh token of a log-in by device flow
	renewAt time.Time
}

func keyState(subjectID string, key [settings.KeySize]byte) *current {
	return &current{way: WayKey, psk: &reach.PSK{SubjectID: subjectID, Key: key}}
}

func (i *identity) leaf() *x509.Certificate { return i.chain[0] }

func (i *identity) chainPEM() []byte { return []byte(dps.EncodeCertificatesPEM(i.chain...)) }

// tls gives the certificate as a handshake shows it: without the root.
func (i *identity) tls() *tls.Certificate {
	c := &tls.Certificate{PrivateKey: i.key, Leaf: i.leaf()}
	for _, part := range i.chain[:len(i.chain)-1] {
		c.Certificate = append(c.Certificate, part.Raw)
	}
	return c
}

// roots are what devices' certificates must lead to: the domain's, as configured, and the identity's own.
func (i *identity) roots(configured []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.chain[len(i.chain)-1])
	for _, c := range configured {
		pool.AddCert(c)
	}
	return pool
}

// plan sets when the certificate is to be renewed: after two thirds of its life, and up to a twentieth later, so that clients
// that were initialized together do not all come back together.
func (i *identity) plan(jitter float64) {
	life := i.leaf().NotAfter.Sub(i.leaf().NotBefore)
	i.renewAt = i.leaf().NotBefore.Add(life*2/3 + time.Duration(jitter*float64(life/20)))
}
