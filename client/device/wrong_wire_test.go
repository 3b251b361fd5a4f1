package device_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

// csm is a signalling message long enough for the device.
var csm = encode(message.Message{Code: codes.CSM, Token: message.Token("12345678")})

// at changes the answer to one path.
func at(path string, change func(a answer) answer) func(received, answer) answer {
	return func(q received, a answer) answer {
		if q.path == path {
			return change(a)
		}
		return a
	}
}

// TestWrongWire breaks each limit of PROTOCOL §2 and each code of §4 in turn.
func TestWrongWire(t *testing.T) {
	option := func(id message.OptionID, value ...byte) func(answer) answer {
		return func(a answer) answer {
			a.options = message.Options{{ID: id, Value: value}}
			return a
		}
	}
	code := func(c codes.Code) func(answer) answer { return func(answer) answer { return coded(c) } }
	for _, tt := range []struct {
		name   string
		path   string
		change func(answer) answer
		step   device.Step
		reason device.Reason
		detail string
	}{
		{"message after the answer in its record", ocf.PathTime, func(a answer) answer {
			a.records = func(whole []byte) [][]byte { return [][]byte{append(whole, csm...)} }
			return a
		}, device.StepTime, device.ReasonSecondMessage, "10 bytes follow"},
		{"CSM and answer in one record", ocf.PathOwnership, func(a answer) answer {
			a.records = func(whole []byte) [][]byte { return [][]byte{append(bytes.Clone(csm), whole...)} }
			return a
		}, device.StepOwnership, device.ReasonSecondMessage, "follow the message of 10 bytes"},
		{"empty CSM", ocf.PathTime, func(a answer) answer {
			a.records = func(whole []byte) [][]byte { return [][]byte{{0x00, 0xe1}, whole} }
			return a
		}, device.StepTime, device.ReasonTinyMessage, "message of 2 bytes would corrupt"},
		{"message of 5 bytes", ocf.PathTime, func(a answer) answer {
			a.records = func(whole []byte) [][]byte { return [][]byte{{0x03, 0xe1, 1, 2, 3}, whole} }
			return a
		}, device.StepTime, device.ReasonTinyMessage, "message of 5 bytes"},
		{"message of 8374 bytes", ocf.PathOwnership, func(a answer) answer {
			a.records = func([]byte) [][]byte { return [][]byte{{0xe8, (8374 - 12 - 269) >> 8, (8374 - 12 - 269) & 0xff, 0x45}} }
			return a
		}, device.StepOwnership, device.ReasonTooLarge, "message of 8374 bytes"},
		{"record of 8374 bytes", ocf.PathOwnership, func(a answer) answer {
			a.records = func([]byte) [][]byte { return [][]byte{make([]byte, 8374)} }
			return a
		}, device.StepOwnership, device.ReasonTooLarge, "TLS record of 8374 bytes"},
		{"payload of 8193 bytes", ocf.PathOwnership, func(a answer) answer {
			a.body, a.payload = nil, make([]byte, 8193)
			return a
		}, device.StepOwnership, device.ReasonTooLarge, "payload of 8193 bytes"},
		{"content format 60", ocf.PathACLs, func(a answer) answer { a.format = 60; return a },
			device.StepACLs, device.ReasonContentFormat, "content format is 60"},
		{"content format 50 on an error", ocf.PathACLs, func(answer) answer {
			return answer{code: codes.Forbidden, payload: []byte("{}"), format: 50}
		}, device.StepACLs, device.ReasonContentFormat, "content format is 50"},
		{"content format 0 on an error", ocf.PathACLs, func(answer) answer {
			return answer{code: codes.Forbidden, payload: []byte("no"), options: message.Options{{ID: message.ContentFormat}}}
		}, device.StepACLs, device.ReasonContentFormat, "content format is 0"},
		{"no content format", ocf.PathACLs, func(a answer) answer { a.format = 0; return a },
			device.StepACLs, device.ReasonContentFormat, "payload without"},
		{"Block2", ocf.PathCredentials, option(message.Block2, 0x0e), device.StepCredentials, device.ReasonBlock, "Block2"},
		{"Block1", ocf.PathCredentials, option(message.Block1, 0x0e), device.StepCredentials, device.ReasonBlock, "Block1"},
		{"critical option", ocf.PathTime, option(9, 1), device.StepTime, device.ReasonCriticalOption, "option 9"},
		{"another token", ocf.PathTime, func(a answer) answer { a.token = message.Token("87654321"); return a },
			device.StepTime, device.ReasonToken, "token 3837363534333231"},
		{"token of 9 bytes", ocf.PathTime, func(a answer) answer {
			a.records = func([]byte) [][]byte { return [][]byte{append([]byte{0x09, 0x45}, make([]byte, 9)...)} }
			return a
		}, device.StepTime, device.ReasonMalformed, "11 bytes"},
		{"broken option", ocf.PathTime, func(a answer) answer {
			a.records = func([]byte) [][]byte { return [][]byte{append([]byte{0x18, 0x45}, []byte("12345678\xf0")...)} }
			return a
		}, device.StepTime, device.ReasonMalformed, "11 bytes"},
		{"release", ocf.PathTime, func(a answer) answer {
			a.code = codes.Release
			a.body, a.format = nil, 0
			return a
		}, device.StepTime, device.ReasonClosed, "7.04"},
		{"hang-up", ocf.PathCredentials, func(a answer) answer { a.hangUp = true; return a },
			device.StepCredentials, device.ReasonClosed, "EOF"},
		{"2.04 for a GET", ocf.PathTime, func(a answer) answer { a.code = codes.Changed; return a },
			device.StepTime, device.ReasonWrongCode, "2.04 Changed, want 2.05 Content"},
		{"2.05 for a POST", ocf.PathCloudConfiguration, func(a answer) answer { a.code = codes.Content; return a },
			device.StepCloud, device.ReasonWrongCode, "2.05 Content, want 2.04 Changed"},
		{"4.03", ocf.PathOwnership, code(codes.Forbidden), device.StepOwnership, device.ReasonCode, "4.03 Forbidden"},
		{"5.00", ocf.PathOwnership, code(codes.InternalServerError), device.StepOwnership, device.ReasonCode, "5.00"},
		{"4.29", ocf.PathOwnership, code(codes.TooManyRequests), device.StepOwnership, device.ReasonUnmappedCode, "4.29"},
		{"4.22", ocf.PathOwnership, code(4<<5 | 22), device.StepOwnership, device.ReasonUnmappedCode, "4.22"},
		{"no payload", ocf.PathCloudConfiguration, code(codes.Changed), device.StepCloud, device.ReasonBody, "no payload"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &peer{world: newWorld(t), script: at(tt.path, tt.change)}
			_, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
			wantError(t, err, tt.step, tt.reason, tt.detail)
			if e := deviceError(t, err); e.Transient {
				t.Errorf("%v is transient", e)
			}
		})
	}
}

