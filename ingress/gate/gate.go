// Package gate decides who gets in: it finds the enrollment groups behind a peer's certificates, has package attestation
// judge the chain against them, and remembers both for as long as they are true.
//
//	chain ─▶ verdict known? ─▶ groups known? ─▶ enroll function ─▶ attestation.Judge ─▶ Admission | Refusal
//
// The same question is asked in the handshake and again at every step, so that a deleted group or a revoked certificate
// ends a session at its next step.
package gate

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/attestation"
	"dps/shared/contract"
	"dps/shared/dps"
)

// Bounds of the caches: entries, not bytes. An issuer's entry holds its groups, a verdict's a path of certificates.
const (
	maxIssuers  = 10_000
	maxVerdicts = 4_096
	// negativeTTL is how long an unknown issuer stays unknown: strangers cost one lookup in that time.
	negativeTTL = 5 * time.Second
	// maxLookups bounds the enroll calls under way; the next one waits for its handshake's deadline at most.
	maxLookups = 16
)

// Enroller is the enroll function.
type Enroller interface {
	Enroll(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error)
}

// Options are what a Gate needs. Count and Log are told of every refusal.
type Options struct {
	Enroller   Enroller
	Expiration time.Duration // of a known issuer: clients.storage.cacheExpiration
	Now        func() time.Time
	Log        *slog.Logger
	Count      func(name, reason string)
	// LogOnce tells whether to log about key now, and how often it was not logged since it last was.
	LogOnce func(key string) (ok bool, suppressed int)
}

// Gate is safe for concurrent use.
type Gate struct {
	o        Options
	issuers  *issuerCache
	verdicts *lru.Cache[chainKey, verdict]
	epoch    atomic.Uint64 // moves with the store's generation; what was cached under an older one is not used
}

// Admission is a peer that may enter, for now.
type Admission struct {
	attestation.Verdict
	Leaf     *x509.Certificate
	RecordID string // of the manufacturer key
}

type chainKey [sha256.Size]byte

type verdict struct {
	admission *Admission
	epoch     uint64
	until     time.Time
}

// New makes a gate. Watch keeps it honest about changes.
func New(o Options) (*Gate, error) {
	verdicts, err := lru.New[chainKey, verdict](maxVerdicts)
	if err != nil {
		return nil, err
	}
	g := &Gate{o: o, verdicts: verdicts}
	g.issuers, err = newIssuerCache(g)
	return g, err
}

// Admit judges a presented chain, leaf first. Errors: *attestation.Refusal; CodeUnavailable or CodeThrottled where the
// groups cannot be looked up now.
func (g *Gate) Admit(ctx context.Context, chain []*x509.Certificate) (*Admission, error) {
	if err := attestation.CheckBounds(chain); err != nil {
		return nil, err
	}
	key, epoch, now := keyOf(chain), g.epoch.Load(), g.o.Now()
	if v, ok := g.verdicts.Get(key); ok && v.epoch == epoch && now.Before(v.until) {
		g.o.Count("verdict_cache", "hit")
		return v.admission, nil
	}
	g.o.Count("verdict_cache", "miss")
	found, err := g.issuers.groups(ctx, attestation.Issuers(chain))
	if err != nil {
		return nil, err
	}
	v, err := attestation.Judge(now, chain, found.groups)
	if err != nil {
		return nil, err
	}
	a := &Admission{Verdict: v, Leaf: chain[0], RecordID: dps.RecordID(chain[0].RawSubjectPublicKeyInfo)}
	until := found.until
	if v.ValidUntil.Before(until) {
		until = v.ValidUntil
	}
	g.verdicts.Add(key, verdict{admission: a, epoch: found.epoch, until: until})
	return a, nil
}

// Sizes are how many issuers and verdicts are remembered.
func (g *Gate) Sizes() (issuers, verdicts int) { return g.issuers.entries.Len(), g.verdicts.Len() }

// Refused counts a refusal and logs it, at most once a minute for each issuer.
func (g *Gate) Refused(err error, leaf *x509.Certificate, remote string) {
	rule, detail := "unavailable", err.Error()
	var refusal *attestation.Refusal
	if errors.As(err, &refusal) {
		rule, detail = string(refusal.Rule), refusal.Detail
	}
	g.o.Count("attestation_refused", rule)
	ok, suppressed := g.o.LogOnce(rule + "/" + dps.NameHash(leaf.RawIssuer))
	if !ok {
		return
	}
	g.o.Log.Warn("device refused", "rule", rule, "detail", detail, "subject", leaf.Subject.String(), "issuer", leaf.Issuer.String(),
		"serial", leaf.SerialNumber.Text(16), "remote", remote, "suppressed", suppressed)
}

// Watch compares generations every interval until ctx is done, and drops what was cached when they differ.
func (g *Gate) Watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.Refresh(ctx)
		}
	}
}

// Refresh compares generations once. A store that cannot be asked changes nothing: entries still expire by themselves.
func (g *Gate) Refresh(ctx context.Context) {
	reply, err := g.o.Enroller.Enroll(ctx, contract.EnrollRequest{Generation: g.issuers.current()})
	if err != nil {
		if ctx.Err() == nil {
			g.o.Count("generation_poll", "failed")
			g.o.Log.Warn("generation cannot be read; changes to groups are noticed when the cache expires", "error", err)
		}
		return
	}
	g.issuers.observe(reply.Generation)
}

// keyOf names a presented chain by everything in it.
func keyOf(chain []*x509.Certificate) chainKey {
	h := sha256.New()
	var length [8]byte
	for _, c := range chain {
		binary.BigEndian.PutUint64(length[:], uint64(len(c.Raw)))
		h.Write(length[:])
		h.Write(c.Raw)
	}
	return chainKey(h.Sum(nil))
}
