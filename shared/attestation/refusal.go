package attestation

import (
	"crypto/x509"
	"fmt"
	"strconv"
	"time"
)

// Rule names the check that refused a chain: a stable word for counters and logs.
type Rule string

// The rules. First what a chain is refused for by itself, then what keeps it from a group, then the group's policy.
const (
	RuleNoCertificate       Rule = "no_certificate"        // nothing was presented
	RuleTooManyCertificates Rule = "too_many_certificates" // more than MaxCertificates were presented
	RuleCertificateTooLarge Rule = "certificate_too_large" // one is longer than MaxCertificateSize
	RuleKeyTooWeak          Rule = "key_too_weak"          // a key of a kind or size that is not accepted, presented or on the path
	RuleSignatureTooWeak    Rule = "signature_too_weak"    // signed with SHA-1, MD5 or an unknown algorithm, presented or on the path
	RuleKeyUsage            Rule = "key_usage"             // the leaf's key usage does not allow it to sign a handshake
	RuleEKU                 Rule = "eku"                   // the leaf or an authority is not for client authentication
	RuleCriticalExtension   Rule = "critical_extension"    // a critical extension that is not understood

	RuleUnknownIssuer         Rule = "unknown_issuer"          // no group's lead certificate stands above the leaf, by name
	RuleUntrustedPath         Rule = "untrusted_path"          // no chain of signatures leads to the group's anchors
	RuleNotAnAuthority        Rule = "not_an_authority"        // an issuer on the path may not issue certificates
	RulePathTooLong           Rule = "path_too_long"           // a path length constraint (RFC 5280 §4.2.1.9) is violated
	RuleNameConstraints       Rule = "name_constraints"        // a name constraint (RFC 5280 §4.2.1.10) is violated
	RulePolicy                Rule = "policy"                  // certificate policies (RFC 5280 §6.1) leave no path
	RuleExpiredAuthority      Rule = "expired_authority"       // an issuer on the path has expired
	RuleNotYetValidAuthority  Rule = "not_yet_valid_authority" // an issuer on the path is not valid yet
	RuleLeadCertificateMissed Rule = "lead_certificate_missed" // the path is good, but the lead certificate is not on it

	RuleGroupDisabled   Rule = "group_disabled"     // an operator closed the group
	RuleExpiredLeaf     Rule = "expired_leaf"       // the leaf has expired, and the group does not forgive it
	RuleNotYetValidLeaf Rule = "not_yet_valid_leaf" // the leaf is not valid yet, and the group does not forgive it
	RuleDenied          Rule = "denied"             // on the group's deny list
	RuleNotAllowed      Rule = "not_allowed"        // the group has an allow list, and the leaf is not on it
	RuleCRLUnusable     Rule = "crl_unusable"       // a revocation list is missing, stale, unreadable or not signed by its issuer
	RuleRevoked         Rule = "revoked"            // a certificate of the path is on its issuer's revocation list
)

// Refusal says why a chain was not accepted. Detail is for the operator's log: it holds names, serials and dates of
// certificates, bounded and escaped, never a secret; nothing of it is for the peer.
type Refusal struct {
	Rule     Rule
	Detail   string   // printable ASCII, at most MaxDetail bytes
	GroupIDs []string // the groups that came closest, at most MaxRefusalGroups; empty where no group was asked
}

// Error gives rule and detail.
func (r *Refusal) Error() string { return string(r.Rule) + ": " + r.Detail }

// Bounds on what a stranger can make a log line hold.
const (
	MaxDetail        = 512 // bytes of Refusal.Detail
	MaxRefusalGroups = 8   // ids in Refusal.GroupIDs
	maxName          = 120 // bytes of a name in Refusal.Detail, before and after escaping
)

func refuse(rule Rule, format string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Detail: clip(fmt.Sprintf(format, args...), MaxDetail)}
}

func (r *Refusal) addGroup(g *Group) {
	if len(r.GroupIDs) >= MaxRefusalGroups {
		return
	}
	for _, id := range r.GroupIDs {
		if id == g.GroupID {
			return
		}
	}
	r.GroupIDs = append(r.GroupIDs, g.GroupID)
}

// nameOf names a certificate for the log.
func nameOf(c *x509.Certificate) string { return quote(c.Subject.String()) }

// issuerOf names a certificate's issuer for the log.
func issuerOf(c *x509.Certificate) string { return quote(c.Issuer.String()) }

// quote escapes what may be a stranger's own words, so that they cannot forge lines or hide in them.
func quote(s string) string {
	return clip(strconv.QuoteToASCII(clip(s, maxName)), maxName)
}

func day(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit-3] + "..."
}
