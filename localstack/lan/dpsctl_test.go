package lan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/client/dpsctl"
	"dps/shared/dps"

	"dps/localstack/stack"
)

// terminal is somebody at a terminal, with a d2d client and a token for the API.
type terminal struct {
	t   *testing.T
	env map[string]string
	all bytes.Buffer
}

func (o *terminal) run(want int, args ...string) string {
	o.t.Helper()
	var out bytes.Buffer
	code := dpsctl.Main(o.t.Context(), args, dpsctl.Console{
		In: strings.NewReader("y\n"), Out: &out, Err: &out, Getenv: func(name string) string { return o.env[name] },
	})
	o.all.Write(out.Bytes())
	if code != want {
		o.t.Fatalf("dpsctl %s: exit code %d, want %d: %s", strings.Join(args, " "), code, want, out.String())
	}
	return out.String()
}

func (o *terminal) says(want string, args ...string) {
	o.t.Helper()
	if out := o.run(dpsctl.ExitOK, args...); !strings.Contains(out, want) {
		o.t.Errorf("dpsctl %s: %q is not in %s", strings.Join(args, " "), want, out)
	}
}

// TestFromTheTerminal goes each of the three ways with dpsctl, and uses a device.
func TestFromTheTerminal(t *testing.T) {
	d := newDomain(t)
	light := d.provision(t, "light")
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(d.key(t)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	client := d.newClient(t, nil)
	token := d.token(t, stack.Owner)
	o := &terminal{t: t, env: map[string]string{"DPS_CLIENT_URL": client.url, "DPS_SERVER": d.Service.APIURL(), "DPS_TOKEN": token, "XDG_CONFIG_HOME": t.TempDir()}}
	o.says("not a member yet", "client", "status")
	for _, way := range []struct {
		name string
		args []string
	}{
		{"pre-shared key", []string{"key", "--subject-id", dps.OwnerUUID(stack.Owner), "--key-file", keyFile}},
		{"own request", []string{"certificate"}},
		{"through a browser", []string{"mediated"}},
	} {
		o.run(dpsctl.ExitOK, append([]string{"client", "initialize"}, way.args...)...)
		o.says(way.name, "client", "status", "-o", "wide")
		o.says("ours", "client", "devices", "--address", light.Address)
		o.says("/light/1", "client", "get", light.ID)
		o.run(dpsctl.ExitOK, "client", "set", light.ID, "/light/1", `{"state":true,"power":42}`)
		o.says(`"power": 42`, "client", "get", light.ID, "/light/1")
		o.run(dpsctl.ExitOK, "client", "reset")
		o.run(dpsctl.ExitConflict, "client", "get", light.ID) // it is nobody now
	}
	o.run(dpsctl.ExitNotFound, "client", "initialize", "key", "--subject-id", dps.NewUUID(), "--key-file", keyFile+"x")
	o.run(dpsctl.ExitUsage, "client", "set", light.ID, "/light/1", "on")
	if said := o.all.String(); strings.Contains(said, d.key(t)) || strings.Contains(said, token) {
		t.Error("dpsctl has said a secret")
	}
}

// TestOwnFromTheTerminal: a client with a key of its own owns a device fresh from the factory, uses it, and gives it up.
func TestOwnFromTheTerminal(t *testing.T) {
	d := newDomain(t)
	leaf := must(d.NewDevice("tcp", "unowned"))(t)
	fresh := must(d.lan.AddUnowned("unowned", leaf.Manufacturer))(t)
	client := d.newClient(t, nil)
	o := &terminal{t: t, env: map[string]string{"DPS_CLIENT_URL": client.url, "XDG_CONFIG_HOME": t.TempDir()}}
	client.byKey("somebody", "0123456789abcdef")
	o.says("nobody's", "client", "devices", "--address", fresh.Address)
	o.run(dpsctl.ExitFailed, "client", "get", fresh.ID, "/light/1")
	o.says("ours", "client", "own", fresh.ID)
	o.says(`"state": true`, "client", "set", fresh.ID, "/light/1", `{"state":true}`)
	o.says("nobody's", "client", "disown", fresh.ID)
	o.says("nobody's", "client", "devices", "--address", fresh.Address)
}
