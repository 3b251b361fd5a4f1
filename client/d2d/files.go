package d2d

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/client/d2d/vault"
	"dps/shared/dps"
)

// Bounds of a file of certificates.
const (
	maxFile         = 1 << 20 // bytes
	maxCertificates = 256
)

// files are what the configuration names.
type files struct {
	config        settings.Config
	roots         []*x509.Certificate // of the security domain
	rootsPEM      string
	manufacturers *x509.CertPool // whose devices may be owned; nil: nobody's
	hubTLS        *tls.Config
	serverTLS     *tls.Config // nil: plain HTTP
}

// readFiles reads them all. Errors: CodeInvalid, CodeNotFound, naming the setting.
func readFiles(c settings.Config) (files, error) {
	f := files{config: c, hubTLS: &tls.Config{MinVersion: tls.VersionTLS12}}
	var err error
	if f.roots, err = certificates("remoteProvisioning.caPool", c.RemoteProvisioning.CAPool); err != nil {
		return f, err
	}
	f.rootsPEM = dps.EncodeCertificatesPEM(f.roots...)
	if f.manufacturers, err = pool("clients.device.coap.ownershipTransfer.manufacturerCertificate.tls.caPool",
		c.Clients.Device.COAP.OwnershipTransfer.ManufacturerCertificate.TLS.CAPool, nil); err != nil {
		return f, err
	}
	if f.hubTLS.RootCAs, err = hubRoots(c.RemoteProvisioning.HTTP.TLS); err != nil {
		return f, err
	}
	if t := c.APIs.HTTP.TLS; t.Enabled {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return f, unusable("apis.http.tls", err)
		}
		f.serverTLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	}
	return f, nil
}

// hubRoots gives nil for the system's.
func hubRoots(t settings.HubTLS) (*x509.CertPool, error) {
	if len(t.CAPool) == 0 {
		return nil, nil //nolint:nilnil // that is how crypto/tls says "the system's"
	}
	base := x509.NewCertPool()
	if t.UseSystemCAPool {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, unusable("remoteProvisioning.http.tls.useSystemCAPool", err)
		}
		base = system
	}
	return pool("remoteProvisioning.http.tls.caPool", t.CAPool, base)
}

// pool adds the files' certificates to base; nil where there are no files.
func pool(setting string, names []string, base *x509.CertPool) (*x509.CertPool, error) {
	all, err := certificates(setting, names)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	if base == nil {
		base = x509.NewCertPool()
	}
	for _, c := range all {
		base.AddCert(c)
	}
	return base, nil
}

func certificates(setting string, names []string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, name := range names {
		info, err := os.Stat(name)
		if err == nil && info.Size() > maxFile {
			err = fmt.Errorf("%s has more than %d bytes", name, maxFile)
		}
		if err != nil {
			return nil, unusable(setting, err)
		}
		data, err := os.ReadFile(name) //nolint:gosec // reading the file that the configuration names is the purpose
		if err != nil {
			return nil, unusable(setting, err)
		}
		found, err := dps.ParseCertificatesPEM(data, maxCertificates)
		if err != nil {
			return nil, unusable(setting, fmt.Errorf("%s: %w", name, err))
		}
		all = append(all, found...)
	}
	return all, nil
}

// unusable is an error of a setting.
func unusable(setting string, err error) error {
	code := dps.CodeInvalid
	if errors.Is(err, os.ErrNotExist) {
		code = dps.CodeNotFound
	}
	return dps.Errorf(code, "%s: %w", setting, err)
}

// transport reaches the OAuth server and the signing service.
func (f files) transport() *http.Transport {
	t := f.config.RemoteProvisioning.HTTP.Timeout
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: f.hubTLS, TLSHandshakeTimeout: t, ResponseHeaderTimeout: t, ForceAttemptHTTP2: true,
	}
}

// client follows no redirect: a token goes nowhere but where the configuration says.
func (f files) client(t *http.Transport) *http.Client {
	return &http.Client{
		Transport: t, Timeout: f.config.RemoteProvisioning.HTTP.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// openMember finds out who the client is. After it has become somebody else, s forgets what it knew as the old one.
func openMember(o ServerOptions, f files, s *Server) (*member.Member, error) {
	v, err := openVault(o)
	if err != nil {
		return nil, err
	}
	return member.Open(member.Options{
		Config: o.Config, Vault: v, Roots: f.roots, HTTP: f.client(s.hub), Log: o.Log, Show: o.Show,
		Changed: func() { s.reacher.Forget() },
	})
}

// passphraseVariable holds the passphrase of the credentials' file, where no file does.
const passphraseVariable = "DPS_D2D_PASSPHRASE" //nolint:gosec // the variable's name

func openVault(o ServerOptions) (*vault.Vault, error) {
	c := o.Config.Storage
	if c.Path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, dps.Errorf(dps.CodeInvalid, "storage.path: is not set, and this user has no folder for configuration: %w", err)
		}
		c.Path = filepath.Join(dir, "dps", "d2d", "credentials")
	}
	return vault.New(vault.Options{
		Path: c.Path, Protection: vault.Protection(c.Protection), KeyFile: c.KeyFile,
		Passphrase: func() ([]byte, error) { return passphrase(c.PassphraseFile, o.Getenv) },
	})
}

// passphrase gives nil where there is none.
func passphrase(file string, getenv func(string) string) ([]byte, error) {
	if file == "" {
		if text := getenv(passphraseVariable); text != "" {
			return []byte(text), nil
		}
		return nil, nil
	}
	data, err := os.ReadFile(file) //nolint:gosec // reading the file that the configuration names is the purpose
	if err != nil {
		return nil, unusable("storage.passphraseFile", err)
	}
	for len(data) > 0 && (data[len(data)-1] == '\n' || data[len(data)-1] == '\r') {
		data = data[:len(data)-1]
	}
	return data, nil
}
