package lan_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dps/localstack/lan"
)

// namespace makes one, or says why the test was not run. Where NEED_NAMESPACE is set, as in CI, that is a failure.
func namespace(t *testing.T) *lan.Namespace {
	t.Helper()
	n, err := lan.NewNamespace()
	if errors.Is(err, unix.EPERM) && os.Getenv("NEED_NAMESPACE") == "" {
		t.Skipf("NOT RUN: %v; run it as root", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// TestNamespaceHasNoWayOut: what is within sees loopback and nothing else; from outside it is reached by the relay alone.
func TestNamespaceHasNoWayOut(t *testing.T) {
	n := namespace(t)
	outside := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer func() { _ = outside.Close() }()
	var inside net.Listener
	if err := n.Do(func() (err error) {
		if _, err := net.Dial("tcp", outside.Addr().String()); err == nil {
			t.Error("what listens outside was reached from within")
		}
		inside, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "within") }))
	server.Listener = inside
	server.Start()
	defer server.Close()
	if _, err := net.Dial("tcp", inside.Addr().String()); err == nil {
		t.Error("what listens within was reached from outside")
	}
	door := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	n.Relay(door, inside.Addr().String())
	resp := must(http.Get("http://" + door.Addr().String()))(t)
	defer http.DefaultClient.CloseIdleConnections()
	body := must(io.ReadAll(resp.Body))(t)
	_ = resp.Body.Close()
	if string(body) != "within" {
		t.Errorf("the relay led to %q", body)
	}
}

// TestProcessesStartWithin: a process has the namespace's network, and no route.
func TestProcessesStartWithin(t *testing.T) {
	n := namespace(t)
	var routes bytes.Buffer
	c := exec.Command("cat", "/proc/self/net/route", "/proc/self/net/dev")
	c.Stdout = &routes
	if err := n.Start(c); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(routes.String()), "\n")
	if len(lines) != 4 || !strings.Contains(lines[3], "lo:") { // one heading of routes, two of interfaces, and loopback
		t.Errorf("more than loopback:\n%s", routes.String())
	}
}
