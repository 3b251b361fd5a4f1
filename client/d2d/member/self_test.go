package member_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dps/client/d2d/d2dtest"
	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

func newSelfWorld(t *testing.T, change ...func(*member.Options)) *world {
	return newWorld(t, settings.X509, settings.ModeNone, change...)
}

// TestTheClientItself has its certificate signed, under both paths of the signing service.
func TestTheClientItself(t *testing.T) {
	for _, prefixed := range []bool{false, true} {
		w := newSelfWorld(t)
		if prefixed {
			w.hub.Prefix()
		}
		w.want(w.InitializeSelf(t.Context(), w.token()), "")
		if cn := w.leaf().Subject.CommonName; cn != "uuid:"+dps.OwnerUUID("owner-1") || w.hub.Signed != 1 {
			t.Errorf("%q, signed %d", cn, w.hub.Signed)
		}
		w.wantPrecondition(w.InitializeSelf(t.Context(), w.token()))
		w.restart()
		w.want(w.Authorize(t.Context(), w.token()), "")
		w.wantUnauthenticated(w.Authorize(t.Context(), w.another(d2dtest.OwnerClaim)))
		if s := w.Status(); s.Way != member.WaySelf || s.Owner != "owner-1" || !s.RenewAt.Before(s.NotAfter) {
			t.Errorf("%+v", s)
		}
	}
}

func TestTheSigningServiceRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		sign func(csr *x509.CertificateRequest, pem []byte) (string, int)
		code dps.Code
		want string
	}{
		{"denied", func(*x509.CertificateRequest, []byte) (string, int) { return "not you", http.StatusForbidden }, dps.CodeDenied, "(403): not you"},
		{"bad request", func(*x509.CertificateRequest, []byte) (string, int) { return "not\nthis", http.StatusBadRequest }, dps.CodeInvalid, "(400): not this"},
		{"throttled", func(*x509.CertificateRequest, []byte) (string, int) { return "", http.StatusTooManyRequests }, dps.CodeThrottled, "429"},
		{"broken", func(*x509.CertificateRequest, []byte) (string, int) { return "", http.StatusBadGateway }, dps.CodeUnavailable, "502"},
		{"redirected", func(*x509.CertificateRequest, []byte) (string, int) { return "", http.StatusTemporaryRedirect }, dps.CodeUnavailable, "307"},
		{"empty", func(*x509.CertificateRequest, []byte) (string, int) { return "", http.StatusOK }, dps.CodeUnavailable, "without a certificate"},
		{"rubbish", func(*x509.CertificateRequest, []byte) (string, int) { return "rubbish", http.StatusOK }, dps.CodeInvalid, "certificate: "},
		{"huge", func(*x509.CertificateRequest, []byte) (string, int) {
			return strings.Repeat("x", 300<<10), http.StatusOK
		}, dps.CodeUnavailable, "too large"},
	} {
		w := newSelfWorld(t)
		w.hub.Do(func(h *d2dtest.Hub) { h.OnSign = tt.sign })
		token := w.token()
		err := w.InitializeSelf(t.Context(), token)
		if dps.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), token[len(token)-20:]) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if w.Status().Way != member.WayNone {
			t.Errorf("%s: initialized", tt.name)
		}
	}
	w := newSelfWorld(t)
	w.hub.Do(func(h *d2dtest.Hub) {
		h.OnSign = func(csr *x509.CertificateRequest, _ []byte) (string, int) {
			other := hubtest.Must(pki.NewKey())(t)
			leaf := hubtest.Must(h.CA.Issuer.SignPublicKey(csr.Subject, other.Public(), pki.UnknownEKU(pki.OIDIdentity)))(t)
			return dps.EncodeCertificatesPEM(leaf.Certificate, h.CA.Issuer.Certificate, h.CA.Root.Certificate), http.StatusOK
		}
	})
	if err := w.InitializeSelf(t.Context(), w.token()); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "another key") {
		t.Error(err)
	}
	w.wantUnauthenticated(w.InitializeSelf(t.Context(), ""))
	w.wantUnauthenticated(w.InitializeSelf(t.Context(), w.hub.SignToken(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, d2dtest.KeyID, w.hub.Claims(nil))))
}

func TestTwoAtOnce(t *testing.T) {
	w := newSelfWorld(t)
	var done sync.WaitGroup
	var mu sync.Mutex
	var codes []dps.Code
	for range 4 {
		done.Go(func() {
			err := w.InitializeSelf(t.Context(), w.token())
			mu.Lock()
			defer mu.Unlock()
			codes = append(codes, dps.CodeOf(err))
		})
	}
	done.Wait()
	slices.Sort(codes)
	if !slices.Equal(codes, []dps.Code{"", dps.CodeConflict, dps.CodeConflict, dps.CodeConflict}) {
		t.Errorf("%q: one must win", codes)
	}
}

