package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
)

// motoPackages are moto and what its server needs, pinned: its own "server" extra brings five times as much.
var motoPackages = []string{"moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"}

var secretsManager = service{"Secrets Manager (moto)", "AWS_ENDPOINT_URL_SECRETS_MANAGER", prepareMoto}

func prepareMoto(ctx context.Context, cache string, log io.Writer) (starter, error) {
	dir, err := cached(cache, "moto-5.2.5", func(dir string) error {
		say(log, "installing %s (once)", motoPackages[0])
		return installMoto(ctx, dir)
	})
	if err != nil {
		return starter{}, err
	}
	// By its module: the scripts that pip makes know the folder by the name it had when it was filled.
	python := filepath.Join(dir, "bin", "python3")
	return starter{dir, func(port string) []string {
		return []string{python, "-m", "moto.server", "-H", "127.0.0.1", "-p", port}
	}}, nil
}

func installMoto(ctx context.Context, dir string) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("it needs Python 3.9 or later, and no python3 is found: apt-get install python3-venv")
	}
	if out, err := exec.CommandContext(ctx, python, "-m", "venv", dir).CombinedOutput(); err != nil { //nolint:gosec // fixed arguments
		return fmt.Errorf("python3 -m venv: %w: apt-get install python3-venv\n%s", err, out)
	}
	args := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, motoPackages...)
	if out, err := exec.CommandContext(ctx, filepath.Join(dir, "bin", "python3"), args...).CombinedOutput(); err != nil { //nolint:gosec // fixed arguments
		return fmt.Errorf("pip install %s: %w: is the Python package index within reach?\n%s", motoPackages[0], err, out)
	}
	return nil
}
