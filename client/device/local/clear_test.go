package local

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"github.com/plgd-dev/go-coap/v3/udp/coder"

	"dps/shared/ocf"
)

// ask sends a datagram and gives the answer; nil: none.
func ask(t testing.TB, s *Server, multicast bool, q message.Message) *message.Message {
	t.Helper()
	q.Token = message.Token("token")
	data := make([]byte, 2000)
	n := must(coder.DefaultCoder.Encode(q, data))(t)
	out := s.datagram(data[:n], multicast)
	if out == nil {
		return nil
	}
	a := message.Message{Options: make(message.Options, 0, 32)}
	must(coder.DefaultCoder.Decode(out, &a))(t)
	return &a
}

func options(path string, more ...message.Option) (out message.Options) {
	out = must2(message.Options{}.SetPath(make([]byte, 100), path))
	for _, o := range more {
		out = out.Add(o)
	}
	return out
}

func must2(o message.Options, _ int, err error) message.Options {
	if err != nil {
		panic(err)
	}
	return o
}

func query(q string) message.Option { return message.Option{ID: message.URIQuery, Value: []byte(q)} }

func TestDiscovery(t *testing.T) {
	for name, p := range map[string]*Provisioned{"unowned": nil, "owned": owned()} {
		s := bare(t, p)
		for _, c := range []struct {
			what   string
			more   []message.Option
			links  int // of the answer; 0: an error
			code   codes.Code
			format uint16
		}{
			{"everything", nil, 11, codes.Content, ocf.FormatOCFCBOR},
			{"a type", []message.Option{query("rt=oic.wk.d")}, 1, codes.Content, ocf.FormatOCFCBOR},
			{"the device's type", []message.Option{query("rt=oic.d.light")}, 1, codes.Content, ocf.FormatOCFCBOR},
			{"two types", []message.Option{query("rt=oic.wk.d"), query("rt=core.light")}, 2, codes.Content, ocf.FormatOCFCBOR},
			{"links", []message.Option{query("if=oic.if.ll"), query("rt=oic.wk.p")}, 1, codes.Content, ocf.FormatOCFCBOR},
			{"baseline", []message.Option{query("if=oic.if.baseline"), query("rt=oic.wk.p")}, 1, codes.Content, ocf.FormatOCFCBOR},
			{"plain CBOR", []message.Option{query("rt=oic.wk.p"), {ID: message.Accept, Value: []byte{60}}}, 1, codes.Content, ocf.FormatCBOR},
			{"a type that there is not", []message.Option{query("rt=oic.r.door")}, 0, codes.NotFound, 0},
			{"an interface that there is not", []message.Option{query("if=oic.if.b")}, 0, codes.BadRequest, 0},
			{"JSON", []message.Option{{ID: message.Accept, Value: []byte{50}}}, 0, codes.NotAcceptable, 0},
			{"another version", []message.Option{{ID: 2049, Value: []byte{0x10, 0}}}, 0, codes.NotAcceptable, 0},
			{"an unknown critical option", []message.Option{{ID: 4001, Value: []byte{1}}}, 0, codes.BadOption, 0},
		} {
			for _, multicast := range []bool{false, true} {
				q := message.Message{Type: message.Confirmable, Code: codes.GET, MessageID: 7, Options: options(ocf.PathDiscovery, c.more...)}
				if multicast {
					q.Type = message.NonConfirmable
				}
				a := ask(t, s, multicast, q)
				if multicast && c.links == 0 {
					if a != nil {
						t.Errorf("%s, %s: an error answers a multicast: %v", name, c.what, a)
					}
					continue
				}
				checkDiscovery(t, name+", "+c.what, s, q, a, c.code, c.format, c.links)
			}
		}
	}
}

func checkDiscovery(t *testing.T, what string, s *Server, q message.Message, a *message.Message, code codes.Code, format uint16, want int) {
	t.Helper()
	if a == nil || a.Code != code || string(a.Token) != "token" {
		t.Errorf("%s: answer %v, want %v", what, a, code)
		return
	}
	if q.Type == message.Confirmable && (a.Type != message.Acknowledgement || a.MessageID != 7) {
		t.Errorf("%s: a confirmable request is answered by %v", what, a)
	}
	if want == 0 {
		return
	}
	if f, err := a.Options.ContentFormat(); err != nil || uint16(f) != format {
		t.Errorf("%s: format %v, %v", what, f, err)
	}
	body := whole(t, s, q, a)
	var links []ocf.Link
	var baseline []ocf.LinksBaseline
	if err := cbor.Unmarshal(body, &baseline); err == nil && len(baseline) == 1 && len(baseline[0].Links) > 0 {
		links = baseline[0].Links
	} else if err := cbor.Unmarshal(body, &links); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if len(links) != want {
		t.Errorf("%s: %d links, want %d", what, len(links), want)
	}
	for _, l := range links {
		if l.Anchor != ocf.AnchorScheme+s.state.deviceID || len(l.Endpoints) < 2 {
			t.Errorf("%s: link %+v", what, l)
		}
	}
}

// whole fetches the other blocks of an answer (RFC 7959).
func whole(t *testing.T, s *Server, q message.Message, a *message.Message) []byte {
	t.Helper()
	body := bytes.Clone(a.Payload)
	for n := uint32(1); ; n++ {
		block, err := a.Options.GetUint32(message.Block2)
		if err != nil || block&8 == 0 {
			return body
		}
		next := q
		next.Options = append(message.Options(nil), q.Options...).Set(message.Option{ID: message.Block2, Value: uintBytes(n<<4 | block&7)})
		if a = ask(t, s, false, next); a == nil || a.Code != codes.Content {
			t.Fatalf("block %d: %v", n, a)
		}
		body = append(body, a.Payload...)
	}
}

