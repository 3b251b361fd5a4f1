package dpsctl_test

import (
	"testing"

	"dps/client/dpsctl"
	"dps/shared/dps"
)

func TestWhichService(t *testing.T) {
	d := newTool(t)
	d.put("bolt.yaml", "clients: {storage: {bolt: {path: dps.db}}}\nenrollmentGroups: []\n")
	d.put("lambda.yaml", "functions: {mode: lambda}\n")
	d.put("bad.yaml", "clients: {storage: {bolt: {path: 3}}}\n")
	d.ok("apply", "-f", "groups.yaml", "--config", "bolt.yaml", "--yes")
	d.ok("get", "groups", "--config", "bolt.yaml")
	for _, tt := range []struct {
		code  int
		parts []string
		args  []string
	}{
		{dpsctl.ExitUsage, []string{"--config FILE", "--database FILE", "--table NAME"}, nil},
		{dpsctl.ExitUsage, []string{"exclude each other"}, []string{"--config", "bolt.yaml", "--database", "dps.db"}},
		{dpsctl.ExitUsage, []string{"lambda.yaml", "--table NAME --secrets-prefix"}, []string{"--config", "lambda.yaml"}},
		{dpsctl.ExitUsage, []string{"bad.yaml", "clients.storage.bolt.path"}, []string{"--config", "bad.yaml"}},
		{dpsctl.ExitNotFound, []string{"none.yaml: no such file"}, []string{"--config", "none.yaml"}},
		{dpsctl.ExitNotFound, []string{"none.db does not exist: name the database"}, []string{"--database", "none.db"}},
	} {
		d.fails(tt.code, tt.parts, append([]string{"get", "groups"}, tt.args...)...)
	}
}

func TestDatabaseInUse(t *testing.T) {
	d := newTool(t)
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	d.inStore(func(dps.Store) {
		d.fails(dpsctl.ExitUnavailable, []string{"dps.db is in use by "}, "get", "groups", "--database", "dps.db")
		d.fails(dpsctl.ExitUnavailable, []string{"dps.db is in use by "}, "apply", "-f", "groups.yaml", "--database", "dps.db")
	})
}

func TestUsage(t *testing.T) {
	d := newTool(t)
	for _, args := range [][]string{
		{"nothing"}, {"get"}, {"get", "nothing"}, {"get", "groups", "a", "b"}, {"get", "groups", "--nothing"}, {"config"}, {"config", "import"},
		{"records"}, {"version", "x"}, {"get", "groups", "-o", "xml", "--database", "dps.db"}, {"get", "groups", "--limit", "-1", "--database", "dps.db"},
		{"records", "watch", "--interval", "1ms", "--database", "dps.db"}, {"records", "watch", "-o", "yaml"},
	} {
		if r := d.run(args...); r.code != dpsctl.ExitUsage || r.err == "" || r.out != "" {
			t.Errorf("dpsctl %v: exit code %d, error %q, output %q", args, r.code, r.err, r.out)
		}
	}
}

func TestHelpAndCompletion(t *testing.T) {
	d := newTool(t)
	d.golden("help.txt", d.ok("--help"))
	if d.ok("version") == "" {
		t.Error("no version")
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if d.ok("completion", shell) == "" {
			t.Errorf("no completion for %s", shell)
		}
	}
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	if got, want := d.ok("__complete", "get", "groups", "--database", "dps.db", ""), groupID+"\n:4\n"; got != want {
		t.Errorf("completion gives %q, want %q", got, want)
	}
	if got, want := d.ok("__complete", "get", "hubs", "--database", "dps.db", "-o", ""), "table\nwide\njson\nyaml\n:4\n"; got != want {
		t.Errorf("completion gives %q, want %q", got, want)
	}
}
