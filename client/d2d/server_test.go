package d2d_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/client/d2d"
	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/dps"
	"dps/shared/hubtest"
)

// config is one that leaves nothing outside of dir.
func config(t *testing.T, dir, more string) settings.Config {
	t.Helper()
	text := fmt.Sprintf("apis: {http: {address: '127.0.0.1:0'}}\nstorage: {path: %q, protection: keyFile}\n%s", filepath.Join(dir, "credentials"), more)
	return hubtest.Must(settings.Parse([]byte(text)))(t)
}

func with(c settings.Config, change func(*settings.Config)) settings.Config {
	change(&c)
	return c
}

// TestServerKeepsItsKey: the first start makes a pre-shared key, the next ones have it still; the end is clean.
func TestServerKeepsItsKey(t *testing.T) {
	dir := t.TempDir()
	var id string
	for range 2 {
		s := hubtest.Must(d2d.Open(t.Context(), d2d.ServerOptions{Config: config(t, dir, "")}))(t)
		if way := s.Status(); way.Way != member.WayKey || id != "" && way.SubjectID != id {
			t.Fatalf("%+v, want the key of %s", way, id)
		}
		id = s.Status().SubjectID
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		resp := hubtest.Must(http.DefaultTransport.RoundTrip(hubtest.Must(http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/api/v1/status", http.NoBody))(t)))(t)
		body := hubtest.Must(io.ReadAll(resp.Body))(t)
		_ = resp.Body.Close()
		if !strings.Contains(string(body), id) {
			t.Errorf("status is %s", body)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	info := hubtest.Must(os.Stat(filepath.Join(dir, "credentials")))(t)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the credentials have mode %v", info.Mode())
	}
}

// TestServerDoesNotStartOver: what is wrong is named, and lost credentials are never overwritten.
func TestServerDoesNotStartOver(t *testing.T) {
	taken := hubtest.Must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer func() { _ = taken.Close() }()
	dir := t.TempDir()
	damaged := filepath.Join(dir, "credentials")
	if err := os.WriteFile(damaged, []byte("not what it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config settings.Config
		want   string
	}{
		"damaged credentials": {config(t, dir, ""), "factory state"},
		"no roots":            {config(t, t.TempDir(), "remoteProvisioning: {caPool: [missing.pem]}"), "remoteProvisioning.caPool"},
		"no manufacturers":    {config(t, t.TempDir(), "clients: {device: {coap: {ownershipTransfer: {manufacturerCertificate: {tls: {caPool: [missing.pem]}}}}}}"), "manufacturerCertificate.tls.caPool"},
		"no passphrase":       {with(config(t, t.TempDir(), ""), func(c *settings.Config) { c.Storage.Protection, c.Storage.PassphraseFile = "passphrase", "missing" }), "storage.passphraseFile"},
		"port taken":          {with(config(t, t.TempDir(), ""), func(c *settings.Config) { c.APIs.HTTP.Address = taken.Addr().String() }), "apis.http.address"},
		"no certificate":      {with(config(t, t.TempDir(), ""), func(c *settings.Config) { c.APIs.HTTP.TLS = settings.TLS{Enabled: true, CertFile: "a", KeyFile: "b"} }), "apis.http.tls"},
	} {
		if _, err := d2d.Open(t.Context(), d2d.ServerOptions{Config: c.config, Getenv: func(string) string { return "" }}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if data := hubtest.Must(os.ReadFile(damaged))(t); string(data) != "not what it was" {
		t.Error("the damaged credentials were written over")
	}
}

// TestCommandLine: what a person types, and is told.
func TestCommandLine(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	file := filepath.Join(t.TempDir(), "d2d.yaml")
	text := fmt.Sprintf("apis: {http: {address: '127.0.0.1:0'}}\nstorage: {path: %q, protection: keyFile}\n", filepath.Join(filepath.Dir(file), "credentials"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		out  string
		err  string
	}{
		{[]string{"--config", file}, "Devices know this client by its pre-shared key", ""},
		{[]string{"--version"}, "d2d ", ""},
		{[]string{"--describe"}, "remoteProvisioning.mode", ""},
		{[]string{"--help"}, "", ""},
		{[]string{"--config", file + "x"}, "", "--config"},
		{[]string{"--nonsense"}, "", "see --help"},
	} {
		var out, errs bytes.Buffer
		err := d2d.Main(ctx, c.args, &out, &errs)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || !strings.Contains(out.String(), c.out) {
			t.Errorf("%v: %v\n%s%s", c.args, err, out.String(), errs.String())
		}
	}
	if err := os.WriteFile(file, []byte("apis: {http: {address: here}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := d2d.Main(ctx, []string{"--config", file}, io.Discard, io.Discard)
	if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "apis.http.address") {
		t.Error(err)
	}
}
