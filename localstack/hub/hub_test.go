package hub_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/localstack/hub"
	"dps/localstack/hub/oauth"
	"dps/shared/dps"
	"dps/shared/pki"
)

func ownersToken(t *testing.T, h *hub.Hub) string {
	t.Helper()
	return token(t, h, url.Values{hub.DefaultOwnerClaim: {owner}})
}

func TestWhatTheAuthoritySignsLetsADeviceIn(t *testing.T) {
	h := start(t, hub.Options{})
	key := must(h.PKI.Root.NewLeaf("only its key is used"))(t)
	chainPEM := must(sign(t, h, newCSR(t, key, deviceID), ownersToken(t, h), h.PKI.Client.TLS()))(t)
	identity := tls.Certificate{PrivateKey: key.Key}
	chain := must(dps.ParseCertificatesPEM(chainPEM, 3))(t)
	for _, c := range chain[:2] {
		identity.Certificate = append(identity.Certificate, c.Raw)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: h.PKI.Root.Pool(), Certificates: []tls.Certificate{identity}}
	conn := must((&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", h.GatewayAddr()))(t)
	defer func() { _ = conn.Close() }()
	if _, err := conn.Read(make([]byte, 64)); err != nil { // its first message comes after it has verified the chain
		t.Errorf("the gateway refuses it: %v", err)
	}
}

func TestTheAuthorityWantsTheServicesCertificate(t *testing.T) {
	h := start(t, hub.Options{})
	key := must(h.PKI.Root.NewLeaf("only its key is used"))(t)
	csr, bearer := newCSR(t, key, deviceID), ownersToken(t, h)
	stranger := must(pki.NewRoot("Stand-in hub root"))(t)
	past := pki.Validity(time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	for name, certificates := range map[string][]tls.Certificate{
		"none":                                  nil,
		"of another authority of the same name": {must(stranger.NewLeaf("Provisioning service"))(t).TLS()},
		"expired":                               {must(h.PKI.Root.NewLeaf("Provisioning service", past))(t).TLS()},
		"for no client":                         {must(h.PKI.Root.NewLeaf("Provisioning service", pki.EKU(1)))(t).TLS()},
	} {
		if _, err := sign(t, h, csr, bearer, certificates...); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v, want a failed handshake", name, err)
		}
	}
	if _, err := sign(t, h, csr, "garbage", h.PKI.Client.TLS()); status.Code(err) != codes.Unauthenticated {
		t.Errorf("certificate without a token: %v", err)
	}
	devicesOwn := token(t, h, url.Values{hub.DefaultOwnerClaim: {owner}, hub.DefaultDeviceIDClaim: {dps.NewUUID()}})
	if _, err := sign(t, h, csr, devicesOwn, h.PKI.Client.TLS()); status.Code(err) != codes.PermissionDenied {
		t.Errorf("token of another device: %v", err)
	}
	if got := h.Authority.Issued(); got != 0 {
		t.Errorf("%d issued", got)
	}
}

func TestTheAuthorityAnswersOverHTTPS(t *testing.T) {
	h := start(t, hub.Options{})
	key := must(h.PKI.Root.NewLeaf("only its key is used"))(t)
	body := must(json.Marshal(map[string][]byte{"certificateSigningRequest": newCSR(t, key, deviceID)}))(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, h.OAuthURL()+"/api/v1/sign/identity-csr", bytes.NewReader(body)))(t)
	r.Header.Set("Authorization", "Bearer "+ownersToken(t, h))
	resp := must(web(t, h).Do(r))(t)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || h.Authority.Issued() != 1 {
		t.Errorf("%s, %d issued", resp.Status, h.Authority.Issued())
	}
}

func TestTokensNeedNotBeBound(t *testing.T) {
	h := start(t, hub.Options{DeviceIDClaim: "-"})
	claims := must(h.OAuth.Verify(token(t, h, url.Values{hub.DefaultOwnerClaim: {owner}, hub.DefaultDeviceIDClaim: {deviceID}})))(t)
	if _, has := claims[hub.DefaultDeviceIDClaim]; has || claims[hub.DefaultOwnerClaim] != owner {
		t.Errorf("%v", claims)
	}
	if strings.Contains(h.ConfigYAML(""), "deviceIDClaim") {
		t.Error("the service is told to bind tokens")
	}
}

func TestTheFolderKeepsTheHub(t *testing.T) {
	dir := t.TempDir()
	first := start(t, hub.Options{Dir: dir})
	first.Close()
	again := start(t, hub.Options{Dir: dir})
	for name, same := range map[string]bool{
		"root":   first.PKI.Root.Certificate.Equal(again.PKI.Root.Certificate),
		"issuer": first.PKI.Issuer.Certificate.Equal(again.PKI.Issuer.Certificate),
		"server": first.PKI.Server.Certificate.Equal(again.PKI.Server.Certificate),
		"client": first.PKI.Client.Certificate.Equal(again.PKI.Client.Certificate),
	} {
		if !same {
			t.Errorf("%s: made anew", name)
		}
	}
	for _, file := range must(os.ReadDir(dir))(t) {
		if info := must(file.Info())(t); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", file.Name(), info.Mode())
		}
	}
}

