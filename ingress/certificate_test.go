package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

// files is a certificate and its key on disk.
type files struct {
	*testing.T
	root     *pki.Pair
	settings config.ServerTLS
	counters *telemetry.Counters
	log      *strings.Builder
	now      time.Time
}

func newFiles(t *testing.T) *files {
	t.Helper()
	root, err := pki.NewRoot("service root")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f := &files{
		T: t, root: root, settings: config.ServerTLS{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")},
		counters: new(telemetry.Counters), log: new(strings.Builder), now: time.Now(),
	}
	f.rotate("first")
	return f
}

// rotate puts another pair in the place of the files.
func (f *files) rotate(name string, opts ...pki.Option) {
	f.Helper()
	pair, err := f.root.NewLeaf(name, opts...)
	if err != nil {
		f.Fatal(err)
	}
	key, err := pair.KeyPEM()
	if err != nil {
		f.Fatal(err)
	}
	f.write(f.settings.CertFile, pair.CertificatePEM())
	f.write(f.settings.KeyFile, key)
}

func (f *files) write(path string, content []byte) {
	f.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		f.Fatal(err)
	}
}

func (f *files) open() (*certificate, error) {
	log := slog.New(slog.NewTextHandler(f.log, nil))
	c, err := newCertificate(f.Context(), f.settings, Options{Log: log, Now: func() time.Time { return f.now }}, f.counters.Add)
	if err == nil {
		f.Cleanup(c.close)
	}
	return c, err
}

func (f *files) wantName(c *certificate, name string) {
	f.Helper()
	if got := c.current.Load().Leaf.Subject.CommonName; got != name {
		f.Errorf("handshakes use %q, want %q", got, name)
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	f := newFiles(t)
	c, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	f.wantName(c, "first")
	c.reload(t.Context())
	if n := f.counters.Get("service_certificate", "reloaded"); n != 0 {
		t.Errorf("the same pair counts as %d new ones", n)
	}
	f.rotate("second")
	c.reload(t.Context())
	f.wantName(c, "second")
	if n := f.counters.Get("service_certificate", "reloaded"); n != 1 {
		t.Errorf("%d reloads", n)
	}
}

// TestBadCertificateChangesNothing: half of a new pair, garbage, a file that is gone: the one in use stays, and a good pair
// after that is taken.
func TestBadCertificateChangesNothing(t *testing.T) {
	f := newFiles(t)
	c, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	other, err := f.root.NewLeaf("other")
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(){
		"half of a pair": func() { f.write(f.settings.CertFile, other.CertificatePEM()) },
		"garbage":        func() { f.write(f.settings.KeyFile, []byte("hush")) },
		"gone":           func() { _ = os.Remove(f.settings.KeyFile) },
	} {
		before := f.counters.Get("service_certificate", "refused")
		spoil()
		c.reload(t.Context())
		f.wantName(c, "first")
		if f.counters.Get("service_certificate", "refused") != before+1 || strings.Contains(f.log.String(), "hush") {
			t.Errorf("%s: not counted as refused, or told to the log", name)
		}
	}
	f.rotate("second")
	c.reload(t.Context())
	f.wantName(c, "second")
}

func TestCertificateThatCannotBeUsed(t *testing.T) {
	f := newFiles(t)
	good := f.settings
	for name, tt := range map[string]struct {
		settings config.ServerTLS
		want     dps.Code
	}{
		"none":          {config.ServerTLS{}, dps.CodeInvalid},
		"no key":        {config.ServerTLS{CertFile: good.CertFile}, dps.CodeInvalid},
		"no such file":  {config.ServerTLS{CertFile: good.CertFile + "x", KeyFile: good.KeyFile}, dps.CodeNotFound},
		"no pair":       {config.ServerTLS{CertFile: good.CertFile, KeyFile: good.CertFile}, dps.CodeInvalid},
		"in a data URI": {config.ServerTLS{CertFile: good.CertFile, KeyFile: dps.EncodeDataURI([]byte("hush"))}, dps.CodeInvalid},
	} {
		f.settings = tt.settings
		if _, err := f.open(); dps.CodeOf(err) != tt.want || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want code %s", name, err, tt.want)
		}
	}
}

func TestCertificateThatEndsIsComplainedOfOnceADay(t *testing.T) {
	f := newFiles(t)
	f.rotate("short", pki.Validity(f.now.Add(-time.Hour), f.now.Add(10*day+time.Hour)))
	c, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.warnOfExpiry()
	}
	if n := strings.Count(f.log.String(), "ends soon"); n != 1 || !strings.Contains(f.log.String(), "daysLeft=10") {
		t.Errorf("%d complaints: %s", n, f.log)
	}
	f.now = f.now.Add(day)
	c.warnOfExpiry()
	if n := strings.Count(f.log.String(), "ends soon"); n != 2 {
		t.Errorf("%d complaints a day later", n)
	}
	if !c.valid() {
		t.Error("it is valid")
	}
	f.now = f.now.Add(10 * day)
	if c.valid() {
		t.Error("it has ended")
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	f := newFiles(t)
	c, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go c.Watch(ctx, time.Minute)
		f.rotate("second")
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		f.wantName(c, "second")
		cancel()
	})
}

// TestHandshakesUseTheNewCertificate: a connection that stands is not touched, the next one sees the new certificate.
func TestHandshakesUseTheNewCertificate(t *testing.T) {
	f := newFiles(t)
	f.rotate("first", pki.Hosts("127.0.0.1"))
	cfg, err := config.Parse([]byte("apis: {coap: {address: '127.0.0.1:0', tls: {certFile: '" + f.settings.CertFile + "', keyFile: '" + f.settings.KeyFile + "'}}}\n" +
		"clients: {storage: {bolt: {path: '" + filepath.Join(t.TempDir(), "dps.db") + "'}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	device, err := f.root.NewLeaf("device")
	if err != nil {
		t.Fatal(err)
	}
	seen := func() string {
		var name string
		conn, err := tls.Dial("tcp", s.Addr("tcp").String(), &tls.Config{
			Certificates: []tls.Certificate{device.TLS()}, RootCAs: f.root.Pool(), MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
			VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
				leaf, err := x509.ParseCertificate(raw[0])
				name = leaf.Subject.CommonName
				return err
			},
		})
		if err == nil { // it is a stranger, and refused after the service's certificate
			_ = conn.Close()
		}
		return name
	}
	if got := seen(); got != "first" {
		t.Fatalf("the certificate is %q", got)
	}
	f.rotate("second", pki.Hosts("127.0.0.1"))
	s.certificate.reload(t.Context())
	if got := seen(); got != "second" {
		t.Errorf("the certificate is %q", got)
	}
}
