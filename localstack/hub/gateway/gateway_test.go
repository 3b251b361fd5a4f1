package gateway_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/localstack/hub/gateway"
	"dps/shared/pki"
)

func TestRequestsThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	for _, protocol := range protocols {
		p := w.connect(t, protocol, deviceID)
		for _, c := range []struct {
			name, path string
			method     codes.Code
			body       []byte
			code       codes.Code
		}{
			{"empty body", account, codes.POST, nil, codes.BadRequest},
			{"no CBOR", session, codes.POST, []byte("garbage"), codes.BadRequest},
			{"CBOR cut short", rd, codes.POST, []byte{0xbf, 0x62, 'd'}, codes.BadRequest},
			{"no map", account, codes.POST, []byte{0x81, 0x01}, codes.BadRequest},
			{"deep nesting", account, codes.POST, []byte(strings.Repeat("\x81", 1000)), codes.BadRequest},
			{"wrong method", account, codes.GET, nil, codes.MethodNotAllowed},
			{"wrong method with a body", rd, codes.PUT, []byte{0xa0}, codes.MethodNotAllowed},
			{"unknown path", "/oic/nothing", codes.POST, []byte{0xa0}, codes.NotFound},
		} {
			t.Run(protocol+"/"+c.name, func(t *testing.T) {
				if a := p.send(c.method, c.path, c.body); a.code != c.code {
					t.Errorf("%v, want %v", a.code, c.code)
				}
			})
		}
		p.signUp(deviceID, w.token(t, deviceID)) // the connection has survived it all
	}
}

func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	for _, protocol := range protocols {
		p := w.connect(t, protocol, deviceID)
		if a := p.send(codes.POST, account, make([]byte, 32<<10+1)); a.code != codes.BadRequest {
			t.Errorf("%s: %v", protocol, a.code)
		}
		p.signUp(deviceID, w.token(t, deviceID))
	}
}

func TestCertificatesThatVerifyButAreNoDevices(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		name       string
		commonName string
		opts       []pki.Option
	}{
		{"no identity usage", "uuid:" + deviceID, []pki.Option{pki.UnknownEKU()}},
		{"no uuid: before the id", deviceID, nil},
		{"no id", "uuid:hub", nil},
		{"a name", "hub.example.com", nil},
	} {
		for _, protocol := range protocols {
			t.Run(protocol+"/"+c.name, func(t *testing.T) {
				p := w.connectWith(t, protocol, w.identity(t, c.commonName, c.opts...))
				body := map[string]any{"di": deviceID, "authprovider": provider, "accesstoken": w.token(t, deviceID)}
				if a := p.post(account, body); a.code != codes.Unauthorized {
					t.Errorf("%v", a.code)
				}
			})
		}
	}
	if known := w.Devices(); len(known) != 0 {
		t.Errorf("known: %v", known)
	}
}

func TestHandshakesAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	other := must(pki.NewRoot("root"))(t) // of the same name
	past := pki.Validity(time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	future := pki.Validity(time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour))
	for _, c := range []struct {
		name     string
		identity []tls.Certificate
		alert    string
	}{
		{"no certificate", nil, "certificate required"},
		{"another authority of the same name", []tls.Certificate{must(other.NewLeaf("uuid:"+deviceID, pki.UnknownEKU(pki.OIDIdentity)))(t).TLS()}, "unknown certificate authority"},
		{"expired", []tls.Certificate{w.identity(t, "uuid:"+deviceID, past)}, "expired certificate"},
		{"not valid yet", []tls.Certificate{w.identity(t, "uuid:"+deviceID, future)}, "expired certificate"},
		{"for servers alone", []tls.Certificate{w.identity(t, "uuid:"+deviceID, pki.EKU())}, "bad certificate"},
	} {
		t.Run("tcp/"+c.name, func(t *testing.T) {
			config := w.tls(c.identity...)
			conn := tls.Client(w.dial(t, "tcp"), config)
			_, err := conn.Read(make([]byte, 1)) // with TLS 1.3 the client has finished before the server refuses
			if err == nil || !strings.Contains(err.Error(), c.alert) {
				t.Errorf("%v, want alert %q", err, c.alert)
			}
		})
		t.Run("udp/"+c.name, func(t *testing.T) {
			conn := w.dial(t, "udp")
			o := []dtls.ClientOption{dtls.WithRootCAs(w.root.Pool()), dtls.WithServerName("127.0.0.1")}
			if len(c.identity) > 0 {
				o = append(o, dtls.WithCertificates(c.identity...))
			}
			client := must(dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(conn), conn.RemoteAddr(), o...))(t)
			t.Cleanup(func() { _ = client.Close() })
			if err := client.HandshakeContext(t.Context()); err == nil || !strings.Contains(err.Error(), "alert") {
				t.Errorf("%v, want an alert", err)
			}
		})
	}
}

