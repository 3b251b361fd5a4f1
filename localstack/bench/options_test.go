package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"--quick", "--flows", "7", "--tls13"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.flows != 7 || o.rounds != 2 || o.soak != 600 || !o.tls13 {
		t.Errorf("got %+v", o)
	}
	if o, err = parseOptions(nil, io.Discard); err != nil || o.devices <= 4096 {
		t.Errorf("error %v, %d devices: the service remembers 4096 verdicts", err, o.devices)
	}
}

func TestOptionsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"too few":            {[]string{"--flows", "0"}, "--flows 0: give a number from 1 to 1000000"},
		"too many idle":      {[]string{"--idle", "99999"}, "--idle 99999: give a number from 0 to 30000"},
		"fewer than workers": {[]string{"--devices", "3", "--concurrency", "4"}, "--devices 3: give a number from 4 to 1000000"},
		"argument":           {[]string{"fast"}, `argument "fast" is not understood: see --help`},
		"unknown flag":       {[]string{"--fast"}, "see --help"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseOptions(c.args, io.Discard); err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var b strings.Builder
	if _, err := parseOptions([]string{"--help"}, &b); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v, want %v", err, flag.ErrHelp)
	}
	for _, want := range []string{"--quick", "-cpuprofile FILE", "A flow is what the real device does"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("help lacks %q", want)
		}
	}
}
