package certauthority_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/shared/certauthority"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deviceName = "uuid:00000000-cafe-4eaf-8eef-000000000001"

type fixture struct {
	*certauthority.Authorities
	hub    *hubtest.Hub
	entry  dps.Hub
	counts *hubtest.Counts
	csr    []byte
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{hub: hubtest.New(t), counts: new(hubtest.Counts)}
	f.entry = f.hub.Entry("hub-1", "owner")
	f.csr = hubtest.Must(pki.NewCSR(deviceName, hubtest.Must(pki.NewKey())(t)))(t)
	f.Authorities = certauthority.New(f.hub.Secrets, certauthority.Options{Count: f.counts.Add})
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) sign(ctx context.Context) ([]byte, error) {
	return f.Sign(ctx, f.entry, "token", f.csr)
}

func TestSign(t *testing.T) {
	f := newFixture(t)
	for range 5 {
		answer, err := f.sign(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		chain, err := dps.ParseCertificatesPEM(answer, 10)
		if err != nil || len(chain) != 3 || chain[0].Subject.CommonName != deviceName {
			t.Fatalf("answer %v, %v", chain, err)
		}
	}
	_, tokens := f.hub.CA.Calls()
	for _, token := range tokens {
		if token != "bearer token" {
			t.Errorf("authorization %q", token)
		}
	}
	if f.counts.Get("certificate_authority", "miss") != 1 || f.counts.Get("certificate_authority", "hit") != 4 {
		t.Errorf("hits %d, misses %d; want 4 and 1", f.counts.Get("certificate_authority", "hit"), f.counts.Get("certificate_authority", "miss"))
	}
}

func TestCodes(t *testing.T) {
	tests := []struct {
		code    codes.Code
		want    dps.Code
		refused bool
	}{
		{codes.InvalidArgument, dps.CodeInvalid, false},
		{codes.ResourceExhausted, dps.CodeThrottled, false},
		{codes.Unauthenticated, dps.CodeUnavailable, true},
		{codes.PermissionDenied, dps.CodeUnavailable, true},
		{codes.Unavailable, dps.CodeUnavailable, false},
		{codes.DeadlineExceeded, dps.CodeUnavailable, false},
		{codes.Canceled, dps.CodeUnavailable, false},
		{codes.Internal, dps.CodeUnavailable, false},
		{codes.Unknown, dps.CodeUnavailable, false},
		{codes.NotFound, dps.CodeUnavailable, false},
		{codes.FailedPrecondition, dps.CodeUnavailable, false},
		{codes.Aborted, dps.CodeUnavailable, false},
		{codes.Unimplemented, dps.CodeUnavailable, false},
	}
	f := newFixture(t)
	for _, tt := range tests {
		t.Run(tt.code.String(), func(t *testing.T) {
			f.hub.CA.Do(func(ca *hubtest.CA) {
				ca.OnSign = func(context.Context, []byte, string) ([]byte, error) {
					return nil, status.Error(tt.code, "inner.host.name says no")
				}
			})
			_, err := f.sign(t.Context())
			if dps.CodeOf(err) != tt.want || errors.Is(err, certauthority.ErrTokenRefused) != tt.refused {
				t.Fatalf("error %v, want code %s, refused %t", err, tt.want, tt.refused)
			}
			if strings.Contains(dps.AsError(err).Message, "inner.host.name") {
				t.Errorf("message %q repeats the authority's words", dps.AsError(err).Message)
			}
			if !strings.Contains(err.Error(), "inner.host.name") {
				t.Errorf("the log would not know why: %v", err)
			}
		})
	}
}

func TestUnusableSettings(t *testing.T) {
	tests := []struct {
		name   string
		change func(*testing.T, *fixture)
		want   string
	}{
		{"server is not trusted", func(_ *testing.T, f *fixture) {
			f.entry.CertificateAuthority.TLS.CAPool = string(f.hub.CA.Root.CertificatePEM())
		}, "do not agree on TLS"},
		{"client is not trusted", func(t *testing.T, f *fixture) {
			stranger := hubtest.Must(f.hub.CA.Root.NewLeaf("stranger"))(t)
			f.entry.CertificateAuthority.TLS.Cert = string(stranger.ChainPEM())
			f.entry.CertificateAuthority.TLS.Key = "secret:stranger"
			f.hub.Secrets.Set("secret:stranger", hubtest.Must(stranger.KeyPEM())(t))
		}, "certificateAuthority.grpc.tls"},
		{"no client certificate", func(_ *testing.T, f *fixture) {
			f.entry.CertificateAuthority.TLS.Cert, f.entry.CertificateAuthority.TLS.Key = "", ""
		}, "certificateAuthority.grpc.tls"},
		{"no such secret", func(_ *testing.T, f *fixture) { f.entry.CertificateAuthority.TLS.Key = "secret:none" }, "certificateAuthority.grpc.tls.key"},
		{"nobody listens", func(_ *testing.T, f *fixture) { f.entry.CertificateAuthority.Address = "127.0.0.1:1" }, "cannot be reached"},
		{"not an authority", func(_ *testing.T, f *fixture) {
			f.entry.CertificateAuthority.Address = strings.TrimPrefix(f.hub.OAuth.URL, "https://")
		}, "certificate authority"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			tt.change(t, f)
			_, err := f.sign(t.Context())
			if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(dps.AsError(err).Message, tt.want) {
				t.Fatalf("error %v, want unavailable with %q", err, tt.want)
			}
			if strings.Contains(dps.AsError(err).Message, "127.0.0.1") {
				t.Errorf("message %q names a host", dps.AsError(err).Message)
			}
		})
	}
}

