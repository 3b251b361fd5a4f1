package main

import (
	"context"
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/pki"
)

// startFloor serves canned answers with the given codes, and gives a driver whose devices the floor trusts.
func startFloor(t *testing.T, tls13 bool, answerCodes ...codes.Code) *driver {
	t.Helper()
	dir := t.TempDir()
	manufacturer, err := makeMaterial(dir)
	if err != nil {
		t.Fatal(err)
	}
	config, err := loadFloorConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	var answers [][]byte
	for i, code := range answerCodes {
		a, err := encodeFrame(message.Message{Code: code, Token: make([]byte, 8), Payload: make([]byte, 100*i+1)})
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f, err := listenFloor(ctx, config, answers)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("floor: %v", err)
		}
	})
	devices, err := newDevices(manufacturer, 3, tls13)
	if err != nil {
		t.Fatal(err)
	}
	return &driver{target: f.listener.Addr().String(), devices: devices, concurrency: 3}
}

var goodCodes = []codes.Code{codes.Content, codes.Content, codes.Changed, codes.Changed, codes.Content}

func TestFloorServesFlows(t *testing.T) {
	for name, tls13 := range map[string]bool{"TLS 1.2": false, "TLS 1.3": true} {
		t.Run(name, func(t *testing.T) {
			d := startFloor(t, tls13, goodCodes...)
			out, err := d.run(t.Context(), 10, func(int) {})
			if err != nil || out.err() != nil {
				t.Fatal(err, out.err())
			}
			if len(out.latencies) != 10 || out.elapsed <= 0 {
				t.Errorf("%d flows in %s, want 10", len(out.latencies), out.elapsed)
			}
			if d.taken.Load() != 10 {
				t.Errorf("%d devices were taken, want 10", d.taken.Load())
			}
		})
	}
}

func TestWrongCodeFailsTheFlow(t *testing.T) {
	d := startFloor(t, false, codes.Content, codes.Content, codes.Changed, codes.ServiceUnavailable, codes.Content)
	out, err := d.run(t.Context(), 4, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if out.failed != 4 || len(out.latencies) != 0 {
		t.Errorf("%d failed and %d succeeded, want 4 and 0", out.failed, len(out.latencies))
	}
	const want = "4 of 4 flows failed, the first: credentials: answered ServiceUnavailable, want Changed"
	if got := out.err(); got == nil || got.Error() != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestFloorVerifiesDevices(t *testing.T) {
	d := startFloor(t, false, goodCodes...)
	root, err := pki.NewRoot("Somebody else")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := root.NewIntermediate("Benchmark manufacturer")
	if err != nil {
		t.Fatal(err)
	}
	if d.devices, err = newDevices(stranger, 1, false); err != nil {
		t.Fatal(err)
	}
	out, err := d.run(t.Context(), 1, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.err(); err == nil || !strings.Contains(err.Error(), "bad certificate") && !strings.Contains(err.Error(), "unknown certificate authority") {
		t.Errorf("error %v, want a refusal of the certificate", err)
	}
}

func TestIdleConnections(t *testing.T) {
	d := startFloor(t, false, goodCodes...)
	conns, err := subject{driver: d}.openIdle(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	if len(conns) != 7 {
		t.Errorf("%d connections are open, want 7", len(conns))
	}
	for _, c := range conns {
		_ = c.Close()
	}
}
