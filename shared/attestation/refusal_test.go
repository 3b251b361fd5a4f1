package attestation

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/pki"
)

func TestPrepareRefuses(t *testing.T) {
	h := newHouse(t)
	device := newLeaf(t, h.ca, "device")
	eleven := make([][]byte, dps.MaxGroupCertificates+1)
	for i := range eleven {
		eleven[i] = h.root.Certificate.Raw
	}
	tests := []struct {
		name      string
		candidate contract.Candidate
		want      string
	}{
		{"no chain", contract.Candidate{}, "0 certificates"},
		{"too long a chain", contract.Candidate{Chain: eleven}, "11 certificates"},
		{"garbage", contract.Candidate{Chain: [][]byte{h.root.Certificate.Raw, []byte("garbage")}}, "certificate 2"},
		{"trailing bytes", contract.Candidate{Chain: [][]byte{append(slices.Clone(h.root.Certificate.Raw), 0)}}, "certificate 1"},
		{"a device", contract.Candidate{Chain: [][]byte{device.Certificate.Raw}}, "not a certificate authority"},
		{"lead before", contract.Candidate{Chain: [][]byte{h.root.Certificate.Raw}, Lead: -1}, "lead -1"},
		{"lead after", contract.Candidate{Chain: [][]byte{h.root.Certificate.Raw}, Lead: 1}, "lead 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.candidate.GroupID = "the-group"
			g, err := Prepare(tt.candidate)
			if g != nil || dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("Prepare = %v, %v; want code invalid", g, err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "the-group") {
				t.Errorf("error %q does not name the group and %q", err, tt.want)
			}
		})
	}
}

// A refusal must say enough to act on: which certificate, which date, which group.
func TestRefusalsAreHelpful(t *testing.T) {
	root := newRoot(t, "Acme Root")
	staleCA := under(t, root, "Acme CA 2019", expired())
	tests := []struct {
		name  string
		chain []*x509.Certificate
		want  []string
	}{
		{"expired authority", chainOf(newLeaf(t, staleCA, "device"), staleCA), []string{"Acme CA 2019", "2026-03-01T11:59:59Z"}},
		{"stranger", chainOf(newLeaf(t, newRoot(t, "Nobody"), "device")), []string{"CN=Nobody", "CN=device"}},
		{"namesake", chainOf(newLeaf(t, newRoot(t, "Acme Root"), "device")), []string{"CN=Acme Root", "not signed by its key"}},
		{"expired leaf", chainOf(newLeaf(t, root, "device", expired())), []string{"CN=device", "2026-03-01T11:59:59Z", "expiredCertificateEnabled"}},
		{"server certificate", chainOf(newLeaf(t, root, "device", pki.EKU(x509.ExtKeyUsageServerAuth))), []string{"CN=device", "clientAuth"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, r := decide(t, today(), tt.chain, group(t, "g", chainOf(root)))
			for _, want := range tt.want {
				if r == nil || !strings.Contains(r.Error(), want) {
					t.Errorf("refusal %v does not hold %q", r, want)
				}
			}
		})
	}
}

func TestClosestGroupExplains(t *testing.T) {
	ours, namesake := newRoot(t, "root", expired()), newRoot(t, "root")
	ca := under(t, ours, "ca")
	chain := chainOf(newLeaf(t, ca, "device"), ca)
	unrelated, strange, close := group(t, "a", chainOf(newRoot(t, "x"))), group(t, "b", chainOf(namesake)), group(t, "c", chainOf(ours))
	v, r := decide(t, today(), chain, unrelated, strange, close)
	wantRule(t, RuleExpiredAuthority, v, r)
	if !slices.Equal(r.GroupIDs, []string{"c"}) {
		t.Errorf("refusal names %v, want [c]", r.GroupIDs)
	}
	v, r = decide(t, today(), chain, unrelated)
	wantRule(t, RuleUnknownIssuer, v, r)
	v, r = decide(t, today(), chain)
	wantRule(t, RuleUnknownIssuer, v, r)
}

func TestRefusalIsBoundedAndEscaped(t *testing.T) {
	evil := "x\n2026 level=INFO msg=admitted \x1b[2J\u202e" + strings.Repeat("\x00", 300)
	root, namesake := newRoot(t, evil), newRoot(t, evil)
	var many []*Group
	for i := range 3 * MaxRefusalGroups {
		many = append(many, group(t, fmt.Sprintf("group %02d", i), chainOf(root)))
	}
	// decide checks every refusal for length and printable ASCII.
	long := func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: evil, Organization: []string{evil}, Locality: []string{strings.Repeat("é", 400)}}
	}
	for _, chain := range [][]*x509.Certificate{
		chainOf(newLeaf(t, namesake, "device", long)), chainOf(newLeaf(t, newRoot(t, "nobody", long), "device", long)),
		chainOf(newLeaf(t, root, "device", long, expired())), chainOf(newLeaf(t, under(t, root, evil, expired()), "device")),
	} {
		if v, r := decide(t, today(), chain, many...); r == nil {
			t.Errorf("accepted: %s", show(v))
		}
	}
}