func TestTheServersCertificateNamesItsHost(t *testing.T) {
	dir := t.TempDir()
	first := start(t, hub.Options{Dir: dir})
	first.Close()
	for _, host := range []string{"localhost", "127.0.0.2"} {
		h := start(t, hub.Options{Dir: dir, Host: host})
		for name, address := range map[string]string{
			"OAuth": strings.TrimPrefix(h.OAuthURL(), "https://"), "authority": h.AuthorityAddr(), "gateway": h.GatewayAddr(),
		} {
			if got, _, err := net.SplitHostPort(address); err != nil || got != host {
				t.Errorf("%s at %s, not at %s", name, address, host)
			}
			served(t, h, address) // verifies the host
		}
		if !h.PKI.Root.Certificate.Equal(first.PKI.Root.Certificate) {
			t.Errorf("%s: a root made anew", host)
		}
		h.Close()
	}
}

func TestCertificatesNearTheirEndAreMadeAnew(t *testing.T) {
	dir := t.TempDir()
	first := start(t, hub.Options{Dir: dir})
	first.Close()
	soon := pki.Validity(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	for _, file := range []string{"hub-server", hub.FileClient} {
		old := must(first.PKI.Root.NewLeaf("old", soon, pki.Hosts("127.0.0.1")))(t)
		for suffix, data := range map[string][]byte{".crt": old.ChainPEM(), ".key": must(old.KeyPEM())(t)} {
			if err := os.WriteFile(first.Path(file, suffix), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := start(t, hub.Options{Dir: dir})
	for name, p := range map[string]*pki.Pair{"server": h.PKI.Server, "client": h.PKI.Client} {
		if time.Until(p.Certificate.NotAfter) < 300*24*time.Hour || p.Certificate.CheckSignatureFrom(first.PKI.Root.Certificate) != nil {
			t.Errorf("%s: valid until %v", name, p.Certificate.NotAfter)
		}
	}
	if _, err := sign(t, h, nil, ownersToken(t, h), h.PKI.Client.TLS()); status.Code(err) != codes.InvalidArgument {
		t.Errorf("the new client certificate is refused: %v", err)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	taken := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	defer func() { _ = taken.Close() }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "file", "")
	for name, c := range map[string]struct {
		options hub.Options
		want    string
	}{
		"OAuth server's port":  {hub.Options{OAuthPort: port}, "--oauth-port"},
		"authority's port":     {hub.Options{AuthorityPort: port}, "--authority-port"},
		"gateway's port":       {hub.Options{GatewayPort: port}, "--gateway-port"},
		"a folder that is not": {hub.Options{Dir: file}, file},
		"no client":            {hub.Options{Clients: []oauth.Client{}}, "clientCredentials"},
		"a client without id":  {hub.Options{Clients: []oauth.Client{{Name: "a", Secret: "b", GrantType: "clientCredentials"}}}, "mockoauthserver.oauth[0].clientID is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.options.Dir == "" {
				c.options.Dir = t.TempDir()
			}
			h, err := hub.Start(t.Context(), c.options)
			if err == nil {
				h.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q does not name %q", err, c.want)
			}
		})
	}
}

func TestCloseRightAfterStart(t *testing.T) {
	dir := t.TempDir()
	for range 10 {
		start(t, hub.Options{Dir: dir}).Close()
	}
}
