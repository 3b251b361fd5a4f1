package gate

import (
	"context"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"dps/shared/attestation"
	"dps/shared/contract"
	"dps/shared/dps"
)

// issuerCache remembers which groups stand behind an issuer's name, and that none does.
type issuerCache struct {
	gate    *Gate
	entries *lru.Cache[string, issuerEntry] // by contract.Issuer.NameHash
	flights singleflight.Group
	slots   chan struct{}

	mu         sync.Mutex
	generation uint64
}

type issuerEntry struct {
	groups []*attestation.Group
	epoch  uint64
	until  time.Time
}

func newIssuerCache(g *Gate) (*issuerCache, error) {
	entries, err := lru.New[string, issuerEntry](maxIssuers)
	if err != nil {
		return nil, err
	}
	return &issuerCache{gate: g, entries: entries, slots: make(chan struct{}, maxLookups)}, nil
}

// groups gives the groups behind any of the issuers, each once, as one entry that holds as long as all of theirs do.
// Errors: the enroll function's.
func (c *issuerCache) groups(ctx context.Context, issuers []contract.Issuer) (issuerEntry, error) {
	known, missing := c.lookUp(issuers)
	if len(missing) > 0 {
		fetched, err := c.fetchOnce(ctx, missing)
		if err != nil {
			return issuerEntry{}, err
		}
		known = append(known, fetched...)
	}
	all := known[0] // there is at least one issuer
	all.groups = nil
	seen := make(map[string]bool)
	for _, e := range known {
		all.epoch = min(all.epoch, e.epoch)
		if e.until.Before(all.until) {
			all.until = e.until
		}
		for _, g := range e.groups {
			if !seen[g.GroupID] {
				seen[g.GroupID] = true
				all.groups = append(all.groups, g)
			}
		}
	}
	return all, nil
}

// lookUp splits the issuers into what is cached and what must be asked for.
func (c *issuerCache) lookUp(issuers []contract.Issuer) (known []issuerEntry, missing []contract.Issuer) {
	now, epoch := c.gate.o.Now(), c.gate.epoch.Load()
	for _, i := range issuers {
		if e, ok := c.entries.Get(i.NameHash); ok && e.epoch == epoch && now.Before(e.until) {
			c.gate.o.Count("issuer_cache", "hit")
			known = append(known, e)
			continue
		}
		c.gate.o.Count("issuer_cache", "miss")
		missing = append(missing, i)
	}
	return known, missing
}

// fetchOnce asks the enroll function; who asks the same meanwhile waits for that answer. The flight has a deadline of its
// own, so that the first asker's hanging up fails nobody else.
func (c *issuerCache) fetchOnce(ctx context.Context, missing []contract.Issuer) ([]issuerEntry, error) {
	var key strings.Builder
	for _, i := range missing {
		key.WriteString(i.NameHash)
	}
	flight := c.flights.DoChan(key.String(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		return c.fetch(ctx, missing)
	})
	select {
	case r := <-flight:
		entries, _ := r.Val.([]issuerEntry)
		return entries, r.Err
	case <-ctx.Done():
		return nil, dps.Wrap(dps.CodeUnavailable, ctx.Err(), "enrollment groups could not be looked up in time")
	}
}

// lookupTimeout bounds one call of the enroll function, the wait for a slot included.
const lookupTimeout = 7 * time.Second

func (c *issuerCache) fetch(ctx context.Context, missing []contract.Issuer) ([]issuerEntry, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, dps.Errorf(dps.CodeThrottled, "too many lookups of enrollment groups at once")
	}
	reply, err := c.gate.o.Enroller.Enroll(ctx, contract.EnrollRequest{Issuers: missing, Generation: c.current()})
	if err != nil {
		return nil, err
	}
	fresh := c.observe(reply.Generation)
	groups := c.prepare(reply.Candidates)
	return c.store(missing, groups, fresh), nil
}

// prepare parses candidates. One that does not parse lets nobody in, and must not keep the others out.
func (c *issuerCache) prepare(candidates []contract.Candidate) []*attestation.Group {
	groups := make([]*attestation.Group, 0, len(candidates))
	for _, candidate := range candidates {
		g, err := attestation.Prepare(candidate)
		if err != nil {
			c.gate.o.Log.Error("enrollment group cannot be used", "group", candidate.GroupID, "error", err)
			continue
		}
		groups = append(groups, g)
	}
	return groups
}

// store remembers for each issuer the groups that have a certificate of its name. A reply of an older generation is used
// once and not remembered.
func (c *issuerCache) store(missing []contract.Issuer, groups []*attestation.Group, fresh bool) []issuerEntry {
	now, epoch := c.gate.o.Now(), c.gate.epoch.Load()
	entries := make([]issuerEntry, 0, len(missing))
	for _, issuer := range missing {
		e := issuerEntry{epoch: epoch, until: now.Add(negativeTTL)}
		passing := false // what a group lacks now, it may have in a moment
		for _, g := range groups {
			if g.HasAuthority(issuer.NameHash) {
				e.groups = append(e.groups, g)
				passing = passing || g.CRLsMissing
			}
		}
		if len(e.groups) > 0 && !passing {
			e.until = now.Add(c.gate.o.Expiration)
		}
		if fresh {
			c.entries.Add(issuer.NameHash, e)
		} else {
			e.until = now
		}
		entries = append(entries, e)
	}
	return entries
}

func (c *issuerCache) current() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

// observe takes note of a generation and tells whether it is not older than the last one. A newer one starts an epoch.
func (c *issuerCache) observe(generation uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation > c.generation {
		c.generation = generation
		c.gate.epoch.Add(1)
	}
	return generation == c.generation
}
