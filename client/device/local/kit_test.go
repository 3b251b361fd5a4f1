package local

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const owner = "11111111-1111-4111-8111-111111111111"

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func manufacturer(t testing.TB) Config {
	t.Helper()
	root := must(pki.NewRoot("manufacturer"))(t)
	return Config{Manufacturer: must(root.NewLeaf("a device"))(t).TLS(), Host: "127.0.0.1", HandshakeTimeout: time.Second}
}

// owned is what a device was provisioned with, by a key alone.
func owned() *Provisioned {
	return &Provisioned{DeviceID: dps.NewUUID(), Owner: owner, PSK: &device.PSK{Subject: owner, Key: "0123456789abcdef"},
		ACEs: append([]ocf.ACE{{Subject: ocf.ACESubject{UUID: owner}, Permission: ocf.PermissionAll,
			Resources: []ocf.ACEResource{{Wildcard: ocf.WildcardAll}}}}, factoryACEs()[0].ACE)}
}

// bare is a device without sockets.
func bare(t testing.TB, p *Provisioned) *Server {
	t.Helper()
	cfg := must(manufacturer(t).check())(t)
	s := &Server{cfg: cfg, name: cfg.Name, state: fresh(dps.NewUUID())}
	s.sessions.limit = cfg.MaxSessions
	if p != nil {
		s.state = must(provisioned(p))(t)
	}
	s.where = []endpoint{{ocf.SchemeTCPSecure, "192.0.2.1:1"}, {ocf.SchemeUDPSecure, "192.0.2.1:2"}, {ocf.SchemeUDP, "192.0.2.1:3"}}
	s.tree = s.resources()
	return s
}

// run serves a device until the test ends.
func run(t *testing.T, cfg Config) *Server {
	t.Helper()
	s := must(New(cfg))(t)
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Run(context.Background()) })
	t.Cleanup(func() { s.Close(); wg.Wait() })
	return s
}

// post makes a request with a CBOR body.
func post(t testing.TB, path string, body any) request {
	t.Helper()
	data := must(cbor.Marshal(body))(t)
	return request{method: codes.POST, path: path, format: ocf.FormatOCFCBOR, accept: ocf.FormatOCFCBOR, body: data}
}
