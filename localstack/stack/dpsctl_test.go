package stack_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dps/client/device"
	"dps/client/dpsctl"
	"dps/localstack/hub"
	"dps/localstack/stack"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/pki"
)

// operator runs dpsctl as somebody with a profile of his own, and keeps all that it ever said.
type operator struct {
	t      *testing.T
	env    map[string]string
	access string // that he chooses when he logs in
	all    bytes.Buffer
}

func newOperator(t *testing.T, access string) *operator {
	return &operator{t: t, access: access, env: map[string]string{"XDG_CONFIG_HOME": t.TempDir()}}
}

func (o *operator) run(args ...string) (code int, out, errs string) {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	code = dpsctl.Main(o.t.Context(), args, dpsctl.Console{
		In: strings.NewReader(""), Out: &stdout, Err: &reader{Buffer: &stderr, operator: o}, Getenv: func(name string) string { return o.env[name] },
	})
	o.all.Write(stdout.Bytes())
	o.all.Write(stderr.Bytes())
	return code, stdout.String(), stderr.String()
}

// ok runs what must succeed.
func (o *operator) ok(args ...string) string {
	o.t.Helper()
	code, out, errs := o.run(args...)
	if code != dpsctl.ExitOK {
		o.t.Fatalf("dpsctl %s: exit code %d: %s", strings.Join(args, " "), code, errs)
	}
	return out + errs
}

// says runs what must succeed, and say all of the parts.
func (o *operator) says(parts []string, args ...string) string {
	o.t.Helper()
	out := o.ok(args...)
	for _, part := range parts {
		if !strings.Contains(out, part) {
			o.t.Errorf("dpsctl %s does not say %q:\n%s", strings.Join(args, " "), part, out)
		}
	}
	return out
}

// fails runs what must fail with the code, and say the part.
func (o *operator) fails(want int, part string, args ...string) {
	o.t.Helper()
	code, _, errs := o.run(args...)
	if code != want || !strings.Contains(errs, part) {
		o.t.Errorf("dpsctl %s: exit code %d, want %d with %q: %s", strings.Join(args, " "), code, want, part, errs)
	}
}

// reader reads what dpsctl tells a person to do, and does it in a browser.
type reader struct {
	*bytes.Buffer
	operator *operator
}

var instruction = regexp.MustCompile(`Open (\S+)\nand confirm the code (\S+) there`)

func (r *reader) Write(p []byte) (int, error) {
	if found := instruction.FindSubmatch(p); found != nil {
		page, _, _ := strings.Cut(string(found[1]), "?")
		form := url.Values{"user_code": {string(found[2])}, "owner": {stack.Owner}, "access": {r.operator.access}, "answer": {"allow"}}
		resp, err := http.PostForm(page, form)
		if err != nil {
			return 0, err
		}
		_ = resp.Body.Close()
		http.DefaultClient.CloseIdleConnections()
	}
	return r.Buffer.Write(p)
}

// saysNoSecret looks for tokens and secrets in all that dpsctl ever said.
func (o *operator) saysNoSecret(more ...string) {
	o.t.Helper()
	kept, err := os.ReadFile(filepath.Join(o.env["XDG_CONFIG_HOME"], "dps", "credentials.yaml"))
	must(o.t, err)
	tokens := regexp.MustCompile(`eyJ[A-Za-z0-9_.-]+`).FindAllString(string(kept), -1)
	for _, secret := range append(more, tokens...) {
		if strings.Contains(o.all.String(), secret) {
			o.t.Errorf("dpsctl prints %.12s...", secret)
		}
	}
	if strings.Contains(o.all.String(), "eyJ") {
		o.t.Error("dpsctl prints something like a token")
	}
}

