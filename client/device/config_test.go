package device_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"dps/client/device"
	"dps/shared/dps"
)

func TestConfig(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		change func(*device.Config)
		want   string // in the error; "": none
	}{
		{"right", func(*device.Config) {}, ""},
		{"no port", func(c *device.Config) { c.Endpoint = "coaps://dps.example" }, ""},
		{"IPv6", func(c *device.Config) { c.Endpoint = "coaps+tcp://[::1]:5688/" }, ""},
		{"TLS 1.2 or 1.3", func(c *device.Config) { c.MaxVersion = tls.VersionTLS13 }, ""},
		{"no endpoint", func(c *device.Config) { c.Endpoint = "" }, "neither coaps+tcp nor coaps"},
		{"http", func(c *device.Config) { c.Endpoint = "https://x:1" }, `Endpoint "https://x:1": scheme`},
		{"no host", func(c *device.Config) { c.Endpoint = "coaps://:5684" }, "the host is missing"},
		{"no URI", func(c *device.Config) { c.Endpoint = "coaps://%zz" }, "not a URI"},
		{"path", func(c *device.Config) { c.Endpoint = "coaps://x:1/y" }, "nothing may follow"},
		{"no certificate", func(c *device.Config) { c.Manufacturer = tls.Certificate{} }, "Manufacturer"},
		{"no roots", func(c *device.Config) { c.ServerRoots = nil }, "ServerRoots"},
		{"device id", func(c *device.Config) { c.DeviceID = "me" }, `DeviceID "me" is not a UUID`},
		{"TLS 1.1", func(c *device.Config) { c.MinVersion = tls.VersionTLS11 }, "MinVersion TLS 1.1"},
		{"versions", func(c *device.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS12 }, "the lower one first"},
		{"DTLS 1.3", func(c *device.Config) { c.Endpoint, c.MinVersion = "coaps://x:1", tls.VersionTLS13 }, "DTLS is 1.2"},
		{"order", func(c *device.Config) { c.Order = 7 }, "Order 7"},
		{"delay", func(c *device.Config) { c.RetryDelay = -time.Second }, "duration -1s is negative"},
		{"attempts", func(c *device.Config) { c.MaxAttempts = -1 }, "MaxAttempts -1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := w.config("coaps+tcp://127.0.0.1:5688")
			tt.change(&cfg)
			_, err := device.New(cfg)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s with %q", err, dps.CodeInvalid, tt.want)
			}
		})
	}
}

func TestConfigReportsAllProblems(t *testing.T) {
	_, err := device.New(device.Config{DeviceID: "me"})
	for _, want := range []string{"Endpoint", "Manufacturer", "ServerRoots", "DeviceID"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	cfg := newWorld(t).config("coaps+tcp://127.0.0.1:1")
	_, err := newDevice(t, cfg).Provision(t.Context())
	wantError(t, err, device.StepHandshake, device.ReasonConnect, "refused")
}
