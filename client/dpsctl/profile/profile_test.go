package profile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/profile"
	"dps/shared/dps"
)

func open(t *testing.T) (profile.Profile, string) {
	t.Helper()
	dir := t.TempDir()
	p, err := profile.Open(func(name string) string { return map[string]string{"XDG_CONFIG_HOME": dir}[name] })
	if err != nil {
		t.Fatal(err)
	}
	return p, filepath.Join(dir, "dps")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsRemembered(t *testing.T) {
	p, dir := open(t)
	b := profile.Context{
		Name: "b", Server: "https://b", TLS: api.TLS{CA: "/ca"}, Authority: "https://auth", Audience: "aud", Scopes: []string{"openid", "dps:read"},
		ClientID: "cli", Program: true, ClientSecretFile: "/secret",
	}
	tokens := profile.Session{AccessToken: "access", RefreshToken: "refresh", Expiry: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	must(t, p.LoggedIn(b, tokens))
	must(t, p.LoggedIn(profile.Context{Name: "a", Server: "https://a", Authority: "x", ClientID: "y"}, profile.Session{AccessToken: "another"}))
	all, current, err := p.Contexts()
	if err != nil || len(all) != 2 || current != "a" || all[0].Name != "a" {
		t.Fatalf("%+v %q %v", all, current, err)
	}
	if diff := cmp.Diff(b, all[1]); diff != "" {
		t.Error(diff)
	}
	kept, ok, err := p.Session("b")
	if diff := cmp.Diff(tokens, kept); err != nil || !ok || diff != "" {
		t.Errorf("%v %v %s", err, ok, diff)
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	must(t, err)
	if strings.Contains(string(config), "access") || strings.Contains(string(config), "refresh") {
		t.Errorf("tokens beside contexts:\n%s", config)
	}
	for name, mode := range map[string]os.FileMode{"": 0o700, "config.yaml": 0o600, "credentials.yaml": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if must(t, err); info.Mode().Perm() != mode {
			t.Errorf("%q has mode %v", name, info.Mode())
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestContextsAreChosenAndForgotten(t *testing.T) {
	p, _ := open(t)
	for _, name := range []string{"a", "b"} {
		must(t, p.LoggedIn(profile.Context{Name: name, Server: "https://" + name}, profile.Session{AccessToken: name}))
	}
	must(t, p.Use("a"))
	if c, err := p.Context(""); err != nil || c.Name != "a" {
		t.Errorf("%+v %v", c, err)
	}
	must(t, p.LogOut("a"))
	must(t, p.LogOut("a"))
	if _, ok, err := p.Session("a"); ok || err != nil {
		t.Errorf("still logged in: %v", err)
	}
	must(t, p.Delete("a"))
	if _, ok, _ := p.Session("b"); !ok {
		t.Error("another's session went, too")
	}
	if _, err := p.Context(""); dps.CodeOf(err) != dps.CodeNotFound || !strings.Contains(err.Error(), "dpsctl login") {
		t.Errorf("%v", err)
	}
	for name, err := range map[string]error{"use": p.Use("a"), "delete": p.Delete("a")} {
		if dps.CodeOf(err) != dps.CodeNotFound || !strings.Contains(err.Error(), "dpsctl context list") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Context("a"); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("%v", err)
	}
}

func TestFilesThatOthersSeeAreNotRead(t *testing.T) {
	p, dir := open(t)
	must(t, p.LoggedIn(profile.Context{Name: "a", Server: "https://a"}, profile.Session{AccessToken: "the token"}))
	for _, file := range []string{"config.yaml", "credentials.yaml"} {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602} {
			path := filepath.Join(dir, file)
			must(t, os.Chmod(path, mode))
			var err error
			if file == "config.yaml" {
				_, err = p.Context("a")
			} else {
				_, _, err = p.Session("a")
			}
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "chmod 600 "+path) {
				t.Errorf("%s, %v: %v", file, mode, err)
			}
			must(t, os.Chmod(path, 0o600))
		}
	}
}

func TestDamagedFilesTellNoToken(t *testing.T) {
	p, dir := open(t)
	must(t, os.MkdirAll(dir, 0o700))
	for _, text := range []string{"sessions: {a: {accessToken: [eyJ0]}}", "eyJ0", "sessions: {a: {accesToken: eyJ0}}", strings.Repeat("# eyJ0\n", 200_000)} {
		must(t, os.WriteFile(filepath.Join(dir, "credentials.yaml"), []byte(text), 0o600))
		_, _, err := p.Session("a")
		if dps.CodeOf(err) != dps.CodeInvalid || strings.Contains(err.Error(), "eyJ0") || !strings.Contains(err.Error(), "credentials.yaml") {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestWhereTheProfileIs(t *testing.T) {
	home := t.TempDir()
	p, err := profile.Open(func(name string) string { return map[string]string{"HOME": home, "XDG_CONFIG_HOME": "relative"}[name] })
	must(t, err)
	must(t, p.LoggedIn(profile.Context{Name: "a", Server: "https://a"}, profile.Session{}))
	if _, err := os.Stat(filepath.Join(home, ".config", "dps", "config.yaml")); err != nil {
		t.Error(err)
	}
	if _, err := profile.Open(func(string) string { return "" }); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("%v", err)
	}
}

func TestNamesOfContexts(t *testing.T) {
	for name, fine := range map[string]bool{"a": true, "dps.example.com-8443": true, "": false, "-x": false, "a b": false, "a/b": false, "\x1b": false, strings.Repeat("a", 64): false} {
		if err := profile.CheckName(name); (err == nil) != fine {
			t.Errorf("%q: %v", name, err)
		}
	}
	for host, want := range map[string]string{"dps.example.com:8443": "dps.example.com-8443", "[::1]:9100": "1--9100", "localhost": "localhost"} {
		if got := profile.DefaultName(host); got != want || profile.CheckName(got) != nil {
			t.Errorf("%q: %q", host, got)
		}
	}
	p, _ := open(t)
	if err := p.LoggedIn(profile.Context{Name: "a b"}, profile.Session{}); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("%v", err)
	}
}