// TestDpsctlWorksThroughTheAPI: a person logs in by device code, sees what devices do, and refuses them and lets them in again.
func TestDpsctlWorksThroughTheAPI(t *testing.T) {
	s := start(t, nil)
	me := newOperator(t, "admin")
	me.fails(dpsctl.ExitUsage, "dpsctl login", "get", "groups")
	me.says([]string{"Logged in to " + s.Service.APIURL(), `owner 1`, "admin access"}, "login", s.Service.APIURL(), "--context", "laptop")
	me.says([]string{"laptop", "*", s.Service.APIURL(), "until "}, "context", "list")
	me.says([]string{`"access": "admin"`, `"owner": "1"`}, "whoami", "-o", "json")
	me.says([]string{stack.GroupID, "Acme Devices", "open"}, "get", "groups")
	me.fails(dpsctl.ExitUsage, "leave it out", "get", "groups", "--owner", "2")

	d, cfg := newDevice(t, s, "tcp", "lamp 1", nil)
	result, err := d.Provision(t.Context())
	must(t, err)
	must(t, s.Service.Flush(t.Context()))
	record := stack.RecordID(cfg)
	me.says([]string{record, result.DeviceID, "lamp 1", "ok 2.05"}, "get", "records", "--state", "ok", "--search", "LAMP")
	if out := me.ok("get", "records", "--state", "failed"); strings.Contains(out, record) {
		t.Errorf("a filter lets through what it must not:\n%s", out)
	}
	sameRecord(t, s, me.ok("get", "records", result.DeviceID, "-o", "json"))
	me.says([]string{"issued", result.DeviceID}, "audit", result.DeviceID)
	me.says([]string{stack.GroupID, "all"}, "statistics")

	me.says([]string{"is disabled"}, "group", "disable", stack.GroupID)
	me.says([]string{"disabled"}, "get", "groups")
	refused, _ := newDevice(t, s, "tcp", "lamp 2", nil)
	if _, err := refused.Provision(t.Context()); err == nil {
		t.Error("a disabled group lets a device in")
	}
	me.says([]string{"is open"}, "group", "enable", stack.GroupID)
	me.fails(dpsctl.ExitConflict, "declined", "release", result.DeviceID)
	me.says([]string{"Released device " + result.DeviceID}, "release", result.DeviceID, "--yes")
	me.fails(dpsctl.ExitNotFound, "no device", "release", result.DeviceID, "--yes")
	me.says([]string{"Deleted record " + record}, "delete", "record", record, "--yes")
	me.ok("logout")
	me.fails(dpsctl.ExitFailed, "dpsctl login", "get", "groups")
	me.saysNoSecret()
}

// sameRecord: what the API tells is what the store tells.
func sameRecord(t *testing.T, s *stack.Stack, got string) {
	t.Helper()
	records, _, err := s.Service.Store().ListRecords(t.Context(), stack.Owner, dps.Page{})
	must(t, err)
	for step, result := range records[0].Steps {
		if result.CoAPCode != "" && !strings.Contains(got, `"coapCode": "`+result.CoAPCode+`"`) {
			t.Errorf("step %s: code %s is not in\n%s", step, result.CoAPCode, got)
		}
	}
	for _, part := range []string{"oic.sec.cred.trustca", `"permission": 31`, `"connectionType": "anon-clear"`, "-----BEGIN CERTIFICATE-----", `"acl"`} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is not in\n%s", part, got)
		}
	}
}

const secretOfFile, keyOfFile = "a client's secret", "0123456789abcdef"

// groupFile writes a file with a group of a manufacturer, and a hub.
func groupFile(t *testing.T, manufacturer *pki.Pair, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "groups.yaml")
	chain := strings.ReplaceAll(strings.TrimSpace(string(manufacturer.CertificatePEM())), "\n", "\n          ")
	must(t, os.WriteFile(file, fmt.Appendf(nil, `enrollmentGroups:
  - id: 11111111-3991-4567-aeea-edd9a656e6df
    owner: "1"
    name: %s
    preSharedKey: %q
    attestationMechanism:
      x509:
        certificateChain: |-
          %s
        deny: {serials: ["0a1b"]}
    hub:
      hubID: %s
      gateways: ["coaps+tcp://hub.example.com:5684"]
      certificateAuthority: {grpc: {address: hub.example.com:443, tls: {useSystemCAPool: true}}}
      authorization:
        ownerClaim: https://plgd.dev/owner
        provider: {name: plgd, authority: https://auth.example.com, clientID: dps, clientSecret: %q, http: {timeout: 7s, tls: {useSystemCAPool: true}}}
`, name, keyOfFile, chain, hub.DefaultHubID, secretOfFile), 0o600))
	return file
}

func newManufacturer(t *testing.T) *pki.Pair {
	t.Helper()
	manufacturer, err := pki.NewRoot("Bolt Devices")
	must(t, err)
	return manufacturer
}

