package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/oauth"
	"dps/shared/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	owner    = "the owner"
	deviceID = "00000000-cafe-4eaf-8eef-000000000001"
)

type fixture struct {
	*oauth.Tokens
	hub    *hubtest.Hub
	entry  dps.Hub
	clock  *hubtest.Clock
	counts *hubtest.Counts
}

// newFixture has one attempt per call, so that a lie is told once.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{hub: hubtest.New(t), clock: hubtest.NewClock(), counts: new(hubtest.Counts)}
	f.entry = f.hub.Entry("hub-1", owner)
	f.Tokens = oauth.New(f.hub.Secrets, f.clock.Now, oauth.Options{
		Count: f.counts.Add, Guard: resilience.New("OAuth server", resilience.Options{Attempts: 1}),
	})
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) ownerToken(t *testing.T) oauth.Token {
	t.Helper()
	token, err := f.OwnerToken(t.Context(), f.entry, owner)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestFormIsWhatTheProtocolSays(t *testing.T) {
	f := newFixture(t)
	f.ownerToken(t)
	if _, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID); err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"a b"}, "audience": {"the audience"}, hubtest.OwnerClaim: {owner},
	}
	forms := f.hub.OAuth.Forms()
	if diff := cmp.Diff(want, forms[0]); diff != "" {
		t.Errorf("owner's form (-want +got):\n%s", diff)
	}
	want.Set(hubtest.DeviceIDClaim, deviceID)
	if diff := cmp.Diff(want, forms[1]); diff != "" {
		t.Errorf("device's form (-want +got):\n%s", diff)
	}
}

func TestOwnerTokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	for _, tt := range []struct{ lifetime, use time.Duration }{
		{30 * time.Minute, 29 * time.Minute}, // the margin is a minute
		{100 * time.Second, 90 * time.Second},
		{10 * time.Hour, time.Hour},
	} {
		t.Run(tt.lifetime.String(), func(t *testing.T) {
			f := newFixture(t)
			f.hub.OAuth.Do(func(o *hubtest.OAuth) { o.Lifetime = tt.lifetime })
			first := f.ownerToken(t)
			if left := first.Expiry.Sub(f.clock.Now()); left > tt.lifetime || left < tt.lifetime-5*time.Second {
				t.Errorf("expiry in %s, want %s", left, tt.lifetime)
			}
			f.clock.Advance(tt.use - 5*time.Second)
			if f.ownerToken(t) != first {
				t.Error("not kept")
			}
			f.clock.Advance(10 * time.Second)
			if f.ownerToken(t) == first {
				t.Error("kept too long")
			}
			if f.counts.Get("oauth_token", "hit") != 1 || f.counts.Get("oauth_token", "miss") != 2 {
				t.Errorf("hits %d, misses %d; want 1 and 2", f.counts.Get("oauth_token", "hit"), f.counts.Get("oauth_token", "miss"))
			}
		})
	}
}

func TestTokenWithoutExpiryIsUsedBriefly(t *testing.T) {
	f := newFixture(t)
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.Claims = func(_ url.Values, c map[string]any) { delete(c, "exp") }
		o.Answer = func(a map[string]any) { delete(a, "expires_in") }
	})
	first := f.ownerToken(t)
	if !first.Expiry.IsZero() {
		t.Errorf("expiry %s, want none", first.Expiry)
	}
	if f.ownerToken(t) != first {
		t.Error("not kept at all")
	}
	f.clock.Advance(31 * time.Second)
	if f.ownerToken(t) == first {
		t.Error("kept too long")
	}
}

func TestDeviceTokens(t *testing.T) {
	f := newFixture(t)
	for range 2 {
		if _, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID); err != nil {
			t.Fatal(err)
		}
	}
	if _, grants := f.hub.OAuth.Calls(); grants != 2 {
		t.Errorf("%d grants, want 2: a device's token is never kept", grants)
	}
	if discoveries, _ := f.hub.OAuth.Calls(); discoveries != 1 {
		t.Errorf("%d discoveries, want 1", discoveries)
	}
	f.entry.Authorization.DeviceIDClaim = ""
	a, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID)
	if err != nil {
		t.Fatal(err)
	}
	if b := f.ownerToken(t); a != b {
		t.Error("an unbound token is not the owner's")
	}
}

func TestCachesAreKeyedByHubVersionSettingsAndOwner(t *testing.T) {
	f := newFixture(t)
	first := f.ownerToken(t)
	tests := []struct {
		name   string
		change func(h *dps.Hub, owner *string)
	}{
		{"another owner", func(_ *dps.Hub, owner *string) { *owner = "another" }},
		{"another hub", func(h *dps.Hub, _ *string) { h.ID = "hub-2" }},
		{"new version", func(h *dps.Hub, _ *string) { h.Version++ }},
		{"other settings, same version", func(h *dps.Hub, _ *string) { h.Authorization.Provider.Audience = "other" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entry, who := f.entry, owner
			tt.change(&entry, &who)
			token, err := f.OwnerToken(t.Context(), entry, who)
			if err != nil || token == first {
				t.Fatalf("error %v, same token %t", err, token == first)
			}
			again, err := f.OwnerToken(t.Context(), entry, who)
			if err != nil || again != token {
				t.Fatalf("error %v, kept %t", err, again == token)
			}
		})
	}
}

