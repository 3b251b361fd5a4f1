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
