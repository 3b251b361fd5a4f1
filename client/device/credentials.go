package device

import (
	"crypto/x509"

	"dps/shared/ocf"
	"dps/shared/pki"
)

// pskSize is the size of a pre-shared key in bytes.
const pskSize = 16

// credentialsRequest makes step 4's request: a CSR for the device's own key, subject CN=uuid:<device id> alone.
func (r *run) credentialsRequest() (request, error) {
	csr, err := pki.NewCSR("uuid:"+r.d.id, r.d.key)
	if err != nil {
		return request{}, err
	}
	body := pairs{{"di", r.d.id}, {"csr", pairs{{"data", string(csr)}, {"encoding", ocf.EncodingPEM}}}}
	return post(ocf.PathCredentials, r.withGateway(body))
}

// acceptCredentials verifies step 4: POST …/credentials → 2.04 {creds}.
func (r *run) acceptCredentials(body object) error {
	if err := body.without("rowneruuid"); err != nil {
		return err
	}
	creds, err := body.list("creds")
	if err != nil {
		return err
	}
	got := credentials{deviceID: r.d.id, owner: r.result.Owner}
	for _, c := range creds {
		if err := got.add(c); err != nil {
			return err
		}
	}
	return r.acceptIdentity(got)
}

// acceptIdentity verifies the identity certificate against the trust anchors that came with it.
func (r *run) acceptIdentity(got credentials) error {
	if len(got.identity) == 0 {
		return faultf(ReasonIdentity, "no credential with credusage %q", ocf.UsageIdentity)
	}
	roots := ownerRoots(got.anchors, got.owner)
	check := identityCheck{deviceID: r.d.id, key: &r.d.key.PublicKey, roots: roots, now: r.d.now(), minRemaining: r.d.cfg.MinRemaining}
	if err := check.verify(got.identity); err != nil {
		return err
	}
	r.result.Identity, r.result.TrustAnchors, r.result.PSK = got.identity, got.anchors, got.psk
	return nil
}

// ownerRoots gives the trust anchors of the owner's own domain; those with another subject are a hub's, for its gateway.
func ownerRoots(anchors []Anchor, owner string) *x509.CertPool {
	roots := x509.NewCertPool()
	for _, a := range anchors {
		if a.Subject == owner {
			roots.AddCert(a.Certificate)
		}
	}
	return roots
}

// credentials gathers the entries of one answer.
type credentials struct {
	deviceID, owner string
	identity        []*x509.Certificate
	anchors         []Anchor
	psk             *PSK
}

// add verifies one entry. Every one needs a subject, a type and the tag.
func (g *credentials) add(c object) error {
	subject, err := c.uuid("subjectuuid")
	if err != nil {
		return err
	}
	if err := c.textIs("tag", ocf.Tag); err != nil {
		return err
	}
	switch credType, err := c.number("credtype"); {
	case err != nil:
		return err
	case credType == ocf.CredentialTypeSymmetric:
		return g.addPSK(c, subject)
	case credType == ocf.CredentialTypeCertificate:
		return g.addCertificate(c, subject)
	default:
		return faultf(ReasonBody, "%s is %d, want %d or %d", c.at("credtype"), credType, ocf.CredentialTypeSymmetric, ocf.CredentialTypeCertificate)
	}
}

func (g *credentials) addPSK(c object, subject string) error {
	if g.psk != nil {
		return faultf(ReasonBody, "%s is a second pre-shared key", c.path)
	}
	if subject != g.owner {
		return faultf(ReasonBody, "%s is %s, want the owner %s", c.at("subjectuuid"), subject, g.owner)
	}
	data, err := c.object("privatedata")
	if err != nil {
		return err
	}
	if err := data.textIs("encoding", ocf.EncodingRaw); err != nil {
		return err
	}
	key, err := rawKey(data)
	if err != nil {
		return err
	}
	g.psk = &PSK{Subject: subject, Key: key}
	return nil
}

// rawKey reads a key that stands there as text or as bytes. Its value never enters an error.
func rawKey(data object) (Secret, error) {
	var key Secret
	switch v := data.fields["data"].(type) {
	case string:
		key = Secret(v)
	case []byte:
		key = Secret(v)
	default:
		return "", faultf(ReasonBody, "%s is %s, want text or bytes", data.at("data"), kind(v))
	}
	if len(key) != pskSize {
		return "", faultf(ReasonBody, "%s has %d bytes, want %d", data.at("data"), len(key), pskSize)
	}
	return key, nil
}

func (g *credentials) addCertificate(c object, subject string) error {
	usage, err := c.text("credusage")
	if err != nil {
		return err
	}
	chain, err := pemChain(c)
	if err != nil {
		return err
	}
	switch usage {
	case ocf.UsageIdentity:
		return g.addIdentity(c, subject, chain)
	case ocf.UsageTrustAnchor:
		return g.addAnchor(c, subject, chain)
	default:
		return faultf(ReasonBody, "%s is %q, want %q or %q", c.at("credusage"), usage, ocf.UsageIdentity, ocf.UsageTrustAnchor)
	}
}

func (g *credentials) addIdentity(c object, subject string, chain []*x509.Certificate) error {
	if g.identity != nil {
		return faultf(ReasonIdentity, "%s is a second identity certificate", c.path)
	}
	if subject != g.deviceID {
		return faultf(ReasonIdentity, "%s is %s, want the device id %s", c.at("subjectuuid"), subject, g.deviceID)
	}
	g.identity = chain
	return nil
}

func (g *credentials) addAnchor(c object, subject string, chain []*x509.Certificate) error {
	for _, a := range chain {
		if !a.IsCA {
			return faultf(ReasonBody, "%s holds %q, which is no certificate authority", c.path, a.Subject.String())
		}
		g.anchors = append(g.anchors, Anchor{Subject: subject, Certificate: a})
	}
	return nil
}
