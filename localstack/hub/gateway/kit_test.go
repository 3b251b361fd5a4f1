package gateway_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
	"github.com/plgd-dev/go-coap/v3/tcp"
	"go.uber.org/goleak"

	"dps/localstack/hub/gateway"
	"dps/localstack/hub/oauth"
	"dps/localstack/hub/oauth/oauthtest"
	"dps/shared/ocf"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	deviceID = "8b0e0c3a-59a6-4f4e-8d0c-9f8e8b9b4f11"
	otherID  = "1b0e0c3a-59a6-4f4e-8d0c-9f8e8b9b4f22"
	provider = "plgd.dps"
	owner    = "owner 1"
	account  = "/oic/sec/account"
	session  = "/oic/sec/session"
	rd       = "/oic/rd"
)

var protocols = []string{"tcp", "udp"}

// world is a gateway on real sockets, what signs its devices, and its tokens with their clock.
type world struct {
	*gateway.Gateway
	root, issuer *pki.Pair
	oauth        *oauth.Server
	now          atomic.Int64 // ns that the clock is ahead
	changes      chan gateway.Device
}

func newWorld(t *testing.T, change func(*gateway.Options)) *world {
	t.Helper()
	w := &world{changes: make(chan gateway.Device, 100)}
	w.root = must(pki.NewRoot("root"))(t)
	w.issuer = must(w.root.NewIntermediate("issuer"))(t)
	w.oauth = oauthtest.New(t, w.clock)
	o := gateway.Options{
		Address: "127.0.0.1:0", Certificate: must(w.root.NewLeaf("hub", pki.Hosts("127.0.0.1")))(t).TLS(), Devices: w.root.Pool(),
		Tokens: w.oauth, Providers: []string{"other", provider}, OwnerClaim: oauthtest.OwnerClaim, DeviceIDClaim: oauthtest.DeviceIDClaim,
		Now: w.clock, Log: telemetry.Discard(), OnChange: func(d gateway.Device) { w.changes <- d },
	}
	if change != nil {
		change(&o)
	}
	w.Gateway = must(gateway.Start(t.Context(), o))(t)
	t.Cleanup(w.Close)
	return w
}

func (w *world) clock() time.Time { return time.Now().Add(time.Duration(w.now.Load())) }

func (w *world) token(t *testing.T, device string) string {
	t.Helper()
	return oauthtest.Token(t, w.oauth, owner, device)
}

// identity is a certificate as the hub's authority gives it, unless opts say otherwise.
func (w *world) identity(t *testing.T, commonName string, opts ...pki.Option) tls.Certificate {
	t.Helper()
	return must(w.issuer.NewLeaf(commonName, append([]pki.Option{pki.UnknownEKU(pki.OIDIdentity)}, opts...)...))(t).TLS()
}

// coapConn is what go-coap's connections have in common.
type coapConn interface {
	Do(req *pool.Message) (*pool.Message, error)
	NewPostRequest(ctx context.Context, path string, format message.MediaType, payload io.ReadSeeker, opts ...message.Option) (*pool.Message, error)
	Close() error
	Done() <-chan struct{}
}

// peer is a device's connection.
type peer struct {
	t    *testing.T
	conn coapConn
}

// connect is a device with its identity certificate.
func (w *world) connect(t *testing.T, protocol, id string) *peer {
	t.Helper()
	return w.connectWith(t, protocol, w.identity(t, "uuid:"+id))
}

func (w *world) connectWith(t *testing.T, protocol string, identity tls.Certificate) *peer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // the test's own ends before its cleanups
	t.Cleanup(cancel)
	runner := options.WithPeriodicRunner(periodic.New(ctx.Done(), time.Second))
	p := &peer{t: t}
	if protocol == "udp" {
		p.conn = must(coapdtls.Dial(w.Addr(), coapdtls.NewDTLSClientOptions(dtls.WithCertificates(identity), dtls.WithRootCAs(w.root.Pool()), dtls.WithServerName("127.0.0.1")),
			options.WithContext(ctx), runner))(t)
	} else {
		p.conn = must(tcp.Dial(w.Addr(), options.WithTLS(w.tls(identity)), options.WithContext(ctx), runner))(t)
	}
	t.Cleanup(p.close)
	return p
}

func (w *world) tls(identity ...tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: identity, RootCAs: w.root.Pool(), ServerName: "127.0.0.1"}
}

func (p *peer) close() {
	_ = p.conn.Close()
	<-p.conn.Done()
}

// answer is a response: its code, and its body where it has one.
type answer struct {
	code codes.Code
	body map[string]any
}

// post sends a body in CBOR.
func (p *peer) post(path string, body any) answer {
	p.t.Helper()
	return p.send(codes.POST, path, must(ocf.Encode(ocf.FormatOCFCBOR, body))(p.t))
}

// send sends what it is told, and holds the answer against what devices can read (PROTOCOL §2, rule 4).
func (p *peer) send(method codes.Code, path string, data []byte) answer {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	r := must(p.conn.NewPostRequest(ctx, path, message.AppOcfCbor, bytes.NewReader(data)))(p.t)
	r.SetCode(method)
	resp := must(p.conn.Do(r))(p.t)
	payload := must(resp.ReadBody())(p.t)
	format, err := resp.ContentFormat()
	a := answer{code: resp.Code()}
	if a.code>>5 != 2 {
		if len(payload) > 0 || err == nil {
			p.t.Errorf("%v has %d bytes of format %d; devices read no error with either", a.code, len(payload), format)
		}
		return a
	}
	if err != nil || format != message.AppOcfCbor {
		p.t.Errorf("%v has format %d, devices want 10000: %v", a.code, format, err)
	}
	if err := ocf.Decode(ocf.FormatOCFCBOR, payload, len(payload), &a.body); err != nil {
		p.t.Fatal(err)
	}
	return a
}

// signUp and signIn are good requests of the device, and must succeed.
func (p *peer) signUp(id, token string) {
	p.t.Helper()
	if a := p.post(account, map[string]any{"di": id, "authprovider": provider, "accesstoken": token, "devicetype": "oic.d.light"}); a.code != codes.Changed {
		p.t.Fatalf("sign-up: %v", a.code)
	}
}

func (p *peer) signIn(id, token string) {
	p.t.Helper()
	if a := p.post(session, map[string]any{"di": id, "uid": owner, "accesstoken": token, "login": true}); a.code != codes.Changed {
		p.t.Fatalf("sign-in: %v", a.code)
	}
}

// works shows that the gateway serves a device from connection to publication.
func (w *world) works(t *testing.T, protocol, id string) {
	t.Helper()
	p, token := w.connect(t, protocol, id), w.token(t, id)
	p.signUp(id, token)
	p.signIn(id, token)
	if a := p.post(rd, publication(id)); a.code != codes.Changed {
		t.Fatalf("publication: %v", a.code)
	}
	p.close()
}

func publication(id string) map[string]any {
	return map[string]any{"di": id, "ttl": 0, "links": []map[string]any{{"href": "/light/1", "rt": []string{"core.light"}}, {"href": "/oic/d"}}}
}

// dial opens a connection with nothing on it yet.
func (w *world) dial(t *testing.T, network string) net.Conn {
	t.Helper()
	conn := must((&net.Dialer{}).DialContext(t.Context(), network, w.Addr()))(t)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
