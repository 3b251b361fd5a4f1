package dpsctl_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"dps/client/dpsctl"
	"dps/shared/pki"
)

// TestImportedConfigurationServes starts the service itself, as its operator would, with what was made of the documented
// example: it serves, it refuses a stranger, and while it runs the tool says who has the database.
func TestImportedConfigurationServes(t *testing.T) {
	d := newTool(t)
	d.ok("config", "import", filepath.Join(os.Getenv("GOLDEN"), "../plgd/testdata/seed001.yaml"), "-o", "dps.yaml")
	d.edit("dps.yaml", "address: 0.0.0.0:15684", "address: 127.0.0.1:0") // a free port
	if err := os.Mkdir("certs", 0o700); err != nil {
		t.Fatal(err)
	}
	service := certificate(t, "service")
	key, err := service.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	d.put("certs/tls.key", string(key))
	d.put("certs/tls.crt", string(service.ChainPEM()))

	ingress := start(t, build(t), "--config", "dps.yaml")
	address := ingress.address()
	stranger := certificate(t, "stranger").TLS()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: service.Pool(), ServerName: "service", Certificates: []tls.Certificate{stranger}})
	if err == nil { // in TLS 1.3 the server's verdict comes with the first read
		if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil || !strings.Contains(err.Error(), "tls: ") {
			t.Errorf("a stranger reads %d bytes, error %v", n, err)
		}
		_ = conn.Close()
	}
	who := " is in use by "
	if runtime.GOOS == "linux" {
		who += "process " + strconv.Itoa(ingress.cmd.Process.Pid)
	}
	d.fails(dpsctl.ExitUnavailable, []string{"dps.db" + who, "stop"}, "get", "groups", "--config", "dps.yaml")
	ingress.stop()
	if out := d.ok("get", "groups", "--config", "dps.yaml"); !strings.Contains(out, groupID) {
		t.Errorf("the service did not store its group: %s", out)
	}
}

func certificate(t *testing.T, name string) *pki.Pair {
	t.Helper()
	root, err := pki.NewRoot("Root of " + name)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.NewLeaf(name, pki.Hosts(name))
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// build makes the ingress's program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "ingress")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "dps/ingress/cmd")
	cmd.Dir = os.Getenv("GOLDEN") // within the module
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// process is a program whose log is read.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	log *bufio.Scanner
}

func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{t, cmd, bufio.NewScanner(log)}
}

// address waits until the program says where it listens.
func (p *process) address() string {
	p.t.Helper()
	var all strings.Builder
	for p.log.Scan() {
		all.WriteString(p.log.Text() + "\n")
		var line struct{ Address string }
		if json.Unmarshal(p.log.Bytes(), &line) == nil && line.Address != "" {
			return line.Address
		}
	}
	p.t.Fatalf("the program does not say where it listens:\n%s", all.String())
	return ""
}

// stop ends the program in order.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	for p.log.Scan() { // to its end
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Error(err)
	}
}
