package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"

	"dps/shared/dps"
)

// MaxSize bounds the file, in bytes.
const MaxSize = 1 << 20

// version of the envelope; a newer one is refused, not guessed at.
const version = 1

// header is what stands in clear; it is authenticated with the content.
type header struct {
	Version    int        `json:"version"`
	Protection Protection `json:"protection"`
	Argon2id   *argon     `json:"argon2id,omitempty"` // with a passphrase
}

// envelope is the file: JSON, so that a person sees what protects it.
type envelope struct {
	header
	Nonce      []byte `json:"nonce"`
	Ciphertext []byte `json:"ciphertext"`
}

// errKey says that the content does not open with this key: it is another's, or the file was changed.
var errKey = errors.New("it does not open with this key")

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal encrypts; the nonce is random: at a few writes a year it does not repeat.
func seal(h header, key, content []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	clear, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	e := envelope{header: h, Nonce: make([]byte, aead.NonceSize())}
	_, _ = rand.Read(e.Nonce) // it never fails: it ends the process instead
	e.Ciphertext = aead.Seal(nil, e.Nonce, content, clear)
	out, err := json.MarshalIndent(e, "", "  ")
	return append(out, '\n'), err
}

// open decrypts. Errors: errKey.
func (e envelope) open(key []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	clear, err := json.Marshal(e.header)
	if err != nil {
		return nil, err
	}
	if len(e.Nonce) != aead.NonceSize() {
		return nil, errKey
	}
	content, err := aead.Open(nil, e.Nonce, e.Ciphertext, clear)
	if err != nil {
		return nil, errKey
	}
	return content, nil
}

// parse reads an envelope and checks its bounds before anything is computed from it. Errors: CodeInvalid.
func parse(data []byte) (envelope, error) {
	var e envelope
	if len(data) > MaxSize {
		return e, dps.Errorf(dps.CodeInvalid, "it has more than %d bytes", MaxSize)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, dps.Errorf(dps.CodeInvalid, "it is not what this program writes")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return e, dps.Errorf(dps.CodeInvalid, "something stands behind its end")
	}
	switch {
	case e.Version != version:
		return e, dps.Errorf(dps.CodeInvalid, "it has version %d, this program knows %d", e.Version, version)
	case (e.Protection == ByPassphrase) != (e.Argon2id != nil):
		return e, dps.Errorf(dps.CodeInvalid, "it does not say how its key is derived")
	}
	if e.Argon2id != nil {
		return e, e.Argon2id.check()
	}
	return e, nil
}
