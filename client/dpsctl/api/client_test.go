package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

func TestServersAreToldSecretsInPrivateAlone(t *testing.T) {
	for address, want := range map[string]string{ // "": refused
		"https://dps.example.com":          "https://dps.example.com",
		"https://dps.example.com:8443/":    "https://dps.example.com:8443",
		"https://dps.example.com/service/": "https://dps.example.com/service",
		"http://127.0.0.1:9100":            "http://127.0.0.1:9100",
		"http://[::1]:9100":                "http://[::1]:9100",
		"http://localhost":                 "http://localhost",
		"http://dps.example.com":           "",
		"http://127.0.0.1.example.com":     "",
		"http://localhost.example.com":     "",
		"dps.example.com":                  "",
		"ftp://dps.example.com":            "",
		"https://":                         "",
		"https://:443":                     "",
		"https://user:pass@example.com":    "",
		"https://dps.example.com/?token=x": "",
		"https://dps.example.com/#x":       "",
		"":                                 "",
	} {
		u, err := api.ParseServer(address)
		switch {
		case want == "":
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "https://") || strings.Contains(err.Error(), "pass") {
				t.Errorf("%q: %v", address, err)
			}
		case err != nil || u.String() != want:
			t.Errorf("%q: %v, %v", address, u, err)
		}
	}
}

func TestRequestsSayWhoAsksAndForWhat(t *testing.T) {
	s, store := newServer(t, http.StatusOK, `{"items":[{"id":"a"}],"nextPageToken":"n"}`)
	groups, next, err := store.ListGroups(t.Context(), "", dps.Page{Size: 5, Token: "a b"})
	if err != nil || len(groups) != 1 || groups[0].ID != "a" || next != "n" {
		t.Fatalf("%v %q %v", groups, next, err)
	}
	r := s.asked[0]
	if r.method != "GET" || r.path != "/prefix/api/v1/enrollment-groups" || r.query != "pageSize=5&pageToken=a+b" {
		t.Errorf("%+v", r)
	}
	if r.header.Get("Authorization") != "Bearer "+token || r.header.Get("Accept") != "application/json" {
		t.Errorf("%v", r.header)
	}
}

func TestRefusalsKeepTheirMeaning(t *testing.T) {
	for _, c := range []struct {
		status int
		answer string
		code   dps.Code
		says   string
	}{
		{400, `{"code":"invalid","detail":"name: is too long"}`, dps.CodeInvalid, "name: is too long"},
		{401, `{"code":"denied","detail":"token has expired"}`, dps.CodeDenied, "token has expired: log in with dpsctl login http"},
		{403, `{"code":"denied","detail":"the token lacks the scope dps:admin"}`, dps.CodeDenied, "dps:admin"},
		{404, `{"code":"not_found","detail":"hub x does not exist"}`, dps.CodeNotFound, "hub x"},
		{412, `{"code":"conflict","detail":"somebody else changed it","differs":["name","hubIds"]}`, dps.CodeConflict, "name, hubIds"},
		{429, `{"code":"throttled","detail":"too much"}`, dps.CodeThrottled, "too much"},
		{503, `{"code":"unavailable","detail":"later"}`, dps.CodeUnavailable, "later"},
		{500, `{"code":"internal","detail":"internal error"}`, dps.CodeInternal, "internal error"},
		{403, `<html>`, dps.CodeDenied, "403 Forbidden"},
		{404, ``, dps.CodeNotFound, "404 Not Found"},
		{502, `{"message":"Bad Gateway"}`, dps.CodeUnavailable, "502 Bad Gateway"},
		{400, `{"code":"of the future","detail":"x"}`, dps.CodeInvalid, "x"},
		{400, `{"code":"invalid","detail":"\u001b[2J\u009bred\nline"}`, dps.CodeInvalid, " [2J red line"},
	} {
		s, store := newServer(t, c.status, c.answer)
		s.header.Set("Retry-After", "7")
		_, err := store.Hub(t.Context(), "x")
		if dps.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || dps.AsError(err).RetryAfter != 7*time.Second {
			t.Errorf("%d %s: %s: %v", c.status, c.answer, dps.CodeOf(err), err)
		}
	}
}

func TestNoTokenFollowsARedirect(t *testing.T) {
	told := ""
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told = r.Header.Get("Authorization") + r.URL.Path }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		s, store := newServer(t, status, "")
		s.header.Set("Location", elsewhere.URL+"/x")
		_, err := store.Me(t.Context())
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), strings.TrimPrefix(elsewhere.URL, "http://")) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if told != "" {
		t.Errorf("the other host was asked: %s", told)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	_, store := newServer(t, http.StatusOK, `{"owner":"`+strings.Repeat("o", 16<<20)+`"}`)
	if _, err := store.Me(t.Context()); dps.CodeOf(err) != dps.CodeInternal || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("%v", err)
	}
	_, store = newServer(t, http.StatusInternalServerError, `{"detail":"`+strings.Repeat("o", 1<<20)+`"}`)
	if _, err := store.Me(t.Context()); len(err.Error()) > 3000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, answer := range map[string]string{
		"a page": "<html>", "certificates that are none": `{"attestationMechanism":{"x509":{"certificateChain":"data:%"}}}`, "another type": `{"version":{}}`,
	} {
		_, store := newServer(t, http.StatusOK, answer)
		if _, err := store.Group(t.Context(), "x"); dps.CodeOf(err) != dps.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, store := newServer(t, http.StatusOK, `{"items":[],"nextPageToken":"again"}`)
	if _, _, err := store.ListRecords(t.Context(), "", dps.Page{Token: "again"}); dps.CodeOf(err) != dps.CodeInternal {
		t.Errorf("a listing without end: %v", err)
	}
}

func TestIDsStayInTheirPlace(t *testing.T) {
	s, store := newServer(t, http.StatusOK, `{}`)
	if _, err := store.Record(t.Context(), "../hubs?x=1#y%2f"); err != nil {
		t.Fatal(err)
	}
	if got := s.asked[0]; got.path != "/prefix/api/v1/provisioning-records/..%2Fhubs%3Fx=1%23y%252f" || got.query != "" {
		t.Errorf("%+v", got)
	}
	for _, id := range []string{"", ".", "..", strings.Repeat("x", 1000)} {
		if _, err := store.Record(t.Context(), id); dps.CodeOf(err) != dps.CodeNotFound {
			t.Errorf("%.10q: %v", id, err)
		}
	}
	if len(s.asked) != 1 {
		t.Errorf("%d requests", len(s.asked))
	}
}

func TestServersThatAreNotThere(t *testing.T) {
	s, store := newServer(t, http.StatusOK, `{}`)
	s.Close()
	if _, err := store.Me(t.Context()); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("%v", err)
	}
	secure := httptest.NewTLSServer(s)
	defer secure.Close()
	store = newStore(t, secure.URL)
	if _, err := store.Me(t.Context()); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "--ca FILE") {
		t.Errorf("%v", err)
	}
}
