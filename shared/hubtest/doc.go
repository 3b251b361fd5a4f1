// Package hubtest has a hub for tests: an OAuth server and a certificate authority on real TLS sockets, which serve as they
// should until a test makes them slow, deaf or dishonest.
package hubtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
)

// Secrets are secrets in memory.
type Secrets struct {
	mu     sync.Mutex
	values map[dps.SecretRef][]byte
	reads  int
}

// Set stores a value.
func (s *Secrets) Set(ref dps.SecretRef, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = make(map[dps.SecretRef][]byte)
	}
	s.values[ref] = value
}

// Secret implements dps.Secrets.
func (s *Secrets) Secret(_ context.Context, ref dps.SecretRef) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	value, ok := s.values[ref]
	if !ok {
		return nil, dps.Errorf(dps.CodeNotFound, "secret %s does not exist", ref)
	}
	return value, nil
}

// Reads tells how often a secret was read.
func (s *Secrets) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Names of what a Hub's settings refer to.
const (
	ClientID        = "dps"
	ClientSecret    = "the client's secret & more"
	ClientSecretRef = dps.SecretRef("secret:client")
	ClientKeyRef    = dps.SecretRef("secret:key")
	OwnerClaim      = "https://plgd.dev/owner"
	DeviceIDClaim   = "https://plgd.dev/deviceId"
)

// Hub is both servers, and what a service needs to use them.
type Hub struct {
	OAuth   *OAuth
	CA      *CA
	Secrets *Secrets
}

// New starts a hub, which ends with the test.
func New(t testing.TB) *Hub {
	t.Helper()
	root := Must(pki.NewRoot("infrastructure"))(t)
	secrets := new(Secrets)
	secrets.Set(ClientSecretRef, []byte(ClientSecret+"\n"))
	return &Hub{OAuth: NewOAuth(t, root), CA: NewCA(t, root, secrets), Secrets: secrets}
}

// Entry is the hub as a store keeps it.
func (h *Hub) Entry(id, owner string) dps.Hub {
	return dps.Hub{
		ID: id, HubID: "4ad4f4d6-3bd3-4d1c-b8ab-7e4ff3ba0001", Owner: owner, Version: 1,
		Gateways:             []string{"coaps+tcp://hub.example.com:5684"},
		CertificateAuthority: h.CA.Settings(),
		Authorization:        h.OAuth.Settings(),
	}
}

// Must turns an error into the end of the test.
func Must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// Counts counts what it is told.
type Counts struct {
	mu sync.Mutex
	n  map[string]int
}

// Add counts; it fits the Count options of the packages under test.
func (c *Counts) Add(name, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[string]int)
	}
	c.n[name+" "+reason]++
}

// Get gives one count.
func (c *Counts) Get(name, reason string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[name+" "+reason]
}

// Clock is a clock that a test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at the present, so that certificates and tokens made now are valid.
func NewClock() *Clock { return &Clock{now: time.Now()} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
