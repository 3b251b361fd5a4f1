package login_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/login"
	"dps/shared/dps"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is an OAuth server that answers what it is told.
type server struct {
	*httptest.Server
	discovery map[string]any // changes to the document
	device    string         // answer of the device endpoint
	status    int            // of the token endpoint
	token     string         // its answer
	forms     []string
}

func newServer(t *testing.T) (*server, *http.Client) {
	t.Helper()
	s := &server{discovery: map[string]any{}, status: http.StatusOK, token: `{"access_token":"new","refresh_token":"newer","token_type":"Bearer","expires_in":60}`}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.device = fmt.Sprintf(`{"device_code":"dc","user_code":"AB-CD","verification_uri":"%s/device","expires_in":60,"interval":1}`, s.URL)
	web, disconnect, err := api.NewHTTPClient(api.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(disconnect)
	return s, web
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		d := map[string]any{"issuer": s.URL, "token_endpoint": s.URL + "/token", "device_authorization_endpoint": s.URL + "/da"}
		for name, value := range s.discovery {
			d[name] = value
		}
		_ = json.NewEncoder(w).Encode(d)
	case "/da":
		s.forms = append(s.forms, string(body))
		_, _ = io.WriteString(w, s.device)
	case "/token":
		s.forms = append(s.forms, string(body))
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, s.token)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *server) client(t *testing.T, web *http.Client) login.Client {
	t.Helper()
	p, err := login.Discover(t.Context(), web, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return login.Client{HTTP: web, Provider: p, ID: "cli", Secret: "hidden", Scopes: []string{"openid"}, Audience: "aud"}
}

func TestDiscoveryIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]any
		code   dps.Code
	}{
		"another issuer":           {map[string]any{"issuer": "https://evil.example.com"}, dps.CodeInternal},
		"token endpoint in clear":  {map[string]any{"token_endpoint": "http://auth.example.com/token"}, dps.CodeInvalid},
		"no token endpoint":        {map[string]any{"token_endpoint": ""}, dps.CodeInvalid},
		"device endpoint in clear": {map[string]any{"device_authorization_endpoint": "http://auth.example.com/da"}, dps.CodeInvalid},
		"no device endpoint":       {map[string]any{"device_authorization_endpoint": ""}, ""},
		"endpoint with a query":    {map[string]any{"token_endpoint": "https://auth.example.com/token?p=x"}, ""},
	} {
		s, web := newServer(t)
		s.discovery = c.change
		if _, err := login.Discover(t.Context(), web, s.URL); dps.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, web := newServer(t)
	for _, authority := range []string{"", "http://auth.example.com", "auth.example.com"} {
		if _, err := login.Discover(t.Context(), web, authority); dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%q: %v", authority, err)
		}
	}
}

func TestAPersonIsToldWhatToDo(t *testing.T) {
	s, web := newServer(t)
	var page, code string
	token, err := s.client(t, web).Person(t.Context(), func(p, c string) error {
		page, code = p, c
		return nil
	})
	if err != nil || token.AccessToken != "new" || token.RefreshToken != "newer" || page != s.URL+"/device" || code != "AB-CD" {
		t.Errorf("%v %q %q", err, page, code)
	}
	if !strings.Contains(s.forms[0], "audience=aud") || !strings.Contains(s.forms[0], "scope=openid") || strings.Contains(strings.Join(s.forms, " "), "hidden") {
		t.Errorf("%q", s.forms)
	}
}

func TestPersonsLogInsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server)
		code   dps.Code
		says   string
	}{
		"no such grant": {func(s *server) { s.discovery["device_authorization_endpoint"] = "" }, dps.CodeInvalid, "--client-id"},
		"declined":      {func(s *server) { s.status, s.token = 400, `{"error":"access_denied"}` }, dps.CodeDenied, "declined"},
		"took too long": {func(s *server) { s.status, s.token = 400, `{"error":"expired_token"}` }, dps.CodeDenied, "too long"},
		"page that is none": {func(s *server) {
			s.device = `{"device_code":"d","user_code":"u","verification_uri":"javascript:alert(1)","interval":1}`
		}, dps.CodeInternal, "page"},
		"expired before end": {func(s *server) { s.device = strings.Replace(s.device, `"expires_in":60`, `"expires_in":-1`, 1) }, dps.CodeDenied, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			s, web := newServer(t)
			c.change(s)
			_, err := s.client(t, web).Person(t.Context(), func(string, string) error { return nil })
			if dps.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", dps.CodeOf(err), err)
			}
		})
	}
	s, web := newServer(t)
	gone := errors.New("nobody reads")
	if _, err := s.client(t, web).Person(t.Context(), func(string, string) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

// TestRefusalsSayNoSecret: whatever the OAuth server answers.
func TestRefusalsSayNoSecret(t *testing.T) {
	for answer, c := range map[string]struct {
		status int
		code   dps.Code
		says   string
	}{
		`{"error":"invalid_client","error_description":"hidden"}`: {401, dps.CodeDenied, "DPS_CLIENT_SECRET"},
		`{"error":"invalid_scope"}`:                               {400, dps.CodeDenied, "--scope"},
		`{"error":"unauthorized_client"}`:                         {400, dps.CodeDenied, "--client-id"},
		`{"error":"invalid_target"}`:                              {400, dps.CodeDenied, "audience"},
		`{"error":"of_its_own"}`:                                  {400, dps.CodeDenied, `"of_its_own"`},
		`{"error":"\u001b[2Jhidden"}`:                             {400, dps.CodeDenied, "without a reason"},
		`{"error":"server_error"}`:                                {500, dps.CodeUnavailable, "out of order (500)"},
		`<html>hidden`:                                            {403, dps.CodeDenied, "without a reason"},
		`{"access_token":""}`:                                     {200, dps.CodeUnavailable, "cannot be asked"},
	} {
		s, web := newServer(t)
		s.status, s.token = c.status, answer
		_, err := s.client(t, web).Program(t.Context())
		if dps.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %s: %v", answer, dps.CodeOf(err), err)
		}
	}
}

func TestSessionsAreRefreshed(t *testing.T) {
	s, web := newServer(t)
	c := s.client(t, web)
	token, err := c.Refresh(t.Context(), "old")
	if err != nil || token.AccessToken != "new" || token.RefreshToken != "newer" || !strings.Contains(s.forms[0], "refresh_token=old") {
		t.Errorf("%v %q", err, s.forms)
	}
	s.status, s.token = 400, `{"error":"invalid_grant"}`
	if _, err := c.Refresh(t.Context(), "old"); dps.CodeOf(err) != dps.CodeDenied {
		t.Errorf("%v", err)
	}
	s.Close()
	if _, err := c.Refresh(t.Context(), "old"); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("%v", err)
	}
}
