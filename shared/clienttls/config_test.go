package clienttls_test

import (
	"strings"
	"testing"

	"dps/shared/clienttls"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

func TestConfig(t *testing.T) {
	root := hubtest.Must(pki.NewRoot("root"))(t)
	leaf, other := hubtest.Must(root.NewLeaf("leaf"))(t), hubtest.Must(root.NewLeaf("other"))(t)
	secrets := new(hubtest.Secrets)
	secrets.Set("secret:key", hubtest.Must(leaf.KeyPEM())(t))
	secrets.Set("secret:other", hubtest.Must(other.KeyPEM())(t))
	secrets.Set("secret:junk", []byte("hush"))
	ca, cert := string(root.CertificatePEM()), string(leaf.ChainPEM())
	tests := []struct {
		name         string
		in           dps.ClientTLS
		roots, certs int
		wrong        string // field that the error names
	}{
		{"system's roots", dps.ClientTLS{}, -1, 0, ""},
		{"system's roots, said so", dps.ClientTLS{UseSystemCAPool: true}, -1, 0, ""},
		{"pool", dps.ClientTLS{CAPool: ca}, 1, 0, ""},
		{"pool, certificate and key", dps.ClientTLS{CAPool: ca, Cert: cert, Key: "secret:key"}, 1, 1, ""},
		{"pool without certificates", dps.ClientTLS{CAPool: "hello"}, 0, 0, "caPool"},
		{"certificate without key", dps.ClientTLS{Cert: cert}, 0, 0, "key"},
		{"key without certificate", dps.ClientTLS{Key: "secret:key"}, 0, 0, "cert"},
		{"no such secret", dps.ClientTLS{Cert: cert, Key: "secret:none"}, 0, 0, "key"},
		{"another's key", dps.ClientTLS{Cert: cert, Key: "secret:other"}, 0, 0, "cert, key"},
		{"junk", dps.ClientTLS{Cert: cert, Key: "secret:junk"}, 0, 0, "cert, key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := clienttls.Config(t.Context(), secrets, tt.in)
			if tt.wrong != "" {
				if dps.CodeOf(err) != dps.CodeUnavailable || !strings.HasPrefix(dps.AsError(err).Message, tt.wrong+":") || strings.Contains(err.Error(), "hush") {
					t.Fatalf("error %v, want unavailable, naming %s", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Certificates) != tt.certs || (c.RootCAs == nil) != (tt.roots < 0) {
				t.Fatalf("%d certificates, roots %v", len(c.Certificates), c.RootCAs)
			}
			if tt.roots > 0 && !c.RootCAs.Equal(root.Pool()) {
				t.Fatal("other roots than the pool's")
			}
		})
	}
}
