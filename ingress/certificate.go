package ingress

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/shared/awsclient"
	"dps/shared/config"
	"dps/shared/dps"
	secrets "dps/shared/secrets/secretsmanager"
)

const (
	// certificateInterval is how often the service's certificate is looked at for a newer one.
	certificateInterval = 30 * time.Second
	// expiryWarning is how long before its end the certificate is complained of, once a day.
	expiryWarning = 21 * 24 * time.Hour
	day           = 24 * time.Hour
)

// certificate is the service's own, read again as it changes: new handshakes use the new one, connections stay.
type certificate struct {
	read     func(ctx context.Context, source string) ([]byte, error)
	settings config.ServerTLS
	now      func() time.Time
	log      *slog.Logger
	count    func(name, reason string)
	close    func()

	current    atomic.Pointer[tls.Certificate]
	cert, key  []byte // what was read last, good or bad
	lastWarned time.Time
}

// newCertificate reads the pair for the first time. Errors: CodeInvalid, CodeNotFound, CodeUnavailable, naming the setting.
func newCertificate(ctx context.Context, settings config.ServerTLS, o Options, count func(name, reason string)) (*certificate, error) {
	c := &certificate{settings: settings, now: o.Now, log: o.Log, count: count}
	if settings.CertFile == "" || settings.KeyFile == "" {
		return nil, dps.Errorf(dps.CodeInvalid, "certFile and keyFile must be set: the service's own certificate")
	}
	if err := c.chooseReader(ctx); err != nil {
		return nil, err
	}
	if _, err := c.load(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// chooseReader asks Secrets Manager where an ARN is configured, and files and data URIs otherwise.
func (c *certificate) chooseReader(ctx context.Context) error {
	c.read, c.close = func(_ context.Context, source string) ([]byte, error) { return config.ReadFile(source) }, func() {}
	if !isARN(c.settings.CertFile) && !isARN(c.settings.KeyFile) {
		return nil
	}
	cfg, err := awsclient.Config(ctx)
	if err != nil {
		return err
	}
	store := secrets.New(secretsmanager.NewFromConfig(cfg), secrets.Options{CacheFor: time.Second, Count: c.count})
	c.close = store.Close
	c.read = func(ctx context.Context, source string) ([]byte, error) {
		if isARN(source) {
			return store.Secret(ctx, dps.SecretRef(source))
		}
		return config.ReadFile(source)
	}
	return nil
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// get is what a handshake asks.
func (c *certificate) get() (*tls.Certificate, error) { return c.current.Load(), nil }

// load reads the pair and uses it where it is another, and good. Errors: what is wrong with it; the one in use stays.
func (c *certificate) load(ctx context.Context) (changed bool, err error) {
	cert, err := c.read(ctx, c.settings.CertFile)
	if err != nil {
		return false, err
	}
	key, err := c.read(ctx, c.settings.KeyFile)
	if err != nil {
		return false, err
	}
	if bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key) {
		return false, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, dps.Errorf(dps.CodeInvalid, "certFile and keyFile: %w", err)
	}
	c.cert, c.key = cert, key
	c.current.Store(&pair)
	return true, nil
}

// Watch looks for a newer pair until ctx is done. Half of a pair, or a broken one, changes nothing but the log.
func (c *certificate) Watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		c.warnOfExpiry()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.reload(ctx)
		}
	}
}

func (c *certificate) reload(ctx context.Context) {
	changed, err := c.load(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		c.count("service_certificate", "refused")
		c.log.Error("the service's new certificate cannot be used; the old one stays", "error", err)
	case changed:
		c.count("service_certificate", "reloaded")
		c.log.Info("the service's certificate is new", "notAfter", c.notAfter(), "daysLeft", c.daysLeft())
	}
}

func (c *certificate) warnOfExpiry() {
	now := c.now()
	if c.notAfter().Sub(now) > expiryWarning || now.Sub(c.lastWarned) < day {
		return
	}
	c.lastWarned = now
	c.log.Warn("the service's certificate ends soon", "notAfter", c.notAfter(), "daysLeft", c.daysLeft())
}

func (c *certificate) notAfter() time.Time { return c.current.Load().Leaf.NotAfter }

func (c *certificate) daysLeft() int { return int(c.notAfter().Sub(c.now()) / day) }

// daysUntilEnd is negative once it has ended.
func (c *certificate) daysUntilEnd() float64 { return c.notAfter().Sub(c.now()).Hours() / day.Hours() }

// valid tells whether devices can accept it now.
func (c *certificate) valid() bool {
	leaf, now := c.current.Load().Leaf, c.now()
	return !now.Before(leaf.NotBefore) && now.Before(leaf.NotAfter)
}
