package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// roleArgument as first argument makes this program play one of the roles: role NAME FOLDER.
const roleArgument = "role"

// The roles.
const (
	roleHub         = "hub"
	roleHubOneToken = "hub-one-token" //nolint:gosec // a role
	roleService     = "service"
	roleIngress     = "ingress"
	roleTraced      = "service, traced"
	roleFloor       = "floor"
)

// runRole plays a role until its standard input ends.
func runRole(ctx context.Context, args []string, io stdio) error {
	roles := map[string]func(context.Context, string, stdio) error{
		roleHub: runHub, roleHubOneToken: runHubOneToken, roleService: runService, roleIngress: runIngress, roleTraced: runTraced, roleFloor: runFloor,
	}
	if len(args) != 2 || roles[args[0]] == nil {
		return fmt.Errorf("role %q is unknown: roles are started by the benchmark itself", args)
	}
	return roles[args[0]](ctx, args[1], io)
}

func runFloor(ctx context.Context, dir string, io stdio) error {
	config, err := loadFloorConfig(dir)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, fileAnswers)) //nolint:gosec // the run's own folder
	if err != nil {
		return err
	}
	var answers [][]byte
	if err := json.Unmarshal(data, &answers); err != nil {
		return fmt.Errorf("%s: %w", fileAnswers, err)
	}
	f, err := listenFloor(ctx, config, answers)
	if err != nil {
		return err
	}
	return underControl(ctx, io, reply{Address: f.listener.Addr().String()}, f.serve)
}
