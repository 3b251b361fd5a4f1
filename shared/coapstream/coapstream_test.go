package coapstream_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/coapstream"
)

func TestRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, 12, 13, 268, 269, 65804, 65805} {
		want := message.Message{Code: codes.POST, Token: message.Token("12345678"),
			Options: message.Options{{ID: message.URIPath, Value: []byte("a")}}, Payload: bytes.Repeat([]byte("x"), size)}
		data, err := coapstream.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		r := bytes.NewReader(append(data, data...))
		for range 2 {
			got, err := coapstream.Read(r, len(data))
			if err != nil {
				t.Fatalf("payload of %d bytes: %v", size, err)
			}
			if got.Code != want.Code || !bytes.Equal(got.Payload, want.Payload) || !bytes.Equal(got.Token, want.Token) ||
				cmp.Diff(got.Options, want.Options) != "" {
				t.Errorf("payload of %d bytes: read %v, want %v", size, got, want)
			}
		}
		if _, err := coapstream.Read(r, 100); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %v, want io.EOF", err)
		}
		if _, err := coapstream.Read(bytes.NewReader(data), len(data)-1); !errors.Is(err, coapstream.ErrTooLarge) {
			t.Errorf("a byte over the limit: %v", err)
		}
	}
}

func TestBadStreams(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"a token length that is reserved": {"\x09", coapstream.ErrMalformed},
		"4 GiB announced":                 {"\xf0\xff\xff\xff\xff\x01", coapstream.ErrTooLarge},
		"ends within the length":          {"\xe0\x01", io.ErrUnexpectedEOF},
		"ends within the body":            {"\x40\x01ab", io.ErrUnexpectedEOF},
		"an option beyond the end":        {"\x20\x01\xbfa", coapstream.ErrMalformed},
	} {
		if _, err := coapstream.Read(bytes.NewReader([]byte(c.data)), 1000); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// FuzzRead reads a stream of messages: no panic, nothing over the limit, and what is read can be written.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\xe1"))
	f.Add([]byte("\xd8\x0b\x0112345678\xbax.plgd.dev\x04time"))
	f.Add([]byte("\xff\xff\xff\xff\xff\x45"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		for {
			m, err := coapstream.Read(r, 512)
			if err != nil {
				return
			}
			if len(m.Payload) > 512 {
				t.Fatalf("payload of %d bytes", len(m.Payload))
			}
			if _, err := coapstream.Encode(m); err != nil {
				t.Fatalf("cannot be written again: %v", err)
			}
		}
	})
}
