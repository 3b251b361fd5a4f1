package device_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newDevice makes a device of the configuration after a change.
func newDevice(t *testing.T, cfg device.Config, change ...func(*device.Config)) *device.Device {
	t.Helper()
	for _, c := range change {
		c(&cfg)
	}
	d, err := device.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestProvision(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*device.Config)
		steps  []string
	}{
		{"TLS 1.2, new order", func(*device.Config) {}, []string{"time", "ownership", "cloud-configuration", "credentials", "acls"}},
		{"TLS 1.2, old order", func(c *device.Config) { c.Order = device.OrderOld },
			[]string{"time", "ownership", "credentials", "acls", "cloud-configuration"}},
		{"TLS 1.3", func(c *device.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS13 },
			[]string{"time", "ownership", "cloud-configuration", "credentials", "acls"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &peer{world: newWorld(t)}
			d := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t)), tt.change)
			result, err := d.Provision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkResult(t, result)
			requests, conns := p.got()
			if conns != 2 || len(result.Handshakes) != 2 {
				t.Errorf("%d connections, %d handshakes; want 2 and 2", conns, len(result.Handshakes))
			}
			var steps []string
			for _, q := range requests {
				steps = append(steps, q.path[strings.LastIndex(q.path, "/")+1:])
			}
			if fmt.Sprint(steps) != fmt.Sprint(tt.steps) {
				t.Errorf("steps %v, want %v", steps, tt.steps)
			}
		})
	}
}

func checkResult(t *testing.T, r *device.Result) {
	t.Helper()
	if r.DeviceID != deviceID || r.Owner != owner || r.Cloud.HubID != hubID || r.Cloud.AccessToken.Reveal() != token {
		t.Errorf("result %+v", r)
	}
	if len(r.Identity) != 2 || len(r.TrustAnchors) != 1 || len(r.ACEs) != 3 || r.PSK == nil || r.PSK.Key.Reveal() != psk {
		t.Errorf("%d certificates, %d anchors, %d entries, psk %v", len(r.Identity), len(r.TrustAnchors), len(r.ACEs), r.PSK)
	}
	if since := time.Since(r.Time); since < 0 || since > time.Hour || len(r.Timings) != 5 {
		t.Errorf("time %v, timings %v", r.Time, r.Timings)
	}
}

// wantError asserts an *device.Error of the step and reason whose detail holds the text.
func wantError(t *testing.T, err error, step device.Step, reason device.Reason, detail string) {
	t.Helper()
	e := deviceError(t, err)
	if e.Step != step || e.Reason != reason || !strings.Contains(e.Detail, detail) {
		t.Fatalf("error %q\nwant step %q, reason %q, detail with %q", e, step, reason, detail)
	}
}

func deviceError(t *testing.T, err error) *device.Error {
	t.Helper()
	var e *device.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *device.Error", err)
	}
	return e
}

func TestFirstBytes(t *testing.T) {
	p := &peer{world: newWorld(t)}
	if _, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	requests, _ := p.got()
	// PROTOCOL §2.7: d8 0b 01 <token> ba "x.plgd.dev" 04 "time" 62 2710 e2 06e3 0800
	raw := requests[0].raw
	want := "\xd8\x0b\x01" + string(raw[3:11]) + "\xbax.plgd.dev\x04time\x62\x27\x10\xe2\x06\xe3\x08\x00"
	if string(raw) != want {
		t.Errorf("first request\n% x, want\n% x", raw, want)
	}
	if string(requests[0].raw[3:11]) == string(requests[1].raw[3:11]) {
		t.Error("two requests with one token")
	}
	// A POST: Content-Format, Accept, 2049, 2053, and a map of indefinite length.
	cloud := string(requests[2].raw)
	options := "cloud-configuration" + "\x12\x27\x10" + "\x52\x27\x10" + "\xe2\x06\xe3\x08\x00" + "\x42\x08\x00" + "\xff"
	body := "\xbf\x62di\x78\x24" + deviceID + "\x6fselectedGateway\xbf\x63uri\x75coaps+tcp://127.0.0.1" +
		"\x62id\x78\x24" + dps.NilUUID + "\xff\xff"
	if i := strings.Index(cloud, options); i < 0 || cloud[i+len(options):] != body {
		t.Errorf("cloud configuration request\n%q, want it to end in\n%q", cloud, options+body)
	}
}

func TestSelectedGateway(t *testing.T) {
	p := &peer{world: newWorld(t)}
	if _, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	requests, _ := p.got()
	selected := requests[3].body()["selectedGateway"].(map[any]any)
	if requests[3].path != ocf.PathCredentials || selected["id"] != hubID || selected["uri"] != "coaps+tcp://127.0.0.1:5684" {
		t.Errorf("%s selects %v, want what the cloud configuration gave", requests[3].path, selected)
	}
	p = &peer{world: newWorld(t)}
	d := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t)), func(c *device.Config) { c.OmitSelectedGateway = true })
	if _, err := d.Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	for requests, _ := p.got(); len(requests) > 2; requests = requests[:len(requests)-1] {
		if q := requests[len(requests)-1]; strings.Contains(string(q.payload), "selectedGateway") {
			t.Errorf("%s has a selectedGateway", q.path)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	p := &peer{world: newWorld(t)}
	result, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asJSON := string(mustJSON(t, result))
	for _, text := range []string{result.String(), fmt.Sprintf("%+v %#v", *result.PSK, *result.PSK), fmt.Sprintf("%+v %#v", result.Cloud, result.Cloud), asJSON} {
		if strings.Contains(text, psk) || strings.Contains(text, token) {
			t.Errorf("a secret in\n%s", text)
		}
	}
	if !strings.Contains(result.String(), "CN=uuid:"+deviceID) || !strings.Contains(result.String(), "REDACTED (16 bytes)") {
		t.Errorf("account\n%s", result)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &peer{world: newWorld(t), script: func(_ received, a answer) answer {
		cancel()
		a.silent = true
		return a
	}}
	d := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t)), func(c *device.Config) { c.MaxAttempts = 9 })
	if _, err := d.Provision(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
