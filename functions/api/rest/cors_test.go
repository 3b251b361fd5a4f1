package rest_test

import (
	"net/http"
	"testing"

	"dps/functions/api/rest"
)

// TestOtherOrigins: pages of the configured origins may call, others are told nothing.
func TestOtherOrigins(t *testing.T) {
	const friend = "https://console.example.com"
	w := newWorld(t, func(o *rest.Options) { o.AllowedOrigins = []string{friend} })
	for origin, allowed := range map[string]bool{
		friend: true, "": false, "null": false, "https://evil.example.com": false, friend + ".evil.com": false, "http://console.example.com": false, "HTTPS://CONSOLE.EXAMPLE.COM": false,
	} {
		want := ""
		if allowed {
			want = origin
		}
		pre := w.as(alice, http.MethodOptions, pathHubs, "").with("Origin", origin).with("Access-Control-Request-Method", "POST").do(204)
		if pre.header.Get("Access-Control-Allow-Origin") != want || (pre.header.Get("Access-Control-Allow-Methods") != "") != allowed {
			t.Errorf("preflight of %q: %v", origin, pre.header)
		}
		got := w.as(alice, http.MethodGet, pathHubs, "").with("Origin", origin).do(200)
		if got.header.Get("Access-Control-Allow-Origin") != want || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("answer to %q: %v", origin, got.header)
		}
	}
	// An error can be read, too, and the place it speaks of.
	if got := w.as(alice, http.MethodGet, pathHubs+"/none", "").with("Origin", friend).do(404); got.header.Get("Access-Control-Allow-Origin") != friend {
		t.Errorf("%v", got.header)
	}
	if got := newWorld(t, nil).as(alice, http.MethodOptions, pathHubs, "").with("Origin", friend).with("Access-Control-Request-Method", "POST").do(204); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without origins: %v", got.header)
	}
}
