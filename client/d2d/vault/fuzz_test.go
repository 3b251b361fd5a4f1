package vault

import (
	"bytes"
	"testing"
)

// FuzzEnvelope: what a file says never panics, is bounded before it is believed, and opens with its own key alone.
func FuzzEnvelope(f *testing.F) {
	key := bytes.Repeat([]byte{7}, keySize)
	for _, h := range []header{{Version: version, Protection: ByKeyFile}, {Version: version, Protection: ByPassphrase, Argon2id: newArgon()}} {
		data, err := seal(h, key, []byte("content"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"version":1,"protection":"keyFile","nonce":"","ciphertext":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := parse(data)
		if err != nil {
			return
		}
		if e.Argon2id != nil && e.Argon2id.Memory > 1<<20 {
			t.Fatal("1 GiB and more would be computed")
		}
		if content, err := e.open(key); err == nil && string(content) != "content" {
			t.Fatalf("forged %q", content)
		}
	})
}
