package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"dps/shared/dps"
)

// TestProblems gives each wrong file, or the minimal one with one change, and the one line it must be answered with.
func TestProblems(t *testing.T) {
	const hub = "enrollmentGroups[0].hub."
	tests := []struct{ name, old, new, want string }{
		{"unknown, near", "", "log: {lvel: info}", `log.lvel: unknown property: did you mean level? (line 1)`},
		{"unknown, far", "", "taskQueue: {threads: 1}", `taskQueue.threads: unknown property: known here are goPoolSize, size, maxIdleTime (line 1)`},
		{"twice", "", "log:\n  level: info\n  Level: warn", `log.level: given twice, in the lines 2 and 3: remove one (line 2)`},
		{"twice by another name", "clientSecretFile: secrets/client-secret", "clientSecretFile: a\n          clientSecret: b",
			hub + `authorization.provider.clientSecretFile: given twice, in the lines 27 and 28: remove one (line 27)`},
		{"merge key", "", "log: {<<: {level: info}}", `log.<<: merge keys are not supported: write the properties out, or use an alias for the whole section (line 1)`},
		{"key that is a list", "", "log: {[a]: 1}", `log."(a list)": unknown property: known here are dumpBody, level, encoding, stacktrace, encoderConfig (line 1)`},
		{"not YAML", "", "log: [", `not YAML: line 1: did not find expected node content`},
		{"two documents", "", "log: {}\n---\nlog: {}", `more than one YAML document: remove what follows the line ---`},
		{"a list at the top", "", "- log", `is a list: want properties, one a line`},
		{"text for a section", "", "log: debug", `log: is text: want properties, one a line (line 1)`},
		{"text for a list", "", "apis: {coap: {protocols: tcp}}", `apis.coap.protocols: is text: want a list, such as [a, b] (line 1)`},
		{"section for groups", "", "enrollmentGroups: {id: a}", `enrollmentGroups: is a section: want a list, each entry beginning with a dash (line 1)`},
		{"empty group", "", "enrollmentGroups: [~]", `enrollmentGroups[0]: is empty: remove the dash, or fill it in (line 1)`},
		{"empty entry", "", "apis: {coap: {protocols: [~, tcp]}}", `apis.coap.protocols[0]: is empty: remove it, or fill it in (line 1)`},
		{"number for text", `owner: "1"`, "owner: 1", `enrollmentGroups[0].owner: "1" is a number: want text, so put quotes around it (line 9)`},
		{"text for a bool", "", "log: {dumpBody: yes}", `log.dumpBody: "yes" is text: want true or false (line 1)`},
		{"fraction for an int", "", "taskQueue: {size: 1.5}", `taskQueue.size: "1.5" is a number: want a whole number (line 1)`},
		{"sum for an int", "", "apis: {coap: {maxMessageSize: 256*1024}}", `apis.coap.maxMessageSize: "256*1024" is text: want a whole number (line 1)`},
		{"huge int", "", "taskQueue: {size: 99999999999999999999}", `taskQueue.size: "99999999999999999999" is a number: want a whole number (line 1)`},
		{"too small", "", "taskQueue: {size: 0}", `taskQueue.size: 0 is too small: write at least 1 (line 1)`},
		{"too large", "", "taskQueue: {goPoolSize: 1000001}", `taskQueue.goPoolSize: 1000001 is too large: write at most 1000000 (line 1)`},
		{"choice", "", "log: {level: loud}", `log.level: "loud" is not possible: write one of debug, info, warn, error (line 1)`},
		{"choice in a list", "", "apis: {coap: {protocols: [tcp, ws]}}", `apis.coap.protocols[1]: "ws" is not possible: write one of tcp, udp (line 1)`},
		{"same entry twice", "", "apis: {coap: {protocols: [tcp, tcp]}}", `apis.coap.protocols[1]: "tcp" is that of apis.coap.protocols[0] already: each must be unique (line 1)`},
		{"no protocols", "", "apis: {coap: {protocols: []}}", `apis.coap.protocols: has 0 entries: write at least 1 (line 1)`},
		{"numeric choice", "", "apis: {coap: {blockwiseTransfer: {blockSize: 1000}}}", `apis.coap.blockwiseTransfer.blockSize: 1000 is not possible: write one of 16, 32, 64, 128, 256, 512, 1024 (line 1)`},
		{"duration without unit", "", "apis: {coap: {inactivityMonitor: {timeout: 20}}}",
			`apis.coap.inactivityMonitor.timeout: "20" has no unit: write 20s for seconds, or another of ns, us, ms, s, m, h (line 1)`},
		{"no duration", "", "taskQueue: {maxIdleTime: soon}", `taskQueue.maxIdleTime: "soon" is not right: want a duration such as "2h45m" or "300ms" (units ns, us, ms, s, m, h) (line 1)`},
		{"negative duration", "", "taskQueue: {maxIdleTime: -1s}", `taskQueue.maxIdleTime: -1s is negative: write a positive duration (line 1)`},
		{"zero without meaning", "", "apis: {coap: {inactivityMonitor: {timeout: 0s}}}", `apis.coap.inactivityMonitor.timeout: 0s is too short: write at least 1ms (line 1)`},
		{"longer than a device waits", "", "functions: {timeouts: {sign: 9s}}", `functions.timeouts.sign: 9s is too long: write at most 8s (line 1)`},
		{"address", "", "apis: {coap: {address: localhost}}", `apis.coap.address: "localhost" is not HOST:PORT: write such as 0.0.0.0:5688 (line 1)`},
		{"port", "", "apis: {coap: {address: ':65536'}}", `apis.coap.address: ":65536" is not HOST:PORT: write such as 0.0.0.0:5688 (line 1)`},
		{"key without certificate", "", "apis: {coap: {tls: {keyFile: a}}}", `apis.coap.tls.certFile: must be set, as keyFile is (line 1)`},
		{"mongoDB", "", "clients:\n  storage:\n    mongoDB: {uri: 'mongodb://u:hush@h'}", `clients.storage.mongoDB: ` + mongoDBAdvice + ` (line 3)`},
		{"dynamoDB not chosen", "", "clients: {storage: {dynamoDB: {table: dps}}}", `clients.storage.use: must be set, as there is a section dynamoDB: write use: dynamoDB (line 1)`},
		{"collector without address", "", "clients: {openTelemetryCollector: {grpc: {enabled: true}}}",
			`clients.openTelemetryCollector.grpc.address: must be set, as enabled is true: HOST:PORT of the collector (line 1)`},
		{"id", "id: 98be12de-", "id: 98be12de", `enrollmentGroups[0].id: "98be12de3991-4567-aeea-edd9a656e6df" is not a UUID: write such as ` + uuidExample + ` (line 8)`},
		{"id missing", "id: 98be12de-3991-4567-aeea-edd9a656e6df\n    owner", "owner", `enrollmentGroups[0].id: must be set: a UUID, the group's own, such as ` + uuidExample + ` (line 8)`},
		{"owner missing", `owner: "1"`, `owner: ""`, `enrollmentGroups[0].owner: must be set: who owns the provisioned devices (line 9)`},
		{"chain missing", "certificateChain: certs/manufacturer.crt", "certificateChain:",
			`enrollmentGroups[0].attestationMechanism.x509.certificateChain: must be set: file of the manufacturer's certificate authorities, nearest to the device first (line 11)`},
		{"gateway", "coapGateway: hub.example.com:5684", "gateways: ['http://u:hush@hub.example.com:5684']",
			hub + `gateways[0]: "http://u:xxxxx@hub.example.com:5684" is not SCHEME://HOST:PORT with the scheme coap, coaps, coap+tcp or coaps+tcp: write such as coaps+tcp://hub.example.com:5684 (line 15)`},
		{"no gateway", "coapGateway: hub.example.com:5684", "gateways: []", hub + `coapGateway: must be set, or gateways: where provisioned devices connect (line 13)`},
		{"nil hub id", "d03a1bb4-0a77-428c-b78c-1c46efe6a38e", dps.NilUUID, hub + `hubID: "` + dps.NilUUID + `" is not a UUID: write such as ` + uuidExample + ` (line 14)`},
		{"authority address", "address: hub.example.com:443", "address: https://hub.example.com",
			hub + `certificateAuthority.grpc.address: "https://hub.example.com" is not HOST:PORT: write such as hub.example.com:443 (line 18)`},
		{"owner claim", "ownerClaim: https://plgd.dev/owner", "ownerClaim: sub",
			hub + `authorization.ownerClaim: "sub" is the OAuth client itself in the client credentials grant: write a claim of its own, such as https://plgd.dev/owner (line 22)`},
		{"authority", "authority: https://auth.example.com", "authority: auth.example.com",
			hub + `authorization.provider.authority: "auth.example.com" is not an http(s) URL: write such as https://auth.example.com (line 25)`},
		{"password in authority", "authority: https://", "authority: https://me:hush@",
			hub + `authorization.provider.authority: "https://me:xxxxx@auth.example.com" holds a user name: remove it (line 25)`},
		{"client secret missing", "clientSecretFile: secrets/client-secret", "audience: a",
			hub + `authorization.provider.clientSecretFile: must be set: file of the OAuth client's secret (line 23)`},
		{"secret of the wrong type", "clientSecretFile: secrets/client-secret", "clientSecret: 5554443332",
			hub + `authorization.provider.clientSecretFile: REDACTED is a number: want text, so put quotes around it (line 27)`},
		{"short key", `owner: "1"`, "owner: \"1\"\n    preSharedKey: hush-hush",
			`enrollmentGroups[0].preSharedKeyFile: the key (REDACTED) does not have 16 bytes: write exactly 16; the path of a file belongs into preSharedKeyFile, not preSharedKey (line 10)`},
		{"key not base64", `owner: "1"`, "owner: \"1\"\n    preSharedKeyFile: 'data:;base64,hush!'",
			`enrollmentGroups[0].preSharedKeyFile: data URI whose content is not base64 (line 10)`},
		{"serial", "x509:", "x509:\n        deny: {serials: [0x12]}", `enrollmentGroups[0].attestationMechanism.x509.deny.serials[0]: "0x12" is a number: want text, so put quotes around it (line 12)`},
		{"serial not hex", "x509:", "x509:\n        deny: {serials: ['xyz']}", `enrollmentGroups[0].attestationMechanism.x509.deny.serials[0]: "xyz" is not a serial number: write hexadecimal digits (line 12)`},
		{"key id", "x509:", "x509:\n        allow: {keyIds: ['a']}", `enrollmentGroups[0].attestationMechanism.x509.allow.keyIds[0]: "a" is not a UUID: write such as ` + uuidExample + ` (line 12)`},
		{"CRL with password", "x509:", "x509:\n        crls: ['https://u:hush@h/crl']",
			`enrollmentGroups[0].attestationMechanism.x509.crls[0]: "https://u:xxxxx@h/crl" holds a user name: remove it (line 12)`},
		{"long value is cut", "", "log: {level: " + strings.Repeat("x", 5000) + "}",
			`log.level: "` + strings.Repeat("x", maxShownValue) + `..." is not possible: write one of debug, info, warn, error (line 1)`},
	}
	base := read(t, minimal)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := tt.new
			if tt.old != "" {
				if file = strings.Replace(base, tt.old, tt.new, 1); file == base {
					t.Fatalf("%s has no %q", minimal, tt.old)
				}
			}
			_, err := Parse([]byte(file))
			if dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("code %q, want invalid", dps.CodeOf(err))
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "5554443332") {
				t.Error("the error holds a secret")
			}
		})
	}
}

