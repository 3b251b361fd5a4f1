//go:build iotivity

package iotivity_test

import (
	"bufio"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/client/d2d/reach"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

// folder names, in the environment, where the built devices are.
const folder = "IOTIVITY_DEVICES"

// transports of the two devices that are built: an endpoint of each is offered beside DTLS.
const (
	udp = "udp"
	tcp = "tcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// world is a maker of devices, a security domain, and one device in a process of its own.
type world struct {
	*testing.T
	maker, ca *pki.Pair
	owner     string
	key       [16]byte
}

func newWorld(t *testing.T, transport string) *world {
	t.Helper()
	w := &world{T: t, maker: must(pki.NewRoot("maker"))(t), ca: must(pki.NewRoot("domain"))(t), owner: dps.NewUUID()}
	copy(w.key[:], dps.NewUUID())
	w.start(transport, must(w.maker.NewLeaf("a device"))(t))
	return w
}

// start runs the light that nobody owns until the test ends.
func (w *world) start(transport string, certificate *pki.Pair) {
	w.Helper()
	run(w, "device-"+transport, certificate, w.maker)
}

// run starts one of the programs of device/, which ends with the test, and gives what it prints before it listens.
func run(t testing.TB, program string, certificate, root *pki.Pair, arguments ...string) []string {
	t.Helper()
	built := os.Getenv(folder)
	if built == "" {
		t.Fatalf("%s is not set: run make test-iotivity", folder)
	}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	files := []string{dir, file("crt.pem", certificate.ChainPEM()), file("key.pem", must(certificate.KeyPEM())(t)), file("root.pem", root.CertificatePEM())}
	cmd := exec.CommandContext(t.Context(), filepath.Join(built, program), append(files, arguments...)...)
	cmd.Env, cmd.Stderr = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0"), t.Output()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the context ends before
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("%s ended with %d", program, code)
		}
	})
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "listening" {
			return said
		}
		said = append(said, lines.Text())
	}
	t.Fatalf("%s has ended before it listened", program)
	return nil
}

func (w *world) client(c reach.Credentials) *reach.Client {
	w.Helper()
	client := must(reach.New(reach.Options{Credentials: func() (reach.Credentials, error) { return c, nil }, ManufacturerRoots: w.maker.Pool(),
		Timeout: 3 * time.Second}))(w)
	w.Cleanup(client.Close)
	return client
}

func (w *world) byKey() reach.Credentials {
	return reach.Credentials{PSK: &reach.PSK{SubjectID: w.owner, Key: w.key}}
}

// byCertificate are credentials of an authority for an owner; the device is looked for in the domain.
func (w *world) byCertificate(ca *pki.Pair, owner string, opts ...pki.Option) reach.Credentials {
	w.Helper()
	c := must(ca.NewLeaf("uuid:"+owner, append(opts, pki.UnknownEKU(pki.OIDIdentity))...))(w).TLS()
	return reach.Credentials{Identity: &c, Roots: w.ca.Pool()}
}

// own makes the device ours.
func (w *world) own() (*reach.Client, string) {
	w.Helper()
	c := w.client(w.byKey())
	id := find(w, c, byAddress(w)).ID
	if err := c.Own(w.Context(), id); err != nil {
		w.Fatal(err)
	}
	return c, id
}

// certify gives the device an identity certificate and the domain's root, as an onboarding tool does (OCF Security 2.2.5 §9.4.2): the
// device makes its key and its request itself.
func (w *world) certify(c *reach.Client, id string) {
	w.Helper()
	w.tell(c, id, "/oic/sec/pstat", map[string]any{"dos": map[string]any{"s": ocf.StateRFPRO}})
	answer := must(c.Read(w.Context(), id, "/oic/sec/csr", ""))(w)
	text, _ := answer.Value.(map[string]any)["csr"].(string)
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		w.Fatalf("no request for a certificate in %v", answer.Value)
	}
	csr := must(x509.ParseCertificateRequest(block.Bytes))(w)
	signed := must(w.ca.SignPublicKey(pkix.Name{CommonName: "uuid:" + id}, csr.PublicKey, pki.UnknownEKU(pki.OIDIdentity)))(w)
	entry := func(subject, usage string, certificate *pki.Pair) map[string]any {
		return map[string]any{"subjectuuid": subject, "credtype": 8, "credusage": usage,
			"publicdata": map[string]any{"encoding": "oic.sec.encoding.pem", "data": string(certificate.CertificatePEM())}}
	}
	w.tell(c, id, "/oic/sec/cred", map[string]any{"creds": []any{
		entry(id, "oic.sec.cred.cert", signed), entry(w.owner, "oic.sec.cred.trustca", w.ca),
	}})
	w.tell(c, id, "/oic/sec/pstat", map[string]any{"dos": map[string]any{"s": ocf.StateRFNOP}})
}

func (w *world) tell(c *reach.Client, id, href string, value any) {
	w.Helper()
	if _, err := c.Update(w.Context(), id, href, value); err != nil {
		w.Fatalf("%s: %v", href, err)
	}
}

// byAddress looks at this machine's address on its network: over loopback iotivity-lite does not say where it is spoken to.
func byAddress(t testing.TB) reach.Query {
	t.Helper()
	for _, a := range must(net.InterfaceAddrs())(t) {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return reach.Query{Addresses: []string{n.IP.String()}}
		}
	}
	t.Fatal("this machine has no IPv4 address but loopback")
	return reach.Query{}
}

// find discovers the one light.
func find(t testing.TB, c *reach.Client, q reach.Query) reach.Device {
	t.Helper()
	var lamps []reach.Device
	for _, d := range must(c.Discover(t.Context(), q))(t) {
		if d.Name == "iotivity-lamp" {
			lamps = append(lamps, d)
		}
	}
	if len(lamps) != 1 {
		t.Fatalf("%d devices answered %+v, want one: %+v", len(lamps), q, lamps)
	}
	return lamps[0]
}

// useLight switches the light, and sees that it is so.
func useLight(t testing.TB, c *reach.Client, id string, power uint64) {
	t.Helper()
	if _, err := c.Update(t.Context(), id, "/light/1", map[string]any{"state": true, "power": power}); err != nil {
		t.Fatal(err)
	}
	light := must(c.Read(t.Context(), id, "/light/1", ""))(t)
	if v, _ := light.Value.(map[string]any); v["power"] != power || v["state"] != true {
		t.Errorf("light is %+v, want power %d", light.Value, power)
	}
}
