package main

import (
	"context"
	"path/filepath"

	"dps/ingress"
	"dps/shared/config"
	"dps/shared/contract"
)

// runService plays the service: the ingress as it is, with its functions and its store in this process.
func runService(ctx context.Context, dir string, io stdio) error {
	return serveDevices(ctx, filepath.Join(dir, "service.db"), dir, io, nil)
}

// runIngress plays the ingress alone.
func runIngress(ctx context.Context, dir string, io stdio) error {
	return serveDevices(ctx, filepath.Join(dir, "ingress.db"), dir, io, newFromMemory)
}

func serveDevices(ctx context.Context, database, dir string, io stdio, functions func(contract.Functions) contract.Functions) error {
	cfg, err := config.Load(filepath.Join(dir, fileServiceConfig))
	if err != nil {
		return err
	}
	cfg.Clients.Storage.Bolt.Path = database
	for _, g := range cfg.EnrollmentGroups {
		g.Hub.Authorization.Provider.HTTP.IdleConnTimeout = idleHubConnections
	}
	s, err := ingress.New(ctx, cfg, ingress.Options{Log: cfg.Log.NewLogger(io.err), Functions: functions})
	if err != nil {
		return err
	}
	return underControl(ctx, io, reply{Address: s.Addr("tcp").String()}, s.Run)
}
