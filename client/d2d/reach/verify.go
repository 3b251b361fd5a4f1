package reach

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
)

// Bounds of a device's certificates, checked before they are looked at.
const (
	maxChain       = 5
	maxCertificate = 8 << 10 // bytes of one
)

// parseChain parses what DTLS gives as bytes. Errors: ReasonNotOurs.
func parseChain(id string, raw [][]byte) ([]*x509.Certificate, error) {
	if len(raw) == 0 || len(raw) > maxChain {
		return nil, fail(ReasonNotOurs, nil, "device %s presents %d certificates, want 1 to %d", id, len(raw), maxChain)
	}
	chain := make([]*x509.Certificate, 0, len(raw))
	for _, der := range raw {
		if len(der) > maxCertificate {
			return nil, fail(ReasonNotOurs, nil, "device %s presents a certificate of %d bytes, at most %d are allowed", id, len(der), maxCertificate)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fail(ReasonNotOurs, err, "device %s presents a certificate that cannot be read", id)
		}
		chain = append(chain, c)
	}
	return chain, nil
}

// verifyIdentity checks that a chain leads to the roots of our security domain, is an OCF identity (Security 2.2.5 §9.4.2.2),
// and names the device that was asked for. Errors: ReasonNotOurs, ReasonImpostor.
func verifyIdentity(id string, raw [][]byte, roots *x509.CertPool, now time.Time) error {
	chain, err := parseChain(id, raw)
	if err != nil {
		return err
	}
	if err := verifyChain(chain, roots, now); err != nil {
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			return fail(ReasonNotOurs, err, "device %s presents a certificate that is valid %s to %s, and it is %s", id,
				stamp(chain[0].NotBefore), stamp(chain[0].NotAfter), stamp(now))
		}
		return fail(ReasonNotOurs, err, "device %s presents a certificate of %q, which does not lead to the roots of our security domain: it belongs to another",
			id, clip(chain[0].Issuer.String()))
	}
	if !slices.ContainsFunc(chain[0].UnknownExtKeyUsage, pki.OIDIdentity.Equal) {
		return fail(ReasonNotOurs, nil, "device %s presents a certificate that is no OCF identity: extended key usage %v is missing", id, pki.OIDIdentity)
	}
	if got, ok := commonNameID(chain[0]); !ok || got != id {
		return fail(ReasonImpostor, nil, "device %s is not who it says it is: its certificate is for %q", id, clip(chain[0].Subject.CommonName))
	}
	return nil
}

// verifyManufacturer checks that a chain leads to a manufacturer whom we trust. Errors: ReasonNotOurs.
func verifyManufacturer(id string, raw [][]byte, roots *x509.CertPool, now time.Time) error {
	chain, err := parseChain(id, raw)
	if err != nil {
		return err
	}
	if err := verifyChain(chain, roots, now); err != nil {
		return fail(ReasonNotOurs, err, "device %s presents a manufacturer certificate of %q, valid %s to %s, which does not lead to a manufacturer root that this client trusts",
			id, clip(chain[0].Issuer.String()), stamp(chain[0].NotBefore), stamp(chain[0].NotAfter))
	}
	return nil
}

func verifyChain(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) error {
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// commonNameID gives the id of "CN=uuid:ID".
func commonNameID(leaf *x509.Certificate) (string, bool) {
	text, found := strings.CutPrefix(strings.ToLower(leaf.Subject.CommonName), "uuid:")
	id, ok := dps.ParseUUID(text)
	return id, found && ok
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