func TestClientIsKept(t *testing.T) {
	f := newFixture(t)
	for range 5 {
		if _, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID); err != nil {
			t.Fatal(err)
		}
	}
	if f.counts.Get("oauth_client", "miss") != 1 || f.counts.Get("oauth_client", "hit") != 4 {
		t.Fatalf("hits %d, misses %d; want 4 and 1", f.counts.Get("oauth_client", "hit"), f.counts.Get("oauth_client", "miss"))
	}
	if f.hub.Secrets.Reads() != 1 {
		t.Errorf("%d reads of the secret, want 1", f.hub.Secrets.Reads())
	}
}

// The first of many hangs up; the others get the one token.
func TestOneFlight(t *testing.T) {
	f := newFixture(t)
	entered, release := make(chan struct{}, 100), make(chan struct{})
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.Claims = func(url.Values, map[string]any) { entered <- struct{}{}; <-release }
	})
	first, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := f.OwnerToken(first, f.entry, owner); dps.CodeOf(err) != dps.CodeUnavailable {
			t.Errorf("the first: %v", err)
		}
	})
	<-entered
	cancel()
	tokens := make([]oauth.Token, 20)
	for i := range tokens {
		all.Go(func() {
			var err error
			if tokens[i], err = f.OwnerToken(t.Context(), f.entry, owner); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	all.Wait()
	for _, token := range tokens {
		if token.Value == "" || token != tokens[0] {
			t.Fatal("not one token for all")
		}
	}
	if _, grants := f.hub.OAuth.Calls(); grants != 1 {
		t.Errorf("%d grants, want 1", grants)
	}
}

func TestFailureIsRememberedForAMomentOnly(t *testing.T) {
	f := newFixture(t)
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.OnToken = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	})
	for range 10 {
		if _, err := f.OwnerToken(t.Context(), f.entry, owner); dps.CodeOf(err) != dps.CodeUnavailable {
			t.Fatal(err)
		}
	}
	if _, grants := f.hub.OAuth.Calls(); grants != 1 {
		t.Errorf("%d grants, want 1", grants)
	}
	f.hub.OAuth.Do(func(o *hubtest.OAuth) { o.OnToken = nil })
	f.clock.Advance(time.Second)
	f.ownerToken(t)
}

func TestForgetOwnerToken(t *testing.T) {
	f := newFixture(t)
	first := f.ownerToken(t)
	f.ForgetOwnerToken(t.Context(), f.entry, owner, oauth.Token{Value: "another"})
	if f.ownerToken(t) != first {
		t.Fatal("forgotten although another was refused")
	}
	f.ForgetOwnerToken(t.Context(), f.entry, owner, first)
	if f.ownerToken(t) == first {
		t.Fatal("not forgotten")
	}
}

func TestAuthenticationInTheForm(t *testing.T) {
	f := newFixture(t)
	f.hub.OAuth.Do(func(o *hubtest.OAuth) {
		o.Authentication = func(r *http.Request, _, _ string) bool {
			return r.PostForm.Get("client_id") == hubtest.ClientID && r.PostForm.Get("client_secret") == hubtest.ClientSecret
		}
	})
	for range 3 {
		if _, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID); err != nil {
			t.Fatal(err)
		}
	}
	if _, grants := f.hub.OAuth.Calls(); grants != 4 {
		t.Errorf("%d requests for 3 tokens, want 4: what worked is remembered", grants)
	}
}

func TestRotatedSecretIsReadAgain(t *testing.T) {
	f := newFixture(t)
	f.hub.Secrets.Set(hubtest.ClientSecretRef, []byte("wrong"))
	_, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID)
	if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "clientSecret") || strings.Contains(err.Error(), "wrong") {
		t.Fatalf("error %v", err)
	}
	f.hub.Secrets.Set(hubtest.ClientSecretRef, []byte(hubtest.ClientSecret+"\r\n"))
	if _, err := f.DeviceToken(t.Context(), f.entry, owner, deviceID); err != nil {
		t.Fatalf("after the rotation: %v", err)
	}
}

func TestTokenDoesNotPrint(t *testing.T) {
	token := oauth.Token{Value: "hush", Expiry: time.Now()}
	for _, s := range []string{token.String(), fmt.Sprintf("%v %+v %#v %s", token, token, token, token), token.LogValue().String()} {
		if strings.Contains(s, "hush") {
			t.Errorf("%q shows the token", s)
		}
	}
}
