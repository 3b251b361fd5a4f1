package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Part is one pair of a folder: FILE.crt and FILE.key.
type Part struct {
	File string
	Pair **Pair
	Make func() (*Pair, error) // where the files are not there yet
}

// LoadOrMake reads the parts of a folder, or makes and writes them, in order: a later one may be signed by an earlier.
// Folder 0700, files 0600. Errors: of the files, naming the folder.
func LoadOrMake(dir string, parts ...Part) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range parts {
		pair, err := loadOrMake(filepath.Join(dir, p.File), p.Make)
		if err != nil {
			return fmt.Errorf("certificate %s in %s: %w", p.File, dir, err)
		}
		*p.Pair = pair
	}
	return nil
}

func loadOrMake(base string, makePair func() (*Pair, error)) (*Pair, error) {
	chain, err := os.ReadFile(base + ".crt") //nolint:gosec // a file of the caller's own folder
	if err == nil {
		key, err := os.ReadFile(base + ".key") //nolint:gosec // a file of the caller's own folder
		if err != nil {
			return nil, err
		}
		return Load(chain, key)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	pair, err := makePair()
	if err != nil {
		return nil, err
	}
	key, err := pair.KeyPEM()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(base+".key", key, 0o600); err != nil {
		return nil, err
	}
	return pair, os.WriteFile(base+".crt", pair.ChainPEM(), 0o600)
}
