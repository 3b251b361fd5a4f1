// Package lan is the local network behind the stack: devices that answer their owner's clients there, as the service
// provisioned them, and others that nobody owns yet.
package lan

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"dps/client/device"
	"dps/client/device/local"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// LAN runs devices until it is closed. It is safe for concurrent use.
type LAN struct {
	o       Options
	running sync.WaitGroup

	mu      sync.Mutex
	devices []*Device
	closed  bool
}

// Options of a LAN.
type Options struct {
	Host      string // IP address that the devices listen at; "": 127.0.0.1
	Multicast bool   // hear discovery by multicast over IPv4, beside that at the device's address
	Log       *slog.Logger
}

// Device is one of the network.
type Device struct {
	ID      string // UUID; that of an unowned device changes when somebody disowns it
	Name    string
	Address string // HOST:PORT where it can be discovered

	server *local.Server
}

// New makes a network without devices.
func New(o Options) *LAN {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &LAN{o: o}
}

// Add has a provisioned device answer. Errors: CodeInvalid where it was not provisioned, and those of sockets.
func (l *LAN) Add(name string, manufacturer tls.Certificate, d *device.Device, r *device.Result, change ...func(*local.Config)) (*Device, error) {
	p, err := local.FromDevice(d, r)
	if err != nil {
		return nil, err
	}
	return l.run(local.Config{Name: name, Manufacturer: manufacturer, Provisioned: p, DeviceID: d.ID()}, change)
}

// AddUnowned has a device fresh from the factory answer: whoever has the right manufacturer's root may own it.
func (l *LAN) AddUnowned(name string, manufacturer tls.Certificate, change ...func(*local.Config)) (*Device, error) {
	return l.run(local.Config{Name: name, Manufacturer: manufacturer, DeviceID: dps.NewUUID()}, change)
}

func (l *LAN) run(c local.Config, change []func(*local.Config)) (*Device, error) {
	c.Host, c.Log = l.o.Host, l.o.Log
	if l.o.Multicast {
		c.Multicast = []local.Group{{Address: ocf.MulticastIPv4}}
	}
	for _, f := range change {
		f(&c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, dps.Errorf(dps.CodeUnavailable, "the local network is closed")
	}
	server, err := local.New(c)
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", c.Name, err)
	}
	d := &Device{ID: c.DeviceID, Name: c.Name, Address: clearAddress(server), server: server}
	l.devices = append(l.devices, d)
	l.running.Go(func() { _ = server.Run(context.Background()) }) // ends when it is closed
	return d, nil
}

// Devices are all that answer, in the order in which they came.
func (l *LAN) Devices() []*Device {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Device(nil), l.devices...)
}

// Close ends every device.
func (l *LAN) Close() {
	l.mu.Lock()
	l.closed = true
	for _, d := range l.devices {
		d.server.Close()
	}
	l.mu.Unlock()
	l.running.Wait()
}

func clearAddress(s *local.Server) string {
	for _, e := range s.Endpoints() {
		if at, ok := strings.CutPrefix(e, ocf.SchemeUDP+"://"); ok {
			return at
		}
	}
	return ""
}