// TestAllProblemsAtOnce proves that wrong types, unknown names and cross-field problems are told together, in the order of
// the file.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse([]byte(`
taskQueue: {size: many}
apis:
  coap:
    address: nowhere
    tls: {certFile: a}
enrollmentGroups:
  - ownr: me
    id: 98be12de-3991-4567-aeea-edd9a656e6df
  - id: 98BE12DE-3991-4567-AEEA-EDD9A656E6DF
    hub: {gateways: [":1"]}
`))
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%v is not Problems", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.Path)
	}
	g := func(i string) string { return "enrollmentGroups[" + i + "]." }
	want := []string{
		"taskQueue.size", "apis.coap.address", "apis.coap.tls.keyFile",
		g("0") + "ownr", g("0") + "owner", g("0") + "attestationMechanism.x509.certificateChain", g("0") + "hub",
		g("1") + "id", g("1") + "owner", g("1") + "attestationMechanism.x509.certificateChain", g("1") + "hub.hubID", g("1") + "hub.gateways[0]",
		g("1") + "hub.certificateAuthority.grpc.address", g("1") + "hub.authorization.ownerClaim", g("1") + "hub.authorization.provider.name",
		g("1") + "hub.authorization.provider.authority", g("1") + "hub.authorization.provider.clientID", g("1") + "hub.authorization.provider.clientSecretFile",
	}
	for _, w := range want {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("no problem with %s", w)
		}
	}
	if len(got) != len(want) || strings.Count(err.Error(), "\n") != len(want)-1 {
		t.Errorf("%d problems, want %d:\n%v", len(got), len(want), err)
	}
	for i := 1; i < len(problems); i++ {
		if problems[i].Line < problems[i-1].Line {
			t.Errorf("not in the order of the file:\n%v", err)
		}
	}
}

func manyUnknown() string {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "x%d: 1\n", i)
	}
	return b.String()
}

func TestSameHubTwice(t *testing.T) {
	base := read(t, full)
	_, err := Parse([]byte(strings.Replace(base, "0aa2a4a8-54c5-4d5a-9d0f-0d3e0e6b6d11", "D03A1BB4-0A77-428C-B78C-1C46EFE6A38E", 1)))
	if err == nil || !strings.HasPrefix(err.Error(), "enrollmentGroups[0].hubs[0].hubID: ") || !strings.Contains(err.Error(), "that of enrollmentGroups[0].hub already") {
		t.Errorf("error %v", err)
	}
}

// TestHostileFiles proves that size, depth and aliases cannot make parsing expensive or crash it.
func TestHostileFiles(t *testing.T) {
	names := "[" + strings.Repeat("x, ", 8_000) + "x]"
	for name, tt := range map[string]struct{ file, want string }{
		"too large":     {strings.Repeat("#", MaxFileSize+1), "larger than 1048576 bytes"},
		"deep flow":     {strings.Repeat("[", 500_000), "not YAML"},
		"deep block":    {strings.Repeat("a: {", 5_000), "not YAML"},
		"closed depth":  {"log: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000), "log: is a list"},
		"alias of self": {"log: &a {stacktrace: *a}", "unknown property"},
		"many aliases": {"enrollmentGroups:\n- attestationMechanism: &a {x509: {allow: {commonNames: " + names + "}}}\n" +
			strings.Repeat("- attestationMechanism: *a\n", 900), "more than 100000 values: use fewer aliases"},
		"many groups":   {"enrollmentGroups: [" + strings.Repeat("{},", 2000) + "]", "enrollmentGroups: has 2000 entries: write at most 1000"},
		"many problems": {manyUnknown(), "problems more"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tt.file))
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.300v, want %s", err, tt.want)
			}
			if err != nil && len(err.Error()) > 200*(maxShownValue+200) {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}
