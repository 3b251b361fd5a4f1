package config

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"

	"dps/shared/apply"
	"dps/shared/dps"
)

// maxPoolCertificates bounds the roots a client trusts: enough for a whole system's bundle.
const maxPoolCertificates = 300

// Objects gives the configured groups and hubs as the stores keep them: certificates and revocation lists are read in,
// secrets stay references (inline ones as data URIs, which package apply takes out). A hub's id is that of
// dps.ConfiguredHubID, its owner the group's. Errors: CodeInvalid with all problems at once, see Problems.
func (c Config) Objects() (apply.Objects, error) {
	b := builder{problems: &collector{lines: c.lines}}
	c.validate(b.problems)
	objects := b.objects(c)
	return objects, b.problems.err()
}

// AuthorityClient gives the settings of the HTTP client that reads the keys of the REST API's OAuth server, with the
// certificates of its files. Errors: as Objects.
func (c Config) AuthorityClient() (dps.HTTPClient, error) {
	b := builder{problems: &collector{lines: c.lines}}
	client := b.httpClient("apis.http.authorization.http", c.APIs.HTTP.Authorization.HTTP)
	return client, b.problems.err()
}

// ClientRoots gives the roots of the REST API's clients' certificates as PEM. Errors: as Objects.
func (c Config) ClientRoots() (string, error) {
	b := builder{problems: &collector{lines: c.lines}}
	roots := b.certificates("apis.http.tls.caPool", c.APIs.HTTP.TLS.CAPool, maxPoolCertificates)
	return roots, b.problems.err()
}

// builder turns configuration into objects and gathers what it stumbles over.
type builder struct{ problems *collector }

func (b builder) objects(c Config) apply.Objects {
	var out apply.Objects
	for i, g := range c.EnrollmentGroups {
		path := index("enrollmentGroups", i)
		group := dps.EnrollmentGroup{
			ID:           lower(g.ID),
			Owner:        g.Owner,
			Name:         g.Name,
			X509:         b.x509(join(path, "attestationMechanism.x509"), g.AttestationMechanism.X509),
			PreSharedKey: g.PreSharedKeyFile,
			Reprovision:  reprovisioning(g.Reprovisioning),
			Disabled:     g.Disabled,
		}
		at := hubPaths(path, g)
		for j, h := range g.AllHubs() {
			hub := b.hub(at[j], h, group)
			group.HubIDs = append(group.HubIDs, hub.ID)
			out.Hubs = append(out.Hubs, hub)
			b.problems.addError(at[j], hub.Validate())
		}
		b.problems.addError(path, group.Validate())
		out.Groups = append(out.Groups, group)
	}
	return out
}

func (b builder) x509(path string, x X509) dps.X509Attestation {
	return dps.X509Attestation{
		CertificateChain:          b.certificates(join(path, "certificateChain"), []string{x.CertificateChain}, dps.MaxGroupCertificates),
		LeadCertificateName:       x.LeadCertificateName,
		ExpiredCertificateEnabled: x.ExpiredCertificateEnabled,
		RequireClientAuthEKU:      x.RequireClientAuthEKU,
		Allow:                     matchList(x.Allow),
		Deny:                      matchList(x.Deny),
		CRLs:                      b.crls(join(path, "crls"), x.CRLs),
	}
}

// reprovisioning leaves the default out, so that a group looks the same whoever wrote it.
func reprovisioning(policy string) dps.Reprovisioning {
	if p := dps.Reprovisioning(policy); p != dps.ReprovisionAllow {
		return p
	}
	return ""
}

func matchList(l MatchList) dps.MatchList {
	out := dps.MatchList{CommonNames: slices.Clone(l.CommonNames)}
	for _, s := range l.Serials {
		normal, _ := normalSerial(s) // validated
		out.Serials = append(out.Serials, normal)
	}
	for _, id := range l.KeyIDs {
		out.KeyIDs = append(out.KeyIDs, lower(id))
	}
	return out
}

