package enroll_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dps/functions/enroll"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

// listServer serves whatever the test says, and counts.
type listServer struct {
	*httptest.Server
	answer atomic.Pointer[http.HandlerFunc]
	calls  atomic.Int32
}

func newListServer(t *testing.T) *listServer {
	t.Helper()
	s := new(listServer)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *listServer) serve(h http.HandlerFunc) { s.answer.Store(&h) }

func (s *listServer) serveBytes(body []byte) {
	s.serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
}

func newFetcher(t *testing.T) (*enroll.Fetcher, *hubtest.Clock, *pki.Pair) {
	t.Helper()
	clock := hubtest.NewClock()
	f := enroll.NewFetcher(enroll.FetcherOptions{Now: clock.Now})
	t.Cleanup(f.Close)
	return f, clock, hubtest.Must(pki.NewRoot("maker"))(t)
}

func TestFetchedListIsKeptUntilItsSuccessorIsDue(t *testing.T) {
	tests := []struct {
		name     string
		validity time.Duration
		use      time.Duration
	}{
		{"an hour", time.Hour, time.Hour},
		{"a week", 7 * 24 * time.Hour, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, clock, ca := newFetcher(t)
			s := newListServer(t)
			der := newCRL(t, ca, clock.Now().Add(tt.validity), 1)
			s.serveBytes(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
			for range 3 {
				if got := hubtest.Must(f.CRL(t.Context(), s.URL))(t); !bytes.Equal(got, der) {
					t.Fatal("another list")
				}
			}
			clock.Advance(tt.use - 2*time.Second)
			hubtest.Must(f.CRL(t.Context(), s.URL))(t)
			if n := s.calls.Load(); n != 1 {
				t.Fatalf("fetched %d times, want 1", n)
			}
			clock.Advance(3 * time.Second)
			next := newCRL(t, ca, clock.Now().Add(tt.validity), 2)
			s.serveBytes(next)
			if got := hubtest.Must(f.CRL(t.Context(), s.URL))(t); !bytes.Equal(got, next) {
				t.Fatal("not the successor")
			}
		})
	}
}

func TestLastGoodListServesWhileItIsCurrent(t *testing.T) {
	f, clock, ca := newFetcher(t)
	s := newListServer(t)
	der := newCRL(t, ca, clock.Now().Add(30*time.Hour), 1)
	s.serveBytes(der)
	hubtest.Must(f.CRL(t.Context(), s.URL))(t)
	s.serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	clock.Advance(25 * time.Hour)
	for range 5 {
		if got := hubtest.Must(f.CRL(t.Context(), s.URL))(t); !bytes.Equal(got, der) {
			t.Fatal("another list")
		}
	}
	if n := s.calls.Load(); n != 2 {
		t.Errorf("fetched %d times, want 2: a server that fails is not asked at once again", n)
	}
	clock.Advance(6 * time.Hour)
	if _, err := f.CRL(t.Context(), s.URL); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "502") {
		t.Fatalf("past its nextUpdate: %v", err)
	}
	s.serveBytes(newCRL(t, ca, clock.Now().Add(time.Hour), 1))
	clock.Advance(time.Minute)
	hubtest.Must(f.CRL(t.Context(), s.URL))(t)
}

func TestListThatIsOutOfDateAlready(t *testing.T) {
	f, clock, ca := newFetcher(t)
	s := newListServer(t)
	s.serveBytes(newCRL(t, ca, clock.Now().Add(-time.Minute), 1))
	for range 3 {
		if _, err := f.CRL(t.Context(), s.URL); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "out of date") {
			t.Fatalf("error %v", err)
		}
	}
	if n := s.calls.Load(); n != 1 {
		t.Errorf("fetched %d times within a minute, want 1", n)
	}
}

func TestOneFetchForAll(t *testing.T) {
	f, clock, ca := newFetcher(t)
	s := newListServer(t)
	der := newCRL(t, ca, clock.Now().Add(time.Hour), 1)
	entered, release := make(chan struct{}), make(chan struct{})
	s.serve(func(w http.ResponseWriter, _ *http.Request) { close(entered); <-release; _, _ = w.Write(der) })
	first, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := f.CRL(first, s.URL); dps.CodeOf(err) != dps.CodeUnavailable {
			t.Errorf("the first: %v", err)
		}
	})
	<-entered
	cancel()
	for range 20 {
		all.Go(func() {
			if got, err := f.CRL(t.Context(), s.URL); err != nil || !bytes.Equal(got, der) {
				t.Errorf("another: %v", err)
			}
		})
	}
	close(release)
	all.Wait()
}

func TestBadServers(t *testing.T) {
	tests := []struct {
		name  string
		serve http.HandlerFunc
		want  string
	}{
		{"not found", http.NotFound, "404"},
		{"not a list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "not a certificate revocation list"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for range 3 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, "more than 1048576"},
		{"endless headers", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "cannot be fetched"},
		{"redirects for ever", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "cannot be fetched"},
		{"redirects to a file", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "cannot be fetched"},
		{"redirects to metadata", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		}, "metadata addresses"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _, _ := newFetcher(t)
			s := newListServer(t)
			s.serve(tt.serve)
			_, err := f.CRL(t.Context(), s.URL)
			if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want unavailable with %q", err, tt.want)
			}
			if n := s.calls.Load(); n > 4 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestRedirectIsFollowed(t *testing.T) {
	f, clock, ca := newFetcher(t)
	s := newListServer(t)
	der := newCRL(t, ca, clock.Now().Add(time.Hour), 1)
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/list" {
			http.Redirect(w, r, "/list", http.StatusFound)
			return
		}
		_, _ = w.Write(der)
	})
	hubtest.Must(f.CRL(t.Context(), s.URL))(t)
}

func TestForbiddenAddresses(t *testing.T) {
	f, _, _ := newFetcher(t)
	for _, url := range []string{
		"http://169.254.169.254/latest/meta-data/", "https://169.254.170.2/v2/credentials", "http://[fe80::1%25lo]/", "http://[::ffff:169.254.169.254]/",
		"http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://[64:ff9b::a9fe:a9fe]/",
	} {
		if _, err := f.CRL(t.Context(), url); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "metadata addresses") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"file:///etc/passwd", "ftp://localhost/x", "http:///x", "", "::", "/etc/passwd"} {
		if _, err := f.CRL(t.Context(), url); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "URL") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// A group whose list cannot be had is still a candidate, and says so.
func TestMissingLists(t *testing.T) {
	f := newFixture(t, nil)
	s := newListServer(t)
	der := newCRL(t, f.Maker, f.Clock.Now().Add(time.Hour), 1)
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(der)
	})
	f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.X509.CRLs = []dps.CRLEntry{{URL: s.URL + "/good"}} })
	if c := f.enroll(t, issuer(f.Maker)).Candidates[0]; len(c.CRLs) != 1 || c.CRLsMissing {
		t.Fatalf("%d lists, missing %t", len(c.CRLs), c.CRLsMissing)
	}
	f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.X509.CRLs = append(g.X509.CRLs, dps.CRLEntry{URL: s.URL + "/bad"}) })
	if c := f.enroll(t, issuer(f.Maker)).Candidates[0]; len(c.CRLs) != 1 || !c.CRLsMissing {
		t.Fatalf("%d lists, missing %t", len(c.CRLs), c.CRLsMissing)
	}
	if !strings.Contains(f.log.String(), "404") {
		t.Error("the log does not say why")
	}
}
