package token_test

import (
	"strings"
	"testing"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
)

func ownerRequest() contract.OwnerTokenRequest {
	return contract.OwnerTokenRequest{HubID: hubtest.HubEntry, Owner: hubtest.Owner}
}

// The owner's token is shared, names no device, and binds none.
func TestOwnersToken(t *testing.T) {
	f := newFixture(t, nil)
	seen := make(map[string]bool)
	for name, functions := range f.ways {
		for range 2 {
			reply, err := functions.OwnerToken(t.Context(), ownerRequest())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if left := reply.Expiry.Sub(f.Clock.Now()); left < 50*time.Minute || left > time.Hour {
				t.Errorf("%s: expires in %s", name, left)
			}
			seen[reply.AccessToken] = true
		}
	}
	forms := f.OAuth.Forms()
	if len(seen) != 1 || len(forms) != 1 || forms[0].Get(hubtest.DeviceIDClaim) != "" || forms[0].Get(hubtest.OwnerClaim) != hubtest.Owner {
		t.Errorf("%d tokens by %v, want one for the owner alone", len(seen), forms)
	}
	if _, err := f.Store.Binding(t.Context(), hubtest.Device.DeviceID); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("a device was bound: %v", err)
	}
}

// A refused token is not handed out again; what has taken its place is, however often the old one is complained of.
func TestRefusedOwnersTokenIsReplaced(t *testing.T) {
	f := newFixture(t, nil)
	first := hubtest.Must(f.ways["typed"].OwnerToken(t.Context(), ownerRequest()))(t)
	again := ownerRequest()
	again.Refused = first.AccessToken
	second := hubtest.Must(f.ways["typed"].OwnerToken(t.Context(), again))(t)
	third := hubtest.Must(f.ways["typed"].OwnerToken(t.Context(), again))(t)
	if second.AccessToken == first.AccessToken || third.AccessToken != second.AccessToken {
		t.Error("want a second token, and to keep it")
	}
	if _, grants := f.OAuth.Calls(); grants != 2 {
		t.Errorf("%d tokens were obtained, want 2", grants)
	}
}

func TestOwnersTokenRefuses(t *testing.T) {
	f := newFixture(t, nil)
	long := strings.Repeat("x", dps.MaxNameLength+1)
	tests := map[string]struct {
		hub, owner string
		code       dps.Code
		want       string
	}{
		"no hub":         {"", hubtest.Owner, dps.CodeInvalid, "hubId"},
		"long hub":       {long, hubtest.Owner, dps.CodeInvalid, "hubId"},
		"no owner":       {hubtest.HubEntry, "", dps.CodeInvalid, "owner"},
		"hub is gone":    {"gone", hubtest.Owner, dps.CodeNotFound, "hub gone"},
		"another's hub":  {hubtest.HubEntry, "another", dps.CodeNotFound, "another owner"},
		"name too large": {hubtest.HubEntry, long, dps.CodeInvalid, "owner"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			req := ownerRequest()
			req.HubID, req.Owner = tt.hub, tt.owner
			_, err := f.ways["typed"].OwnerToken(t.Context(), req)
			if dps.CodeOf(err) != tt.code || !strings.Contains(dps.AsError(err).Message, tt.want) {
				t.Errorf("error %v, want %s with %q", err, tt.code, tt.want)
			}
		})
	}
	if _, grants := f.OAuth.Calls(); grants != 0 {
		t.Errorf("%d tokens were obtained", grants)
	}
}
