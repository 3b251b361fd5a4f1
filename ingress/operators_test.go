package ingress

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/shared/config"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

// newOperated starts a service whose apis.http has the lines; TLS and CLIENTS stand for files.
func newOperated(t *testing.T, lines string) (*Service, *pki.Pair, *pki.Pair, error) {
	t.Helper()
	f, dir := newFiles(t), t.TempDir()
	f.rotate("service", pki.Hosts("127.0.0.1"))
	clients := hubtest.Must(pki.NewRoot("clients"))(t)
	roots := filepath.Join(dir, "clients.crt")
	if err := os.WriteFile(roots, clients.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	pair := fmt.Sprintf("certFile: '%s', keyFile: '%s'", f.settings.CertFile, f.settings.KeyFile)
	if !strings.Contains(lines, "address:") {
		lines += ", address: '127.0.0.1:0'"
	}
	lines = strings.NewReplacer("PAIR", pair, "CLIENTS", "'"+roots+"'").Replace(lines)
	cfg, err := config.Parse([]byte("apis: {coap: {address: '127.0.0.1:0', tls: {" + pair + "}}, http: {enabled: true, " + lines + "}}\n" +
		"clients: {storage: {bolt: {path: '" + filepath.Join(dir, "dps.db") + "'}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, Options{})
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, f.root, clients, nil
}

const authority = "authorization: {authority: 'https://auth.example.com', webClientID: console}"

func TestOperatorsOverPlainHTTP(t *testing.T) {
	s, _, _, err := newOperated(t, authority+", tls: {enabled: false}")
	if err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{"/readyz": 200, "/healthz": 200, "/api/v1/login": 200, "/api/v1/hubs": 401, "/device-provisioning-service/api/v1/hubs": 401} {
		resp, err := http.Get(s.APIURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		var login struct{ Authority, WebClientID string }
		_ = json.NewDecoder(resp.Body).Decode(&login)
		_ = resp.Body.Close()
		if resp.StatusCode != status || path == "/api/v1/login" && (login.Authority != "https://auth.example.com" || login.WebClientID != "console") {
			t.Errorf("%s: %d, %+v", path, resp.StatusCode, login)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestOperatorsOverTLS: a client certificate is demanded where the setting says so, and a wrong one is refused in any case.
func TestOperatorsOverTLS(t *testing.T) {
	stranger := hubtest.Must(hubtest.Must(pki.NewRoot("strangers"))(t).NewLeaf("stranger"))(t)
	for name, tt := range map[string]struct {
		lines                    string
		none, known, strangeFine bool
	}{
		"demanded":   {authority + ", tls: {PAIR, caPool: CLIENTS}", false, true, false},
		"welcome":    {authority + ", tls: {PAIR, caPool: CLIENTS, clientCertificateRequired: false}", true, true, false},
		"not looked": {authority + ", tls: {PAIR, clientCertificateRequired: false}", true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, root, clients, err := newOperated(t, tt.lines)
			if err != nil {
				t.Fatal(err)
			}
			friend := hubtest.Must(clients.NewLeaf("friend"))(t)
			for who, one := range map[string]struct {
				pair *pki.Pair
				fine bool
			}{"nobody": {nil, tt.none}, "a friend": {friend, tt.known}, "a stranger": {stranger, tt.strangeFine}} {
				settings := &tls.Config{RootCAs: root.Pool()}
				if one.pair != nil { // whatever authorities the server names
					settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
						c := one.pair.TLS()
						return &c, nil
					}
				}
				transport := &http.Transport{TLSClientConfig: settings, ForceAttemptHTTP2: true}
				resp, err := (&http.Client{Transport: transport}).Get(s.APIURL() + "/readyz")
				if err == nil {
					_ = resp.Body.Close()
				}
				transport.CloseIdleConnections()
				if (err == nil && resp.StatusCode == http.StatusOK) != one.fine {
					t.Errorf("%s: %v", who, err)
				}
			}
		})
	}
}

func TestOperatorsSettingsAtFault(t *testing.T) {
	for lines, want := range map[string]string{
		authority + ", tls: {certFile: /none, keyFile: /none, clientCertificateRequired: false}":                         "apis.http.tls",
		authority + ", tls: {PAIR, caPool: /none}":                                                                       "apis.http.tls.caPool",
		"authorization: {authority: 'https://a', http: {tls: {caPool: /none}}}, tls: {enabled: false}":                   "apis.http.authorization.http.tls.caPool",
		"authorization: {authority: 'https://a', http: {tls: {certFile: /none, keyFile: /none}}}, tls: {enabled: false}": "apis.http.authorization.http.tls",
	} {
		_, _, _, err := newOperated(t, lines)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", lines, err)
		}
	}
	s, _, _, err := newOperated(t, authority+", tls: {enabled: false}")
	if err != nil {
		t.Fatal(err)
	}
	taken := strings.TrimPrefix(s.APIURL(), "http://")
	if _, _, _, err := newOperated(t, authority+", tls: {enabled: false}, address: '"+taken+"'"); err == nil || !strings.Contains(err.Error(), "apis.http.address") {
		t.Errorf("address in use: %v", err)
	}
}