// TestStrangeButRight sends what the device copes with.
func TestStrangeButRight(t *testing.T) {
	p := &peer{world: newWorld(t), greeting: [][]byte{csm}, script: func(q received, a answer) answer {
		switch q.path {
		case ocf.PathTime: // byte by byte
			a.records = func(whole []byte) (out [][]byte) {
				for i := range whole {
					out = append(out, whole[i:i+1])
				}
				return out
			}
		case ocf.PathOwnership: // after a ping
			a.records = func(whole []byte) [][]byte {
				return [][]byte{encode(message.Message{Code: codes.Ping, Token: message.Token("pingpong")}), whole}
			}
		case ocf.PathCloudConfiguration: // an elective option that nobody knows
			a.options = message.Options{{ID: 65000, Value: []byte{1}}}
		}
		return a
	}}
	if _, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.others) != 1 || p.others[0].Code != codes.Pong || string(p.others[0].Token) != "pingpong" {
		t.Errorf("the device sent %v, want one pong and never a CSM", p.others)
	}
}

func TestServerCertificate(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		server *pki.Pair
		detail string // "": accepted
	}{
		{"no EKU", must(t)(w.service.NewLeaf("s", pki.EKU())), ""},
		{"any EKU", must(t)(w.service.NewLeaf("s", pki.EKU(x509.ExtKeyUsageAny))), ""},
		{"intermediate", must(t)(must(t)(w.service.NewIntermediate("i")).NewLeaf("s")), ""},
		{"clientAuth alone", must(t)(w.service.NewLeaf("s", pki.EKU(x509.ExtKeyUsageClientAuth))), "without serverAuth"},
		{"stranger", must(t)(w.vendor.NewLeaf("s")), "unknown authority"},
		{"expired", must(t)(w.service.NewLeaf("s", pki.Validity(time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)))), "expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &peer{world: w, tls: func(c *tls.Config) { c.Certificates = []tls.Certificate{tt.server.TLS()} }}
			_, err := newDevice(t, w.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
			if tt.detail == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantError(t, err, device.StepHandshake, device.ReasonServerCertificate, tt.detail)
		})
	}
}

