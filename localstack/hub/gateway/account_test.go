package gateway_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/localstack/hub/gateway"
	"dps/localstack/hub/oauth"
	"dps/localstack/hub/oauth/oauthtest"
)

func TestADeviceSignsUpSignsInAndPublishes(t *testing.T) {
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			w := newWorld(t, nil)
			p, token := w.connect(t, protocol, deviceID), w.token(t, deviceID)

			up := p.post(account, map[string]any{"di": deviceID, "authprovider": provider, "accesstoken": token, "devicetype": "oic.d.light"})
			lifetime := seconds(t, up)
			want := map[string]any{"accesstoken": token, "refreshtoken": token, "uid": owner, "redirecturi": ""}
			delete(up.body, "expiresin")
			if diff := cmp.Diff(answer{codes.Changed, want}, up, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("sign-up (-want +got):\n%s", diff)
			}
			if most := uint64(oauth.TokenLifetime / time.Second); lifetime == 0 || lifetime > most {
				t.Errorf("sign-up ends in %d s, the token in %d s", lifetime, most)
			}
			w.changed(t, gateway.Device{ID: deviceID, Owner: owner, Type: "oic.d.light"})

			in := p.post(session, map[string]any{"di": deviceID, "uid": owner, "accesstoken": token, "login": true})
			if in.code != codes.Changed || seconds(t, in) == 0 || len(in.body) != 1 {
				t.Errorf("sign-in: %v", in)
			}
			w.changed(t, gateway.Device{ID: deviceID, Owner: owner, Type: "oic.d.light", SignedIn: true})

			published := p.post(rd, publication(deviceID))
			if links, _ := published.body["links"].([]any); published.code != codes.Changed || published.body["di"] != deviceID || len(links) != 2 {
				t.Errorf("publication: %v", published)
			}
			w.changed(t, gateway.Device{ID: deviceID, Owner: owner, Type: "oic.d.light", SignedIn: true, Links: 2})
		})
	}
}

// changed holds what the gateway told of the device, and what it knows, against want.
func (w *world) changed(t *testing.T, want gateway.Device) {
	t.Helper()
	known, _ := w.Device(want.ID)
	for name, got := range map[string]gateway.Device{"told": <-w.changes, "known": known} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func seconds(t *testing.T, a answer) uint64 {
	t.Helper()
	n, ok := a.body["expiresin"].(uint64)
	if !ok {
		t.Errorf("expiresin is %v", a.body["expiresin"])
	}
	return n
}

func TestSignUpsAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	good := w.token(t, deviceID)
	ended := w.faulty(t, &oauth.Fault{Lifetime: -time.Second})
	ownerless := w.faulty(t, &oauth.Fault{Claims: map[string]string{oauthtest.OwnerClaim: ""}})
	forged := good[:strings.LastIndex(good, ".")+1] + strings.Repeat("A", 86)
	for _, protocol := range protocols {
		p := w.connect(t, protocol, deviceID)
		for _, c := range []struct {
			name, key string
			value     any
			code      codes.Code
		}{
			{"another device's id", "di", otherID, codes.Forbidden},
			{"no id", "di", "", codes.Forbidden},
			{"id of a wrong type", "di", 7, codes.BadRequest},
			{"unknown provider", "authprovider", "elsewhere", codes.Unauthorized},
			{"no provider", "authprovider", "", codes.Unauthorized},
			{"no token", "accesstoken", "", codes.Unauthorized},
			{"garbage for a token", "accesstoken", "garbage", codes.Unauthorized},
			{"token with a bad signature", "accesstoken", forged, codes.Unauthorized},
			{"token of another server", "accesstoken", oauthtest.Token(t, oauthtest.New(t, w.clock), owner, deviceID), codes.Unauthorized},
			{"token that has ended", "accesstoken", ended, codes.Unauthorized},
			{"token without owner", "accesstoken", ownerless, codes.Unauthorized},
			{"token of another device", "accesstoken", w.token(t, otherID), codes.Unauthorized},
			{"token of no device", "accesstoken", w.token(t, ""), codes.Unauthorized},
		} {
			t.Run(protocol+"/"+c.name, func(t *testing.T) {
				body := map[string]any{"di": deviceID, "authprovider": provider, "accesstoken": good, "devicetype": "oic.d.light"}
				body[c.key] = c.value
				if a := p.post(account, body); a.code != c.code {
					t.Errorf("%v, want %v", a.code, c.code)
				}
				if known := w.Devices(); len(known) != 0 {
					t.Errorf("it is known now: %v", known)
				}
			})
		}
		p.close()
	}
}

// faulty is a token of a server out of order.
func (w *world) faulty(t *testing.T, f *oauth.Fault) string {
	t.Helper()
	w.oauth.SetFault(f)
	defer w.oauth.SetFault(nil)
	return w.token(t, deviceID)
}

func TestSignInsAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	p, token := w.connect(t, "tcp", deviceID), w.token(t, deviceID)
	good := func() map[string]any {
		return map[string]any{"di": deviceID, "uid": owner, "accesstoken": token, "login": true}
	}
	if a := p.post(session, good()); a.code != codes.Unauthorized {
		t.Errorf("before the sign-up: %v", a.code)
	}
	p.signUp(deviceID, token)
	for _, c := range []struct {
		name, key string
		value     any
		code      codes.Code
	}{
		{"another device's id", "di", otherID, codes.Forbidden},
		{"another owner", "uid", "owner 2", codes.Unauthorized},
		{"token of another owner", "accesstoken", oauthtest.Token(t, w.oauth, "owner 2", deviceID), codes.Unauthorized},
		{"token of another device", "accesstoken", w.token(t, otherID), codes.Unauthorized},
		{"login of a wrong type", "login", "yes", codes.BadRequest},
	} {
		body := good()
		body[c.key] = c.value
		if a := p.post(session, body); a.code != c.code {
			t.Errorf("%s: %v, want %v", c.name, a.code, c.code)
		}
		if known, _ := w.Device(deviceID); known.SignedIn {
			t.Errorf("%s: it is signed in", c.name)
		}
	}
	others := map[string]any{"di": deviceID, "uid": "owner 2", "accesstoken": oauthtest.Token(t, w.oauth, "owner 2", deviceID), "login": true}
	if a := p.post(session, others); a.code != codes.Unauthorized {
		t.Errorf("an owner with whom it has not signed up: %v", a.code)
	}
	w.now.Store(int64(oauth.TokenLifetime))
	if a := p.post(session, good()); a.code != codes.Unauthorized {
		t.Errorf("when the token has ended: %v", a.code)
	}
}

func TestPublicationsAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	p, token := w.connect(t, "tcp", deviceID), w.token(t, deviceID)
	refused := func(name string, body any, code codes.Code) {
		t.Helper()
		if a := p.post(rd, body); a.code != code {
			t.Errorf("%s: %v, want %v", name, a.code, code)
		}
		if known, _ := w.Device(deviceID); known.Links != 0 {
			t.Errorf("%s: %d links are known", name, known.Links)
		}
	}
	p.signUp(deviceID, token)
	refused("before the sign-in", publication(deviceID), codes.Unauthorized)
	p.signIn(deviceID, token)
	refused("for another device", publication(otherID), codes.Forbidden)
	refused("no links", map[string]any{"di": deviceID}, codes.BadRequest)
	refused("links of a wrong type", map[string]any{"di": deviceID, "links": "all"}, codes.BadRequest)
	if a := p.post(session, map[string]any{"di": deviceID, "uid": owner, "accesstoken": token, "login": false}); a.code != codes.Changed {
		t.Fatalf("sign-out: %v", a.code)
	}
	refused("after the sign-out", publication(deviceID), codes.Unauthorized)
}

func TestASignInIsOfItsConnection(t *testing.T) {
	w := newWorld(t, nil)
	first, token := w.connect(t, "tcp", deviceID), w.token(t, deviceID)
	first.signUp(deviceID, token)
	first.signIn(deviceID, token)
	second := w.connect(t, "udp", deviceID)
	if a := second.post(rd, publication(deviceID)); a.code != codes.Unauthorized {
		t.Errorf("a connection publishes on another's sign-in: %v", a.code)
	}
	second.signIn(deviceID, token)
	if a := second.post(rd, publication(deviceID)); a.code != codes.Changed {
		t.Errorf("%v", a.code)
	}
}

func TestDevicesNeedNotBeBound(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.DeviceIDClaim = "" })
	for _, device := range []string{"", deviceID} {
		w.connect(t, "tcp", deviceID).signUp(strings.ToUpper(deviceID), w.token(t, device))
	}
}

func TestRequestsOfOneConnectionAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	for _, protocol := range protocols {
		p, token := w.connect(t, protocol, deviceID), w.token(t, deviceID)
		p.signUp(deviceID, token)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if a := p.post(session, map[string]any{"di": deviceID, "uid": owner, "accesstoken": token, "login": true}); a.code != codes.Changed {
					t.Errorf("sign-in: %v", a.code)
				}
				if a := p.post(rd, publication(deviceID)); a.code != codes.Changed {
					t.Errorf("publication: %v", a.code)
				}
			})
		}
		all.Wait()
	}
}

func TestDevicesAreListedInOrder(t *testing.T) {
	w := newWorld(t, nil)
	for _, id := range []string{deviceID, otherID} {
		w.works(t, "tcp", id)
	}
	known := w.Devices()
	if len(known) != 2 || known[0].ID != otherID || known[1].ID != deviceID {
		t.Errorf("%v", known)
	}
	if _, ok := w.Device("nobody"); ok {
		t.Error("an unknown device is known")
	}
}
