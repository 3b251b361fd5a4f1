package sign_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/functions/sign"
	"dps/functions/token"
	"dps/shared/certauthority"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/oauth"
)

// tokenFunction answers with one token after the other.
type tokenFunction struct {
	asked []contract.OwnerTokenRequest
	life  time.Duration
	clock *hubtest.Clock
	err   error
}

func (f *tokenFunction) OwnerToken(_ context.Context, req contract.OwnerTokenRequest) (contract.TokenReply, error) {
	f.asked = append(f.asked, req)
	if f.err != nil {
		return contract.TokenReply{}, f.err
	}
	reply := contract.TokenReply{AccessToken: fmt.Sprintf("token %d", len(f.asked))}
	if f.life != 0 {
		reply.Expiry = f.clock.Now().Add(f.life)
	}
	return reply, nil
}

var theHub = dps.Hub{ID: "hub", Version: 1}

func TestOwnerTokensAreUsedWhileTheyLast(t *testing.T) {
	tests := []struct {
		name             string
		life, used, over time.Duration
	}{
		{"an hour: but for its last minute", time.Hour, 59*time.Minute - 1, 59 * time.Minute},
		{"a minute: but for its last tenth", time.Minute, 54*time.Second - 1, 54 * time.Second},
		{"no end: half a minute", 0, 30*time.Second - 1, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := hubtest.NewClock()
			f := &tokenFunction{life: tt.life, clock: clock}
			tokens := sign.NewOwnerTokens(f, clock.Now, nil)
			begin := clock.Now()
			for _, at := range []time.Duration{0, tt.used, tt.over} {
				clock.Advance(begin.Add(at).Sub(clock.Now()))
				want := "token 1"
				if at == tt.over {
					want = "token 2"
				}
				got, err := tokens.OwnerToken(t.Context(), theHub, "owner")
				if err != nil || got.Value != want {
					t.Errorf("after %s: %q, %v; want %q", at, got.Value, err, want)
				}
			}
			want := contract.OwnerTokenRequest{HubID: "hub", Owner: "owner"}
			if diff := cmp.Diff([]contract.OwnerTokenRequest{want, want}, f.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOwnerTokensAreKeptApart(t *testing.T) {
	clock := hubtest.NewClock()
	counts := new(hubtest.Counts)
	f := &tokenFunction{life: time.Hour, clock: clock}
	tokens := sign.NewOwnerTokens(f, clock.Now, counts.Add)
	changed := theHub
	changed.Version++
	seen := make(map[string]bool)
	for range 2 {
		for _, of := range []struct {
			hub   dps.Hub
			owner string
		}{{theHub, "owner"}, {changed, "owner"}, {theHub, "another"}, {dps.Hub{ID: "elsewhere", Version: 1}, "owner"}} {
			seen[hubtest.Must(tokens.OwnerToken(t.Context(), of.hub, of.owner))(t).Value] = true
		}
	}
	if len(seen) != 4 || counts.Get("owner_token", "miss") != 4 || counts.Get("owner_token", "hit") != 4 {
		t.Errorf("%d tokens, %d misses, %d hits; want 4 of each", len(seen), counts.Get("owner_token", "miss"), counts.Get("owner_token", "hit"))
	}
}

func TestRefusedOwnerTokenIsToldToTheFunction(t *testing.T) {
	clock := hubtest.NewClock()
	f := &tokenFunction{life: time.Hour, clock: clock}
	tokens := sign.NewOwnerTokens(f, clock.Now, nil)
	first := hubtest.Must(tokens.OwnerToken(t.Context(), theHub, "owner"))(t)
	tokens.ForgetOwnerToken(t.Context(), theHub, "owner", oauth.Token{Value: "of long ago"}) // not the one in use
	hubtest.Must(tokens.OwnerToken(t.Context(), theHub, "owner"))(t)
	tokens.ForgetOwnerToken(t.Context(), theHub, "owner", first)
	f.err = dps.Errorf(dps.CodeUnavailable, "down")
	_, err := tokens.OwnerToken(t.Context(), theHub, "owner")
	if dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("error %v", err)
	}
	f.err = nil
	second := hubtest.Must(tokens.OwnerToken(t.Context(), theHub, "owner"))(t)
	if again := hubtest.Must(tokens.OwnerToken(t.Context(), theHub, "owner"))(t); again != second || second == first {
		t.Error("want a second token, and to keep it")
	}
	var refused []string
	for _, req := range f.asked {
		refused = append(refused, req.Refused)
	}
	if diff := cmp.Diff([]string{"", first.Value, first.Value}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// Whatever the token function makes of it, the device can come again.
func TestTokenFunctionsErrorsAreTransient(t *testing.T) {
	for _, code := range dps.Codes() {
		want := dps.CodeUnavailable
		if code == dps.CodeThrottled {
			want = code
		}
		f := &tokenFunction{err: &dps.Error{Code: code, Message: "why", RetryAfter: time.Second}}
		_, err := sign.NewOwnerTokens(f, time.Now, nil).OwnerToken(t.Context(), theHub, "owner")
		if dps.CodeOf(err) != want || !errors.Is(err, f.err) {
			t.Errorf("%s: error %v, want %s", code, err, want)
		}
	}
}

// Both functions together, and between them nothing but the contract's JSON: what the authority refuses is replaced.
func TestSignWithTheTokenFunction(t *testing.T) {
	w := hubtest.NewWorld(t)
	tokens, authorities := oauth.New(w.Secrets, w.Clock.Now), certauthority.New(w.Secrets)
	t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
	remote := hubtest.Ways(&invoke.InProcess{OwnerTokenHandler: token.New(w.Store, tokens, w.Clock.Now).HandleOwner})["JSON"]
	handler := sign.New(w.Store, sign.NewOwnerTokens(remote, w.Clock.Now, nil), authorities, w.Secrets, w.Clock.Now)
	req := contract.SignRequest{Device: hubtest.Device, CSR: newCSR(t, hubtest.Device.DeviceID)}
	for range 2 {
		hubtest.Must(handler.Handle(t.Context(), req))(t)
	}
	_, used := w.CA.Calls()
	w.CA.Do(func(ca *hubtest.CA) {
		ca.OnSign = func(_ context.Context, csr []byte, token string) ([]byte, error) {
			if token == used[0] {
				return nil, status.Error(codes.Unauthenticated, "revoked")
			}
			return ca.Sign(csr)
		}
	})
	hubtest.Must(handler.Handle(t.Context(), req))(t)
	if _, grants := w.OAuth.Calls(); grants != 2 {
		t.Errorf("%d tokens were obtained, want one and another for the revoked one", grants)
	}
}
