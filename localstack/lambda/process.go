package lambda

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// waitDelay bounds how long what a function left behind can keep its output open.
const waitDelay = time.Second

// newProcess prepares the process, with nothing in its environment but what the function is given and the platform's own.
func newProcess(in *instance, api string) *exec.Cmd {
	cfg := in.f.cfg
	cmd := exec.Command(cfg.Binary) //nolint:gosec,noctx // the function under test; its life is the instance's
	cmd.Dir = filepath.Dir(cfg.Binary)
	cmd.Stdout, cmd.Stderr = in.output, in.output
	cmd.WaitDelay = waitDelay
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_LAMBDA_FUNCTION_NAME":        cfg.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(cfg.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + cfg.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      in.id,
	}
	if cfg.Invokes {
		env["AWS_ENDPOINT_URL_LAMBDA"] = in.f.h.url
	}
	for name, value := range cfg.Env {
		if _, own := env[name]; !own {
			env[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	detach(cmd)
	return cmd
}
