package attestation

import (
	"crypto/x509"
	"slices"
	"time"
)

// Verdict is an accepted chain.
type Verdict struct {
	Group *Group
	Path  []*x509.Certificate // leaf … anchor; every signature on it is verified
	Lead  int                 // index in Path of the group's lead certificate, at least 1
	// ValidUntil is until when the verdict may be remembered: the earliest NotAfter on the path (the leaf's excluded where the
	// group forgives it) and NextUpdate of the revocation lists that were asked.
	ValidUntil time.Time
}

// Judge decides which of the groups the presented chain, leaf first, belongs to, at the time now. The order of the groups,
// and of the certificates above the leaf, does not matter; unrelated certificates are tolerated within the bounds.
//
// Work: per group whose lead certificate stands above the leaf by name, one signature check where the authorities above the
// leaf are known already, else what path building takes. Errors: always *Refusal.
func Judge(now time.Time, chain []*x509.Certificate, groups []*Group) (Verdict, error) {
	v, r := judge(now, chain, groups)
	if r != nil {
		return Verdict{}, r
	}
	return v, nil
}

func judge(now time.Time, chain []*x509.Certificate, groups []*Group) (Verdict, *Refusal) {
	if r := checkBounds(chain); r != nil {
		return Verdict{}, r
	}
	if r := checkLeafUsage(chain[0]); r != nil {
		return Verdict{}, r
	}
	if now.IsZero() {
		now = now.Add(1) // crypto/x509 takes the zero time for the clock's, and there is no clock here
	}
	paths, failures := findPaths(now, chain, groups)
	if len(paths) == 0 {
		return Verdict{}, closest(now, chain, failures)
	}
	return choose(now, paths)
}

// failure is a group that has no path for the chain, and why.
type failure struct {
	group *Group
	err   error
}

// findPaths asks every group whose lead certificate can be above the leaf; those that cannot are failures without error.
func findPaths(now time.Time, chain []*x509.Certificate, groups []*Group) ([]path, []failure) {
	var paths []path
	var failures []failure
	leaf := timeless(now, chain[0])
	for _, g := range groups {
		if !g.leadStandsAbove(chain) {
			failures = append(failures, failure{group: g})
			continue
		}
		found, err := g.find(now, leaf, chain)
		if err != nil {
			failures = append(failures, failure{group: g, err: err})
			continue
		}
		paths = append(paths, found...)
	}
	return paths, failures
}

// choose takes the leaf-most lead certificate, whose group alone decides: its refusal is final. Only between paths of the
// same depth, where cross-signing leaves open whose the device is, does the first that admits win.
func choose(now time.Time, paths []path) (Verdict, *Refusal) {
	slices.SortFunc(paths, path.compare)
	var refusal *Refusal
	for _, p := range paths {
		if p.lead != paths[0].lead {
			break
		}
		until, r := p.admit(now)
		if r == nil {
			return Verdict{Group: p.group, Path: p.certs, Lead: p.lead, ValidUntil: until}, nil
		}
		if refusal == nil {
			refusal = r
		}
		refusal.addGroup(p.group)
	}
	return Verdict{}, refusal
}
