//go:build docker

package infra_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
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
