package attestation

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxCRLSigners bounds how many issuers a revocation list remembers to be, or not to be, signed by.
const maxCRLSigners = 8

// revocations are a group's revocation lists, by their issuer's distinguished name.
type revocations struct {
	byIssuer   map[string][]*revocationList
	unreadable string // why a list could not be parsed: nobody knows whom it would have named
}

// revocationList is one list with its serial numbers indexed. The signature is checked against each issuer once.
type revocationList struct {
	list    *x509.RevocationList // without its entries
	serials map[string]struct{}  // big-endian bytes
	defect  string               // why it cannot be used by anybody
	signers *lru.Cache[[sha256.Size]byte, bool]
}

// indexRevocations parses the lists.
func indexRevocations(lists [][]byte) revocations {
	r := revocations{byIssuer: make(map[string][]*revocationList, len(lists))}
	for _, der := range lists {
		l, err := newRevocationList(der)
		if err != nil {
			r.unreadable = quote(err.Error())
			continue
		}
		issuer := string(l.list.RawIssuer)
		r.byIssuer[issuer] = append(r.byIssuer[issuer], l)
	}
	return r
}

func newRevocationList(der []byte) (*revocationList, error) {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	signers, err := lru.New[[sha256.Size]byte, bool](maxCRLSigners)
	if err != nil {
		return nil, err
	}
	l := &revocationList{list: list, serials: make(map[string]struct{}, len(list.RevokedCertificateEntries)), defect: defectOf(list), signers: signers}
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Sign() >= 0 { // no certificate has a negative one
			l.serials[string(e.SerialNumber.Bytes())] = struct{}{}
		}
	}
	list.RevokedCertificateEntries = nil // the index is all that is needed of them
	return l, nil
}

// defectOf says why a list cannot be used: delta and indirect lists, and lists for a part of the certificates, say so in
// critical extensions, which must not be passed over (RFC 5280 §5.2, §5.3).
func defectOf(list *x509.RevocationList) string {
	if hasCritical(list.Extensions) {
		return "it has a critical extension: only complete lists of an issuer's own certificates are supported"
	}
	for _, e := range list.RevokedCertificateEntries {
		if hasCritical(e.Extensions) {
			return "an entry of it has a critical extension: indirect lists are not supported"
		}
	}
	if list.NextUpdate.IsZero() {
		return "it has no nextUpdate, so that nobody can tell whether it is current"
	}
	if !strongSignature(list.SignatureAlgorithm) {
		return "it is signed with " + list.SignatureAlgorithm.String()
	}
	return ""
}

func hasCritical(extensions []pkix.Extension) bool {
	for _, e := range extensions {
		if e.Critical {
			return true
		}
	}
	return false
}

// check looks up every certificate of the path but the anchor, and gives until when the lists say what they say; zero where
// no list applies.
func (r revocations) check(now time.Time, path []*x509.Certificate) (time.Time, *Refusal) {
	var until time.Time
	if r.unreadable != "" {
		return until, refuse(RuleCRLUnusable, "a revocation list of the group cannot be read: %s", r.unreadable)
	}
	for i, c := range path[:len(path)-1] {
		lists := r.byIssuer[string(c.RawIssuer)]
		if len(lists) == 0 {
			continue
		}
		end, refusal := checkOne(now, c, path[i+1], lists)
		if refusal != nil {
			return time.Time{}, refusal
		}
		until = earlier(until, end)
	}
	return until, nil
}

// checkOne looks up one certificate in the lists that bear its issuer's name. At least one must be current and signed by the
// issuer's key; others by that name may be an older edition, or belong to an authority of the same name with another key.
func checkOne(now time.Time, c, issuer *x509.Certificate, lists []*revocationList) (time.Time, *Refusal) {
	var until time.Time
	unusable := "none is signed by its key"
	for _, l := range lists {
		if l.defect != "" {
			return until, refuse(RuleCRLUnusable, "revocation list of %s: %s", issuerOf(c), l.defect)
		}
		if !l.isSignedBy(issuer) {
			continue
		}
		if reason := l.isOutOfDate(now); reason != "" {
			unusable = reason
			continue
		}
		if _, revoked := l.serials[string(c.SerialNumber.Bytes())]; revoked {
			return until, refuse(RuleRevoked, "%s, serial %s, is on the revocation list of %s of %s", nameOf(c), serialOf(c), issuerOf(c), day(l.list.ThisUpdate))
		}
		until = earlier(until, l.list.NextUpdate)
	}
	if until.IsZero() {
		return until, refuse(RuleCRLUnusable, "revocation lists of %s: %s", issuerOf(c), unusable)
	}
	return until, nil
}

func (l *revocationList) isOutOfDate(now time.Time) string {
	switch {
	case now.Before(l.list.ThisUpdate):
		return "it is valid from " + day(l.list.ThisUpdate) + ", it is " + day(now)
	case now.After(l.list.NextUpdate):
		return "its successor was due at " + day(l.list.NextUpdate) + ", it is " + day(now)
	}
	return ""
}

// isSignedBy tells whether the issuer, being allowed to (cRLSign), signed the list. Lists may be megabytes long, so the
// answer is remembered by the whole issuer certificate.
func (l *revocationList) isSignedBy(issuer *x509.Certificate) bool {
	key := sha256.Sum256(issuer.Raw)
	if signed, ok := l.signers.Get(key); ok {
		return signed
	}
	signed := l.list.CheckSignatureFrom(issuer) == nil
	l.signers.Add(key, signed)
	return signed
}
