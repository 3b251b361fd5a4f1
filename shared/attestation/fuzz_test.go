package attestation

import (
	"bytes"
	"crypto/x509"
	"slices"
	"testing"

	"dps/shared/contract"
	"dps/shared/dps"
)

// FuzzJudge: no panics, and nobody gets in whose leaf one of our authorities did not sign.
//
// Keys differ from process to process, so the input is not a chain but how to make one: picks chooses among this process's
// certificates, patches changes bytes of the result (three bytes each: position, high and low, and value). A third
// input is taken as DER and presented above what was picked.
func FuzzJudge(f *testing.F) {
	h, stranger := newHouse(f), newHouse(f)
	constrained := under(f, h.root, "constrained", func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"example.com"}
	})
	certs := chainOf(newLeaf(f, h.ca, "device"), newLeaf(f, h.sub, "device", expired()), newLeaf(f, stranger.ca, "device"),
		newLeaf(f, constrained, "device"), h.root, h.ca, h.other, h.sub, constrained, stranger.root, stranger.ca, crossSign(f, h.other, "ca", h.ca.Key))
	groups := []*Group{
		group(f, "ca", chainOf(h.ca, h.root)), group(f, "root", chainOf(h.root), forgiving()),
		group(f, "sub", chainOf(h.sub), wantEKU(), crls(newCRL(f, h.sub))),
	}
	var signed [][]byte // by our keys
	for _, c := range append(slices.Clone(certs[:2]), certs[3:9]...) {
		signed = append(signed, c.RawTBSCertificate)
	}
	signed = append(signed, certs[11].RawTBSCertificate)
	f.Add([]byte{0, 5, 4}, []byte{}, []byte{})
	f.Add([]byte{0}, []byte{0, 200, 1}, []byte{})
	f.Add([]byte{1, 7, 5}, []byte{0, 150, 'x', 1, 0, 'y'}, []byte{})
	f.Add([]byte{2, 5, 10, 9}, []byte{}, []byte{0x30, 0})
	f.Add([]byte{0, 10, 11, 6}, []byte{}, []byte{})
	f.Add([]byte{3, 8}, []byte{1, 44, 7}, []byte{})
	f.Fuzz(func(t *testing.T, picks, patches, extra []byte) {
		var der []byte
		for _, p := range picks[:min(len(picks), 2*MaxCertificates)] {
			der = append(der, certs[int(p)%len(certs)].Raw...)
		}
		for ; len(patches) >= 3 && len(der) > 0; patches = patches[3:] {
			der[(int(patches[0])<<8|int(patches[1]))%len(der)] = patches[2]
		}
		chain, err := x509.ParseCertificates(append(der, extra...))
		if err != nil {
			return
		}
		_ = Issuers(chain)
		v, r := decide(t, today(), chain, groups...)
		// The independent condition: nobody has our keys here, so only what they signed can be the leaf, to the byte.
		if r == nil && !slices.ContainsFunc(signed, func(tbs []byte) bool { return bytes.Equal(tbs, chain[0].RawTBSCertificate) }) {
			t.Fatalf("accepted a leaf that nobody signed: %s", show(v))
		}
	})
}

// FuzzPrepare: no panics; what is not refused can be judged by.
func FuzzPrepare(f *testing.F) {
	h := newHouse(f)
	chain := chainOf(newLeaf(f, h.ca, "device"), h.ca)
	f.Add(h.ca.Certificate.Raw, h.root.Certificate.Raw, newCRL(f, h.ca, revoking(h.ca)), 0)
	f.Add(h.root.Certificate.Raw, []byte{}, []byte{}, 1)
	f.Add([]byte("x"), h.root.Certificate.Raw, []byte("y"), -1)
	f.Fuzz(func(t *testing.T, first, second, list []byte, lead int) {
		g, err := Prepare(contract.Candidate{GroupID: "g", Chain: [][]byte{first, second}, CRLs: [][]byte{list}, Lead: lead})
		if err != nil {
			if g != nil || dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("Prepare = %v, %v; want code invalid and no group", g, err)
			}
			return
		}
		_, _ = decide(t, today(), chain, g)
	})
}
