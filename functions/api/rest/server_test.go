package rest_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestOverTheWire talks to a real server as curl does, and as nobody should.
func TestOverTheWire(t *testing.T) {
	w := newWorld(t, nil)
	w.fleet(t, 250)
	server := httptest.NewServer(w.api)
	t.Cleanup(server.Close)
	send := func(request string) *http.Response {
		t.Helper()
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	auth := "Host: x\nAuthorization: " + w.token(alice, "", nil) + "\n"
	resp := send("GET " + pathRecords + " HTTP/1.1\n" + auth + "\n")
	body, err := io.ReadAll(resp.Body)
	if err != nil || bytes.Count(body, []byte("\n")) != 250 || resp.StatusCode != http.StatusOK {
		t.Errorf("status %d, %d lines, %v", resp.StatusCode, bytes.Count(body, []byte("\n")), err)
	}
	for request, status := range map[string]int{
		"GET " + pathGroups + " HTTP/1.1\nHost: x\n\n":                                                                           401,
		"GET " + pathGroups + " HTTP/1.1\n" + auth + "Authorization: Bearer x\n\n":                                               401,
		"GET /api/v1/./hubs HTTP/1.1\n" + auth + "\n":                                                                            404,
		"GET http://other.example.com" + pathGroups + " HTTP/1.1\n" + auth + "\n":                                                200,
		"OPTIONS * HTTP/1.1\n" + auth + "\n":                                                                                     200, // net/http's own answer
		"POST " + pathHubs + " HTTP/1.1\n" + auth + "Content-Length: 2\nContent-Type: text/html\n\n{}":                           415,
		"POST " + pathHubs + " HTTP/1.1\n" + auth + "Transfer-Encoding: chunked\nContent-Type: application/json\n\n2\n{}\n0\n\n": 400,
		"POST " + pathHubs + " HTTP/1.1\n" + auth + "Content-Length: 2\nContent-Length: 3\n\n{}":                                 400,
		"POST " + pathHubs + " HTTP/1.1\n" + auth + "Content-Length: 2\nTransfer-Encoding: chunked, identity\n\n{}":              501,
	} {
		if resp := send(request); resp.StatusCode != status {
			t.Errorf("%.40q: status %d, want %d", request, resp.StatusCode, status)
		}
	}
}
