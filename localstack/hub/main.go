package hub

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"dps/localstack/hub/oauth"
	"dps/shared/telemetry"
)

const usage = `The stand-in hub: OAuth server, certificate authority and CoAP gateway on one machine, for trying out.

  go run ./localstack/hub/cmd --dir hub-data                     any ports; prints what to put into a DPS configuration
  go run ./localstack/hub/cmd --dir hub-data --config mock.yaml  clients from a file with mockoauthserver.oauth[] (as in Helm values)

`

// Main is the command line of the stand-in hub. Errors are for a person.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("hub", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage); flags.PrintDefaults() }
	var o Options
	flags.StringVar(&o.Dir, "dir", "hub-data", "`FOLDER` of certificates and keys; made where it is not there")
	flags.StringVar(&o.Host, "host", "127.0.0.1", "`HOST` to listen on")
	flags.StringVar(&o.OAuthPort, "oauth-port", "0", "`PORT` of the OAuth server and the authority over https")
	flags.StringVar(&o.AuthorityPort, "authority-port", "0", "`PORT` of the authority over gRPC")
	flags.StringVar(&o.GatewayPort, "gateway-port", "0", "`PORT` of the gateway, TCP and UDP")
	flags.StringVar(&o.HubID, "hub-id", DefaultHubID, "the hub's `UUID`")
	flags.StringVar(&o.OwnerClaim, "owner-claim", DefaultOwnerClaim, "`CLAIM` that holds the owner")
	flags.StringVar(&o.DeviceIDClaim, "device-claim", DefaultDeviceIDClaim, "`CLAIM` that binds tokens to devices; - for none")
	file := flags.String("config", "", "`FILE` with OAuth clients")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errors.New("see --help")
	}
	if *file != "" {
		var err error
		if o.Clients, err = readClients(*file); err != nil {
			return err
		}
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	o.Log = telemetry.NewLogger(stderr, telemetry.LogOptions{Console: true})
	h, err := Start(ctx, o)
	if err != nil {
		return err
	}
	defer h.Close()
	_, _ = fmt.Fprintf(stdout, "# The stand-in hub is up. In a provisioning service's configuration, under an enrollment group:\nhub:\n%s", h.ConfigYAML("  "))
	<-ctx.Done()
	return nil
}

// readClients reads mockoauthserver.oauth[] of a Helm values file; whatever else stands in it is not the hub's.
func readClients(path string) ([]oauth.Client, error) {
	data, err := os.ReadFile(path) //nolint:gosec // reading the file that the operator names is the purpose
	if err != nil {
		return nil, err
	}
	var values struct {
		Mock struct {
			OAuth []oauth.Client `yaml:"oauth"`
		} `yaml:"mockoauthserver"`
	}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(values.Mock.OAuth) == 0 {
		return nil, fmt.Errorf("%s: mockoauthserver.oauth lists no client", path)
	}
	return values.Mock.OAuth, nil
}
