//go:build docker

package infra_test

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/wait"

	"dps/client/device"
	"dps/localstack/hub"
	"dps/shared/dps"
	"dps/shared/pki"
)

// world is what the service in the container needs around it: a hub, a manufacturer, a certificate of its own.
type world struct {
	hub                   *hub.Hub
	service, manufacturer *pki.Pair
	root, top             *pki.Pair
	health                string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	var err error
	step := func(p **pki.Pair, make func() (*pki.Pair, error)) {
		if err == nil {
			*p, err = make()
		}
	}
	step(&w.root, func() (*pki.Pair, error) { return pki.NewRoot("service root") })
	step(&w.service, func() (*pki.Pair, error) { return w.root.NewLeaf("service", pki.Hosts("127.0.0.1")) })
	step(&w.top, func() (*pki.Pair, error) { return pki.NewRoot("manufacturer root") })
	step(&w.manufacturer, func() (*pki.Pair, error) { return w.top.NewIntermediate("factory") })
	if err == nil {
		w.hub, err = hub.Start(t.Context(), hub.Options{Dir: t.TempDir()})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.hub.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.health = l.Addr().String()
	_ = l.Close()
	return w
}

var pemFile = regexp.MustCompile(`/\S+\.(crt|key)`)

// config is the configuration as DPS_CONFIG holds it: the container has no files, so that each stands in the text.
func (w *world) config(t *testing.T) string {
	t.Helper()
	key, err := w.service.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	hubBlock := pemFile.ReplaceAllStringFunc(w.hub.ConfigYAML("      "), func(path string) string { return `"` + dps.EncodeDataURI([]byte(read(t, path))) + `"` })
	return fmt.Sprintf(`
apis:
  coap:
    address: 127.0.0.1:0
    protocols: [tcp, udp]
    tls: {keyFile: %q, certFile: %q}
  health: {address: %q}
clients:
  storage:
    bolt: {path: /data/dps.db}
enrollmentGroups:
  - id: 98be12de-3991-4567-aeea-edd9a656e6df
    owner: "1"
    preSharedKey: "0123456789012345"
    attestationMechanism:
      x509: {certificateChain: %q}
    hub:
%s`, dps.EncodeDataURI(key), dps.EncodeDataURI(w.service.ChainPEM()), w.health,
		dps.EncodeDataURI(append(w.manufacturer.CertificatePEM(), w.top.CertificatePEM()...)), hubBlock)
}

var listening = regexp.MustCompile(`"devices may connect","protocol":"(\w+)","address":"([^"]+)"`)

// TestTheImageProvisionsDevices: the container, started as the template starts it, takes devices over both protocols from
// their manufacturer certificate to their hub, says that it is well, and drains when it is told to stop.
func TestTheImageProvisionsDevices(t *testing.T) {
	w := newWorld(t)
	c := run(t, testcontainers.ContainerRequest{Env: map[string]string{"DPS_CONFIG": w.config(t)}, WaitingFor: wait.ForLog(`"protocol":"udp"`)})
	endpoints := listening.FindAllStringSubmatch(logs(t, c), -1)
	if len(endpoints) != 2 {
		t.Fatalf("it listens on %v:\n%s", endpoints, logs(t, c))
	}
	for _, e := range endpoints {
		w.provision(t, map[string]string{"tcp": "coaps+tcp://", "udp": "coaps://"}[e[1]]+e[2])
	}
	if code, out, err := c.Exec(t.Context(), []string{"/ingress", "--healthcheck"}, tcexec.Multiplexed()); err != nil || code != 0 {
		text, _ := io.ReadAll(out)
		t.Errorf("--healthcheck ends with %d, %v: %s", code, err, text)
	}
	patience := 45 * time.Second // the template's StopTimeout
	if err := c.Stop(t.Context(), &patience); err != nil {
		t.Fatal(err)
	}
	state, err := c.State(t.Context())
	if err != nil || state.ExitCode != 0 {
		t.Errorf("it ended with %+v, %v", state, err)
	}
	if text := logs(t, c); !strings.Contains(text, `"msg":"drained"`) {
		t.Errorf("it did not drain:\n%s", text)
	}
}

func (w *world) provision(t *testing.T, endpoint string) {
	t.Helper()
	manufacturer, err := device.IssueManufacturer(w.manufacturer, "lamp at "+endpoint)
	if err != nil {
		t.Fatal(err)
	}
	d, err := device.New(device.Config{
		Endpoint: endpoint, Manufacturer: manufacturer, ServerRoots: w.root.Pool(), GatewayRoots: w.hub.PKI.Root.Pool(), MaxAttempts: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Provision(t.Context()); err != nil {
		t.Fatalf("%s: %v", endpoint, err)
	}
	if _, err := d.Connect(t.Context()); err != nil {
		t.Fatalf("%s: %v", endpoint, err)
	}
	if known, ok := w.hub.Gateway.Device(d.ID()); !ok || !known.SignedIn {
		t.Errorf("%s: the hub knows %+v", endpoint, known)
	}
}

// TestTheImageIsBare: nothing but the program and the certificates, nobody is root, and it tells its version.
func TestTheImageIsBare(t *testing.T) {
	c := run(t, testcontainers.ContainerRequest{Cmd: []string{"--version"}, WaitingFor: wait.ForExit()})
	if text := logs(t, c); !strings.Contains(text, "dps ingress ") || !strings.Contains(text, "go1.") {
		t.Errorf("--version says %q", text)
	}
	docker, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	image, err := docker.ImageInspect(t.Context(), "dps-ingress:test")
	if err != nil {
		t.Fatal(err)
	}
	if image.Config.User != "65532:65532" || strings.Join(image.Config.Entrypoint, " ") != "/ingress" {
		t.Errorf("user %q, entry point %v", image.Config.User, image.Config.Entrypoint)
	}
	if len(image.RootFS.Layers) != 2 || image.Size > 64<<20 {
		t.Errorf("%d layers, %d bytes", len(image.RootFS.Layers), image.Size)
	}
}

// TestTheImageSaysWhatIsMissing where it is started with no configuration at all.
func TestTheImageSaysWhatIsMissing(t *testing.T) {
	c := run(t, testcontainers.ContainerRequest{WaitingFor: wait.ForExit()})
	state, err := c.State(t.Context())
	if err != nil || state.ExitCode != 1 || !strings.Contains(logs(t, c), "--config FILE is missing") {
		t.Errorf("it ended with %+v, %v: %s", state, err, logs(t, c))
	}
}