// proving has groups wait for proof.
func proving(o *stack.Options) {
	o.Configure = func(_ context.Context, c *config.Config) error {
		c.APIs.HTTP.ProofOfPossession = true
		return nil
	}
}

func (o *operator) group(s *stack.Stack, name string) dps.EnrollmentGroup {
	o.t.Helper()
	groups, _, err := s.Service.Store().ListGroups(o.t.Context(), stack.Owner, dps.Page{})
	must(o.t, err)
	for _, g := range groups {
		if g.Name == name {
			return g
		}
	}
	o.t.Fatalf("no group %q", name)
	return dps.EnrollmentGroup{}
}

// TestDpsctlAppliesThroughTheAPI: an administrator's file is written, secrets and all, and vouched for; again, it changes nothing.
func TestDpsctlAppliesThroughTheAPI(t *testing.T) {
	s := start(t, proving)
	me, manufacturer := newOperator(t, "admin"), newManufacturer(t)
	me.ok("login", s.Service.APIURL())
	file := groupFile(t, manufacturer, "Bolt")
	me.says([]string{"2 to create"}, "apply", "-f", file, "--dry-run")
	me.says([]string{"2 to create", "2 created, 0 updated, 0 deleted"}, "apply", "-f", file, "--yes")
	g := me.group(s, "Bolt")
	if g.Challenge != "" || g.PreSharedKey == "" || len(g.HubIDs) != 1 || len(g.X509.Deny.Serials) != 1 {
		t.Errorf("%+v", g)
	}
	me.says([]string{"0 to create, 0 to update, 0 to delete; 2 unchanged", "cannot be compared"}, "apply", "-f", file, "--yes")

	renamed := groupFile(t, manufacturer, "Bolt and sons")
	me.says([]string{`name: "Bolt" → "Bolt and sons"`, "1 updated"}, "apply", "-f", renamed, "--yes")
	if now := me.group(s, "Bolt and sons"); now.ID != g.ID || now.PreSharedKey == g.PreSharedKey || now.HubIDs[0] != g.HubIDs[0] {
		t.Errorf("from %+v\nto %+v", g, now)
	}
	me.fails(dpsctl.ExitUsage, "remembers no sources", "apply", "-f", renamed, "--source", "mine", "--yes")
	me.fails(dpsctl.ExitConflict, "take it out of them first", "delete", "hub", g.HubIDs[0], "--yes")
	me.says([]string{"- group " + stack.GroupID, "2 to delete"}, "apply", "-f", renamed, "--prune", "--dry-run")
	me.says([]string{"Deleted group " + g.ID}, "delete", "group", g.ID, "--yes")
	me.says([]string{"Deleted hub " + g.HubIDs[0]}, "delete", "hub", g.HubIDs[0], "--yes")
	me.saysNoSecret(secretOfFile, keyOfFile)
}

// TestDpsctlMayNotVouch: what an operator without the right applies waits, and he can prove it.
func TestDpsctlMayNotVouch(t *testing.T) {
	s := start(t, proving)
	me, manufacturer := newOperator(t, "write"), newManufacturer(t)
	me.says([]string{"write access"}, "login", s.Service.APIURL())
	file := groupFile(t, manufacturer, "Bolt")
	me.says([]string{"2 created", "waits", "group vouch", "group prove"}, "apply", "-f", file, "--yes")
	g := me.group(s, "Bolt")
	me.says([]string{"pending", g.Challenge}, "get", "groups", "-o", "wide")
	me.says([]string{"2 unchanged"}, "apply", "-f", file, "--yes")
	me.fails(dpsctl.ExitFailed, "dps:admin", "group", "vouch", g.ID)

	proof, err := manufacturer.NewLeaf(g.Challenge)
	must(t, err)
	certificate := filepath.Join(t.TempDir(), "proof.pem")
	must(t, os.WriteFile(certificate, proof.CertificatePEM(), 0o600))
	me.says([]string{"is open"}, "group", "prove", g.ID, "--certificate", certificate)
	me.saysNoSecret(secretOfFile, keyOfFile)
}

