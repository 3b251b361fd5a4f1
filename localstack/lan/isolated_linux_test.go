package lan_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"dps/client/device"
	"dps/localstack/hub"
	"dps/localstack/lan"
	"dps/localstack/stack"
	"dps/shared/dps"
)

// tap hears everything that a client says to whoever uses it.
type tap struct {
	net.Listener
	mu   sync.Mutex
	said bytes.Buffer
}

func (l *tap) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return tapped{c, l}, err
}

type tapped struct {
	net.Conn
	tap *tap
}

func (c tapped) Write(p []byte) (int, error) {
	c.tap.mu.Lock()
	c.tap.said.Write(p)
	c.tap.mu.Unlock()
	return c.Conn.Write(p)
}

// newIsolatedClient starts a client in a network without a way out, which only what the test carries connects to the hub.
func (d *domain) newIsolatedClient(t *testing.T, n *lan.Namespace) (*client, *tap) {
	t.Helper()
	const inside = "127.0.0.1:8080"
	dir := t.TempDir()
	file := filepath.Join(dir, "d2d.yaml")
	text := fmt.Sprintf(`apis: {http: {address: %q}}
clients: {device: {coap: {tls: {authentication: x509}}}}
remoteProvisioning: {mode: userAgent, authority: %q, certificateAuthority: %q, ownerClaim: %q, caPool: [%q], webOAuthClient: {audience: %q}}
storage: {path: %q, protection: keyFile}
`, inside, d.Hub.PeopleURL(), d.Service.APIURL(), hub.DefaultOwnerClaim, d.Hub.Path(hub.FileRoot, ".crt"), hub.DefaultPeopleAudience, filepath.Join(dir, "credentials"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(t.Context()), must(os.Executable())(t))
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), asClient+"="+file), t.Output(), t.Output()
	if err := n.Start(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, n, inside)
	heard := &tap{Listener: must(net.Listen("tcp", "127.0.0.1:0"))(t)}
	n.Relay(heard, inside)
	return &client{t: t, domain: d, url: "http://" + heard.Addr().String()}, heard
}

// waitFor waits until somebody listens in the namespace.
func waitFor(t *testing.T, n *lan.Namespace, address string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := n.Do(func() error {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
			}
			return err
		})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestTheBrowserIsTheOnlyWay: a client without a route to the hub becomes a member by what the browser carries, reaches devices, and its
// private key is in nothing that it ever says.
func TestTheBrowserIsTheOnlyWay(t *testing.T) {
	n := namespace(t)
	d := newDomain(t)
	cfg := must(d.NewDevice("tcp", "light"))(t)
	cfg.MaxAttempts = 1
	dev := must(device.New(cfg))(t)
	r := must(dev.Provision(t.Context()))(t)
	var light *lan.Device
	if err := n.Do(func() (err error) { light, err = d.lan.Add("light", cfg.Manufacturer, dev, r); return err }); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{d.Hub.PeopleURL(), d.Service.APIURL()} {
		if err := n.Do(func() error { _, err := net.DialTimeout("tcp", address[len("http://"):], time.Second); return err }); err == nil {
			t.Fatalf("%s can be reached from within", address)
		}
	}
	c, heard := d.newIsolatedClient(t, n)
	c.token = d.token(t, stack.Owner)
	if no := c.ask("POST", "/api/v1/initialize", map[string]any{}, nil); no == nil {
		t.Fatal("the client got a certificate by itself")
	}
	c.byBrowser(stack.Owner)
	if got := c.use(light); got != "" {
		t.Errorf("the device refuses: %s", got)
	}
	var answer struct {
		Certificate []byte `json:"certificate"`
	}
	c.ok(c.ask("GET", "/api/v1/identity/certificate", nil, &answer))
	block, _ := pem.Decode(answer.Certificate)
	leaf := must(x509.ParseCertificate(block.Bytes))(t)
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if at := findKey(leaf, heard.said.Bytes()); at != "" {
		t.Errorf("the private key is in what the client said, %s", at)
	}
	if leaf.Subject.CommonName != "uuid:"+dps.OwnerUUID(stack.Owner) || heard.said.Len() < 2000 {
		t.Errorf("certificate of %s, %d bytes heard", leaf.Subject, heard.said.Len())
	}
}

var encoded = regexp.MustCompile(`[A-Za-z0-9+/]{40,}={0,2}`)

// findKey looks for the certificate's private key: any 32 bytes, as they are or in base64, whose public key is the certificate's.
func findKey(leaf *x509.Certificate, said []byte) string {
	public, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return "as nobody can tell"
	}
	want, err := public.ECDH()
	if err != nil {
		return err.Error()
	}
	texts := map[string][]byte{"as it is": said}
	for i, m := range encoded.FindAll(said, -1) {
		if data, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(m))); err == nil || len(data) > 0 {
			texts["in base64, "+strconv.Itoa(i)] = data
			for j, inner := range encoded.FindAll(data, -1) { // PEM in base64
				deeper, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(inner)))
				texts[fmt.Sprintf("in base64 of base64, %d.%d", i, j)] = deeper
			}
		}
	}
	for place, data := range texts {
		for i := 0; i+32 <= len(data); i++ {
			if k, err := ecdh.P256().NewPrivateKey(data[i : i+32]); err == nil && k.PublicKey().Equal(want) {
				return place
			}
		}
	}
	return ""
}

// TestFindKeyFinds: the look for a key would see one.
func TestFindKeyFinds(t *testing.T) {
	d := newDomain(t)
	leaf := must(d.PKI.Manufacturer.NewLeaf("device"))(t)
	key, ok := leaf.TLS().PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatal("not an ECDSA key")
	}
	der := must(x509.MarshalECPrivateKey(key))(t)
	for name, said := range map[string][]byte{"raw": der, "base64": []byte(`{"key":"` + base64.StdEncoding.EncodeToString(der) + `"}`)} {
		if findKey(leaf.Certificate, append([]byte("HTTP/1.1 200 OK\r\n\r\n"), said...)) == "" {
			t.Errorf("%s: not found", name)
		}
	}
}