// TestRenewal: at two thirds of the certificate's life, with the token that a request bore.
func TestRenewal(t *testing.T) {
	w := newSelfWorld(t)
	w.want(w.InitializeSelf(t.Context(), w.token()), "")
	first := w.leaf()
	life := first.NotAfter.Sub(first.NotBefore)
	if want := first.NotBefore.Add(life*2/3 + life/40); !w.Status().RenewAt.Equal(want) { // the jitter of a half
		t.Errorf("renewed at %v, want %v", w.Status().RenewAt, want)
	}
	if wait := w.Tick(t.Context()); wait != time.Hour || w.hub.Signed != 1 {
		t.Errorf("wait %v, signed %d", wait, w.hub.Signed)
	}
	w.hub.Clock.Advance(21 * 24 * time.Hour)
	wait := w.Tick(t.Context())
	if s := w.Status(); !s.NeedsToken || !strings.Contains(s.Problem, "remoteProvisioning.tokenFile") || wait < time.Minute || wait > 2*time.Minute {
		t.Errorf("without a token: wait %v, %+v", wait, s)
	}
	w.want(w.Authorize(t.Context(), w.token()), "")
	w.hub.Do(func(h *d2dtest.Hub) {
		h.OnSign = func(*x509.CertificateRequest, []byte) (string, int) { return "", http.StatusBadGateway }
	})
	var waits []time.Duration
	for range 4 {
		waits = append(waits, w.Tick(t.Context()))
		w.hub.Clock.Advance(waits[len(waits)-1])
		w.want(w.Authorize(t.Context(), w.token()), "")
	}
	if !slices.IsSorted(waits) || waits[0] == waits[3] {
		t.Errorf("retried after %v", waits)
	}
	w.hub.Do(func(h *d2dtest.Hub) { h.OnSign = nil })
	if w.Tick(t.Context()); !w.leaf().NotAfter.After(first.NotAfter) || w.Status().NeedsToken || w.Status().Problem != "" {
		t.Errorf("not renewed: %+v", w.Status())
	}
	w.hub.Clock.Advance(time.Hour)
	_, err := w.Renew(t.Context(), w.token())
	w.want(err, "")
	_, err = w.Renew(t.Context(), w.another(d2dtest.OwnerClaim))
	w.wantUnauthenticated(err)
}

func TestATokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	w := newSelfWorld(t, func(o *member.Options) { o.Config.RemoteProvisioning.TokenFile = path })
	for _, content := range []string{"", "two tokens", strings.Repeat("x", 20<<10)} {
		if content != "" {
			writeFile(t, path, content)
		}
		if w.Tick(t.Context()); !strings.Contains(w.Status().Problem, "tokenFile") {
			t.Errorf("%.20q: %+v", content, w.Status())
		}
		w.hub.Clock.Advance(time.Hour)
	}
	writeFile(t, path, strings.TrimPrefix(w.token(), "Bearer ")+"\n")
	w.Tick(t.Context())
	if w.Status().Way != member.WaySelf {
		t.Fatalf("%+v", w.Status())
	}
	w.hub.Clock.Advance(21 * 24 * time.Hour)
	writeFile(t, path, strings.TrimPrefix(w.token(), "Bearer "))
	if w.Tick(t.Context()); w.hub.Signed != 2 {
		t.Errorf("signed %d times", w.hub.Signed)
	}
	w.want(w.Reset(), "")
	if w.Tick(t.Context()); w.Status().Way != member.WayNone {
		t.Error("a reset client initialized itself again")
	}
}

// TestDeviceFlow: a person logs in elsewhere; the session renews until it ends.
func TestDeviceFlow(t *testing.T) {
	var page, code string
	w := newSelfWorld(t, func(o *member.Options) {
		o.Config.RemoteProvisioning.DeviceOAuthClient = settings.OAuthClient{ClientID: "d2d", Audience: d2dtest.Audience}
		o.Show = func(p, c string) { page, code = p, c }
	})
	w.hub.Do(func(h *d2dtest.Hub) { h.Confirmed = true })
	w.Tick(t.Context())
	if s := w.Status(); s.Way != member.WaySelf || page != w.hub.URL+"/login" || code != "ABCD-EFGH" || s.LoginPage != "" {
		t.Fatalf("%+v, %q, %q", s, page, code)
	}
	for n := 2; n < 4; n++ {
		w.restart()
		w.hub.Clock.Advance(21 * 24 * time.Hour)
		if w.Tick(t.Context()); w.hub.Signed != n {
			t.Errorf("signed %d times, want %d: %+v", w.hub.Signed, n, w.Status())
		}
	}
	w.hub.Clock.Advance(21 * 24 * time.Hour)
	w.hub.Do(func(h *d2dtest.Hub) { h.NoRefresh = true })
	if w.Tick(t.Context()); !w.Status().NeedsToken || strings.Contains(w.Status().Problem, "refresh-") {
		t.Errorf("%+v", w.Status())
	}
}

// TestALoginOfNobody waits until it is told to stop.
func TestALoginOfNobody(t *testing.T) {
	shown := make(chan struct{})
	w := newSelfWorld(t, func(o *member.Options) {
		o.Config.RemoteProvisioning.DeviceOAuthClient = settings.OAuthClient{ClientID: "d2d"}
		o.Show = func(string, string) { close(shown) }
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	<-shown
	if s := w.Status(); s.LoginCode != "ABCD-EFGH" {
		t.Errorf("%+v", s)
	}
	cancel()
	running.Wait()
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
