package vault

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/argon2"

	"dps/shared/dps"
)

// Protection says where the key of the file is.
type Protection string

// The protections.
const (
	Auto         Protection = "auto" // a passphrase where one is given, else the keyring where there is one, else a key file
	ByKeyring    Protection = "keyring"
	ByPassphrase Protection = "passphrase"
	ByKeyFile    Protection = "keyFile"
)

const (
	keySize  = 32
	saltSize = 16
)

// argon are the parameters of argon2id (RFC 9106 §3.1).
type argon struct {
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memoryKiB"`
	Threads uint8  `json:"threads"`
	Salt    []byte `json:"salt"`
}

// newArgon takes the second recommended option of RFC 9106 §4: 64 MiB.
func newArgon() *argon {
	a := &argon{Time: 3, Memory: 64 << 10, Threads: 4, Salt: make([]byte, saltSize)}
	_, _ = rand.Read(a.Salt) // it never fails: it ends the process instead
	return a
}

// check bounds what a changed file could make this machine compute.
func (a *argon) check() error {
	if a.Time < 1 || a.Time > 16 || a.Memory < 8<<10 || a.Memory > 1<<20 || a.Threads < 1 || a.Threads > 16 || len(a.Salt) != saltSize {
		return dps.Errorf(dps.CodeInvalid, "its argon2id parameters are out of bounds (time 1-16, memory 8 MiB-1 GiB, threads 1-16, salt of %d bytes)", saltSize)
	}
	return nil
}

func (a *argon) key(passphrase []byte) []byte {
	return argon2.IDKey(passphrase, a.Salt, a.Time, a.Memory, a.Threads, keySize)
}

func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // it never fails: it ends the process instead
	return key
}

// keyText is the form of a key in a keyring and in a key file.
func keyText(key []byte) string { return hex.EncodeToString(key) }

func parseKey(text string) ([]byte, bool) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	return key, err == nil && len(key) == keySize
}
