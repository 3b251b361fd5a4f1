package d2d

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/build"
	"dps/shared/telemetry"
)

const usage = `Talks to devices on the local network, as a member of their security domain.

  d2d                  serve the page and the API on http://127.0.0.1:8080, with a pre-shared key of its own
  d2d --config FILE    serve as the file says
  d2d --describe       print every property of the file, with its default
  d2d --version        print the version

`

// Main is the command line. Errors are for a person: they name the setting, the value and the remedy.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("d2d", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage); flags.PrintDefaults() }
	file := flags.String("config", "", "configuration `FILE`")
	describe := flags.Bool("describe", false, "print every property of the file and stop")
	version := flags.Bool("version", false, "print the version and stop")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errors.New("see --help")
	case *version:
		_, err := fmt.Fprintln(stdout, build.Line("d2d"))
		return err
	case *describe:
		settings.Describe(stdout)
		return nil
	}
	c, err := load(*file)
	if err != nil {
		return err
	}
	log := newLogger(c.Log, stderr)
	for _, note := range c.Notes {
		log.Warn("configuration", "note", note)
	}
	show := func(page, code string) {
		_, _ = fmt.Fprintf(stdout, "Log in at %s and confirm the code %s there.\n", page, code)
	}
	s, err := Open(ctx, ServerOptions{Config: c, Log: log, Show: show})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "%s\n%s\n", s.URL()+"/", inWords(s.Status()))
	return s.Run(ctx)
}

// load reads the file; without one everything has its default.
func load(file string) (settings.Config, error) {
	if file == "" {
		return settings.Default(), nil
	}
	data, err := os.ReadFile(file) //nolint:gosec // reading the file that the operator names is the purpose
	if err != nil {
		return settings.Config{}, fmt.Errorf("--config: %w", err)
	}
	c, err := settings.Parse(data)
	if err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

func newLogger(l settings.Log, w io.Writer) *slog.Logger {
	level, _ := telemetry.ParseLevel(l.Level) // it has been checked
	return telemetry.NewLogger(w, telemetry.LogOptions{Level: level, Console: l.Encoding == "text"})
}

// inWords says which of the ways is active, and what comes next.
func inWords(s member.Status) string {
	var b strings.Builder
	switch s.Way {
	case member.WayKey:
		fmt.Fprintf(&b, "Devices know this client by its pre-shared key, under the id %s.\nThe key is in %s: without it they need a factory reset.", s.SubjectID, s.Place)
	case member.WaySelf, member.WayBrowser:
		fmt.Fprintf(&b, "Devices know this client by the identity certificate of owner %s, valid until %s.", s.Owner, s.NotAfter.Local().Format("2006-01-02 15:04"))
	default:
		b.WriteString("The client is nobody yet: open the page, which guides through the ways to become a member.")
	}
	return b.String()
}
