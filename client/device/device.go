package device

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync"
	"time"

	"dps/shared/dps"
)

// Device is one simulated device. One of its methods runs at a time.
type Device struct {
	cfg    Config
	id     string
	key    *ecdsa.PrivateKey // of the identity certificate; lives until a factory reset
	offset time.Duration     // from cfg.Clock to the time that the service told
	result *Result           // nil: not provisioned

	observing sync.Mutex
}

// New makes a device as it leaves the factory. Errors: CodeInvalid, one for every problem of the configuration.
func New(cfg Config) (*Device, error) {
	cfg, err := cfg.check()
	if err != nil {
		return nil, err
	}
	d := &Device{cfg: cfg, id: cfg.DeviceID}
	d.key, err = newKey()
	return d, err
}

// ID gives the device id: a UUID, made anew at each factory reset.
func (d *Device) ID() string { return d.id }

// FactoryReset forgets everything that was provisioned, the key and the device id included.
func (d *Device) FactoryReset() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	d.id, d.key, d.offset, d.result = dps.NewUUID(), key, 0, nil
	return nil
}

// now is the device's clock, set by the service.
func (d *Device) now() time.Time { return d.cfg.Clock().Add(d.offset) }

func (d *Device) setClock(t time.Time) { d.offset = t.Sub(d.cfg.Clock()) }

func (d *Device) observe(e Event) {
	d.observing.Lock()
	defer d.observing.Unlock()
	e.DeviceID = d.id
	d.cfg.Observer(e)
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInternal, err, "cannot make a key")
	}
	return key, nil
}
