package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"context"

	"go.uber.org/goleak"

	"dps/client/dpsctl/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "the token itself"

// seen is a request as the server got it.
type seen struct {
	method, path, query, body string
	header                    http.Header
}

// server answers with what it is told, and keeps what it was asked.
type server struct {
	*httptest.Server
	status int
	header http.Header
	answer string
	asked  []seen
}

func newServer(t *testing.T, status int, answer string) (*server, api.Store) {
	t.Helper()
	s := &server{status: status, answer: answer, header: http.Header{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s, newStore(t, s.URL+"/prefix/")
}

func newStore(t *testing.T, address string) api.Store {
	t.Helper()
	web, disconnect, err := api.NewHTTPClient(api.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(disconnect)
	c, err := api.New(api.Options{Server: address, HTTP: web, Token: func(context.Context) (string, error) { return token, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return api.Store{Client: c}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header})
	for name, values := range s.header {
		w.Header()[name] = values
	}
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.answer)
}