func TestClear(t *testing.T) {
	con := message.Confirmable
	for _, c := range []struct {
		name      string
		owned     bool
		multicast bool
		q         message.Message
		want      codes.Code // 0: no answer
	}{
		{"device", false, false, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathDevice)}, codes.Content},
		{"platform", true, false, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathPlatform)}, codes.Content},
		{"doxm, unowned", false, false, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathDoxm)}, codes.Content},
		{"doxm, owned", true, false, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathDoxm)}, codes.Content},
		{"the owned, please", true, false, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathDoxm, query("owned=true"))}, codes.Content},
		{"the unowned, please", true, false, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathDoxm, query("owned=false"))}, codes.BadRequest},
		{"the unowned, everybody", true, true, message.Message{Type: message.NonConfirmable, Code: codes.GET, Options: options(ocf.PathDoxm, query("owned=false"))}, 0},
		{"light", true, false, message.Message{Type: con, Code: codes.GET, Options: options("/light/1")}, codes.Unauthorized},
		{"nothing", true, false, message.Message{Type: con, Code: codes.GET, Options: options("/nothing")}, codes.Unauthorized},
		{"delete", true, false, message.Message{Type: con, Code: codes.DELETE, Options: options(ocf.PathDevice)}, codes.Unauthorized},
		{"a block that there is not", true, false, message.Message{Type: con, Code: codes.GET,
			Options: options(ocf.PathDevice, message.Option{ID: message.Block2, Value: []byte{0xf6}})}, codes.BadOption},
		{"a long path", true, false, message.Message{Type: con, Code: codes.GET, Options: message.Options{{ID: message.URIPath, Value: bytes.Repeat([]byte("a"), 200)}, {ID: message.URIPath, Value: bytes.Repeat([]byte("a"), 200)}}}, codes.BadOption},
		{"a confirmable multicast", false, true, message.Message{Type: con, Code: codes.GET, Options: options(ocf.PathDevice)}, 0},
		{"an answer to nothing", false, false, message.Message{Type: con, Code: codes.Content}, 0},
		{"an acknowledgement", false, false, message.Message{Type: message.Acknowledgement, Code: codes.Empty}, 0},
	} {
		var p *Provisioned
		if c.owned {
			p = owned()
		}
		switch a := ask(t, bare(t, p), c.multicast, c.q); {
		case c.want == 0 && a != nil:
			t.Errorf("%s: answer %v, want none", c.name, a)
		case c.want != 0 && (a == nil || a.Code != c.want):
			t.Errorf("%s: answer %v, want %v", c.name, a, c.want)
		}
	}
	if ping := bare(t, nil).datagram([]byte{0x40, 0, 0, 9}, false); !bytes.Equal(ping, []byte{0x70, 0, 0, 9}) {
		t.Errorf("a ping is answered by %x, want a reset", ping)
	}
}

// FuzzDatagram feeds the device plain CoAP: no panic, one datagram for one, and nothing changes hands.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte("\x48\x01\x00\x0112345678\xb3oic\x03res\x47rt=core"), true)
	f.Add([]byte("\x48\x02\x00\x0112345678\xb3oic\x03sec\x04doxm\x12\x27\x10\xff\xa1\x66oxmsel\x02"), false)
	f.Add([]byte("\x40\x00\x00\x01"), false)
	unowned, mine := bare(f, nil), bare(f, owned())
	f.Fuzz(func(t *testing.T, data []byte, multicast bool) {
		for _, s := range []*Server{unowned, mine} {
			who := s.state.owner
			if out := s.datagram(data, multicast); len(out) > maxDatagram {
				t.Fatalf("answer of %d bytes", len(out))
			}
			if s.state.owner != who || s.state.dos != ocf.StateRFOTM && s == unowned {
				t.Fatal("the owner changed in the clear")
			}
		}
	})
}

// FuzzSecurityBodies feeds the security resources what an owner could send: no panic, and the bounds hold.
func FuzzSecurityBodies(f *testing.F) {
	for _, v := range []any{keyCred, m{"aclist2": []any{m{"subject": m{"conntype": "anon-clear"}, "permission": 2, "resources": []any{m{"href": "/a", "if": []string{"*"}}}}}},
		m{"dos": m{"s": 3}, "om": 4}, m{"owned": true, "deviceuuid": owner, "devowneruuid": owner, "rowneruuid": owner}, m{"state": true, "power": 3}, m{"n": "x"}} {
		f.Add(must(cbor.Marshal(v))(f))
	}
	s := bare(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		mine := must(provisioned(owned()))(t)
		mine.dos = ocf.StateRFPRO
		for _, st := range []*state{fresh(owner), mine, must(provisioned(owned()))(t)} {
			for _, r := range s.tree {
				if r.post == nil {
					continue
				}
				for _, p := range []*peer{{}, {secure: true, transfers: true}, {secure: true, id: owner}} {
					out, next := r.post(call{state: st, peer: p, req: request{method: codes.POST, path: r.href, format: ocf.FormatOCFCBOR, body: body}})
					if next != nil && !out.isError() && (len(next.creds) > maxCredentials || len(next.aces) > maxEntries) {
						t.Fatalf("%d credentials, %d entries", len(next.creds), len(next.aces))
					}
				}
			}
		}
	})
}
