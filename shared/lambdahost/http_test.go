package lambdahost_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"dps/shared/lambdahost"
	"dps/shared/telemetry"
)

func gatewayEvent(change func(*events.APIGatewayV2HTTPRequest)) []byte {
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: "/", RequestContext: events.APIGatewayV2HTTPRequestContext{
		DomainName: "api.example.com",
		HTTP:       events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "GET", SourceIP: "192.0.2.1"},
	}}
	if change != nil {
		change(&e)
	}
	data, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return data
}

func serve(t *testing.T, handler http.HandlerFunc, event []byte) (events.APIGatewayV2HTTPResponse, error) {
	t.Helper()
	out, err := lambdahost.HTTP(handler, lambdahost.NewHost("api", telemetry.Discard()))(t.Context(), event)
	var e events.APIGatewayV2HTTPResponse
	if err == nil {
		if err := json.Unmarshal(out, &e); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
	}
	return e, err
}

// What a handler sees of the event.
type seen struct {
	Method, Path, Escaped, Query, URI, Host, Remote, Body string
	Header                                                map[string]string
	Length                                                int64
}

func TestRequestOfTheGateway(t *testing.T) {
	tests := []struct {
		name   string
		change func(*events.APIGatewayV2HTTPRequest)
		want   func(*seen)
	}{
		{"plain", nil, func(*seen) {}},
		{"path and query as sent", func(e *events.APIGatewayV2HTTPRequest) {
			e.RawPath, e.RawQueryString = "/a%2Fb/c%20d", "x=1&x=2&y=%20"
		}, func(s *seen) {
			s.Path, s.Escaped, s.Query, s.URI = "/a/b/c d", "/a%2Fb/c%20d", "x=1&x=2&y=%20", "/a%2Fb/c%20d?x=1&x=2&y=%20"
		}},
		{"a path whose escapes are gone", func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/ü c" },
			func(s *seen) { s.Path, s.Escaped, s.URI = "/ü c", "/%C3%BC%20c", "/%C3%BC%20c" }},
		{"a path that looks like a host", func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "//evil/x" },
			func(s *seen) { s.Path, s.Escaped, s.URI = "//evil/x", "//evil/x", "//evil/x" }},
		{"a path that is a URL", func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "http://evil/x" },
			func(s *seen) { s.Path, s.Escaped, s.URI = "/http://evil/x", "/http://evil/x", "/http://evil/x" }},
		{"a path with broken escapes", func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/%zz" },
			func(s *seen) { s.Path, s.Escaped, s.URI = "/%zz", "/%25zz", "/%25zz" }},
		{"headers and cookies", func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers, e.Cookies = map[string]string{"accept": "a,b"}, []string{"c=1", "d=2"}
		}, func(s *seen) { s.Header = map[string]string{"Accept": "a,b", "Cookie": "c=1; d=2"} }},
		{"body", func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method, e.Body = "POST", "{}" },
			func(s *seen) { s.Method, s.Body, s.Length = "POST", "{}", 2 }},
		{"body in base64", func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "/wA=", true },
			func(s *seen) { s.Body, s.Length = "\xff\x00", 2 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := seen{Method: "GET", Path: "/", Escaped: "/", URI: "/", Host: "api.example.com", Remote: "192.0.2.1:0", Header: map[string]string{}}
			tt.want(&want)
			var got seen
			_, err := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = seen{r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RequestURI, r.Host, r.RemoteAddr, string(body), map[string]string{}, r.ContentLength}
				for name := range r.Header {
					got.Header[name] = r.Header.Get(name)
				}
			}, gatewayEvent(tt.change))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventsThatAreNone(t *testing.T) {
	never := func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }
	for name, event := range map[string][]byte{
		"no JSON":               []byte("x"),
		"a reply envelope":      []byte(`{"version":1}`),
		"format 1.0":            gatewayEvent(func(e *events.APIGatewayV2HTTPRequest) { e.Version = "1.0" }),
		"no method":             gatewayEvent(func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "" }),
		"a method that is none": gatewayEvent(func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "G T" }),
		"a body that is no base64": gatewayEvent(func(e *events.APIGatewayV2HTTPRequest) {
			e.Body, e.IsBase64Encoded = "!", true
		}),
	} {
		if _, err := serve(t, never, event); err == nil || strings.Contains(err.Error(), "base64 data") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResponseToTheGateway(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    events.APIGatewayV2HTTPResponse
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		{"text", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Vary", "a")
			w.Header().Add("Vary", "b")
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK)
			w.Header().Set("Late", "too late")
			_, _ = io.WriteString(w, "ü")
			_, _ = io.WriteString(w, "!")
		}, events.APIGatewayV2HTTPResponse{StatusCode: 418, Headers: map[string]string{"Vary": "a, b"}, Body: "ü!"}},
		{"type by content", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "text/html; charset=utf-8"}, Body: "<html>"}},
		{"bytes", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte{0xff, 0})
		}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "image/png"}, Body: "/wA=", IsBase64Encoded: true}},
		{"cookies", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Set-Cookie", "a=1")
			w.Header().Add("Set-Cookie", "b=2")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNoContent)
		}, events.APIGatewayV2HTTPResponse{StatusCode: 204, Headers: map[string]string{}, Cookies: []string{"a=1", "b=2"}}},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 5<<20)); err == nil {
				panic("it was taken")
			}
		}, events.APIGatewayV2HTTPResponse{StatusCode: 500}},
		{"panic half-way", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); panic("x") },
			events.APIGatewayV2HTTPResponse{StatusCode: 500, Headers: map[string]string{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := serve(t, tt.handler, gatewayEvent(nil))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
