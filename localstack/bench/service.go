package main

import (
	"context"
	"os"
	"path/filepath"

	"dps/ingress"
	"dps/shared/config"
	"dps/shared/contract"
)

// runService plays the service: the ingress as it is, with its functions and its store in this process.
func runService(ctx context.Context, dir string, io stdio) error {
	return serveDevices(ctx, filepath.Join(dir, "service.db"), dir, io, nil, nil)
}

// fileCollector holds the address of the collector of runTraced.
const fileCollector = "collector"

// runTraced plays the service with its metrics on and one connection of a hundred traced.
func runTraced(ctx context.Context, dir string, io stdio) error {
	address, err := os.ReadFile(filepath.Join(dir, fileCollector)) //nolint:gosec // the run's own folder
	if err != nil {
		return err
	}
	return serveDevices(ctx, filepath.Join(dir, "traced.db"), dir, io, nil, func(c *config.Config) {
		t := &c.Clients.OpenTelemetryCollector
		t.GRPC.Enabled, t.GRPC.Address, t.SamplePercent = true, string(address), 1
	})
}

// runIngress plays the ingress alone.
func runIngress(ctx context.Context, dir string, io stdio) error {
	return serveDevices(ctx, filepath.Join(dir, "ingress.db"), dir, io, newFromMemory, nil)
}

func serveDevices(ctx context.Context, database, dir string, io stdio, functions func(contract.Functions) contract.Functions, change func(*config.Config)) error {
	cfg, err := config.Load(filepath.Join(dir, fileServiceConfig))
	if err != nil {
		return err
	}
	cfg.Clients.Storage.Bolt.Path = database
	for _, g := range cfg.EnrollmentGroups {
		g.Hub.Authorization.Provider.HTTP.IdleConnTimeout = idleHubConnections
	}
	if change != nil {
		change(&cfg)
	}
	s, err := ingress.New(ctx, cfg, ingress.Options{Log: cfg.Log.NewLogger(io.err), Functions: functions})
	if err != nil {
		return err
	}
	return underControl(ctx, io, reply{Address: s.Addr("tcp").String()}, s.Run)
}
