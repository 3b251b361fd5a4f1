package config

import (
	"os"
	"strings"
	"testing"

	"dps/shared/dps"
	"dps/shared/pki"
)

func TestCheckExamples(t *testing.T) {
	newFixture(t)
	for _, file := range []string{minimal, full} {
		if err := load(t, file).Check(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestCheckContentInTheFile(t *testing.T) {
	f := newFixture(t)
	c := load(t, minimal,
		"certs/manufacturer.crt", dps.EncodeDataURI(f.manufacturer.ChainPEM()),
		"clientSecretFile: secrets/client-secret", "clientSecret: test",
		`owner: "1"`, "owner: \"1\"\n    preSharedKey: \"0123456789012345\"")
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

func TestCheckLeavesStoredSecretsAlone(t *testing.T) {
	newFixture(t)
	for _, ref := range []string{"secret:hub", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hub-AbCdEf"} {
		if err := load(t, minimal, "secrets/client-secret", `"`+ref+`"`).Check(); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// TestCheckProblems breaks one file of the fixture, or the configuration, and tells the one line it must be answered with.
func TestCheckProblems(t *testing.T) {
	const provider, tls = "enrollmentGroups[0].hub.authorization.provider", "apis.coap.tls"
	const chain = "enrollmentGroups[0].attestationMechanism.x509.certificateChain"
	for _, tt := range []struct {
		name, file, content string
		want                []string
	}{
		{"no such file", "certs/dps.key", "", []string{tls + ".keyFile: certs/dps.key: no such file (line 5)"}},
		{"not a pair", "certs/dps.key", "@certs/client.key", []string{tls + `.certFile: "certs/dps.crt" and keyFile certs/dps.key are no pair: `, "private key does not match public key", "(line 6)"}},
		{"not a key", "certs/dps.key", "hush", []string{tls + `.certFile: "certs/dps.crt" and keyFile certs/dps.key are no pair: `}},
		{"not a certificate", "certs/manufacturer.crt", "hush", []string{chain + `: "certs/manufacturer.crt": no certificate in PEM format found (line 12)`}},
		{"a key for a certificate", "certs/manufacturer.crt", "@certs/dps.key", []string{chain + `: "certs/manufacturer.crt": PEM block 1 is a PRIVATE KEY, want CERTIFICATE (line 12)`}},
		{"not an authority", "certs/manufacturer.crt", "@certs/dps.crt", []string{"enrollmentGroups[0]: attestationMechanism.x509.certificateChain: certificate 1 (CN=dps) is not a certificate authority"}},
		{"roots", "certs/root.crt", "hush", []string{"certificateAuthority.grpc.tls.caPool: ", "no certificate in PEM format found (line 20)"}},
		{"empty client secret", "secrets/client-secret", "=", []string{provider + ".clientSecretFile: secrets/client-secret is empty (line 27)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newFixture(t)
			breakFile(t, tt.file, tt.content)
			wantOneProblem(t, load(t, minimal).Check(), tt.want...)
		})
	}
}

// breakFile removes a file ("") or gives it other content: another file's (@), nothing (=), or the text itself.
func breakFile(t *testing.T, file, content string) {
	t.Helper()
	switch {
	case content == "":
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	case content == "=":
		put(t, file, nil)
	case content[0] == '@':
		put(t, file, []byte(read(t, content[1:])))
	default:
		put(t, file, []byte(content))
	}
}

func wantOneProblem(t *testing.T, err error, parts ...string) {
	t.Helper()
	if dps.CodeOf(err) != dps.CodeInvalid {
		t.Fatalf("code %q, want invalid: %v", dps.CodeOf(err), err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one problem:\n%v", err)
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("the error repeats a file's content: %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got  %v\nwant %s", err, part)
		}
	}
}

func TestCheckPreSharedKey(t *testing.T) {
	for _, tt := range []struct{ key, want string }{
		{"0123456789abcdef\n", "secrets/psk: the key is followed by a line end"},
		{"hush", "secrets/psk: the key (REDACTED) does not have 16 bytes"},
		{"", "secrets/psk: the key (REDACTED) does not have 16 bytes"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			newFixture(t)
			put(t, "secrets/psk", []byte(tt.key))
			wantOneProblem(t, load(t, full).Check(), "enrollmentGroups[0].preSharedKeyFile: "+tt.want)
		})
	}
}

func TestCheckRevocationList(t *testing.T) {
	newFixture(t)
	put(t, "certs/manufacturer.crl", []byte("hush"))
	wantOneProblem(t, load(t, full).Check(), `x509.crls[0]: "certs/manufacturer.crl" is not a certificate revocation list in DER or PEM format`)
}

func TestCheckLeadCertificateName(t *testing.T) {
	newFixture(t)
	c := load(t, full, "leadCertificateName: Manufacturer CA", "leadCertificateName: Nobody")
	wantOneProblem(t, c.Check(), `enrollmentGroups[0]: attestationMechanism.x509.leadCertificateName: no certificate of the chain has the common name "Nobody"`)
}

// TestCheckSharedLead: two groups with one lead certificate are refused, also when the second has it renewed with the same key.
func TestCheckSharedLead(t *testing.T) {
	f := newFixture(t)
	renewed := must(must(pki.NewRoot("New Root"))(t).CrossSign("Manufacturer CA", f.manufacturer.Key))(t)
	put(t, "certs/renewed.crt", renewed.CertificatePEM())
	one := read(t, "minimal.yaml")
	_, group, _ := strings.Cut(one, "enrollmentGroups:\n")
	group = strings.Replace(strings.Replace(group, "98be12de", "11111111", 1), "manufacturer.crt", "renewed.crt", 1)
	c := must(Parse([]byte(one + group)))(t)
	wantOneProblem(t, c.Check(), `enrollmentGroups[1].attestationMechanism.x509.certificateChain: lead certificate "CN=Manufacturer CA" is that of enrollmentGroups[0] already`)
}

func TestCheckWithoutOwnCertificate(t *testing.T) {
	wantOneProblem(t, Default().Check(), "apis.coap.tls: keyFile and certFile must be set")
}

func TestCheckTellsEverythingAtOnce(t *testing.T) {
	newFixture(t)
	for _, file := range []string{"certs/dps.crt", "certs/manufacturer.crt", "secrets/client-secret", "secrets/psk", "certs/api.key"} {
		breakFile(t, file, "")
	}
	err := load(t, full).Check()
	for _, file := range []string{"certs/dps.crt", "certs/manufacturer.crt", "secrets/client-secret", "secrets/psk", "certs/api.key"} {
		if !strings.Contains(err.Error(), file+": no such file") {
			t.Errorf("nothing about %s:\n%v", file, err)
		}
	}
}