func (b builder) hub(path string, h Hub, g dps.EnrollmentGroup) dps.Hub {
	hubID, ca := lower(h.HubID), h.CertificateAuthority.GRPC
	hub := dps.Hub{
		ID:     dps.ConfiguredHubID(g.ID, hubID),
		HubID:  hubID,
		Name:   h.Name,
		Owner:  g.Owner,
		CAPool: b.certificates(join(path, "caPool"), h.CAPool, dps.MaxGroupCertificates),
		CertificateAuthority: dps.CertificateAuthority{
			Address:   ca.Address,
			KeepAlive: dps.KeepAlive(ca.KeepAlive),
			TLS:       b.clientTLS(join(path, "certificateAuthority.grpc.tls"), ca.TLS),
		},
		Authorization: b.authorization(join(path, "authorization"), h.Authorization),
	}
	for _, gateway := range h.AllGateways() {
		uri, err := dps.ParseGateway(gateway)
		if err == nil && !slices.Contains(hub.Gateways, uri) { // a bad one is reported by validate
			hub.Gateways = append(hub.Gateways, uri)
		}
	}
	return hub
}

func (b builder) authorization(path string, a Authorization) dps.Authorization {
	p := a.Provider
	return dps.Authorization{
		OwnerClaim:    a.OwnerClaim,
		DeviceIDClaim: a.DeviceIDClaim,
		Provider: dps.OAuthProvider{
			Name:         p.Name,
			Authority:    p.Authority,
			ClientID:     p.ClientID,
			ClientSecret: p.ClientSecretFile,
			Scopes:       slices.Clone(p.Scopes),
			Audience:     p.Audience,
			HTTP:         b.httpClient(join(path, "provider.http"), p.HTTP),
		},
	}
}

func (b builder) httpClient(path string, c HTTPClient) dps.HTTPClient {
	return dps.HTTPClient{
		MaxIdleConns:        c.MaxIdleConns,
		MaxConnsPerHost:     c.MaxConnsPerHost,
		MaxIdleConnsPerHost: c.MaxIdleConnsPerHost,
		IdleConnTimeout:     c.IdleConnTimeout,
		Timeout:             c.Timeout,
		TLS:                 b.clientTLS(join(path, "tls"), c.TLS),
	}
}

func (b builder) clientTLS(path string, t ClientTLS) dps.ClientTLS {
	out := dps.ClientTLS{
		CAPool:          b.certificates(join(path, "caPool"), t.CAPool, maxPoolCertificates),
		Key:             t.KeyFile,
		UseSystemCAPool: t.UseSystemCAPool,
	}
	if t.CertFile != "" {
		out.Cert = b.certificates(join(path, "certFile"), []string{t.CertFile}, dps.MaxGroupCertificates)
	}
	return out
}

// certificates reads the files' certificates into one PEM text, without what else stands between them.
func (b builder) certificates(path string, files []string, limit int) string {
	var all []*x509.Certificate
	for _, file := range files {
		if file == "" {
			continue // validate says where one must be set
		}
		data, err := ReadFile(file)
		if err != nil {
			b.problems.addError(path, err)
			continue
		}
		chain, err := dps.ParseCertificatesPEM(data, limit)
		if err != nil {
			b.problems.add(path, "%s: %s", show(file), dps.AsError(err).Message)
			continue
		}
		all = append(all, chain...)
	}
	if len(all) > limit {
		b.problems.add(path, "has %d certificates: at most %d", len(all), limit)
	}
	return dps.EncodeCertificatesPEM(all...)
}

// crls reads the revocation lists that are files; those by URL are fetched by whoever uses them.
func (b builder) crls(path string, values []string) []dps.CRLEntry {
	var out []dps.CRLEntry
	for i, value := range values {
		if isURL(value) {
			out = append(out, dps.CRLEntry{URL: value})
			continue
		}
		data, err := ReadFile(value)
		if err != nil {
			b.problems.addError(index(path, i), err)
			continue
		}
		if block, _ := pem.Decode(bytes.TrimSpace(data)); block != nil {
			data = block.Bytes
		}
		if _, err := x509.ParseRevocationList(data); err != nil {
			b.problems.add(index(path, i), "%s is not a certificate revocation list in DER or PEM format", show(value))
			continue
		}
		out = append(out, dps.CRLEntry{Inline: data})
	}
	return out
}
