package hub

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"

	"dps/shared/dps"
	"dps/shared/telemetry"
)

const usage = `The stand-in hub: OAuth server, certificate authority and CoAP gateway on one machine, for trying out.

  go run ./localstack/hub/cmd --dir hub-data                     any ports; prints what to put into a DPS configuration
  go run ./localstack/hub/cmd --dir hub-data --config mock.yaml  clients from a file with mockoauthserver.oauth[] (as in Helm values)

`

// Main is the command line of the stand-in hub: it serves until ctx is done. Errors are for a person: they name the flag,
// the value and the remedy.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	o.Log = telemetry.NewLogger(stderr, telemetry.LogOptions{Console: true})
	h, err := Start(ctx, o)
	if err != nil {
		return err
	}
	defer h.Close()
	if h.peopleURL != "" {
		if _, err := fmt.Fprintf(stdout, "# People log in at %s, as anybody: console and dpsctl are clients there.\n", h.peopleURL); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(stdout, "# The stand-in hub is up. In a provisioning service's configuration, under an enrollment group:\nhub:\n%s", h.ConfigYAML("  ")); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func parseFlags(args []string, stderr io.Writer) (Options, error) {
	var o Options
	flags := flag.NewFlagSet("hub", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it
	flags.StringVar(&o.Dir, "dir", "hub-data", "`FOLDER` of certificates and keys; made where it is not there")
	flags.StringVar(&o.Host, "host", "127.0.0.1", "`HOST` to listen on, which others are told")
	flags.StringVar(&o.OAuthPort, "oauth-port", "0", "`PORT` of the OAuth server and the authority over https; 0: any")
	flags.StringVar(&o.AuthorityPort, "authority-port", "0", "`PORT` of the authority over gRPC; 0: any")
	flags.StringVar(&o.GatewayPort, "gateway-port", "0", "`PORT` of the gateway, TCP and UDP; 0: any")
	flags.StringVar(&o.PeopleAddress, "people-address", "", "loopback `HOST:PORT` where people log in over http, such as 127.0.0.1:0; empty: none")
	flags.StringVar(&o.HubID, "hub-id", DefaultHubID, "the hub's `UUID`")
	flags.StringVar(&o.OwnerClaim, "owner-claim", DefaultOwnerClaim, "`CLAIM` that holds the owner")
	flags.StringVar(&o.DeviceIDClaim, "device-claim", DefaultDeviceIDClaim, "`CLAIM` that binds tokens to devices; - for none")
	file := flags.String("config", "", "`FILE` with OAuth clients")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		_, _ = io.WriteString(stderr, usage)
		flags.PrintDefaults()
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w: --help lists the flags", err)
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag: --help lists them", flags.Arg(0))
	}
	if err := checkFlags(o); err != nil {
		return o, err
	}
	var err error
	if *file != "" {
		if o.Clients, err = readClients(*file); err != nil {
			return o, err
		}
	}
	o.Dir, err = filepath.Abs(o.Dir)
	return o, err
}

// checkFlags says what is wrong with the flags' values, all of it at once.
func checkFlags(o Options) error {
	var errs []error
	if o.Dir == "" {
		errs = append(errs, errors.New("--dir is empty: name a folder for certificates and keys"))
	}
	if ip := net.ParseIP(o.Host); o.Host == "" || ip != nil && ip.IsUnspecified() {
		errs = append(errs, fmt.Errorf("--host %q is no address to connect to: give one by which devices and services reach this machine", o.Host))
	}
	for _, p := range []struct{ flag, value string }{
		{"--oauth-port", o.OAuthPort}, {"--authority-port", o.AuthorityPort}, {"--gateway-port", o.GatewayPort},
	} {
		if _, err := strconv.ParseUint(p.value, 10, 16); err != nil {
			errs = append(errs, fmt.Errorf("%s %q is no port: give a number from 0 to 65535; 0 takes any that is free", p.flag, p.value))
		}
	}
	if id, ok := dps.ParseUUID(o.HubID); !ok || id == dps.NilUUID {
		errs = append(errs, fmt.Errorf("--hub-id %q is no UUID: give one such as %s", o.HubID, DefaultHubID))
	}
	for _, c := range []struct{ flag, value string }{{"--owner-claim", o.OwnerClaim}, {"--device-claim", o.DeviceIDClaim}} {
		if c.value == "" {
			errs = append(errs, fmt.Errorf("%s is empty: name a claim of access tokens, or leave the flag out for its default", c.flag))
		}
	}
	return errors.Join(errs...)
}
