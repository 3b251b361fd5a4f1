//go:build docker

package infra_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/wait"

	"dps/client/device"
	"dps/localstack/hub"
	"dps/shared/dps"
	"dps/shared/pki"
)

// TestMain has testcontainers do without the container that clears up behind it: that one would have to be pulled.
func TestMain(m *testing.M) {
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const remedy = `no Docker daemon answers (%v).
This test builds the ingress's image and starts it. Install a daemon (apt-get install docker.io) and start it; where nothing
may be changed in the system's network, as root:
  dockerd --data-root /tmp/docker --exec-root /tmp/docker/exec -p /tmp/docker/pid -H unix:///tmp/docker.sock --iptables=false --bridge=none --storage-driver=vfs
and name it: DOCKER_HOST=unix:///tmp/docker.sock`

// newProvider speaks to the daemon. Its containers share the machine's network, so that the hub of the test is at hand, and
// no network has to be made.
func newProvider(t *testing.T) *testcontainers.DockerProvider {
	t.Helper()
	defer func() { // testcontainers panics where it finds no daemon
		if p := recover(); p != nil {
			t.Fatalf(remedy, p)
		}
	}()
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithDefaultBridgeNetwork("host"))
	if err == nil {
		err = provider.Health(t.Context())
	}
	if err != nil {
		t.Fatalf(remedy, err)
	}
	t.Cleanup(func() { _ = provider.Close() })
	return provider
}

// publicRoots is where Linux distributions keep the certificates of public authorities.
func publicRoots(t *testing.T) []byte {
	t.Helper()
	for _, file := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"} {
		if data, err := os.ReadFile(file); err == nil {
			return data
		}
	}
	t.Fatal("the machine has no certificates of public authorities: apt-get install ca-certificates")
	return nil
}

// buildContext is the folder that the Dockerfile's target local takes.
func buildContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "ingress"), "dps/ingress/cmd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, data := range map[string][]byte{"ca-certificates.crt": publicRoots(t), "Dockerfile": []byte(read(t, "Dockerfile"))} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run builds the image where it is not built yet, and starts it as the template does: no root, nothing to write to but tmpfs.
func run(t *testing.T, request testcontainers.ContainerRequest) testcontainers.Container {
	t.Helper()
	provider := newProvider(t)
	request.FromDockerfile = testcontainers.FromDockerfile{
		Context: buildContext(t), Repo: "dps-ingress", Tag: "test", KeepImage: true,
		BuildOptionsModifier: func(o *client.ImageBuildOptions) { o.Target = "local" },
	}
	request.HostConfigModifier = func(h *dockercontainer.HostConfig) {
		h.NetworkMode, h.ReadonlyRootfs, h.CapDrop = "host", true, []string{"ALL"}
		h.Tmpfs = map[string]string{"/data": "uid=65532,gid=65532,mode=0700"}
	}
	c, err := provider.CreateContainer(t.Context(), request)
	testcontainers.CleanupContainer(t, c)
	if err == nil {
		err = c.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err, logs(t, c))
	}
	return c
}

func logs(t *testing.T, c testcontainers.Container) string {
	t.Helper()
	if c == nil {
		return ""
	}
	r, err := c.Logs(context.WithoutCancel(t.Context()))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = r.Close() }()
	text, _ := io.ReadAll(r)
	return string(text)
}

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
