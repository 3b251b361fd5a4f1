package coapserver

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// The tests of this file hold PROTOCOL §2 by the byte; deviceEnd.next checks in each of them that a record holds one
// message of at least six bytes.

func TestCapabilitiesComeFirst(t *testing.T) {
	w := newWorld(t, echo, nil)
	conn, err := tls.Dial("tcp", w.Addr("tcp").String(), w.config())
	must(t, err)
	defer func() { _ = conn.Close() }()
	buf := make([]byte, 64)
	n, err := conn.Read(buf) // without having sent anything
	must(t, err)
	// Len 5, TKL 0 · 7.01 · Max-Message-Size 0x040000 · Block-Wise-Transfer
	if got := hex.EncodeToString(buf[:n]); got != "50e1230400002"+"0" {
		t.Errorf("CSM is %s", got)
	}
}

// TestFirstRequestOfTheDevice sends the measured bytes of PROTOCOL §2.7.
func TestFirstRequestOfTheDevice(t *testing.T) {
	raw, err := hex.DecodeString("d80b01" + "0102030405060708" + "ba" + hex.EncodeToString([]byte("x.plgd.dev")) + "04" + hex.EncodeToString([]byte("time")) + "622710" + "e206e30800")
	must(t, err)
	var got Request
	w := newWorld(t, func(r Request) Response {
		got = r
		return Response{Code: codes.Content, Format: r.Accept, Body: []byte{0xa0}}
	}, nil)
	for name, chunk := range map[string]int{"whole": len(raw), "byte by byte": 1, "in two records": 7} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t, nil)
			for rest := raw; len(rest) > 0; rest = rest[min(chunk, len(rest)):] {
				c.send(rest[:min(chunk, len(rest))])
			}
			m := c.next()
			if got.Method != codes.GET || got.Path != ocf.PathTime || got.Accept != ocf.FormatOCFCBOR || got.Fault != 0 {
				t.Errorf("the session is asked %+v", got)
			}
			format, err := m.Options.ContentFormat()
			if m.Code != codes.Content || string(m.Token) != "\x01\x02\x03\x04\x05\x06\x07\x08" || err != nil || uint16(format) != ocf.FormatOCFCBOR {
				t.Errorf("the device gets %s, token %x, format %d %v", m.Code, m.Token, format, err)
			}
			if version, err := m.Options.GetUint32(message.OptionID(ocf.OptionContentVersion)); err != nil || version != ocf.Version1 {
				t.Errorf("content version is %#x, %v", version, err)
			}
		})
	}
}

func TestOneMessageInARecord(t *testing.T) {
	w := newWorld(t, echo, nil)
	c := w.dial(t, nil)
	var all []byte
	paths := []string{"/a", "/b", "/c", "/d", "/e"}
	for i, p := range paths {
		all = append(all, request(t, codes.GET, "token-0"+string(rune('0'+i)), p, nil)...)
	}
	c.send(all) // five requests in one record
	for _, p := range paths {
		if m := c.next(); string(m.Payload) != p {
			t.Errorf("got %q, want %q: order is kept", m.Payload, p)
		}
	}
}

// TestDiscoveryHasItsOwnRecord, and its answer reaches the session, once, by its token alone.
func TestDiscoveryHasItsOwnRecord(t *testing.T) {
	f := &fake{serve: echo, discover: true, answers: make(chan string, 10)}
	w := newWorld(t, echo, nil)
	w.admit(func(Peer) (Session, error) { return f, nil })
	c := w.dial(t, nil)
	c.send(request(t, codes.GET, "12345678", "/x", nil))
	if m := c.next(); m.Code != codes.Content {
		t.Fatalf("the answer is %s", m.Code)
	}
	ask := c.next()
	path, err := ask.Options.Path()
	must(t, err)
	queries, err := ask.Options.Queries()
	must(t, err)
	if ask.Code != codes.GET || path != "/oic/res" || strings.Join(queries, "&") != "rt=oic.wk.d" || len(ask.Token) != 8 {
		t.Errorf("the device is asked %s %s %v with token %x", ask.Code, path, queries, ask.Token)
	}
	answer := func(token, body string) {
		m := message.Message{Code: codes.Content, Token: message.Token(token), Payload: []byte(body), Options: message.Options{uintOption(message.ContentFormat, uint32(ocf.FormatOCFCBOR))}}
		b, err := appendMessage(nil, m)
		must(t, err)
		c.send(b)
	}
	answer("nobody's", "wrong")
	answer(string(ask.Token), "right")
	answer(string(ask.Token), "again")
	c.send(request(t, codes.GET, "12345678", "/y", nil))
	if m := c.next(); string(m.Payload) != "/y" {
		t.Errorf("got %s %q", m.Code, m.Payload)
	}
	if got := <-f.answers; got != "right" || len(f.answers) != 0 {
		t.Errorf("the session is told %q and %d more", got, len(f.answers))
	}
}

// TestNothingShort: pings and errors with a short token, or none.
func TestNothingShort(t *testing.T) {
	w := newWorld(t, func(Request) Response { return Response{Code: codes.Changed} }, nil)
	c := w.dial(t, nil)
	for _, token := range []string{"", "1", "1234", "12345678"} {
		ping := append([]byte{byte(len(token)), byte(codes.Ping)}, token...)
		c.send(ping)
		if m := c.next(); m.Code != codes.Pong || string(m.Token) != token {
			t.Errorf("ping with token %q gets %s with %q", token, m.Code, m.Token)
		}
		c.send(request(t, codes.POST, token, "/x", nil))
		if m := c.next(); m.Code != codes.Changed || string(m.Token) != token || len(m.Payload) != 0 {
			t.Errorf("request with token %q gets %s with %q", token, m.Code, m.Token)
		}
	}
}

