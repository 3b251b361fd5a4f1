package member

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"testing"
	"time"

	"dps/shared/hubtest"
	"dps/shared/pki"
)

// FuzzState: what the vault holds never panics; what is read is written back the same.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"version":1,"way":""}`))
	f.Add([]byte(`{"version":1,"way":"preSharedKey","preSharedKey":{"subjectId":"57b3fae9-adf5-4e34-90ea-e77784407103","key":"AAECAwQFBgcICQoLDA0ODw=="}}`))
	f.Add(identityState(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err != nil {
			return
		}
		again, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(again); err != nil {
			t.Fatalf("%v: %s", err, again)
		}
	})
}

func identityState(f *testing.F) []byte {
	root := hubtest.Must(pki.NewRoot("root"))(f)
	key := hubtest.Must(pki.NewKey())(f)
	leaf := hubtest.Must(root.Leaf("uuid:x", key))(f)
	i := &identity{owner: "o", user: "u", key: key, chain: append([]*x509.Certificate{leaf.Certificate}, root.Certificate)}
	return hubtest.Must((&current{way: WaySelf, identity: i}).encode())(f)
}

// FuzzJWKS: what is kept of a key set is one that is kept whole the next time.
func FuzzJWKS(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		kept, err := parseJWKS(data)
		if err != nil {
			return
		}
		again, err := parseJWKS(kept)
		if err != nil || !bytes.Equal(kept, again) || !json.Valid(kept) || bytes.Contains(kept, []byte(`"d":`)) {
			t.Fatalf("%v: %s, %s", err, kept, again)
		}
	})
}

// FuzzChain: no chain that the authority did not sign passes, and none panics.
func FuzzChain(f *testing.F) {
	key := hubtest.Must(pki.NewKey())(f)
	root := hubtest.Must(pki.NewRoot("root"))(f)
	leaf := hubtest.Must(root.Leaf(commonName("o"), key, pki.UnknownEKU(pki.OIDIdentity)))(f)
	good := append(leaf.CertificatePEM(), root.CertificatePEM()...)
	f.Add(good)
	f.Add(leaf.CertificatePEM())
	roots := []*x509.Certificate{root.Certificate}
	now := time.Now()
	f.Fuzz(func(t *testing.T, data []byte) {
		chain, err := verifyChain(data, key, "o", roots, now)
		if err == nil && !chain[0].Equal(leaf.Certificate) {
			t.Fatal("another certificate passed")
		}
	})
}
