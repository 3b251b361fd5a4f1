package config

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"dps/shared/dps"
)

// secretive is the full example with every secret in the file itself.
func secretive(t *testing.T) Config {
	t.Helper()
	data := read(t, full)
	const key = "-----BEGIN PRIVATE KEY-----\\nhush\\n-----END PRIVATE KEY-----\\n"
	for old, changed := range map[string]string{
		"preSharedKeyFile: secrets/psk":           `preSharedKey: "hush-hush-hush-h"`,
		"clientSecretFile: secrets/client-secret": `clientSecret: hush`,
		"keyFile: certs/dps.key":                  `keyFile: "` + key + `"`,
		"keyFile: certs/api.key":                  `keyFile: "` + dps.EncodeDataURI([]byte("hush")) + `"`,
		"keyFile: certs/client.key":               `keyFile: "` + key + `"`,
	} {
		if !strings.Contains(data, old) {
			t.Fatalf("%s has no %q", full, old)
		}
		data = strings.ReplaceAll(data, old, changed)
	}
	c, err := Parse([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	c.EnrollmentGroups[0].Hub.Authorization.Provider.Authority = "https://user:hush@auth.example.com"
	return c
}

// TestNothingPrintsSecrets prints a configuration, and each part of it that holds a secret, in every way Go knows.
func TestNothingPrintsSecrets(t *testing.T) {
	c := secretive(t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "tls", c.APIs.COAP.TLS)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "tls", c.APIs.COAP.TLS)
	outputs := []string{string(c.YAML()), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		outputs = append(outputs, fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c), fmt.Sprintf(verb, c.APIs.COAP.TLS), fmt.Sprintf(verb, c.APIs.HTTP.TLS))
		outputs = append(outputs, fmt.Sprintf(verb, c.EnrollmentGroups[0].PreSharedKeyFile))
	}
	for _, out := range outputs {
		for _, secret := range []string{"hush", base64.RawStdEncoding.EncodeToString([]byte("hush")), "aHVzaC1odXNo"} {
			if strings.Contains(out, secret) {
				t.Errorf("a secret is printed:\n%s", out)
			}
		}
	}
}

func TestYAMLShowsWhatIsNoSecret(t *testing.T) {
	c, err := Load(full)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(c.YAML())
	if err != nil {
		t.Fatalf("what was printed is refused: %v", err)
	}
	if !bytes.Equal(again.YAML(), c.YAML()) {
		t.Error("printing is not stable")
	}
	for _, want := range []string{"preSharedKeyFile: secrets/psk", "timeout: 1m30s", "protocols: [tcp, udp]", "readTimeout: -1s"} {
		if !strings.Contains(c.String(), want) {
			t.Errorf("no %q in\n%s", want, c)
		}
	}
}

func TestNotes(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"nothing set", "", nil},
		{"everything applies", "log: {level: warn}\ntaskQueue: {size: 5, goPoolSize: 2}\napis: {coap: {protocols: [udp], messagePoolSize: 3, blockwiseTransfer: {blockSize: 64}}}", nil},
		{"tcp only", "apis: {coap: {messagePoolSize: 3, blockwiseTransfer: {enabled: true}}}", []string{
			"apis.coap.messagePoolSize (line 1): no effect: it applies to udp, which apis.coap.protocols does not name",
			"apis.coap.blockwiseTransfer.enabled (line 1): no effect: devices have no block-wise transfer over tcp, and apis.coap.protocols does not name udp",
		}},
		{"block-wise off", "apis: {coap: {protocols: [udp], blockwiseTransfer: {enabled: false, blockSize: 64}}}",
			[]string{"apis.coap.blockwiseTransfer.blockSize (line 1): no effect: apis.coap.blockwiseTransfer.enabled is false"}},
		{"idle time", "taskQueue: {maxIdleTime: 1m}", []string{"taskQueue.maxIdleTime (line 1): no effect: goroutines are not pooled, so none are idle"}},
		{"collector", "clients: {openTelemetryCollector: {grpc: {enabled: true, address: 'a:1'}, samplePercent: 1}}", nil},
		{"collector off", "clients: {openTelemetryCollector: {grpc: {address: 'a:1'}, samplePercent: 1}, cloudWatch: {namespace: a}}", []string{
			"clients.openTelemetryCollector.grpc.address (line 1): no effect: clients.openTelemetryCollector.grpc.enabled is false",
			"clients.openTelemetryCollector.samplePercent (line 1): no effect: clients.openTelemetryCollector.grpc.enabled is false",
			"clients.cloudWatch.namespace (line 1): no effect: clients.cloudWatch.enabled is false",
		}},
		{"HTTP off", "apis: {http: {enabled: false, address: ':1'}}", []string{"apis.http.address (line 1): no effect: apis.http.enabled is false"}},
		{"HTTP without TLS", "apis: {http: {enabled: true, authorization: {authority: 'https://a'}, tls: {enabled: false, certFile: a, keyFile: b}}}", []string{
			"apis.http.tls.keyFile (line 1): no effect: apis.http.tls.enabled is false", "apis.http.tls.certFile (line 1): no effect: apis.http.tls.enabled is false",
		}},
		{"HTTP apart", "functions: {mode: lambda}\napis: {http: {enabled: true}}", []string{
			"apis.http.enabled (line 2): no effect: with functions.mode lambda, the api function serves the REST API",
		}},
		{"stack level", "log: {stacktrace: {level: info}}", []string{"log.stacktrace.level (line 1): no effect: log.stacktrace.enabled is false"}},
		{"other storage", "clients:\n storage:\n  use: dynamoDB\n  bolt: {path: a}\n  dynamoDB: {table: tab}",
			[]string{"clients.storage.bolt.path (line 4): no effect: clients.storage.use is dynamoDB"}},
		{"embedded functions", "functions: {mode: embedded, names: {enroll: e}, timeouts: {enroll: 1s}}", []string{
			"functions.names.enroll (line 1): no effect: functions.mode is not lambda",
			"functions.timeouts.enroll (line 1): no effect: functions.mode is not lambda",
		}},
		{"lambda", "functions: {mode: lambda, names: {enroll: e}, timeouts: {enroll: 1s}}\nclients: {storage: {cacheExpiration: 1m, bolt: {path: a}}}",
			[]string{"clients.storage.bolt.path (line 2): no effect: with functions.mode lambda, the functions hold the storage"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse([]byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Notes(); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestNotesOfGroupsInLambdaMode(t *testing.T) {
	c, err := Parse([]byte(read(t, minimal) + "functions: {mode: lambda}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Notes(); len(got) != 1 || !strings.HasPrefix(got[0], "enrollmentGroups (line 7): no effect: ") {
		t.Errorf("got %q", got)
	}
}
