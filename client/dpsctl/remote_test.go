package dpsctl_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dps/client/dpsctl"
	"dps/client/dpsctl/profile"
)

const (
	oldToken, newToken         = "eyJ-the-old-token", "eyJ-the-new-token"
	oldRefresh, newRefresh     = "the-old-refresh-token", "the-new-refresh-token"
	programSecret, wrongSecret = "the-programs-secret", "a-wrong-secret"
)

// service is an API and its OAuth server in one, which take the new token.
type service struct {
	*httptest.Server
	authority string // that the API names; "": itself
	lifetime  int    // of tokens, in seconds
	asked     []string
	answers   map[string]string // of the API, by path
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{lifetime: 3600, answers: map[string]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, r.URL.Path+"?"+string(body))
	w.Header().Set("Content-Type", "application/json")
	switch path := r.URL.Path; {
	case path == "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": s.URL, "token_endpoint": s.URL + "/token", "device_authorization_endpoint": s.URL + "/da"})
	case path == "/token":
		s.grant(w, r, string(body))
	case path == "/api/v1/login":
		authority := s.authority
		if authority == "" {
			authority = s.URL
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"authority": authority, "cliClientId": "dpsctl", "scopes": []string{"openid"}})
	case r.Header.Get("Authorization") != "Bearer "+newToken:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":"denied","detail":"token has expired\u001b[2J"}`)
	case path == "/api/v1/me":
		_, _ = io.WriteString(w, `{"owner":"1","subject":"s","name":"Some\u001bOne","scopes":["dps:read"],"access":"read","expiry":"2030-01-02T03:04:05Z"}`)
	case s.answers[path] != "":
		_, _ = io.WriteString(w, s.answers[path])
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"code":"not_found","detail":"nothing here"}`)
	}
}

func (s *service) grant(w http.ResponseWriter, r *http.Request, body string) {
	_, secret, _ := r.BasicAuth()
	if !strings.Contains(body, "refresh_token="+oldRefresh) && secret != programSecret {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		return
	}
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q,"token_type":"Bearer","expires_in":%d}`, newToken, newRefresh, s.lifetime)
}

// count is how many requests there were for a path.
func (s *service) count(path string) (n int) {
	for _, a := range s.asked {
		if strings.HasPrefix(a, path+"?") {
			n++
		}
	}
	return n
}

// newClient is a tool with a profile of its own.
func newClient(t *testing.T) *tool {
	t.Helper()
	d := newTool(t)
	d.env = map[string]string{"XDG_CONFIG_HOME": t.TempDir()}
	return d
}

