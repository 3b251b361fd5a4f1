package config

import (
	"crypto/tls"

	"dps/shared/apply"
	"dps/shared/dps"
)

// Check does all that Validate does, and opens every file the configuration names: certificates must parse, keys belong to
// their certificates, a pre-shared key have 16 bytes, no two groups share a lead certificate, and the service must have a
// certificate of its own. Secrets kept in a secrets store are not looked at. Errors: CodeInvalid with all problems at once,
// see Problems; their text holds no secret.
func (c Config) Check() error {
	k := checker{builder{problems: &collector{lines: c.lines}}}
	c.validate(k.problems)
	k.server("apis.coap.tls", c.APIs.COAP.TLS)
	if c.APIs.HTTP.Enabled {
		k.http("apis.http", c.APIs.HTTP)
	}
	if c.Clients.OpenTelemetryCollector.GRPC.Enabled {
		k.client("clients.openTelemetryCollector.grpc.tls", c.Clients.OpenTelemetryCollector.GRPC.TLS)
	}
	for i, g := range c.EnrollmentGroups {
		k.group(index("enrollmentGroups", i), g)
	}
	k.leads(k.objects(c).Groups)
	return k.problems.err()
}

// checker opens what the builder leaves closed: keys and other secrets.
type checker struct{ builder }

func (k checker) server(path string, t ServerTLS) {
	switch {
	case t.CertFile == "" && t.KeyFile == "":
		k.problems.add(path, "keyFile and certFile must be set: the service's own certificate, which devices check")
	case t.CertFile != "" && t.KeyFile != "" && !isElsewhere(dps.SecretRef(t.CertFile)) && !isElsewhere(dps.SecretRef(t.KeyFile)):
		k.pair(path, t.CertFile, dps.SecretRef(t.KeyFile))
	}
}

func (k checker) http(path string, h HTTP) {
	at := join(path, "tls")
	k.certificates(join(at, "caPool"), h.TLS.CAPool, maxPoolCertificates)
	if h.TLS.Enabled && h.TLS.CertFile != "" {
		k.server(at, h.TLS.Server())
	}
	k.client(join(path, "authorization.http.tls"), h.Authorization.HTTP.TLS)
}

// client checks a client's certificate and roots. The builder has read those of groups; what it noted is not noted twice.
func (k checker) client(path string, t ClientTLS) {
	k.certificates(join(path, "caPool"), t.CAPool, maxPoolCertificates)
	if t.CertFile != "" && t.KeyFile != "" && !isElsewhere(t.KeyFile) {
		k.pair(path, t.CertFile, t.KeyFile)
	}
}

// pair checks that certificate and key parse and belong together.
func (k checker) pair(path, certFile string, keyFile dps.SecretRef) {
	cert, certErr := ReadFile(certFile)
	k.problems.addError(join(path, "certFile"), certErr)
	key, keyErr := ReadFile(string(keyFile))
	k.problems.addError(join(path, "keyFile"), keyErr)
	if certErr != nil || keyErr != nil {
		return
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		k.problems.add(join(path, "certFile"), "%s and keyFile %s are no pair: %v", show(certFile), keyFile, err)
	}
}

func (k checker) group(path string, g EnrollmentGroup) {
	if key, ok := k.secret(join(path, "preSharedKeyFile"), g.PreSharedKeyFile); ok {
		if problem := preSharedKeyProblem(key); problem != "" {
			k.problems.add(join(path, "preSharedKeyFile"), "%s: %s", g.PreSharedKeyFile, problem)
		}
	}
	at := hubPaths(path, g)
	for i, h := range g.AllHubs() {
		secret := join(at[i], "authorization.provider.clientSecretFile")
		if value, ok := k.secret(secret, h.Authorization.Provider.ClientSecretFile); ok && len(value) == 0 {
			k.problems.add(secret, "%s is empty", h.Authorization.Provider.ClientSecretFile)
		}
		k.client(join(at[i], "certificateAuthority.grpc.tls"), h.CertificateAuthority.GRPC.TLS)
		k.client(join(at[i], "authorization.provider.http.tls"), h.Authorization.Provider.HTTP.TLS)
	}
}

// secret reads a secret that is at hand; ok is false where there is none, it is elsewhere, or reading fails.
func (k checker) secret(path string, ref dps.SecretRef) (value []byte, ok bool) {
	if ref == "" || isElsewhere(ref) {
		return nil, false
	}
	value, err := ReadFile(string(ref))
	k.problems.addError(path, err)
	return value, err == nil
}

// leads checks that no two groups are recognized by the same certificate authority.
func (k checker) leads(groups []dps.EnrollmentGroup) {
	first := make(map[string]int)
	for i, g := range groups {
		lead, ok := apply.Lead(g)
		if !ok {
			continue // noted by the builder
		}
		id := dps.CAIdentity(lead)
		if j, taken := first[id]; taken {
			k.problems.add(index("enrollmentGroups", i)+".attestationMechanism.x509.certificateChain",
				"lead certificate %q is that of %s already: each may lead one group only; set leadCertificateName to another",
				lead.Subject.String(), index("enrollmentGroups", j))
			continue
		}
		first[id] = i
	}
}
