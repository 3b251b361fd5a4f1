package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"dps/localstack/hub"
	"dps/shared/bearer"
)

func TestPeopleLogInOverHTTPOnThisMachine(t *testing.T) {
	h := start(t, hub.Options{PeopleAddress: "127.0.0.1:0"})
	if !strings.HasPrefix(h.PeopleURL(), "http://127.0.0.1:") {
		t.Fatalf("people log in at %q", h.PeopleURL())
	}
	resp := must(http.Get(h.PeopleURL() + "/.well-known/openid-configuration"))(t)
	defer func() { _ = resp.Body.Close() }()
	var d map[string]any
	if err := json.Unmarshal(must(io.ReadAll(resp.Body))(t), &d); err != nil || d["issuer"] != h.PeopleURL() {
		t.Errorf("%v %v", err, d)
	}
	if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the console may not read it")
	}
}

func TestTheConsoleIsAClientWhateverItsPort(t *testing.T) {
	h := start(t, hub.Options{PeopleAddress: "127.0.0.1:0"})
	for redirect, want := range map[string]int{
		"http://127.0.0.1:9100/callback": http.StatusOK, "https://localhost:1/callback": http.StatusOK, "http://192.0.2.1:9100/callback": http.StatusBadRequest,
	} {
		q := url.Values{
			"response_type": {"code"}, "client_id": {hub.ConsoleClientID}, "redirect_uri": {redirect}, "scope": {"openid profile dps:read dps:write dps:admin"},
			"code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
		}
		resp := must(http.Get(h.PeopleURL() + "/authorize?" + q.Encode()))(t)
		page := string(must(io.ReadAll(resp.Body))(t))
		_ = resp.Body.Close()
		if resp.StatusCode != want || want == http.StatusOK && !strings.Contains(page, `name="owner" value="1"`) {
			t.Errorf("%s: %s\n%s", redirect, resp.Status, page)
		}
	}
}

func TestAProgramGetsAnOwnersTokenThatTheAPITakes(t *testing.T) {
	h := start(t, hub.Options{PeopleAddress: "127.0.0.1:0", PeopleAudience: "https://api.example.com"})
	c := clientcredentials.Config{
		ClientID: hub.ProgramClientID, ClientSecret: hub.ProgramSecret, TokenURL: h.PeopleURL() + "/oauth/token", Scopes: []string{"dps:read"},
	}
	token := must(c.Token(t.Context()))(t)
	v := bearer.New(bearer.Options{Authority: h.PeopleURL(), Audience: "https://api.example.com", OwnerClaim: hub.DefaultOwnerClaim, Client: http.DefaultClient})
	defer v.Close()
	caller := must(v.Verify(t.Context(), "Bearer "+token.AccessToken))(t)
	if caller.Owner != "1" || !caller.Has("dps:read") || caller.Has("dps:write") {
		t.Errorf("%+v", caller)
	}
	if _, err := h.OAuth.Verify(token.AccessToken); err != nil {
		t.Errorf("the hub's own services refuse it: %v", err)
	}
}

func TestPeopleDoNotLogInInClearOverANetwork(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "localhost:0", "127.0.0.1"} {
		h, err := hub.Start(t.Context(), hub.Options{Dir: t.TempDir(), PeopleAddress: address})
		if err == nil {
			h.Close()
			t.Errorf("%q: started", address)
		} else if !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "127.0.0.1:0") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if got := start(t, hub.Options{}).PeopleURL(); got != "" {
		t.Errorf("nobody asked for it, and it is at %q", got)
	}
}
