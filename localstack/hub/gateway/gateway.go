// Package gateway is the stand-in hub's CoAP gateway (PROTOCOL §5): devices sign up, sign in and publish at it, over TLS and
// DTLS, and it proves that what they were provisioned with really lets them in.
package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
	"github.com/plgd-dev/go-coap/v3/tcp"
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
	DeviceIDClaim string           // "": tokens are not bound to devices
	Now           func() time.Time // nil: time.Now
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
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gateway{o: o, devices: make(map[string]Device)}
	if err := g.listen(); err != nil {
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
	slices.SortFunc(all, func(a, b Device) int { return strings.Compare(a.ID, b.ID) })
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
