package token_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/functions/token"
	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/oauth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixture struct {
	*hubtest.World
	ways map[string]hubtest.Functions
}

func newFixture(t *testing.T, wrap func(claim.Store) claim.Store) *fixture {
	t.Helper()
	w := hubtest.NewWorld(t)
	tokens := oauth.New(w.Secrets, w.Clock.Now)
	t.Cleanup(func() { _ = tokens.Close() })
	var store claim.Store = w.Store
	if wrap != nil {
		store = wrap(store)
	}
	h := token.New(store, tokens, w.Clock.Now)
	return &fixture{World: w, ways: hubtest.Ways(&invoke.InProcess{TokenHandler: h.Handle, OwnerTokenHandler: h.HandleOwner})}
}

// Each event twice, each way: a device's own token, and one that all devices of the owner share.
func TestToken(t *testing.T) {
	f := newFixture(t, nil)
	seen := make(map[string]bool)
	for name, functions := range f.ways {
		for range 2 {
			reply, err := functions.Token(t.Context(), contract.TokenRequest{Device: hubtest.Device})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if seen[reply.AccessToken] || reply.AccessToken == "" {
				t.Errorf("%s: no token of its own", name)
			}
			seen[reply.AccessToken] = true
			if left := reply.Expiry.Sub(f.Clock.Now()); left < 50*time.Minute || left > time.Hour {
				t.Errorf("%s: expires in %s", name, left)
			}
		}
	}
	f.ChangeHub(t, func(h *dps.Hub) { h.Authorization.DeviceIDClaim = "" })
	var first contract.TokenReply
	for name, functions := range f.ways {
		for range 2 {
			reply, err := functions.Token(t.Context(), contract.TokenRequest{Device: hubtest.Device})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if first.AccessToken == "" {
				first = reply
			}
			if reply.AccessToken != first.AccessToken || !reply.Expiry.Equal(first.Expiry) {
				t.Errorf("%s: the ways differ", name)
			}
		}
	}
	if b := hubtest.Must(f.Store.Binding(t.Context(), hubtest.Device.DeviceID))(t); b.RecordID != hubtest.Device.RecordID {
		t.Errorf("binding %+v", b)
	}
}

func TestRefusals(t *testing.T) {
	thief := hubtest.Device
	thief.RecordID = "00000000-cafe-4eaf-8eef-0000000000bb"
	garbled, moved, gone := hubtest.Device, hubtest.Device, hubtest.Device
	garbled.DeviceID = "../../etc"
	moved.Owner = "another"
	gone.HubID = "gone"
	tests := []struct {
		name   string
		device contract.Device
		code   dps.Code
		want   string
	}{
		{"another manufacturer key's device", thief, dps.CodeDenied, "another manufacturer key"},
		{"garbled device id", garbled, dps.CodeInvalid, "device.deviceId"},
		{"another owner", moved, dps.CodeNotFound, "another owner"},
		{"another hub", gone, dps.CodeNotFound, "hub gone"},
	}
	f := newFixture(t, nil)
	if _, err := f.ways["typed"].Token(t.Context(), contract.TokenRequest{Device: hubtest.Device}); err != nil {
		t.Fatal(err)
	}
	_, before := f.OAuth.Calls()
	for _, tt := range tests {
		for way, functions := range f.ways {
			t.Run(tt.name+"/"+way, func(t *testing.T) {
				for range 2 {
					reply, err := functions.Token(t.Context(), contract.TokenRequest{Device: tt.device})
					if dps.CodeOf(err) != tt.code || !strings.Contains(dps.AsError(err).Message, tt.want) || reply != (contract.TokenReply{}) {
						t.Fatalf("reply %v, error %v; want %s with %q", reply, err, tt.code, tt.want)
					}
				}
			})
		}
	}
	if _, grants := f.OAuth.Calls(); grants != before {
		t.Errorf("%d tokens were minted for refused requests", grants-before)
	}
	if entries := f.Audit(t, thief.RecordID); len(entries) != 1 || entries[0].Event != dps.AuditBindingDenied {
		t.Errorf("audit %+v, want one denial", entries)
	}
}

func TestOAuthServerInTrouble(t *testing.T) {
	tests := []struct {
		name    string
		trouble func(*hubtest.OAuth)
		code    dps.Code
		want    string
	}{
		{"down", func(o *hubtest.OAuth) {
			o.OnToken = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
		}, dps.CodeUnavailable, "503"},
		{"slow", func(o *hubtest.OAuth) {
			o.OnToken = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		}, dps.CodeUnavailable, "in time"},
		{"lying", func(o *hubtest.OAuth) {
			o.Claims = func(_ url.Values, c map[string]any) { c[hubtest.DeviceIDClaim] = "eve" }
		}, dps.CodeUnavailable, `"eve"`},
		{"throttling", func(o *hubtest.OAuth) {
			o.OnToken = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "9")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}, dps.CodeThrottled, "too many"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.OAuth.Do(tt.trouble)
			for way, functions := range f.ways {
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				_, err := functions.Token(ctx, contract.TokenRequest{Device: hubtest.Device})
				cancel()
				if dps.CodeOf(err) != tt.code || !strings.Contains(dps.AsError(err).Message, tt.want) {
					t.Fatalf("%s: error %v, want %s with %q", way, err, tt.code, tt.want)
				}
			}
		})
	}
}

// A hiccup of the OAuth server costs a second try, not the device's.
func TestHiccup(t *testing.T) {
	f := newFixture(t, nil)
	f.OAuth.Do(func(o *hubtest.OAuth) {
		o.OnToken = func(w http.ResponseWriter, _ *http.Request) {
			f.OAuth.Do(func(o *hubtest.OAuth) { o.OnToken = nil })
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	if _, err := f.ways["typed"].Token(t.Context(), contract.TokenRequest{Device: hubtest.Device}); err != nil {
		t.Fatal(err)
	}
}

// noBindings is a store whose bindings are down.
type noBindings struct{ claim.Store }

func (noBindings) ClaimDevice(context.Context, dps.DeviceBinding) (dps.DeviceBinding, error) {
	return dps.DeviceBinding{}, dps.Errorf(dps.CodeUnavailable, "bindings are down")
}

func TestNoTokenWithoutBinding(t *testing.T) {
	f := newFixture(t, func(s claim.Store) claim.Store { return noBindings{s} })
	_, err := f.ways["JSON"].Token(t.Context(), contract.TokenRequest{Device: hubtest.Device})
	if dps.CodeOf(err) != dps.CodeUnavailable {
		t.Fatalf("error %v", err)
	}
	if _, grants := f.OAuth.Calls(); grants != 0 {
		t.Fatal("a token was minted")
	}
}
