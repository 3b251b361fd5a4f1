package lambda

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Names are the functions of the service, each with its command in functions/NAME/cmd.
func Names() []string { return []string{"enroll", "token", "sign", "record", "api"} }

// How functions are built for deployment; the Makefile does the same.
const (
	Bootstrap  = "bootstrap" // what the runtime provided.al2023 starts
	buildTags  = "lambda.norpc,grpcnotrace"
	buildFlags = "-s -w -buildid="
)

// Build compiles the package as a deployed function is, for this machine's operating system and the architecture ("": its
// own), and gives the path of the binary, below dir. Errors: what the compiler said.
func Build(ctx context.Context, pkg, arch, dir string) (string, error) {
	binary, err := filepath.Abs(filepath.Join(dir, Bootstrap))
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", buildTags, "-ldflags", buildFlags, "-o", binary, pkg) //nolint:gosec // a developer's own tree
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if arch != "" {
		cmd.Env = append(cmd.Env, "GOARCH="+arch)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return binary, nil
}

// BuildFunction is Build for one of Names.
func BuildFunction(ctx context.Context, name, arch, dir string) (string, error) {
	return Build(ctx, "dps/functions/"+name+"/cmd", arch, filepath.Join(dir, name))
}
