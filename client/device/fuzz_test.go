package device

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// FuzzFrames feeds the reader records of the service: it must not panic, and what it gives must keep the limits.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x00, 0xe1}, 1)
	f.Add([]byte("\x08\xe112345678"), 3)
	f.Add([]byte("\xd8\x0b\x4512345678\xc2\x27\x10\xff\xa1\x64time\x61x"), 100)
	f.Add([]byte("\xff\xff\xff\xff\xff\x45"), 6)
	f.Add([]byte("\xe8\x1f\xff\x45"), 2)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		frames := newFrameReader(&chunks{data: data, size: size})
		for {
			m, err := frames.next()
			if err != nil {
				checkFuzzError(t, err)
				return
			}
			if len(m.Payload) > maxPayload && !isSignal(m.Code) || len(m.Token) > 8 {
				t.Fatalf("message of %d payload bytes and %d token bytes", len(m.Payload), len(m.Token))
			}
		}
	})
}

// chunks reads like a TLS connection: a record at a time.
type chunks struct {
	data []byte
	size int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.data[:min(len(c.data), max(c.size, 1))])
	c.data = c.data[n:]
	return n, nil
}

func checkFuzzError(t *testing.T, err error) {
	t.Helper()
	var ft *fault
	if !errors.As(err, &ft) && !errors.Is(err, io.EOF) {
		t.Fatalf("error %v is no fault", err)
	}
	if ft != nil && (len(ft.detail) > 400 || bytes.ContainsAny([]byte(ft.detail), "\r\n\x1b")) {
		t.Fatalf("detail %q is no line", ft.detail)
	}
}

// FuzzBodies feeds a payload to everything that verifies one: no panic, and only faults as errors.
func FuzzBodies(f *testing.F) {
	for _, seed := range []any{
		map[string]any{"time": "2026-01-02T03:04:05.6Z"},
		ocf.Ownership{OwnerUUID: dps.NilUUID},
		ocf.CloudConfiguration{AccessToken: "a", ProviderName: "b", GatewayURI: "coaps://x:1", HubID: dps.NilUUID,
			Servers: []ocf.Endpoint{{URI: "coaps://x:1", ID: dps.NilUUID}}, RedirectURI: "coaps://y:1"},
		ocf.Credentials{Creds: []ocf.Credential{{Subject: dps.NilUUID, Type: 8, Usage: ocf.UsageIdentity, Tag: ocf.Tag,
			PublicData: &ocf.CredentialData{Data: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", Encoding: ocf.EncodingPEM}}}},
		ocf.ACLs{Entries: []ocf.ACE{{Subject: ocf.ACESubject{UUID: dps.NilUUID}, Permission: 31, Tag: ocf.Tag,
			Resources: []ocf.ACEResource{{Href: "/a", Interfaces: []string{"*"}}}}}},
		[]any{nil, 1.5, -1, []byte("x"), map[any]any{1: 2}},
	} {
		data, err := cbor.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	key, err := newKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		d := &Device{cfg: Config{}.withDefaults(), id: dps.NilUUID, key: key}
		d.cfg.Clock = func() time.Time { return time.Unix(1e9, 0) }
		for _, step := range OrderNew.steps() {
			x, err := newRun(d, 1).exchange(step)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.accept(payload); err != nil {
				checkFuzzError(t, err)
			}
		}
		g := &gatewayRun{session: newRun(d, 1).session, reg: &Registration{}}
		if body, err := decodeBody(payload); err == nil {
			_ = g.acceptSignUp(body)
			_, _ = gatewayRedirect(body)
		}
	})
}

func TestEveryCodeIsRead(t *testing.T) {
	for c := range 256 {
		err := response{code: codes.Code(c)}.expect(StepTime, codes.Content)
		e := stepErrorOf(err)
		switch {
		case codes.Code(c) == codes.Content:
			if err != nil {
				t.Errorf("2.05: %v", err)
			}
		case e == nil || e.Code != codes.Code(c):
			t.Errorf("%s: error %v", codeText(codes.Code(c)), err)
		case e.Transient != (c == 5<<5|3 || c == 5<<5|4):
			t.Errorf("%s: transient %t", codeText(codes.Code(c)), e.Transient)
		}
	}
}

func stepErrorOf(err error) *Error {
	var e *Error
	errors.As(err, &e)
	return e
}
