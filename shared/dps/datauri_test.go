package dps_test

import (
	"bytes"
	"strings"
	"testing"

	"dps/shared/dps"
)

func TestDecodeDataURI(t *testing.T) {
	tests := []struct{ name, uri, want string }{
		{"base64", "data:;base64,aGVsbG8=", "hello"},
		{"base64 without padding", "data:;base64,aGVsbG8", "hello"},
		{"media type", "data:application/x-pem-file;base64,aGVsbG8=", "hello"},
		{"percent-encoded", "data:,a%20b", "a b"},
		{"a plus stays a plus", "data:text/plain,a+b", "a+b"},
		{"empty", "data:,", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dps.DecodeDataURI(tt.uri)
			if err != nil || string(got) != tt.want {
				t.Fatalf("DecodeDataURI(%q) = %q, %v; want %q", tt.uri, got, err, tt.want)
			}
		})
	}
}

func TestDecodeDataURIRefusesWithoutEchoing(t *testing.T) {
	for _, uri := range []string{"hush", "data:;base64,hush!", "data:hush", "data:,hush%zz"} {
		_, err := dps.DecodeDataURI(uri)
		if dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("DecodeDataURI(%q): code %q, want invalid", uri, dps.CodeOf(err))
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("DecodeDataURI(%q): error repeats the content: %v", uri, err)
		}
	}
}

func TestEncodeDataURIRoundTrip(t *testing.T) {
	for _, content := range [][]byte{nil, {0}, []byte("a secret"), bytes.Repeat([]byte{0xff}, 100)} {
		got, err := dps.DecodeDataURI(dps.EncodeDataURI(content))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("round trip of %x = %x, %v", content, got, err)
		}
	}
}

// FuzzDecodeDataURI: no panic, no echo of what is refused, and what is decoded encodes to something that means the same.
func FuzzDecodeDataURI(f *testing.F) {
	for _, uri := range []string{"data:;base64,aGVsbG8=", "data:,a%20b", "data:", "data:;base64,!", "data:,%", "hush"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		value, err := dps.DecodeDataURI(uri)
		if err != nil {
			if dps.CodeOf(err) != dps.CodeInvalid || len(uri) > 60 && strings.Contains(err.Error(), uri[5:]) {
				t.Fatalf("%q is refused with %v", uri, err)
			}
			return
		}
		again, err := dps.DecodeDataURI(dps.EncodeDataURI(value))
		if err != nil || !bytes.Equal(again, value) {
			t.Fatalf("%q decodes to %q, which comes back as %q, %v", uri, value, again, err)
		}
	})
}
