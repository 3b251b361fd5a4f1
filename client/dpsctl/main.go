package dpsctl

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

const about = `dpsctl brings enrollment groups, hubs and their secrets to the device provisioning service, and shows what is there.

It works through the service's API, or on its data where they are. Which, is told by one of
  --server URL      the API, as whoever dpsctl login has logged in (or DPS_TOKEN, or DPS_CLIENT_ID with DPS_CLIENT_SECRET)
  --context NAME    an API by the name that dpsctl login gave it; without any of these flags, the current context
  --config FILE     the service's configuration file (clients.storage)
  --database FILE   a database file of the embedded mode; secrets lie beside it, in FILE.secrets
  --table NAME      a DynamoDB table, with --secrets-prefix for the secrets in AWS Secrets Manager; region, endpoint and
                    credentials come from the AWS environment (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, ...)

DPS_SERVER, DPS_CONTEXT and DPS_TABLE stand in for the flags. A database file is used by one process at a time: stop the service
first, or use its API. The cloud has no such limit. Over the API you see what belongs to your token's owner.

` + exitHelp

const examples = `  dpsctl login https://dps.example.com
  dpsctl get records --state failed
  dpsctl apply -f groups.yaml --config dps.yaml
  dpsctl apply -f groups.yaml --table dps --secrets-prefix dps
  dpsctl get groups --database dps.db
  dpsctl get records --owner 1 -o wide --table dps
  dpsctl config import withMock.yaml -o dps.yaml
  source <(dpsctl completion bash)`

// Main runs the tool and gives its exit code. Errors are written to the console.
func Main(ctx context.Context, args []string, c Console) int {
	root := newRoot(c) //nolint:contextcheck // ExecuteContext hands the context to every command
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		_, _ = fmt.Fprintln(c.Err, "dpsctl:", cleanLines(err.Error()))
	}
	return exitCode(err)
}

func newRoot(c Console) *cobra.Command {
	s := &session{Console: c}
	root := &cobra.Command{
		Use: "dpsctl", Short: "The operator's tool of the device provisioning service", Long: about, Example: examples,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetIn(c.In)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	s.target.register(root.PersistentFlags())
	root.AddCommand(newLogin(s), newLogout(s), newContexts(s), newWhoami(s), newApply(s), newGet(s), newDelete(s), newGroup(s), newRelease(s), newDiagnose(s),
		newAudit(s), newStatistics(s), newRecords(s), newClientCommand(s), newConfig(s), newVersion(s))
	return root
}

// session is one run of the tool.
type session struct {
	Console
	target target
}

// run makes a command's errors tell from those in how it was called.
func run(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := f(cmd.Context(), args); err != nil {
			return failure{err}
		}
		return nil
	}
}

// group makes a command that only has others below it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("%s needs a command; see %s --help", cmd.CommandPath(), cmd.CommandPath())
		},
	}
	cmd.AddCommand(commands...)
	return cmd
}