// session puts a context with tokens into the profile.
func (t *tool) session(c profile.Context, s profile.Session) profile.Profile {
	t.Helper()
	p, err := profile.Open(func(name string) string { return t.env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if err := p.LoggedIn(c, s); err != nil {
		t.Fatal(err)
	}
	return p
}

func (s *service) context(name string) profile.Context {
	return profile.Context{Name: name, Server: s.URL, Authority: s.URL, ClientID: "dpsctl", Scopes: []string{"openid"}}
}

// wantNoSecret: neither what went right nor what went wrong shows one.
func (r outcome) wantNoSecret(t *testing.T) {
	t.Helper()
	for _, secret := range []string{oldToken, newToken, oldRefresh, newRefresh, programSecret, wrongSecret, "\x1b"} {
		if strings.Contains(r.out+r.err, secret) {
			t.Errorf("%q is printed:\n%s%s", secret, r.out, r.err)
		}
	}
}

func TestWhoIsAskedAndHow(t *testing.T) {
	s := newService(t)
	s.answers["/api/v1/enrollment-groups"] = `{"items":[{"id":"g1","owner":"1","name":"Lamps","pending":true,"challenge":"c","version":"1"}],"nextPageToken":""}`
	hour := time.Now().Add(time.Hour)
	good := profile.Session{AccessToken: newToken, Expiry: hour}
	for _, c := range []struct {
		name  string
		setup func(d *tool)
		args  []string
		code  int
		says  string // on either
	}{
		{"a token of the environment", func(d *tool) { d.env["DPS_TOKEN"] = newToken + "\n" }, []string{"--server", s.URL}, 0, "Lamps"},
		{"both of the environment", func(d *tool) { d.env["DPS_TOKEN"], d.env["DPS_SERVER"] = newToken, s.URL }, nil, 0, "pending"},
		{"a wrong token", func(d *tool) { d.env["DPS_TOKEN"] = oldToken }, []string{"--server", s.URL}, dpsctl.ExitFailed, "log in with dpsctl login " + s.URL},
		{"a program", func(d *tool) { d.env["DPS_CLIENT_ID"], d.env["DPS_CLIENT_SECRET"] = "ci", programSecret }, []string{"--server", s.URL}, 0, "Lamps"},
		{"a wrong program", func(d *tool) { d.env["DPS_CLIENT_ID"], d.env["DPS_CLIENT_SECRET"] = "ci", wrongSecret }, []string{"--server", s.URL}, dpsctl.ExitFailed, "has ended"},
		{"nobody", nil, []string{"--server", s.URL}, dpsctl.ExitFailed, "dpsctl login " + s.URL},
		{"nowhere", nil, nil, dpsctl.ExitUsage, "--server URL"},
		{"the current context", func(d *tool) { d.session(s.context("a"), good) }, nil, 0, "Lamps"},
		{"a context", func(d *tool) {
			d.session(s.context("a"), good)
			d.session(profile.Context{Name: "b", Server: "https://b"}, profile.Session{})
		}, []string{"--context", "a"}, 0, "Lamps"},
		{"a context of the environment", func(d *tool) {
			d.session(s.context("a"), good)
			d.session(profile.Context{Name: "b", Server: "https://b"}, profile.Session{})
			d.env["DPS_CONTEXT"] = "a"
		}, nil, 0, "Lamps"},
		{"a context by its server", func(d *tool) { d.session(s.context("a"), good) }, []string{"--server", s.URL + "/"}, 0, "Lamps"},
		{"several of a server", func(d *tool) {
			d.session(s.context("a"), good)
			d.session(s.context("b"), good)
			d.session(profile.Context{Name: "c", Server: "https://c"}, profile.Session{})
		}, []string{"--server", s.URL}, dpsctl.ExitUsage, "--context NAME"},
		{"a context's token is for its server alone", func(d *tool) { d.session(s.context("a"), good); d.env["DPS_TOKEN"] = oldToken }, nil, 0, "Lamps"},
		{"no such context", nil, []string{"--context", "x"}, dpsctl.ExitNotFound, "dpsctl context list"},
		{"in clear", nil, []string{"--server", "http://dps.example.com"}, dpsctl.ExitUsage, "https://dps.example.com"},
		{"two at once", nil, []string{"--server", s.URL, "--table", "dps"}, dpsctl.ExitUsage, "exclude each other"},
		{"another owner", func(d *tool) { d.env["DPS_TOKEN"] = newToken }, []string{"--server", s.URL, "--owner", "2"}, dpsctl.ExitUsage, `owner "1"`},
		{"an authority that is none", func(d *tool) { d.env["DPS_TOKEN"] = newToken }, []string{"--server", s.URL, "--ca", "groups.yaml"}, dpsctl.ExitUsage, "no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newClient(t)
			if c.setup != nil {
				c.setup(d)
			}
			r := d.run(append([]string{"get", "groups"}, c.args...)...)
			if r.code != c.code || !strings.Contains(r.out+r.err, c.says) {
				t.Errorf("exit code %d, want %d with %q:\n%s%s", r.code, c.code, c.says, r.out, r.err)
			}
			r.wantNoSecret(t)
		})
	}
}

func TestASessionIsRenewedWhileItLasts(t *testing.T) {
	s, d := newService(t), newClient(t)
	past := time.Now().Add(-time.Minute)
	p := d.session(s.context("a"), profile.Session{AccessToken: oldToken, RefreshToken: oldRefresh, Expiry: past})
	r := d.run("whoami")
	if r.code != 0 || !strings.Contains(r.out, "Some?One") {
		t.Fatalf("%d %s%s", r.code, r.out, r.err)
	}
	r.wantNoSecret(t)
	kept, ok, err := p.Session("a")
	if err != nil || !ok || kept.AccessToken != newToken || kept.RefreshToken != newRefresh || !kept.Expiry.After(time.Now()) {
		t.Errorf("kept %v", err)
	}
	d.ok("whoami")
	if n := s.count("/token"); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

func TestASessionThatHasEnded(t *testing.T) {
	past := time.Now().Add(-time.Minute)
	for name, session := range map[string]profile.Session{
		"no refresh token":  {AccessToken: oldToken, Expiry: past},
		"refresh refused":   {AccessToken: oldToken, RefreshToken: newRefresh, Expiry: past},
		"nothing is kept":   {},
		"about to end soon": {AccessToken: newToken, Expiry: time.Now().Add(10 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			s, d := newService(t), newClient(t)
			d.session(s.context("a"), session)
			r := d.run("whoami")
			if r.code != dpsctl.ExitFailed || !strings.Contains(r.err, "has ended: run dpsctl login "+s.URL+" --context a") {
				t.Errorf("%d %s", r.code, r.err)
			}
			r.wantNoSecret(t)
		})
	}
}

// TestTokensStayWithTheirOAuthServer: an API that names another OAuth server later does not get the session's secrets sent there.
func TestTokensStayWithTheirOAuthServer(t *testing.T) {
	evil, s, d := newService(t), newService(t), newClient(t)
	s.authority = evil.URL
	d.session(s.context("a"), profile.Session{AccessToken: oldToken, RefreshToken: oldRefresh, Expiry: time.Now().Add(-time.Minute)})
	d.ok("whoami")
	if len(evil.asked) > 0 {
		t.Errorf("the other was asked: %q", evil.asked)
	}
}

func TestAProgramLogsIn(t *testing.T) {
	s, d := newService(t), newClient(t)
	d.put("secret", programSecret+"\n")
	r := d.run("login", s.URL, "--client-id", "ci", "--client-secret-file", "secret", "--context", "ci")
	if r.code != 0 || !strings.Contains(r.out, "context ci is in use") {
		t.Fatalf("%d %s%s", r.code, r.out, r.err)
	}
	r.wantNoSecret(t)
	for _, form := range []string{"table", "wide", "json", "yaml"} {
		d.run("context", "list", "-o", form).wantNoSecret(t)
		d.run("context", "show", "-o", form).wantNoSecret(t)
		d.run("whoami", "-o", form).wantNoSecret(t)
	}
	config := read(t, filepath.Join(d.env["XDG_CONFIG_HOME"], "dps", "config.yaml"))
	if dir, _ := os.Getwd(); !strings.Contains(config, filepath.Join(dir, "secret")) || strings.Contains(config, programSecret) {
		t.Errorf("%s", config)
	}
	d.ok("logout")
	d.fails(dpsctl.ExitFailed, []string{"dpsctl login"}, "whoami")
	d.ok("login") // again, as it was
	d.ok("whoami")
	d.put("secret", "")
	d.fails(dpsctl.ExitUsage, []string{"secret is empty"}, "login")
	d.fails(dpsctl.ExitUsage, []string{"cannot be read"}, "login", s.URL, "--client-id", "ci", "--client-secret-file", "none")
	d.ok("context", "delete", "ci")
	d.fails(dpsctl.ExitNotFound, []string{"dpsctl login https://HOST"}, "login")
}

func TestLogInsThatCannotBe(t *testing.T) {
	s, d := newService(t), newClient(t)
	s.authority = "http://auth.example.com"
	d.fails(dpsctl.ExitUsage, []string{"OAuth server", "http://auth.example.com"}, "login", s.URL)
	d.fails(dpsctl.ExitUsage, []string{"in clear"}, "login", "http://dps.example.com")
	d.fails(dpsctl.ExitUsage, []string{"no name of a context"}, "login", s.URL, "--context", "a b")
	d.fails(dpsctl.ExitUsage, []string{"no certificate"}, "login", s.URL, "--ca", "groups.yaml")
	d.fails(dpsctl.ExitUsage, []string{"--cert FILE"}, "login", s.URL, "--cert", "groups.yaml")
}

func TestContextCommands(t *testing.T) {
	s, d := newService(t), newClient(t)
	if r := d.run("context", "list"); r.code != 0 || !strings.Contains(r.err, "dpsctl login SERVER") {
		t.Errorf("%+v", r)
	}
	d.session(s.context("a"), profile.Session{AccessToken: newToken, Expiry: time.Now().Add(time.Hour)})
	d.session(s.context("b"), profile.Session{AccessToken: newToken, Expiry: time.Now().Add(-time.Hour)})
	list := d.ok("context", "list")
	for _, part := range []string{"a", "until 2", "*", "ended", s.URL} {
		if !strings.Contains(list, part) {
			t.Errorf("%q is not in\n%s", part, list)
		}
	}
	d.ok("context", "use", "a")
	if out := d.ok("context", "show", "-o", "json"); !strings.Contains(out, `"name": "a"`) || !strings.Contains(out, `"current": true`) {
		t.Errorf("%s", out)
	}
	if got := d.ok("__complete", "context", "use", ""); got != "a\nb\n:4\n" {
		t.Errorf("completion gives %q", got)
	}
	d.fails(dpsctl.ExitNotFound, []string{"context list"}, "context", "use", "x")
	d.fails(dpsctl.ExitNotFound, []string{"context list"}, "context", "delete", "x")
	d.fails(dpsctl.ExitUsage, []string{"--server URL or --context NAME"}, "whoami", "--database", "dps.db")
}
