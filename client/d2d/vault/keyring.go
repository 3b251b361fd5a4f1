package vault

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/zalando/go-keyring"
)

// service is the name under which a keyring shows the key.
const service = "dps d2d client"

// ErrNoEntry says that the keyring is there, and the entry is not.
var ErrNoEntry = errors.New("the keyring has no such entry")

// Keyring is where an operating system keeps its user's secrets.
type Keyring interface {
	// Get gives an entry. Errors: ErrNoEntry; any other: there is no keyring, or it is locked.
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
}

// SystemKeyring is the keyring of this machine: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
type SystemKeyring struct{}

var _ Keyring = SystemKeyring{}

// Get implements Keyring.
func (SystemKeyring) Get(service, user string) (string, error) {
	if err := reachable(); err != nil {
		return "", err
	}
	secret, err := keyring.Get(service, user)
	if errors.Is(err, keyring.ErrNotFound) {
		return "", ErrNoEntry
	}
	return secret, err
}

// Set implements Keyring.
func (SystemKeyring) Set(service, user, secret string) error {
	if err := reachable(); err != nil {
		return err
	}
	return keyring.Set(service, user, secret)
}

// reachable keeps a headless machine from starting a message bus, for nobody, just to find it empty.
func reachable() error {
	if runtime.GOOS != "linux" || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid())); err != nil {
		return errors.New("there is no session bus, and so no keyring")
	}
	return nil
}