func TestTheFirstMessageIsOneThatDevicesSurvive(t *testing.T) {
	w := newWorld(t, nil)
	conn := tls.Client(w.dial(t, "tcp"), w.tls(w.identity(t, "uuid:"+deviceID)))
	record := make([]byte, 64)
	n := must(conn.Read(record))(t)
	// PROTOCOL §2, rule 2: an empty CSM of 2 bytes corrupts the device's heap.
	if n < 6 || record[1] != byte(codes.CSM) {
		t.Errorf("% x", record[:n])
	}
}

func TestOthersAreServedWhateverArrives(t *testing.T) {
	w := newWorld(t, nil)
	for name, spoil := range map[string]func(*testing.T){
		"a connection that says nothing": func(t *testing.T) { w.dial(t, "tcp") },
		"no TLS":                         func(t *testing.T) { write(t, w.dial(t, "tcp"), "GET / HTTP/1.1\r\n\r\n") },
		"half a ClientHello":             func(t *testing.T) { write(t, w.dial(t, "tcp"), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc") },
		"no DTLS":                        func(t *testing.T) { write(t, w.dial(t, "udp"), "garbage") },
		"half a DTLS ClientHello": func(t *testing.T) {
			write(t, w.dial(t, "udp"), "\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x01")
		},
		"no CoAP":                  func(t *testing.T) { write(t, w.tlsDial(t), strings.Repeat("\xff", 100)) },
		"a message of 4 GB":        func(t *testing.T) { write(t, w.tlsDial(t), "\xf0\xff\xff\xff\xff\x02") },
		"a message over the bound": func(t *testing.T) { write(t, w.tlsDial(t), "\xf0\x00\x01\x00\x00\x02") },
		"half a message":           func(t *testing.T) { write(t, w.tlsDial(t), "\xd8\x0b\x02") },
	} {
		t.Run(name, func(t *testing.T) {
			spoil(t)
			for _, protocol := range protocols {
				w.works(t, protocol, deviceID)
				for len(w.changes) > 0 {
					<-w.changes
				}
			}
		})
	}
}

func (w *world) tlsDial(t *testing.T) net.Conn {
	t.Helper()
	return tls.Client(w.dial(t, "tcp"), w.tls(w.identity(t, "uuid:"+deviceID)))
}

func write(t *testing.T, conn net.Conn, data string) {
	t.Helper()
	if _, err := conn.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
}

func TestBothProtocolsListenOnOnePort(t *testing.T) {
	w := newWorld(t, nil)
	for _, network := range protocols {
		o := gateway.Options{Address: w.Addr()}
		if g, err := gateway.Start(t.Context(), o); err == nil {
			g.Close()
			t.Errorf("%s: the port was free", network)
		}
	}
}

func TestAUDPPortInUseFreesTheTCPPort(t *testing.T) {
	taken := must((&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0"))(t)
	defer func() { _ = taken.Close() }()
	o := gateway.Options{Address: taken.LocalAddr().String()}
	if g, err := gateway.Start(t.Context(), o); err == nil {
		g.Close()
		t.Fatal("started on half its sockets")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", taken.LocalAddr().String())
	if err != nil {
		t.Fatalf("the TCP port is still taken: %v", err)
	}
	_ = l.Close()
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1", "127.0.0.1:x", "256.0.0.1:0"} {
		if g, err := gateway.Start(t.Context(), gateway.Options{Address: address}); err == nil {
			g.Close()
			t.Errorf("%q: started", address)
		}
	}
}

func TestCloseRightAfterStart(t *testing.T) {
	for range 20 {
		newWorld(t, nil).Close()
	}
}

func TestCloseWaitsForNobody(t *testing.T) {
	w := newWorld(t, nil)
	write(t, w.dial(t, "tcp"), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
	write(t, w.dial(t, "udp"), "garbage")
	idle := w.connect(t, "tcp", deviceID)
	w.works(t, "tcp", otherID)
	w.Close()
	<-idle.conn.Done()
}
