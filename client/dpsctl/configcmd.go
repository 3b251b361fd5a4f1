package dpsctl

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/plgd"
	"dps/shared/dps"
)

// importOptions are the flags of config import.
type importOptions struct {
	out string
	plgd.Options
}

func newConfig(s *session) *cobra.Command {
	return group("config", "Work on configuration files", newImport(s))
}

func newImport(s *session) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Turn a configuration of plgd's service into one of this service", Args: cobra.ExactArgs(1),
		Long: `import reads the configuration file of plgd's device provisioning service, or a values file of its Helm chart, and writes a
configuration of this service, on standard output or into a new file. What was filled in from the chart's global values, what
has no counterpart, and what is left to do is listed on standard error.

Secrets that stand in the file stand in the result, too: keep it as private. It is written with mode 0600.`,
		Example: `  dpsctl config import withMock.yaml -o dps.yaml
  dpsctl config import withMock.yaml --tls-key certs/dps.key --tls-cert certs/dps.crt > dps.yaml
  kubectl -n plgd get configmap ... -o jsonpath='{.data.service\.yaml}' | dpsctl config import - -o dps.yaml`,
		RunE: run(func(_ context.Context, args []string) error { return s.importConfig(args[0], o) }),
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "new `FILE` for the result (default standard output)")
	f.StringVar(&o.KeyFile, "tls-key", "", "`FILE` of the service's own key, apis.coap.tls.keyFile (default that of the file, or "+plgd.DefaultKeyFile+")")
	f.StringVar(&o.CertFile, "tls-cert", "", "`FILE` of the service's own certificate, apis.coap.tls.certFile (default that of the file, or "+plgd.DefaultCertFile+")")
	f.StringVar(&o.Domain, "domain", "", "`DOMAIN` of the hub, instead of global.domain")
	f.StringVar(&o.HubID, "hub-id", "", "`UUID` of the hub instance, instead of global.hubId")
	f.StringVar(&o.OwnerClaim, "owner-claim", "", "`CLAIM` that holds the owner, instead of global.ownerClaim")
	cmd.MarkFlagsRequiredTogether("tls-key", "tls-cert")
	return cmd
}

func (s *session) importConfig(file string, o importOptions) error {
	data, err := s.read(file)
	if err != nil {
		return err
	}
	r, err := plgd.Import(data, o.Options)
	if err != nil {
		return inFile(file, err)
	}
	if err := s.writeNew(o.out, r.YAML); err != nil {
		return err
	}
	s.reportImport(r)
	if r.Invalid != nil {
		return dps.Errorf(dps.CodeInvalid, "the result is not complete; lines are those of the result:\n%w", r.Invalid)
	}
	return nil
}

// writeNew writes a file that does not exist yet, private, or standard output.
func (s *session) writeNew(path string, data []byte) error {
	if path == "" || path == "-" {
		_, err := s.Out.Write(data)
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the file the operator names
	switch {
	case os.IsExist(err):
		return dps.Errorf(dps.CodeConflict, "-o %s: the file exists: remove it, or name another", path)
	case err != nil:
		return dps.Wrap(dps.CodeUnavailable, err, "-o "+path+" cannot be written: name a file in a folder that exists")
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, "-o "+path+" cannot be written")
	}
	return nil
}

func (s *session) reportImport(r plgd.Result) {
	for _, part := range []struct {
		title string
		notes []plgd.Note
	}{{"Filled in:", r.Filled}, {"No counterpart:", r.Dropped}, {"Left to do:", r.ToDo}} {
		if len(part.notes) == 0 {
			continue
		}
		_, _ = fmt.Fprintln(s.Err, part.title)
		for _, n := range part.notes {
			_, _ = fmt.Fprintln(s.Err, "  "+clean(n.String()))
		}
	}
	_, _ = fmt.Fprintln(s.Err, "Check the result where it will be served, with the files it names: ingress --config FILE --check-config")
}
