package telemetry_test

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

const hush = "hush-hush-0123456789"

// logged gives the line of the attributes, as JSON and for people.
func logged(attrs ...any) (line string) {
	for _, console := range []bool{false, true} {
		var b bytes.Buffer
		telemetry.NewLogger(&b, telemetry.LogOptions{Console: console}).Info("m", attrs...)
		line += b.String()
	}
	return line
}

func TestKeysThatNameSecrets(t *testing.T) {
	for _, key := range []string{
		"token", "accessToken", "access_token", "Access-Token", "accesstoken", "ACCESS_TOKEN", "clientSecret", "client.secret", "psk", "PSKValue",
		"preSharedKey", "pre_shared_key", "password", "Authorization", "cookie", "set-cookie", "privateKey", "keyMaterial", "apiKey", "sessionKey",
		"credentials", "privatedata", "jwt", "bearer", "passphrase",
	} {
		for _, value := range []any{hush, []byte(hush), []string{hush}, map[string]string{"a": hush}, errors.New(hush), slog.GroupValue(slog.String("a", hush))} {
			if line := logged(key, value); strings.Contains(line, hush) || strings.Contains(line, base64.StdEncoding.EncodeToString([]byte(hush))) || !strings.Contains(line, telemetry.Redacted) {
				t.Errorf("%s, %T: %s", key, value, line)
			}
		}
		if line := logged(slog.Group("outer", slog.Group("inner", slog.String(key, hush)))); strings.Contains(line, hush) {
			t.Errorf("%s in groups: %s", key, line)
		}
	}
}

func TestKeysThatNameNoSecret(t *testing.T) {
	for _, key := range []string{
		"keyId", "manufacturerKey", "key", "tokenExpiry", "token_function", "secretName", "secret_ref", "tokens_count", "monkey", "spin", "pinned", "path",
		"group", "device", "remote", "error", "detail", "rule", "xray_trace_id", "function_request_id", "tokenizer", "credentialId",
	} {
		if line := logged(key, "shown"); strings.Count(line, "shown") != 2 {
			t.Errorf("%s: %s", key, line)
		}
	}
	for _, value := range []any{7, uint64(7), 7.0, 7 * time.Second, true} {
		if line := logged("tokens", value); strings.Contains(line, telemetry.Redacted) {
			t.Errorf("%v is no secret: %s", value, line)
		}
	}
	if line := logged("token", ""); strings.Contains(line, telemetry.Redacted) {
		t.Errorf("that there is no token may be said: %s", line)
	}
}

type nested struct {
	Name  string
	Inner struct{ ClientSecret string }
}

type harmlessType struct {
	Name       string
	TokenCount int
}

func TestValuesOfSecretTypes(t *testing.T) {
	root := hubtest.Must(pki.NewRoot("root"))(t)
	key := hubtest.Must(pki.NewKey())(t)
	inline := dps.SecretRef("data:;base64," + base64.StdEncoding.EncodeToString([]byte(hush)))
	n := nested{Name: "n"}
	n.Inner.ClientSecret = hush
	for name, value := range map[string]any{
		"inline reference": inline, "references": []dps.SecretRef{inline}, "key": key, "key itself": *key, "keys": []*ecdsa.PrivateKey{key},
		"certificate with key": root.TLS(), "certificates with keys": []tls.Certificate{root.TLS()},
		"header": http.Header{"X-Custom": {hush}}, "struct": n, "pointer": &n, "map": map[string]nested{"a": n}, "bytes": []byte(hush),
	} {
		line := logged("value", value)
		for _, secret := range []string{hush, base64.StdEncoding.EncodeToString([]byte(hush)), key.D.String()} { //nolint:staticcheck // to see that it is not there
			if strings.Contains(line, secret) {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	if line := logged("value", harmlessType{"shown", 3}); strings.Count(line, "shown") != 2 {
		t.Errorf("a harmless struct is hidden: %s", line)
	}
	if line := logged("ref", dps.SecretRef("secret:hub/key")); strings.Count(line, "secret:hub/key") != 2 {
		t.Errorf("a reference is no secret: %s", line)
	}
	u := hubtest.Must(url.Parse("https://user:" + hush + "@host/path"))(t)
	if line := logged("url", u); strings.Contains(line, hush) || !strings.Contains(line, "host/path") {
		t.Errorf("url: %s", line)
	}
}

func TestTextsThatLookLikeSecrets(t *testing.T) {
	jwt := "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvd25lciJ9." + strings.Repeat("c2ln", 8)
	pem := string(hubtest.Must(hubtest.Must(pki.NewRoot("root"))(t).KeyPEM())(t))
	inline := "data:;base64," + base64.StdEncoding.EncodeToString([]byte(hush))
	for name, secret := range map[string]string{
		"jwt": jwt, "key": pem, "cut key": pem[:len(pem)-60], "bearer": "Bearer 0123456789abcdefghij", "basic": "Basic dXNlcjpwYXNzd29yZA==",
		"inline": inline, "form": "client_secret=" + hush + "&grant_type=x",
	} {
		text := "before " + secret
		var b bytes.Buffer
		log := telemetry.NewLogger(&b, telemetry.LogOptions{})
		log.With("bound", text).WithGroup("g").Error(text, "text", text, "err", fmt.Errorf("wrapped: %w", errors.New(text)), "list", []string{text})
		_, value, _ := strings.Cut(secret, " ") // past the scheme
		if value = strings.TrimSpace(cmp.Or(value, secret)); name != "form" && strings.Contains(b.String(), value[len(value)-8:]) || strings.Contains(b.String(), hush) {
			t.Errorf("%s: %s", name, b.String())
		}
		if n := strings.Count(b.String(), "before"); n != 5 {
			t.Errorf("%s: what stands before it is shown %d times, want 5: %s", name, n, b.String())
		}
	}
}

func TestErrorsStayReadable(t *testing.T) {
	err := dps.Wrap(dps.CodeUnavailable, errors.New("connection refused"), "the hub does not answer")
	if line := logged("error", err); strings.Count(line, "the hub does not answer: connection refused") != 2 {
		t.Errorf("got %s", line)
	}
	var none *dps.Error
	if line := logged("error", none, "any", nil); strings.Contains(line, hush) {
		t.Error(line)
	}
}

func FuzzRedaction(f *testing.F) {
	for _, s := range []string{"token", "PSKSecret", "-----BEGIN PRIVATE KEY-----", "eyJ.eyJ.", "Bearer ", "data:;base64,", "\xff\xfe", ""} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		if line := logged(key, value); strings.Count(line, "\n") != 2 {
			t.Errorf("%q", line)
		}
	})
}
