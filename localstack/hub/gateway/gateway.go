// Package gateway is the stand-in hub's CoAP gateway (PROTOCOL §5): devices sign up, sign in and publish at it, over TLS and
// DTLS, and it proves that what they were provisioned with really lets them in.
package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pion/dtls/v3"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
	"github.com/plgd-dev/go-coap/v3/tcp"

	"dps/shared/ocf"
)

// Verifier checks access tokens.
type Verifier interface {
	Verify(token string) (jwt.MapClaims, error)
}

// Options are what a Gateway needs.
type Options struct {
	Address       string // HOST:PORT, for TLS and DTLS
	Certificate   tls.Certificate
	Devices       *x509.CertPool // the roots of identity certificates
	Tokens        Verifier
	Providers     []string // names under which the OAuth server is known
	OwnerClaim    string
	DeviceIDClaim string // "": tokens are not bound to devices
	Log           *slog.Logger
	OnChange      func(Device) // called after each sign-up, sign-in and publication; may be nil
}

// Device is what the gateway knows of a device.
type Device struct {
	ID, Owner, Type string
	SignedIn        bool
	Links           int
}

// Gateway serves until it is closed.
type Gateway struct {
	o       Options
	tcp     *coapnet.TLSListener
	udp     *coapnet.DTLSListener
	stop    []func()
	wg      sync.WaitGroup
	mu      sync.Mutex
	devices map[string]Device
}

// Start listens and serves. Errors: of the sockets.
func Start(ctx context.Context, o Options) (*Gateway, error) {
	g := &Gateway{o: o, devices: make(map[string]Device)}
	var err error
	if g.tcp, err = coapnet.NewTLSListener("tcp", o.Address, &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{o.Certificate},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: o.Devices,
	}); err != nil {
		return nil, err
	}
	address := o.Address
	if host, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		_, port, _ = net.SplitHostPort(g.tcp.Addr().String())
		address = net.JoinHostPort(host, port)
	}
	if g.udp, err = coapnet.NewDTLSListener("udp", address, coapnet.NewDTLSServerOptions(
		dtls.WithCertificates(o.Certificate), dtls.WithClientAuth(dtls.RequireAndVerifyClientCert), dtls.WithClientCAs(o.Devices),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
	)); err != nil {
		_ = g.tcp.Close()
		return nil, err
	}
	g.serve(ctx)
	return g, nil
}

func (g *Gateway) serve(ctx context.Context) {
	router := mux.NewRouter()
	for path, h := range map[string]func(*peer, []byte) (any, codes.Code){
		"/oic/sec/account": g.signUp, "/oic/sec/session": g.signIn, "/oic/rd": g.publish,
	} {
		_ = router.Handle(path, g.handler(h)) // the paths are constants that parse
	}
	quiet := options.WithErrors(func(err error) { g.o.Log.Debug("gateway", "error", err) })
	ctx, cancel := context.WithCancel(ctx)
	runner := options.WithPeriodicRunner(periodic.New(ctx.Done(), time.Second)) // the library's own outlives its server
	overTCP := tcp.NewServer(options.WithContext(ctx), options.WithMux(router), runner, quiet)
	overUDP := coapdtls.NewServer(options.WithContext(ctx), options.WithMux(router), runner, quiet)
	g.stop = []func(){overTCP.Stop, overUDP.Stop, cancel}
	g.wg.Go(func() { _ = overTCP.Serve(g.tcp) }) // ends when it is stopped
	g.wg.Go(func() { _ = overUDP.Serve(g.udp) })
}

// Addr is where devices connect, over either protocol.
func (g *Gateway) Addr() string { return g.tcp.Addr().String() }

// Close stops serving and waits for it.
func (g *Gateway) Close() {
	for _, stop := range g.stop {
		stop()
	}
	g.wg.Wait()
}

// Devices gives what is known, ordered by id.
func (g *Gateway) Devices() []Device {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]Device, 0, len(g.devices))
	for _, d := range g.devices {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Device) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return all
}

// Device gives what is known of one device.
func (g *Gateway) Device(id string) (Device, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d, ok := g.devices[id]
	return d, ok
}

func (g *Gateway) change(id string, f func(*Device)) {
	g.mu.Lock()
	d := g.devices[id]
	d.ID = id
	f(&d)
	g.devices[id] = d
	g.mu.Unlock()
	if g.o.OnChange != nil {
		g.o.OnChange(d)
	}
}

// handler finds the peer behind a request, and writes the answer. Errors have no payload: the device reads none.
func (g *Gateway) handler(h func(*peer, []byte) (any, codes.Code)) mux.HandlerFunc {
	return func(w mux.ResponseWriter, r *mux.Message) {
		body, code := g.answer(w.Conn(), r, h)
		if code>>5 != 2 {
			g.reply(w.SetResponse(code, message.TextPlain, nil))
			return
		}
		data, err := ocf.Encode(ocf.FormatOCFCBOR, body)
		if err != nil {
			g.reply(w.SetResponse(codes.InternalServerError, message.TextPlain, nil))
			return
		}
		g.reply(w.SetResponse(code, message.AppOcfCbor, bytes.NewReader(data)))
	}
}

func (g *Gateway) reply(err error) {
	if err != nil {
		g.o.Log.Error("gateway cannot answer", "error", err)
	}
}

func (g *Gateway) answer(conn mux.Conn, r *mux.Message, h func(*peer, []byte) (any, codes.Code)) (any, codes.Code) {
	if r.Code() != codes.POST {
		return nil, codes.MethodNotAllowed
	}
	p, err := peerOf(conn)
	if err != nil {
		g.o.Log.Warn("gateway refuses a device", "remote", conn.RemoteAddr().String(), "error", err)
		return nil, codes.Unauthorized
	}
	data, err := r.ReadBody()
	if err != nil || len(data) > maxBody {
		return nil, codes.BadRequest
	}
	body, code := h(p, data)
	if code>>5 != 2 {
		g.o.Log.Warn("gateway refuses a request", "device", p.deviceID, "code", code.String(), "reason", fmt.Sprint(body))
		return nil, code
	}
	return body, code
}

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

// expiresIn is what the gateway tells devices of their session, in seconds.
func expiresIn(claims jwt.MapClaims) int64 {
	exp, err := claims.GetExpirationTime()
	if err != nil || exp == nil {
		return -1
	}
	return int64(time.Until(exp.Time) / time.Second)
}
