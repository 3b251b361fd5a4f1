package settings

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"dps/shared/config"
	"dps/shared/dps"
)

// KeySize is the size of a pre-shared key, in bytes: what devices take.
const KeySize = 16

// checker gathers what is wrong.
type checker struct{ problems config.Problems }

func (k *checker) add(path, format string, args ...any) {
	k.problems = append(k.problems, config.Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

// check finds what is wrong with values that have the right types.
func (c Config) check() config.Problems {
	k := new(checker)
	k.http(c.APIs.HTTP, c.guardedByCertificate())
	k.coap(c.Clients.Device.COAP)
	k.remote(c)
	if c.Storage.Protection == "passphrase" && c.Storage.KeyFile != "" {
		k.add("storage.keyFile", "is of no use with protection passphrase: remove one of them")
	}
	return k.problems
}

// guardedByCertificate tells whether nobody can use the client before a browser has initialized it with a certificate of the configured
// roots, and afterwards that owner alone: what a client needs that cannot reach the OAuth server to ask for its keys.
func (c Config) guardedByCertificate() bool {
	r := c.RemoteProvisioning
	return c.Clients.Device.COAP.TLS.Authentication == X509 && r.Mode == UserAgent && len(r.CAPool) > 0
}

func (k *checker) http(h HTTP, guarded bool) {
	host, _, err := net.SplitHostPort(h.Address)
	if err != nil {
		k.add("apis.http.address", "%q is not HOST:PORT: write 127.0.0.1:8080", h.Address)
		return
	}
	if !IsLoopback(host) {
		if !h.TLS.Enabled {
			k.add("apis.http.tls.enabled", "must be true: %s is not a loopback address, and tokens and keys would cross the network in clear; or set apis.http.address to 127.0.0.1:PORT", h.Address)
		}
		if h.Authorization.Authority == "" && !guarded {
			k.add("apis.http.authorization.authority", "must be set: %s is not a loopback address, and anybody could use this client; or set apis.http.address to 127.0.0.1:PORT; "+
				"a client that cannot reach the OAuth server needs clients.device.coap.tls.authentication x509, remoteProvisioning.mode userAgent and remoteProvisioning.caPool instead", h.Address)
		}
	}
	if h.TLS.Enabled && (h.TLS.CertFile == "" || h.TLS.KeyFile == "") {
		k.add("apis.http.tls", "certFile and keyFile must be set where enabled is true")
	}
	if a := h.Authorization; a.Authority != "" {
		k.address("apis.http.authorization.authority", a.Authority)
		if a.Owner == "" {
			k.add("apis.http.authorization.owner", "must be set where authority is: else every user of that OAuth server could use this client")
		}
	}
	k.origins("apis.http.cors.allowedOrigins", "one for each page; there is no * for a client that holds keys", h.CORS.AllowedOrigins)
	k.origins("apis.http.page.connectSources", "one for each server; there is no * for a page that handles tokens", h.Page.ConnectSources)
	for _, t := range []struct {
		name  string
		value time.Duration
	}{{"readTimeout", h.ReadTimeout}, {"readHeaderTimeout", h.ReadHeaderTimeout}, {"writeTimeout", h.WriteTimeout}, {"idleTimeout", h.IdleTimeout}} {
		k.positive("apis.http."+t.name, t.value)
	}
}

func (k *checker) origins(path, hint string, values []string) {
	for _, o := range values {
		if u, err := url.Parse(o); err != nil || u.Host == "" || strings.Contains(u.Host, "*") || u.Scheme+"://"+u.Host != o {
			k.add(path, "%q is no origin: write SCHEME://HOST[:PORT], %s", o, hint)
		}
	}
}

func (k *checker) coap(c COAP) {
	const at = "clients.device.coap."
	if c.MaxMessageSize < 1024 || c.MaxMessageSize > 16<<20 {
		k.add(at+"maxMessageSize", "%d is not between 1024 and %d bytes", c.MaxMessageSize, 16<<20)
	}
	k.positive(at+"timeout", c.Timeout)
	k.positive(at+"inactivityMonitor.timeout", c.InactivityMonitor.Timeout)
	for _, m := range c.OwnershipTransfer.Methods {
		if m != "manufacturerCertificate" {
			k.add(at+"ownershipTransfer.methods", "%q is not supported: write manufacturerCertificate; justWorks lets anybody in between become the owner", m)
		}
	}
	key := c.TLS.PreSharedKey
	if key == (Key{}) {
		return
	}
	if id, ok := dps.ParseUUID(key.SubjectID); !ok || id == dps.NilUUID {
		k.add(at+"tls.preSharedKey.subjectId", "%q is not a UUID: write the owner's, or leave subjectId and key out to have them generated", key.SubjectID)
	}
	if _, err := ParseKey(key.Key); err != nil {
		k.add(at+"tls.preSharedKey.key", "%s", dps.AsError(err).Message)
	}
	if c.TLS.Authentication != PreSharedKey {
		k.add(at+"tls.preSharedKey", "is of no use with authentication %s: remove one of them", c.TLS.Authentication)
	}
}

// ParseKey reads a pre-shared key as it is written in a file or a request. Errors: CodeInvalid; they never repeat it.
func ParseKey(text string) ([KeySize]byte, error) {
	key := []byte(text)
	if strings.HasPrefix(text, "data:") {
		var err error
		if key, err = dps.DecodeDataURI(text); err != nil {
			return [KeySize]byte{}, err
		}
	}
	if len(key) != KeySize {
		return [KeySize]byte{}, dps.Errorf(dps.CodeInvalid, "the key has %d bytes, devices take %d: give text of %[2]d bytes, or data:;base64,… of %[2]d bytes (plgd used the first %[2]d of a longer one)", len(key), KeySize)
	}
	return [KeySize]byte(key), nil
}

func (k *checker) remote(c Config) {
	r, auth := c.RemoteProvisioning, c.Clients.Device.COAP.TLS.Authentication
	const at = "remoteProvisioning."
	if r.Authority != "" {
		k.address(at+"authority", r.Authority)
	}
	if r.CertificateAuthority != "" {
		k.address(at+"certificateAuthority", r.CertificateAuthority)
	}
	if auth == X509 {
		if r.Authority == "" {
			k.add(at+"authority", "must be set with clients.device.coap.tls.authentication x509: the OAuth server whose users may initialize the client")
		}
		if r.CertificateAuthority == "" {
			k.add(at+"certificateAuthority", "must be set with clients.device.coap.tls.authentication x509: the URL of the signing service")
		}
	}
	if auth == PreSharedKey && r.Mode == UserAgent {
		k.add(at+"mode", "userAgent needs clients.device.coap.tls.authentication x509 (or uninitialized)")
	}
	if r.UserAgent.CSRChallengeStateExpiration < time.Second || r.UserAgent.CSRChallengeStateExpiration > time.Hour {
		k.add(at+"userAgent.csrChallengeStateExpiration", "%v is not between 1s and 1h", r.UserAgent.CSRChallengeStateExpiration)
	}
	k.positive(at+"http.timeout", r.HTTP.Timeout)
	if r.TokenFile != "" && r.DeviceOAuthClient.ClientID != "" {
		k.add(at+"tokenFile", "and deviceOAuthClient.clientID are both set: remove one of them")
	}
}

func (k *checker) positive(path string, d time.Duration) {
	if d <= 0 {
		k.add(path, "%v is not a positive duration", d)
	}
}

// address demands a URL that tells nobody on the way a token.
func (k *checker) address(path, value string) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		k.add(path, "is no URL: write https://HOST[:PORT][/PATH]")
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		k.add(path, "%q would be told tokens in clear: write https://", value)
	}
}

// IsLoopback tells whether a host, a name or an address, is this machine itself.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