// TestServerCertificateAndServiceTime lets the service tell a time at which its own certificate has expired.
func TestServerCertificateAndServiceTime(t *testing.T) {
	p := &peer{world: newWorld(t), script: at(ocf.PathTime, func(a answer) answer {
		return a.field("time", time.Now().Add(20*365*24*time.Hour).Format(time.RFC3339Nano))
	})}
	_, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
	wantError(t, err, device.StepTime, device.ReasonServerCertificate, "expired")
}

func TestRefusedInTheHandshake(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		p := &peer{world: newWorld(t), tls: func(c *tls.Config) {
			c.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not attested") }
		}}
		d := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t)), func(c *device.Config) { c.MinVersion, c.MaxVersion = version, version })
		_, err := d.Provision(t.Context())
		step := device.StepHandshake
		if version == tls.VersionTLS13 {
			step = device.StepTime // the client learns of it at its first read
		}
		wantError(t, err, step, device.ReasonRefused, "bad certificate")
		if dps.CodeOf(err) != dps.CodeDenied {
			t.Errorf("code %s, want %s", dps.CodeOf(err), dps.CodeDenied)
		}
	}
}

func TestClientHello(t *testing.T) {
	var hello tls.ClientHelloInfo
	p := &peer{world: newWorld(t), tls: func(c *tls.Config) {
		c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { hello = *h; return nil, nil }
	}}
	if _, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	if hello.ServerName != "" || len(hello.SupportedProtos) > 0 {
		t.Errorf("SNI %q, ALPN %v; want neither", hello.ServerName, hello.SupportedProtos)
	}
	if len(hello.SupportedVersions) != 1 || hello.SupportedVersions[0] != tls.VersionTLS12 {
		t.Errorf("versions %x, want TLS 1.2 alone", hello.SupportedVersions)
	}
	devices := []uint16{0xc02b, 0xc023, 0xc02c, 0xc024, 0xc02f, 0xc030}
	for _, suite := range hello.CipherSuites {
		if !slices.Contains(devices, suite) {
			t.Errorf("suite %04x is not the device's", suite)
		}
	}
	if len(hello.CipherSuites) != 5 {
		t.Errorf("suites %04x, want the device's without C024, which crypto/tls lacks", hello.CipherSuites)
	}
	if len(hello.SupportedCurves) != 2 || hello.SupportedCurves[0] != tls.CurveP256 || hello.SupportedCurves[1] != tls.CurveP384 {
		t.Errorf("groups %v, want P-256 and P-384", hello.SupportedCurves)
	}
	for _, e := range hello.Extensions {
		if e == 35 {
			t.Error("session tickets are offered")
		}
	}
}
