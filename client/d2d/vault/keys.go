package vault

import (
	"bytes"
	"errors"

	"dps/shared/dps"
)

// source names where a protection's key is, for people.
func (v *Vault) source(p Protection) string {
	switch p {
	case ByKeyring:
		return "the operating system's keyring (" + service + ")"
	case ByPassphrase:
		return "a passphrase"
	default:
		return "the key file " + v.o.KeyFile
	}
}

// keyOf finds the key of a file that exists. It makes none: a new key opens nothing. Errors: CodeInvalid.
func (v *Vault) keyOf(h header) ([]byte, error) {
	switch h.Protection {
	case ByKeyring:
		text, err := v.o.Keyring.Get(service, v.o.Path)
		if errors.Is(err, ErrNoEntry) {
			return nil, dps.Errorf(dps.CodeInvalid, "its key is no longer in %s", v.source(ByKeyring))
		}
		if err != nil {
			return nil, dps.Wrap(dps.CodeInvalid, err, "its key is in the operating system's keyring, which cannot be asked: log in at a desktop, or unlock it")
		}
		return v.checked(text, ByKeyring)
	case ByPassphrase:
		passphrase, err := v.passphrase()
		if err != nil {
			return nil, err
		}
		if passphrase == nil {
			return nil, dps.Errorf(dps.CodeInvalid, "it is protected by a passphrase and none is given: set storage.passphraseFile, or the environment variable")
		}
		return h.Argon2id.key(passphrase), nil
	case ByKeyFile:
		text, err := readPrivate(v.o.KeyFile)
		if err != nil {
			return nil, dps.Errorf(dps.CodeInvalid, "its key file: %w", err)
		}
		return v.checked(string(text), ByKeyFile)
	default:
		return nil, dps.Errorf(dps.CodeInvalid, "this program does not know its protection")
	}
}

func (v *Vault) checked(text string, p Protection) ([]byte, error) {
	key, ok := parseKey(text)
	if !ok {
		return nil, dps.Errorf(dps.CodeInvalid, "what is in %s is not its key", v.source(p))
	}
	return key, nil
}

// choose settles what protects a file that is new, or to be protected in another way from now on.
func (v *Vault) choose() error {
	passphrase, err := v.passphrase()
	if err != nil {
		return err
	}
	want := v.o.Protection
	if want == Auto && passphrase != nil {
		want = ByPassphrase
	}
	switch want {
	case ByPassphrase:
		if len(passphrase) < minPassphrase {
			return dps.Errorf(dps.CodeInvalid, "the passphrase has %d bytes, at least %d are needed: set storage.passphraseFile, or the environment variable", len(passphrase), minPassphrase)
		}
		a := newArgon()
		v.settle(header{Version: version, Protection: ByPassphrase, Argon2id: a}, a.key(passphrase))
		return nil
	case ByKeyring, Auto:
		key, err := v.ringKey()
		if err == nil {
			v.settle(header{Version: version, Protection: ByKeyring}, key)
			return nil
		}
		if want == ByKeyring {
			return dps.Wrap(dps.CodeInvalid, err, "storage.protection: the operating system's keyring cannot be used: log in at a desktop, or choose passphrase or keyFile")
		}
	case ByKeyFile:
	default:
		return dps.Errorf(dps.CodeInvalid, "storage.protection: %q is none of auto, keyring, passphrase, keyFile", want)
	}
	key, err := v.fileKey()
	if err != nil {
		return err
	}
	v.settle(header{Version: version, Protection: ByKeyFile}, key)
	return nil
}

func (v *Vault) settle(h header, key []byte) { v.head, v.key = h, key }

// ringKey gives the key in the keyring, a new one where there is none: the file that it would open does not exist.
func (v *Vault) ringKey() ([]byte, error) {
	text, err := v.o.Keyring.Get(service, v.o.Path)
	if err == nil {
		if key, ok := parseKey(text); ok {
			return key, nil
		}
	} else if !errors.Is(err, ErrNoEntry) {
		return nil, err
	}
	key := newKey()
	return key, v.o.Keyring.Set(service, v.o.Path, keyText(key))
}

// fileKey gives the key in the key file, and makes the file where there is none.
func (v *Vault) fileKey() ([]byte, error) {
	text, err := readPrivate(v.o.KeyFile)
	if err == nil {
		return v.checked(string(text), ByKeyFile)
	}
	if dps.CodeOf(err) != dps.CodeNotFound {
		return nil, err
	}
	key := newKey()
	if err := replace(v.o.KeyFile, []byte(keyText(key)+"\n")); err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, v.o.KeyFile+" cannot be written")
	}
	return key, nil
}

// passphrase gives it without the line's end, nil where there is none.
func (v *Vault) passphrase() ([]byte, error) {
	if v.o.Passphrase == nil {
		return nil, nil
	}
	p, err := v.o.Passphrase()
	if p = bytes.TrimRight(p, "\r\n"); len(p) == 0 {
		p = nil
	}
	return p, err
}
