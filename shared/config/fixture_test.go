package config

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dps/shared/pki"
)

// fixture is a folder with everything the full example names, as working folder.
type fixture struct {
	manufacturer, root *pki.Pair
	crl                []byte // DER
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	t.Chdir(copyExamples(t))
	root := must(pki.NewRoot("Root CA"))(t)
	manufacturer := must(must(pki.NewRoot("Manufacturer Root"))(t).NewIntermediate("Manufacturer CA"))(t)
	f := fixture{manufacturer: manufacturer, root: root}
	put(t, "certs/root.crt", root.CertificatePEM())
	put(t, "certs/other-root.crt", must(pki.NewRoot("Other Root"))(t).CertificatePEM())
	put(t, "certs/gateway-root.crt", root.CertificatePEM())
	put(t, "certs/manufacturer.crt", manufacturer.ChainPEM())
	for _, name := range []string{"dps", "api", "client"} {
		leaf := must(root.NewLeaf(name))(t)
		put(t, "certs/"+name+".crt", leaf.ChainPEM())
		put(t, "certs/"+name+".key", must(leaf.KeyPEM())(t))
	}
	f.crl = must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
	}, manufacturer.Certificate, manufacturer.Key))(t)
	put(t, "certs/manufacturer.crl", f.crl)
	put(t, "secrets/psk", []byte("0123456789abcdef"))
	put(t, "secrets/client-secret", []byte("client secret"))
	return f
}

// copyExamples makes a folder with the example files in it.
func copyExamples(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{minimal, full} {
		put(t, filepath.Join(dir, filepath.Base(file)), []byte(read(t, file)))
	}
	return dir
}

// load parses an example of the fixture's folder after replacing old by new, in turn.
func load(t *testing.T, file string, oldnew ...string) Config {
	t.Helper()
	data := read(t, filepath.Base(file))
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(data, oldnew[i]) {
			t.Fatalf("%s has no %q", file, oldnew[i])
		}
		data = strings.Replace(data, oldnew[i], oldnew[i+1], 1)
	}
	return must(Parse([]byte(data)))(t)
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// must gives a value, or ends the test it is then given.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