// TestErrorsHaveNoPayload, whatever the session says, and no content format; Max-Age comes with 5.03 alone.
func TestErrorsHaveNoPayload(t *testing.T) {
	for _, code := range []codes.Code{
		codes.BadRequest, codes.Unauthorized, codes.BadOption, codes.Forbidden, codes.NotFound, codes.MethodNotAllowed, codes.NotAcceptable,
		codes.RequestEntityTooLarge, codes.UnsupportedMediaType, codes.InternalServerError, codes.ServiceUnavailable,
	} {
		w := newWorld(t, func(Request) Response {
			return Response{Code: code, Format: ocf.FormatJSON, Body: []byte("what a surprise"), MaxAge: 7}
		}, nil)
		c := w.dial(t, nil)
		c.send(request(t, codes.GET, "", "/x", nil))
		m := c.next()
		age, err := m.Options.GetUint32(message.MaxAge)
		switch {
		case m.Code != code || len(m.Payload) != 0 || m.Options.HasOption(message.ContentFormat):
			t.Errorf("%s arrives as %s with %q, format %t", code, m.Code, m.Payload, m.Options.HasOption(message.ContentFormat))
		case (code == codes.ServiceUnavailable) != (err == nil && age == 7):
			t.Errorf("%s has Max-Age %d, %v", code, age, err)
		}
		must(t, w.stop())
	}
}

func TestFormatsAsAsked(t *testing.T) {
	w := newWorld(t, echo, nil)
	c := w.dial(t, nil)
	for _, format := range []uint16{ocf.FormatJSON, ocf.FormatCBOR, ocf.FormatOCFCBOR} {
		c.send(request(t, codes.GET, "12345678", "/x", nil, uintOption(message.Accept, uint32(format))))
		m := c.next()
		if got, err := m.Options.ContentFormat(); err != nil || uint16(got) != format {
			t.Errorf("asked for %d, got %d, %v", format, got, err)
		}
		if m.Options.HasOption(message.OptionID(ocf.OptionContentVersion)) != (format == ocf.FormatOCFCBOR) {
			t.Errorf("format %d: the OCF version belongs to 10000 alone", format)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name   string
		option message.Option
		want   codes.Code
	}{
		{"unknown critical", message.Option{ID: 2051, Value: []byte{1}}, codes.BadOption},
		{"unknown elective", message.Option{ID: 2050, Value: []byte{1}}, codes.Content},
		{"If-Match", message.Option{ID: message.IfMatch, Value: []byte{1}}, codes.BadOption},
		{"Proxy-Uri", message.Option{ID: message.ProxyURI, Value: []byte("coap://x")}, codes.ProxyingNotSupported},
		{"OCF version 1.1", uintOption(message.OptionID(ocf.OptionAcceptVersion), 0x0840), codes.Content},
		{"OCF version 2.0 wanted", uintOption(message.OptionID(ocf.OptionAcceptVersion), 0x1000), codes.NotAcceptable},
		{"OCF version 2.0 sent", uintOption(message.OptionID(ocf.OptionContentVersion), 0x1000), codes.UnsupportedMediaType},
		{"Block2, the first", uintOption(message.Block2, 6), codes.Content},
		{"Block1 of many", uintOption(message.Block1, 8|6), codes.BadOption},
		{"Uri-Host", message.Option{ID: message.URIHost, Value: []byte("x")}, codes.Content},
		{"bad UTF-8 in the path", message.Option{ID: message.URIPath, Value: []byte{0xff, 0xfe}}, codes.Content},
		{"long path", message.Option{ID: message.URIPath, Value: bytes.Repeat([]byte("x"), 254)}, codes.BadOption},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, echo, nil)
			conn := w.dial(t, nil)
			conn.send(request(t, codes.GET, "12345678", "/x", nil, c.option))
			if m := conn.next(); m.Code != c.want {
				t.Errorf("got %s, want %s", m.Code, c.want)
			}
		})
	}
}

// TestTooLargeToSend: what the device could not take is not sent; the connection ends instead.
func TestTooLargeToSend(t *testing.T) {
	w := newWorld(t, func(Request) Response {
		return Response{Code: codes.Content, Format: ocf.FormatOCFCBOR, Body: make([]byte, 8373)}
	}, nil)
	c := w.dial(t, nil)
	c.send(request(t, codes.GET, "12345678", "/x", nil))
	c.closed()
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte{0x00, 0xe1})
	f.Add([]byte("\xd8\x0b\x01abcdefgh\xbax.plgd.dev\x04time\x62\x27\x10\xe2\x06\xe3\x08\x00"))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{0x0f, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		const limit = 4096
		m, buf, err := readMessage(bytes.NewReader(data[1:]), data[0], nil, limit)
		if len(buf) > limit {
			t.Fatalf("%d bytes were read, the limit is %d", len(buf), limit)
		}
		if err != nil {
			return
		}
		req := parseRequest(m.Code, m.Options, m.Payload)
		if len(req.Path) > maxPath || req.Path == "" {
			t.Fatalf("path of %d bytes", len(req.Path))
		}
		again, err := appendMessage(nil, m)
		if err == nil && len(again) < minMessage {
			t.Fatalf("encoded to %d bytes", len(again))
		}
	})
}
