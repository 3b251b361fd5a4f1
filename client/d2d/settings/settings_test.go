package settings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dps/client/d2d/settings"
	"dps/shared/dps"
)

// TestNothingIsNeeded: an empty file is the seed's default, "Devices and single client".
func TestNothingIsNeeded(t *testing.T) {
	for _, text := range []string{"", "---\n", "apis:\n", "# nothing\n"} {
		c, err := settings.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if c.APIs.HTTP.Address != "127.0.0.1:8080" || c.Clients.Device.COAP.TLS.Authentication != settings.PreSharedKey ||
			c.RemoteProvisioning.UserAgent.CSRChallengeStateExpiration != time.Minute || c.RemoteProvisioning.Mode != settings.ModeNone {
			t.Errorf("%+v", c)
		}
	}
}

// full is a file with plgd's names, some of which have no effect here.
const full = `
log: {level: debug, encoding: json, encoderConfig: {timeEncoder: rfc3339nano}}
apis:
  http:
    address: 0.0.0.0:8080
    tls: {enabled: true, certFile: crt.pem, keyFile: key.pem, caPool: ca.pem, clientCertificateRequired: false}
    authorization: {authority: "https://auth.example.com", owner: somebody}
    cors: {allowedOrigins: ["https://page.example.com"], allowedHeaders: [Accept]}
  grpc: {enabled: true, address: "0.0.0.0:8081"}
clients:
  device:
    coap:
      maxMessageSize: 262144
      inactivityMonitor: {timeout: 10s}
      blockwiseTransfer: {enabled: true, blockSize: "1024"}
      ownershipTransfer: {methods: [manufacturerCertificate], manufacturerCertificate: {tls: {caPool: maker.pem}}}
      tls: {authentication: X509}
remoteProvisioning:
  mode: USER_AGENT
  authority: https://auth.example.com
  certificateAuthority: https://ca.example.com
  ownerClaim: https://plgd.dev/owner
  webOAuthClient: {clientID: page, audience: hub, scopes: [openid, "r:*"]}
  userAgent: {csrChallengeStateExpiration: 90s}
`

