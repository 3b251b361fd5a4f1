package oauth

import "testing"

func TestWhereAPersonMayBeSentBackTo(t *testing.T) {
	registered := []string{"http://127.0.0.1/callback", "http://[::1]/callback", "https://localhost/callback", "http://127.0.0.1:80/fixed", "https://example.com/things?a=b"}
	for given, want := range map[string]bool{
		"http://127.0.0.1/callback":                true,
		"http://127.0.0.1:9100/callback":           true,
		"http://[::1]:9100/callback":               true,
		"https://localhost:8443/callback":          true,
		"https://example.com/things?a=b":           true,
		"http://127.0.0.1:80/fixed":                true,
		"":                                         false,
		"http://127.0.0.1:81/fixed":                false,
		"https://example.com:8443/things?a=b":      false,
		"https://example.com/things":               false,
		"https://127.0.0.1:9100/callback":          false,
		"http://localhost:9100/callback":           false,
		"http://127.0.0.2:9100/callback":           false,
		"http://127.0.0.1:9100/callback/":          false,
		"http://127.0.0.1:9100/callback?a=b":       false,
		"http://127.0.0.1:9100/callback#a":         false,
		"http://u@127.0.0.1:9100/callback":         false,
		"http://127.0.0.1:9100@evil.example/":      false,
		"http://127.0.0.1.evil.example:1/callback": false,
		"HTTP://127.0.0.1:9100/callback":           false,
		"http://127.0.0.1:x/callback":              false,
		"//127.0.0.1:9100/callback":                false,
	} {
		u, ok := returnsTo(registered, given)
		if ok != want {
			t.Errorf("%q: %v", given, ok)
		}
		if ok && u.String() != given {
			t.Errorf("%q: sent to %s", given, u)
		}
	}
}
