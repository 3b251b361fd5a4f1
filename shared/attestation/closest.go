package attestation

import (
	"cmp"
	"crypto/x509"
	"slices"
	"time"
)

// maxExplained bounds how many groups' failures are looked into for one refusal.
const maxExplained = 4

// closest explains why no group has a path: with the words of the group that came closest.
func closest(now time.Time, chain []*x509.Certificate, failures []failure) *Refusal {
	slices.SortFunc(failures, func(a, b failure) int { return cmp.Compare(a.group.GroupID, b.group.GroupID) })
	var best *Refusal
	x := &explainer{now: now, chain: chain, checks: maxExplainChecks}
	explained := 0
	for _, f := range failures {
		if f.err == nil || explained == maxExplained {
			continue
		}
		explained++
		r := x.explain(f.group, f.err)
		if best == nil || closeness(r.Rule) > closeness(best.Rule) {
			best = r
		}
		if r.Rule == best.Rule {
			best.addGroup(f.group)
		}
	}
	if best == nil {
		best = unknownIssuer(chain, failures)
	}
	return best
}

// closeness orders rules by how far a chain got: not even signed by the right keys, signed but past the lead certificate,
// or all but one property good.
func closeness(r Rule) int {
	switch r {
	case RuleUntrustedPath:
		return 0
	case RuleLeadCertificateMissed:
		return 1
	default:
		return 2
	}
}

func unknownIssuer(chain []*x509.Certificate, failures []failure) *Refusal {
	r := refuse(RuleUnknownIssuer, "leaf %s: no enrollment group's lead certificate stands above its issuer %s (%d groups considered, %d certificates presented)",
		nameOf(chain[0]), issuerOf(chain[0]), len(failures), len(chain))
	for _, f := range failures {
		r.addGroup(f.group)
	}
	return r
}
