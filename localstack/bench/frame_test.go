package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"
)

func TestReadFrame(t *testing.T) {
	for _, size := range []int{0, 1, 11, 12, 13, 255, 268, 269, 270, 5000, 8100} {
		want := message.Message{Code: codes.Content, Token: []byte("12345678"), Payload: bytes.Repeat([]byte{7}, size)}
		raw, err := encodeFrame(want)
		if err != nil {
			t.Fatal(err)
		}
		var buf [maxFrame]byte
		f, err := readFrame(iotest(raw[1:]), raw[0], buf[:])
		if err != nil {
			t.Fatalf("payload of %d bytes: %v", size, err)
		}
		if !bytes.Equal(f.raw, raw) || f.code != codes.Content || string(f.token) != "12345678" {
			t.Errorf("payload of %d bytes: got code %s, token %q, %d bytes of %d", size, f.code, f.token, len(f.raw), len(raw))
		}
		if at := tokenOffset(raw); string(raw[at:at+8]) != "12345678" {
			t.Errorf("payload of %d bytes: token is not at %d", size, at)
		}
	}
}

// iotest gives a reader that also holds what follows: a frame must take its own bytes alone.
func iotest(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b), bytes.NewReader([]byte("next")))
}

func TestReadFrameRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		hex  string
		want error
	}{
		"token over 8 bytes":    {"0945010203040506070809", errFrame},
		"longer than allowed":   {"e8ffff45", errFrame},
		"four bytes of length":  {"f8ffffffff45", errFrame},
		"ends in its head":      {"d80b", io.ErrUnexpectedEOF},
		"ends in its body":      {"d80b0101020304", io.ErrUnexpectedEOF},
		"ends after first byte": {"08", io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(c.hex)
			if err != nil {
				t.Fatal(err)
			}
			var buf [maxFrame]byte
			_, err = readFrame(bytes.NewReader(raw[1:]), raw[0], buf[:])
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// The first bytes that the real device sends (PROTOCOL §2.7).
func TestFirstRequestIsTheDevices(t *testing.T) {
	all, err := newRequests("9f0e2a50-0c3b-4a43-8f0e-58d7a8a2b6d1", "csr")
	if err != nil {
		t.Fatal(err)
	}
	want := "d80b01" + hex.EncodeToString(all[0].token) + "ba" + hex.EncodeToString([]byte("x.plgd.dev")) +
		"04" + hex.EncodeToString([]byte("time")) + "622710e206e30800"
	if got := hex.EncodeToString(all[0].raw); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRequestsAreTheSteps(t *testing.T) {
	all, err := newRequests("9f0e2a50-0c3b-4a43-8f0e-58d7a8a2b6d1", "csr")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		path string
		code codes.Code
	}{
		{"/x.plgd.dev/time", codes.GET},
		{"/api/v1/provisioning/ownership", codes.GET},
		{"/api/v1/provisioning/cloud-configuration", codes.POST},
		{"/api/v1/provisioning/credentials", codes.POST},
		{"/api/v1/provisioning/acls", codes.GET},
	}
	if len(all) != len(want) {
		t.Fatalf("%d requests, want %d", len(all), len(want))
	}
	for i, q := range all {
		m := message.Message{Options: make(message.Options, 0, 16)}
		if _, err := coder.DefaultCoder.Decode(q.raw, &m); err != nil {
			t.Fatalf("%s: %v", q.step, err)
		}
		path, err := m.Options.Path()
		if err != nil || path != want[i].path || m.Code != want[i].code {
			t.Errorf("request %d is %s %s (%v), want %s %s", i, m.Code, path, err, want[i].code, want[i].path)
		}
		if int(m.Token[0]) != i {
			t.Errorf("%s: token begins with %d, want %d", q.step, m.Token[0], i)
		}
		const indefiniteMap, breakCode = 0xbf, 0xff
		if m.Code == codes.POST && (m.Payload[0] != indefiniteMap || m.Payload[len(m.Payload)-1] != breakCode) {
			t.Errorf("%s: body is no map of indefinite length: % x", q.step, m.Payload)
		}
	}
}
