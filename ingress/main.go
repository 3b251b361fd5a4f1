package ingress

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"dps/shared/build"
	"dps/shared/config"
)

const usage = `Serves devices: CoAP over TLS and DTLS, from attestation to credentials.

  ingress --config FILE                  serve
  ingress --config FILE --check-config   read the configuration and every file it names, report all problems, stop
  ingress --config FILE --healthcheck    ask the one that runs here whether it is alive (apis.health.address)
  ingress --version                      print the version

Without --config, the environment variable DPS_CONFIG holds the configuration itself, as text.

SIGTERM and SIGINT drain: requests in service are answered, records stored, then it ends within 30 s.

`

// Main is the command line of the ingress. Errors are for a person: they name the setting, the value and the remedy.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("ingress", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage); flags.PrintDefaults() }
	file := flags.String("config", "", "configuration `FILE` (docs/configuration.md)")
	check := flags.Bool("check-config", false, "check the configuration and stop")
	healthcheck := flags.Bool("healthcheck", false, "ask the running service whether it is alive, and stop")
	version := flags.Bool("version", false, "print the version and stop")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errors.New("see --help")
	case *version:
		_, err := fmt.Fprintln(stdout, build.Line("ingress"))
		return err
	}
	cfg, err := load(*file, os.Getenv(configVariable))
	switch {
	case err != nil:
		return err
	case *healthcheck:
		return askHealth(ctx, cfg.APIs.Health.Address)
	case *check:
		return checkConfig(cfg, stdout)
	}
	log := cfg.Log.NewLogger(stderr)
	for _, note := range cfg.Notes() {
		log.Warn("configuration", "note", note)
	}
	s, err := New(ctx, cfg, Options{Log: log})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// configVariable holds the whole configuration where a container has no files.
const configVariable = "DPS_CONFIG"

// load takes the configuration from the one of the two that is given. Errors: of the file, or the text.
func load(file, text string) (config.Config, error) {
	switch {
	case file != "" && text != "":
		return config.Config{}, errors.New("--config and " + configVariable + " are both given: keep one")
	case file != "":
		return config.Load(file)
	case text != "":
		cfg, err := config.Parse([]byte(text))
		if err != nil {
			return cfg, fmt.Errorf("%s: %w", configVariable, err)
		}
		return cfg, nil
	}
	return config.Config{}, errors.New("--config FILE is missing; docs/configuration.md says what to put into it")
}

func checkConfig(cfg config.Config, stdout io.Writer) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	for _, note := range cfg.Notes() {
		_, _ = fmt.Fprintln(stdout, "note:", note)
	}
	_, err := fmt.Fprintf(stdout, "configuration is good: %d enrollment group(s)\n", len(cfg.EnrollmentGroups))
	return err
}
