package vault

import (
	"path/filepath"
	"sync"

	"dps/shared/dps"
)

// minPassphrase is the shortest passphrase that seals anything, in bytes.
const minPassphrase = 8

// Options say where the file is, and what protects it. Path is needed.
type Options struct {
	Path       string
	Protection Protection // "": Auto
	// Passphrase gives it, nil where there is none.
	Passphrase func() ([]byte, error)
	KeyFile    string  // "": Path with .key behind it
	Keyring    Keyring // nil: SystemKeyring
}

// Vault is the file. Its methods can be called from several goroutines; two processes must not share one.
type Vault struct {
	o Options

	mu     sync.Mutex
	opened bool   // Load has seen all there is: the file may be written
	head   header // as the file is sealed, and will be again
	key    []byte
}

// New makes a Vault; nothing is read yet. Errors: CodeInvalid.
func New(o Options) (*Vault, error) {
	if o.Path == "" {
		return nil, dps.Errorf(dps.CodeInvalid, "storage.path: must be set: the file for the client's credentials")
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "storage.path: "+o.Path+" is no path")
	}
	o.Path = path
	if o.Protection == "" {
		o.Protection = Auto
	}
	if o.KeyFile == "" {
		o.KeyFile = o.Path + ".key"
	}
	if o.Keyring == nil {
		o.Keyring = SystemKeyring{}
	}
	return &Vault{o: o}, nil
}

// Load gives what is kept. Errors: CodeNotFound where nothing is yet; CodeInvalid where it cannot be opened, with what happened
// and how to go on; CodeUnavailable where the disk fails.
func (v *Vault) Load() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	data, err := readPrivate(v.o.Path)
	if dps.CodeOf(err) == dps.CodeNotFound {
		v.opened = true
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	e, err := parse(data)
	if err != nil {
		return nil, v.lost(err)
	}
	key, err := v.keyOf(e.header)
	if err != nil {
		return nil, v.lost(err)
	}
	content, err := e.open(key)
	if err != nil {
		return nil, v.lost(dps.Errorf(dps.CodeInvalid, "%s: %w", v.source(e.Protection), err))
	}
	v.opened, v.head, v.key = true, e.header, key
	if v.o.Protection != Auto && v.o.Protection != e.Protection {
		v.key = nil // the next Save seals as is configured now
	}
	return content, nil
}

// Save keeps content instead of what was kept. Errors: CodeConflict where the file could not be opened before, or was never
// tried; CodeInvalid, CodeUnavailable: the old content is still there.
func (v *Vault) Save(content []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.opened {
		return dps.Errorf(dps.CodeConflict, "%s is not written over: it has not been opened", v.o.Path)
	}
	if v.key == nil {
		if err := v.choose(); err != nil {
			return err
		}
	}
	data, err := seal(v.head, v.key, content)
	if err != nil {
		return dps.Wrap(dps.CodeInternal, err, "credentials cannot be sealed")
	}
	if len(data) > MaxSize {
		return dps.Errorf(dps.CodeInvalid, "credentials have more than %d bytes once sealed", MaxSize)
	}
	if err := replace(v.o.Path, data); err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, v.o.Path+" cannot be written")
	}
	return nil
}

// Place tells where the credentials are, and what protects them: for people.
func (v *Vault) Place() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key == nil {
		return v.o.Path
	}
	return v.o.Path + ", protected by " + v.source(v.head.Protection)
}

// lost explains a file that cannot be opened.
func (v *Vault) lost(err error) error {
	return dps.Errorf(dps.CodeInvalid, "the client's credentials in %s cannot be opened: %w. "+
		"They are left as they are. Put the right passphrase, keyring or key file back and start again. "+
		"If it is lost for good: move the file away and start again with new credentials; devices that know the old ones alone let "+
		"nobody in any more, so reset each to its factory state by its button or what its maker gave it, and own it or have it provisioned again", v.o.Path, err)
}