// TestDpsctlInAPipeline: a program needs no log-in but its environment; with one, it gets its tokens again by itself.
func TestDpsctlInAPipeline(t *testing.T) {
	s := start(t, nil)
	ci := newOperator(t, "")
	ci.env["DPS_SERVER"], ci.env["DPS_CLIENT_ID"], ci.env["DPS_CLIENT_SECRET"] = s.Service.APIURL(), hub.ProgramClientID, hub.ProgramSecret
	ci.says([]string{`"access": "admin"`}, "whoami", "-o", "json")
	ci.says([]string{stack.GroupID}, "get", "groups")
	if kept, _ := filepath.Glob(filepath.Join(ci.env["XDG_CONFIG_HOME"], "*")); len(kept) > 0 {
		t.Errorf("it leaves %v", kept)
	}
	ci.env["DPS_CLIENT_SECRET"] = "wrong"
	ci.fails(dpsctl.ExitFailed, "DPS_CLIENT_SECRET", "get", "groups")

	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte(hub.ProgramSecret+"\n"), 0o600))
	program := newOperator(t, "")
	program.says([]string{"read access"}, "login", s.Service.APIURL(), "--client-id", hub.ProgramClientID, "--client-secret-file", secret, "--scope", "dps:read")
	program.says([]string{"renewed as needed"}, "context", "show")
	program.fails(dpsctl.ExitFailed, "dps:write", "group", "disable", stack.GroupID)
	program.saysNoSecret()
}

// TestDpsctlDiagnoses: a certificate that was never here, one that is refused, and a device that failed at a step.
func TestDpsctlDiagnoses(t *testing.T) {
	s := start(t, nil)
	me := newOperator(t, "read")
	me.env["DPS_SERVER"], me.env["DPS_CLIENT_ID"], me.env["DPS_CLIENT_SECRET"] = s.Service.APIURL(), hub.ProgramClientID, hub.ProgramSecret
	file := func(p *pki.Pair, err error) string {
		must(t, err)
		path := filepath.Join(t.TempDir(), "device.crt")
		must(t, os.WriteFile(path, p.CertificatePEM(), 0o600))
		return path
	}
	me.says([]string{"✓ the device would be let in", "CN=lamp", "Acme Devices", stack.GroupID}, "diagnose", file(s.PKI.Manufacturer.NewLeaf("lamp")))
	past := pki.Validity(time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour))
	expired := file(s.PKI.Manufacturer.NewLeaf("old lamp", past))
	if code, out, _ := me.run("diagnose", expired); code != dpsctl.ExitFailed || !strings.Contains(out, "rule expired_leaf") || !strings.Contains(out, "expiredCertificateEnabled") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := me.run("diagnose", expired, "-o", "json"); code != dpsctl.ExitFailed || !strings.Contains(out, `"rule": "expired_leaf"`) {
		t.Errorf("%d %s", code, out)
	}
	strangers, err := pki.NewRoot("stranger")
	must(t, err)
	if code, out, _ := me.run("diagnose", file(strangers.NewLeaf("lamp"))); code != dpsctl.ExitFailed || !strings.Contains(out, "unknown_issuer") {
		t.Errorf("%d %s", code, out)
	}
	first, cfg := newDevice(t, s, "tcp", "first", nil)
	_, err = first.Provision(t.Context())
	must(t, err)
	clone, other := newDevice(t, s, "tcp", "clone", func(c *device.Config) { c.DeviceID = first.ID() })
	if _, err := clone.Provision(t.Context()); err == nil {
		t.Fatal("a device id was given twice")
	}
	must(t, s.Service.Flush(t.Context()))
	me.says([]string{"✓ the device would be let in", stack.RecordID(cfg)}, "diagnose", "--device", first.ID())
	if code, out, _ := me.run("diagnose", "--record", stack.RecordID(other)); code != dpsctl.ExitFailed || !strings.Contains(out, "✗ its step") || !strings.Contains(out, "4.03") || !strings.Contains(out, "dpsctl audit") {
		t.Errorf("%d %s", code, out)
	}
	me.fails(dpsctl.ExitUsage, "name one", "diagnose")
	me.fails(dpsctl.ExitUsage, "name one", "diagnose", expired, "--record", "x")
	me.fails(dpsctl.ExitNotFound, "cannot be read", "diagnose", "missing.crt")
	if strings.Contains(me.all.String(), "Bearer") {
		t.Error("dpsctl shows a token")
	}
}
