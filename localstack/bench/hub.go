package main

import (
	"context"
	"os"
	"path/filepath"

	"dps/localstack/hub"
	"dps/shared/telemetry"
)

// noDeviceClaim tells the stand-in hub that tokens are not bound to devices.
const noDeviceClaim = "-"

// runHub plays everything that is elsewhere: the OAuth server and the certificate authority.
func runHub(ctx context.Context, dir string, io stdio) error {
	return startHub(ctx, dir, io, "")
}

// runHubOneToken is runHub where one token serves all devices of an owner.
func runHubOneToken(ctx context.Context, dir string, io stdio) error {
	return startHub(ctx, dir, io, noDeviceClaim)
}

func startHub(ctx context.Context, dir string, io stdio, deviceClaim string) error {
	own := filepath.Join(dir, "hub")
	if err := os.MkdirAll(own, 0o700); err != nil { //nolint:gosec // the run's own folder
		return err
	}
	log := telemetry.NewLogger(io.err, telemetry.LogOptions{})
	h, err := hub.Start(ctx, hub.Options{Dir: own, DeviceIDClaim: deviceClaim, Log: log})
	if err != nil {
		return err
	}
	return underControl(ctx, io, reply{Hub: h.ConfigYAML("      ")}, func(ctx context.Context) error {
		<-ctx.Done()
		h.Close()
		return nil
	})
}