func TestSlowAuthority(t *testing.T) {
	f := newFixture(t)
	ended := make(chan struct{})
	f.hub.CA.Do(func(ca *hubtest.CA) {
		ca.OnSign = func(ctx context.Context, _ []byte, _ string) ([]byte, error) {
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := f.sign(ctx); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "in time") {
		t.Fatalf("error %v", err)
	}
	<-ended
}

func TestHugeAnswer(t *testing.T) {
	f := newFixture(t)
	f.hub.CA.Do(func(ca *hubtest.CA) {
		ca.OnSign = func(context.Context, []byte, string) ([]byte, error) {
			return make([]byte, certauthority.MaxAnswer+1), nil
		}
	})
	if _, err := f.sign(t.Context()); !dps.IsTransient(err) {
		t.Fatalf("error %v", err)
	}
}

// An authority that comes back is used again without anybody doing anything.
func TestReconnects(t *testing.T) {
	f := newFixture(t)
	if _, err := f.sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.hub.CA.Stop()
	if _, err := f.sign(t.Context()); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Fatalf("while it is down: %v", err)
	}
	f.hub.CA.Listen(t, f.hub.CA.Address)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		_, err := f.sign(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("never again: %v", err)
		}
	}
	if f.counts.Get("certificate_authority", "miss") != 1 {
		t.Error("the connection was opened anew")
	}
}

// New settings take effect at once, and do not cut the call under way with the old ones.
func TestReplacedWhileInUse(t *testing.T) {
	f := newFixture(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var calls atomic.Int32
	f.hub.CA.Do(func(ca *hubtest.CA) {
		ca.OnSign = func(_ context.Context, csr []byte, _ string) ([]byte, error) {
			if calls.Add(1) == 1 {
				close(entered)
				<-release
			}
			return ca.Sign(csr)
		}
	})
	var old sync.WaitGroup
	old.Go(func() {
		if _, err := f.sign(t.Context()); err != nil {
			t.Errorf("the call under way: %v", err)
		}
	})
	<-entered
	changed := f.entry
	changed.CertificateAuthority.KeepAlive.Time = time.Minute
	if _, err := f.Sign(t.Context(), changed, "token", f.csr); err != nil {
		t.Error(err)
	}
	close(release)
	old.Wait()
	if f.counts.Get("certificate_authority", "closed") != 1 {
		t.Error("the old connection is still open")
	}
}