func TestPlgdsNames(t *testing.T) {
	c, err := settings.Parse([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	r := c.RemoteProvisioning
	if r.Mode != settings.UserAgent || c.Clients.Device.COAP.TLS.Authentication != settings.X509 || r.UserAgent.CSRChallengeStateExpiration != 90*time.Second ||
		len(r.WebOAuthClient.Scopes) != 2 || c.Clients.Device.COAP.OwnershipTransfer.ManufacturerCertificate.TLS.CAPool[0] != "maker.pem" {
		t.Errorf("%+v", c)
	}
	notes := strings.Join(c.Notes, "\n")
	for _, want := range []string{"apis.grpc has no effect", "blockwiseTransfer", "clientCertificateRequired", "allowedHeaders", "encoderConfig"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note of %s in\n%s", want, notes)
		}
	}
}

const wrongKey = "too short a key that must not be shown"

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown", "apis: {http: {location: x}}", `apis.http: does not know "location"`},
		{"unknown at the top", "api: {}", `does not know "api"`},
		{"twice", "log: {level: info}\nlog: {level: warn}", "log"},
		{"no mapping", "apis: 5", "apis: want properties"},
		{"no list", "apis: {http: {allowedHosts: {a: b}}}", "apis.http.allowedHosts: want a list of texts"},
		{"no scalar", "log: {level: [info]}", "log.level: want a single value"},
		{"choice", "log: {level: loud}", `log.level: "loud" is none of debug, info, warn, error (line 1)`},
		{"number", "clients: {device: {coap: {maxMessageSize: much}}}", `maxMessageSize: "much" is not right: want a whole number`},
		{"range", "clients: {device: {coap: {maxMessageSize: 5}}}", "5 is not between"},
		{"duration", "apis: {http: {readTimeout: 5}}", `readTimeout: "5" is not right: want a duration`},
		{"negative", "apis: {http: {readTimeout: -5s}}", "is not a positive duration"},
		{"bool", "apis: {http: {tls: {enabled: maybe}}}", "want true or false"},
		{"text", "storage: {path: 5}", `"5" is no text`},
		{"two documents", "log: {}\n---\nlog: {}", "more than one YAML document"},
		{"no YAML", "a: [", "not YAML"},
		{"address", "apis: {http: {address: here}}", "is not HOST:PORT"},
		{"open to all", "apis: {http: {address: '0.0.0.0:80'}}", "apis.http.tls.enabled: must be true"},
		{"no authorization", "apis: {http: {address: ':80', tls: {enabled: true, certFile: c, keyFile: k}}}", "apis.http.authorization.authority: must be set"},
		{"no owner", "apis: {http: {authorization: {authority: 'https://a'}}}", "apis.http.authorization.owner: must be set"},
		{"no certificate", "apis: {http: {tls: {enabled: true}}}", "certFile and keyFile"},
		{"every origin", "apis: {http: {cors: {allowedOrigins: '*'}}}", `"*" is no origin`},
		{"page that may speak to everybody", "apis: {http: {page: {connectSources: ['https://*']}}}", `apis.http.page.connectSources: "https://*" is no origin`},
		{"origin with a path", "apis: {http: {cors: {allowedOrigins: 'https://a/b'}}}", "is no origin"},
		{"just works", "clients: {device: {coap: {ownershipTransfer: {methods: [justWorks]}}}}", "anybody in between"},
		{"subject", "clients: {device: {coap: {tls: {preSharedKey: {subjectId: me, key: 0123456789abcdef}}}}}", `"me" is not a UUID`},
		{"key", "clients: {device: {coap: {tls: {preSharedKey: {subjectId: 00000000-0000-0000-0000-000000000001, key: " + wrongKey + "}}}}}", "devices take 16"},
		{"key of no use", "clients: {device: {coap: {tls: {authentication: uninitialized, preSharedKey: {subjectId: 00000000-0000-0000-0000-000000000001, key: 0123456789abcdef}}}}}", "is of no use"},
		{"x509 with nothing", "clients: {device: {coap: {tls: {authentication: x509}}}}", "remoteProvisioning.authority: must be set"},
		{"browser and key", "remoteProvisioning: {mode: userAgent}", "remoteProvisioning.mode: userAgent needs"},
		{"clear", "remoteProvisioning: {authority: 'http://a.example.com'}", "in clear"},
		{"no URL", "remoteProvisioning: {certificateAuthority: ca}", "is no URL"},
		{"expiration", "remoteProvisioning: {userAgent: {csrChallengeStateExpiration: 2h}}", "is not between 1s and 1h"},
		{"two sources", "remoteProvisioning: {tokenFile: t, deviceOAuthClient: {clientID: c}}", "both set"},
		{"useless key file", "storage: {protection: passphrase, keyFile: k}", "storage.keyFile: is of no use"},
		{"too large", "# " + strings.Repeat("x", settings.MaxFileSize), "more than"},
	} {
		_, err := settings.Parse([]byte(tt.text))
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), wrongKey) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestOutOfReach: a client elsewhere that cannot ask the OAuth server for its keys is guarded by the domain's certificates, or not started.
func TestOutOfReach(t *testing.T) {
	const elsewhere = "apis: {http: {address: ':80', tls: {enabled: true, certFile: c, keyFile: k}}}\n" +
		"clients: {device: {coap: {tls: {authentication: %s}}}}\n" +
		"remoteProvisioning: {mode: userAgent, authority: 'https://a', certificateAuthority: 'https://a', caPool: [%s]}\n"
	if _, err := settings.Parse(fmt.Appendf(nil, elsewhere, "x509", "root.pem")); err != nil {
		t.Error(err)
	}
	for name, values := range map[string][2]string{"any root": {"x509", ""}, "any way": {"uninitialized", "root.pem"}} {
		if _, err := settings.Parse(fmt.Appendf(nil, elsewhere, values[0], values[1])); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "apis.http.authorization.authority: must be set") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := settings.Parse([]byte("log: {level: loud}\nnonsense: 1\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	for text, ok := range map[string]bool{
		"0123456789abcdef": true, "data:;base64,AAECAwQFBgcICQoLDA0ODw==": true,
		"": false, "short": false, "data:;base64,AAE=": false, "data:nonsense": false, "0123456789abcdef0": false,
	} {
		if _, err := settings.ParseKey(text); (err == nil) != ok || err != nil && dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	var b strings.Builder
	settings.Describe(&b)
	if strings.Contains(b.String(), ")\n    \n") || !strings.Contains(b.String(), "remoteProvisioning.userAgent.csrChallengeStateExpiration (time.Duration, default 1m)") {
		t.Error(b.String())
	}
}

// FuzzParse: no panics; what passes is within its bounds, and an error shows no key.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("clients: {device: {coap: {tls: {preSharedKey: {key: x}}}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := settings.Parse(data)
		if err != nil {
			if dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		if h := c.APIs.HTTP; !h.TLS.Enabled && !strings.HasPrefix(h.Address, "127.") && !strings.HasPrefix(h.Address, "localhost:") && !strings.HasPrefix(h.Address, "[") {
			t.Fatalf("%q is served in clear", h.Address)
		}
	})
}
