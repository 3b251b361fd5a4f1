package reach_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/client/d2d/reach"
	"dps/client/device"
	"dps/client/device/local"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shortly is how long a test waits for what must not come.
const shortly = 700 * time.Millisecond

// domain is a security domain: an owner, its certificate authority, its key.
type domain struct {
	owner string
	ca    *pki.Pair
	sub   *pki.Pair // an intermediate: chains have two certificates
	key   [16]byte
}

func newDomain(t *testing.T) *domain {
	t.Helper()
	ca := must(pki.NewRoot("identity root"))(t)
	d := &domain{owner: dps.NewUUID(), ca: ca, sub: must(ca.NewIntermediate("identity intermediate"))(t)}
	copy(d.key[:], dps.NewUUID())
	return d
}

// identity makes an identity certificate for an id.
func (d *domain) identity(t *testing.T, id string, opts ...pki.Option) tls.Certificate {
	t.Helper()
	return must(d.sub.NewLeaf("uuid:"+id, append([]pki.Option{pki.UnknownEKU(pki.OIDIdentity)}, opts...)...))(t).TLS()
}

func (d *domain) byKey() reach.Credentials {
	return reach.Credentials{PSK: &reach.PSK{SubjectID: d.owner, Key: d.key}}
}

func (d *domain) byCertificate(t *testing.T, opts ...pki.Option) reach.Credentials {
	t.Helper()
	c := d.identity(t, d.owner, opts...)
	return reach.Credentials{Identity: &c, Roots: d.ca.Pool()}
}

// provisioned is what the provisioning service gives a device of the domain.
func (d *domain) provisioned(t *testing.T) *local.Provisioned {
	t.Helper()
	id := dps.NewUUID()
	return &local.Provisioned{DeviceID: id, Owner: d.owner, Identity: d.identity(t, id),
		Anchors: []device.Anchor{{Subject: d.owner, Certificate: d.ca.Certificate}},
		PSK:     &device.PSK{Subject: d.owner, Key: device.Secret(d.key[:])}, ACEs: aces(d.owner)}
}

// aces are those of PROTOCOL §3.
func aces(owner string) []ocf.ACE {
	href := func(all ...string) (out []ocf.ACEResource) {
		for _, h := range all {
			out = append(out, ocf.ACEResource{Href: h, Interfaces: []string{"*"}})
		}
		return out
	}
	own := append(href("/CoapCloudConfResURI", "/oic/sec/sp", "/x.plgd.dev/time", "/oc/con", "/oc/swu", "/oic/mnt"),
		ocf.ACEResource{Wildcard: "*", Interfaces: []string{"*"}})
	return []ocf.ACE{
		{Subject: ocf.ACESubject{UUID: owner}, Permission: ocf.PermissionAll, Resources: own, Tag: ocf.Tag},
		{Subject: ocf.ACESubject{ConnectionType: ocf.ConnectionAnonymous}, Permission: ocf.PermissionRead, Tag: ocf.Tag,
			Resources: href("/oic/d", "/oic/p", "/oic/res", "/oic/sec/sdi", "/oic/sec/doxm")},
	}
}

// maker is a manufacturer.
type maker struct{ root, sub *pki.Pair }

func newMaker(t *testing.T) *maker {
	t.Helper()
	root := must(pki.NewRoot("manufacturer root"))(t)
	return &maker{root: root, sub: must(root.NewIntermediate("manufacturer intermediate"))(t)}
}

func (m *maker) certificate(t *testing.T) tls.Certificate {
	t.Helper()
	return must(m.sub.NewLeaf("a device"))(t).TLS()
}

// run serves a device on loopback until the test ends.
func run(t *testing.T, cfg local.Config) *local.Server {
	t.Helper()
	if cfg.Host == "" {
		cfg.Host = "127.0.0.1"
	}
	if cfg.Manufacturer.PrivateKey == nil {
		cfg.Manufacturer = newMaker(t).certificate(t)
	}
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = 2 * time.Second
	}
	s := must(local.New(cfg))(t)
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Run(context.Background()) })
	t.Cleanup(func() { s.Close(); wg.Wait() })
	return s
}

// clearAddress is where a device answers plain CoAP.
func clearAddress(t *testing.T, s *local.Server) string {
	t.Helper()
	for _, e := range s.Endpoints() {
		if len(e) > 7 && e[:7] == "coap://" {
			return e[7:]
		}
	}
	t.Fatal("no coap:// endpoint")
	return ""
}

// client makes a client with these credentials.
func client(t *testing.T, c reach.Credentials, change ...func(*reach.Options)) *reach.Client {
	t.Helper()
	o := reach.Options{Credentials: func() (reach.Credentials, error) { return c, nil }, Timeout: 5 * time.Second}
	for _, f := range change {
		f(&o)
	}
	cl := must(reach.New(o))(t)
	t.Cleanup(cl.Close)
	return cl
}

// discover finds the devices at these addresses.
func discover(t *testing.T, c *reach.Client, addresses ...string) []reach.Device {
	t.Helper()
	return must(c.Discover(t.Context(), reach.Query{Addresses: addresses, Wait: time.Second}))(t)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantError(t *testing.T, err error, code dps.Code, reason reach.Reason) {
	t.Helper()
	var e *dps.Error
	if !errors.As(err, &e) || e.Code != code || reach.ReasonOf(err) != reason {
		t.Errorf("error %v (code %q, reason %q), want code %q, reason %q", err, dps.CodeOf(err), reach.ReasonOf(err), code, reason)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	c := must(net.ListenPacket("udp4", "127.0.0.1:0"))(t)
	defer func() { _ = c.Close() }()
	return strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
}

func secureAddress(t *testing.T, s *local.Server) string {
	t.Helper()
	for _, e := range s.Endpoints() {
		if after, ok := strings.CutPrefix(e, "coaps://"); ok {
			return after
		}
	}
	t.Fatal("no coaps:// endpoint")
	return ""
}

// packets is a connected socket as a net.PacketConn.
type packets struct{ net.Conn }

func (p packets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, p.RemoteAddr(), err
}
func (p packets) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

func number(v any) string { return fmt.Sprint(v) }

// notes hears what a device logs, so that a test can wait for it.
type notes chan string

func (n notes) Enabled(context.Context, slog.Level) bool { return true }
func (n notes) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n notes) WithGroup(string) slog.Handler            { return n }
func (n notes) Handle(_ context.Context, r slog.Record) error {
	select {
	case n <- r.Message:
	default: // nobody waits for so many
	}
	return nil
}

func (n notes) wait(t *testing.T, message string) {
	t.Helper()
	for {
		select {
		case m := <-n:
			if m == message {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("the device never logged %q", message)
		case <-time.After(20 * time.Second):
			t.Fatalf("the device never logged %q", message)
		}
	}
}
