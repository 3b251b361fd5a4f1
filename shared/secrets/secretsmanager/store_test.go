//go:build aws

package secretsmanager_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/secrets/conformance"
	"dps/shared/secrets/secretsmanager"
)

const variable = "AWS_ENDPOINT_URL_SECRETS_MANAGER"

// newClient speaks to the emulator, or to what stands in front of it.
func newClient(t *testing.T, endpoint string) *sm.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return sm.New(sm.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: &endpoint, HTTPClient: &http.Client{Transport: transport}, RetryMaxAttempts: 1,
	})
}

func emulator(t *testing.T) string {
	t.Helper()
	endpoint := os.Getenv(variable)
	if endpoint == "" {
		t.Fatalf("%s is not set: run this by `make test-aws`, which starts an emulator", variable)
	}
	return endpoint
}

func TestConformance(t *testing.T) {
	client := newClient(t, emulator(t))
	for name, o := range map[string]secretsmanager.Options{"cached": {Prefix: "dps"}, "with no prefix, hardly cached": {CacheFor: 1}} {
		t.Run(name, func(t *testing.T) {
			conformance.Run(t, func(t *testing.T) conformance.Store {
				s := secretsmanager.New(client, o)
				t.Cleanup(s.Close)
				return s
			})
		})
	}
}

// outage is a way to the emulator that can be cut.
type outage struct {
	*httptest.Server
	down  atomic.Bool
	calls atomic.Int64
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	target, err := url.Parse(emulator(t))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	o := &outage{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.calls.Add(1)
		if o.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { o.Close(); transport.CloseIdleConnections() })
	return o
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()) }
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }

type setup struct {
	*testing.T
	way   *outage
	clock *clock
	store *secretsmanager.Store
	name  string
	ref   dps.SecretRef
}

// newSetup has one secret, "old", which the store has not read.
func newSetup(t *testing.T) setup {
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	s := setup{T: t, way: newOutage(t), clock: new(clock), name: "cache/" + dps.NewUUID()}
	s.clock.pass(time.Hour)
	s.store = secretsmanager.New(newClient(t, s.way.URL), secretsmanager.Options{CacheFor: time.Minute, Now: s.clock.now})
	t.Cleanup(s.store.Close)
	var err error
	if s.ref, err = s.store.PutSecret(t.Context(), s.name, []byte("old")); err != nil {
		t.Fatal(err)
	}
	s.way.calls.Store(0)
	return s
}

func (s setup) want(value string, calls int64) {
	s.Helper()
	got, err := s.store.Secret(s.Context(), s.ref)
	if err != nil || string(got) != value {
		s.Errorf("%q, %v; want %q", got, err, value)
	}
	if n := s.way.calls.Load(); n != calls {
		s.Errorf("%d calls, want %d", n, calls)
	}
}

func TestRotationIsNoticed(t *testing.T) {
	s := newSetup(t)
	s.want("old", 1)
	s.want("old", 1)
	other := newClient(t, emulator(t)) // a rotation function
	if _, err := other.PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: &s.name, SecretString: aws.String("new")}); err != nil {
		t.Fatal(err)
	}
	s.clock.pass(time.Minute - 1)
	s.want("old", 1)
	s.clock.pass(1)
	s.want("new", 2)
}

func TestOwnWriteIsSeenAtOnce(t *testing.T) {
	s := newSetup(t)
	s.want("old", 1)
	if _, err := s.store.PutSecret(t.Context(), s.name, []byte("new")); err != nil {
		t.Fatal(err)
	}
	s.want("new", 3)
}

func TestAnOutageIsBridgedForAnHour(t *testing.T) {
	s := newSetup(t)
	s.want("old", 1)
	s.way.down.Store(true)
	s.clock.pass(59 * time.Minute)
	s.want("old", 2)
	s.want("old", 2) // it is not asked again at once
	s.clock.pass(time.Minute)
	if _, err := s.store.Secret(t.Context(), s.ref); dps.CodeOf(err) != dps.CodeUnavailable || strings.Contains(err.Error(), "old") {
		t.Errorf("%v, want %s", err, dps.CodeUnavailable)
	}
	s.way.down.Store(false)
	s.want("old", 4)
}

func TestADeletedSecretIsNotBridged(t *testing.T) {
	s := newSetup(t)
	s.want("old", 1)
	other := newClient(t, emulator(t))
	if _, err := other.DeleteSecret(t.Context(), &sm.DeleteSecretInput{SecretId: &s.name}); err != nil {
		t.Fatal(err)
	}
	s.clock.pass(time.Minute)
	for range 2 {
		if _, err := s.store.Secret(t.Context(), s.ref); dps.CodeOf(err) != dps.CodeNotFound {
			t.Errorf("%v, want %s", err, dps.CodeNotFound)
		}
	}
}

func TestManyReadersAreOneRead(t *testing.T) {
	s := newSetup(t)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, err := s.store.Secret(t.Context(), s.ref); err != nil || string(got) != "old" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	s.want("old", 1)
}

func TestByARN(t *testing.T) {
	s := newSetup(t)
	d, err := newClient(t, emulator(t)).DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &s.name})
	if err != nil {
		t.Fatal(err)
	}
	s.ref = dps.SecretRef(*d.ARN)
	s.want("old", 1)
	if err := s.store.DeleteSecret(t.Context(), s.ref); err != nil {
		t.Fatal(err)
	}
	s.want("old", 1)
	s.ref = dps.SecretRef(*d.ARN + "x")
	if _, err := s.store.Secret(t.Context(), s.ref); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("%v, want %s", err, dps.CodeNotFound)
	}
	if _, err := s.store.Secret(t.Context(), "/a/file.pem"); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("%v, want %s", err, dps.CodeInvalid)
	}
}
