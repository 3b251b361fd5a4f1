package dpsctl

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/plgd"
	"dps/shared/apply"
	"dps/shared/dps"
)

// applyOptions are the flags of apply.
type applyOptions struct {
	file, source       string
	yes, dryRun, prune bool
	globals            plgd.Globals
}

func newApply(s *session) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Bring groups, hubs and secrets to the service", Args: cobra.NoArgs,
		Long: `apply makes the service hold what the file's enrollmentGroups say: it shows what differs, asks, and writes. What the file
named the last time and no longer names is deleted; what other files brought (--source) or the service's own configuration
stays. Done twice, the second time changes nothing.

The file has the shape of the service's configuration, of which enrollmentGroups alone are looked at; a values file of plgd's
chart is taken, too. Files that it names are read here and now, relative to the working folder. Secrets, whether they stand in
the file (preSharedKey, clientSecret) or in files (preSharedKeyFile, clientSecretFile, keyFile), go into the secrets store, and
only references to them into the data; "secret:NAME" and the ARN of a secret are taken as they are. No secret is ever shown.

Over the API (--server, --context) the same holds, with these differences: new objects get their ids from the server, and a file's
group is found again by its lead certificate. The API remembers no files: what a file no longer names stays, unless --prune says
that everything else of yours is to go. Secrets cannot be compared, and are written each time. Groups that wait for proof are
vouched for where your token is an administrator's.`,
		Example: `  dpsctl apply -f groups.yaml --config dps.yaml
  dpsctl apply -f groups.yaml --server https://dps.example.com --dry-run
  dpsctl apply -f groups.yaml --database dps.db --dry-run
  dpsctl apply -f groups.yaml --table dps --secrets-prefix dps --yes
  dpsctl apply -f withMock.yaml --table dps --secrets-prefix dps --domain example.com
  generate-groups | dpsctl apply -f - --yes --config dps.yaml`,
		RunE: run(func(ctx context.Context, _ []string) error { return s.apply(ctx, o) }),
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "filename", "f", "", "`FILE` with enrollmentGroups; - is standard input")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	f.StringVar(&o.source, "source", apply.SourceCLI, "`NAME` under which is remembered what the file brought: files with different names leave each other's alone")
	f.BoolVar(&o.prune, "prune", false, "over the API: delete all groups and hubs of yours that the file does not name")
	f.StringVar(&o.globals.Domain, "domain", "", "`DOMAIN` of the hub, for hubs that leave out coapGateway (DOMAIN:5684), certificateAuthority.grpc.address (api.DOMAIN:443) or provider.authority (https://DOMAIN)")
	f.StringVar(&o.globals.HubID, "hub-id", "", "`UUID` of the hub instance, for hubs that leave out hubID")
	f.StringVar(&o.globals.OwnerClaim, "owner-claim", "", "`CLAIM` for hubs that leave out authorization.ownerClaim")
	cmd.MarkFlagsMutuallyExclusive("yes", "dry-run")
	_ = cmd.MarkFlagRequired("filename") // only a name that is no flag is an error
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml")
	return cmd
}

func (s *session) apply(ctx context.Context, o applyOptions) error {
	if o.source == "" {
		return dps.Errorf(dps.CodeInvalid, "--source: must not be empty")
	}
	if o.file == "-" && !o.yes && !o.dryRun {
		return dps.Errorf(dps.CodeInvalid, "-f - reads the file from standard input, where your answer would come from: add --yes or --dry-run")
	}
	objects, err := s.load(ctx, o)
	if err != nil {
		return err
	}
	plan, where, err := s.plan(ctx, o, objects)
	if err != nil {
		return err
	}
	if err := s.printPlan(plan, where); err != nil {
		return err
	}
	if o.dryRun {
		return nil
	}
	if !o.yes && !plan.Empty() {
		if err := s.ask("Apply these changes?"); err != nil {
			return err
		}
	}
	return s.write(ctx, o, objects, plan)
}

// plan finds out what would change. The store is closed again: nobody waits for the operator's answer.
func (s *session) plan(ctx context.Context, o applyOptions, objects apply.Objects) (plan apply.Plan, where string, err error) {
	b, err := s.open(ctx, planning)
	if err != nil {
		return plan, "", err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	w, err := b.work(ctx, o, objects)
	if err != nil {
		return plan, "", err
	}
	plan, err = w.plan(ctx)
	return plan, b.where, err
}

// write applies what was planned, and nothing else: what changed while the operator was thinking is not overwritten unseen.
func (s *session) write(ctx context.Context, o applyOptions, objects apply.Objects, agreed apply.Plan) (err error) {
	ctx, stop := s.interruptible(ctx)
	defer stop()
	b, err := s.open(ctx, writing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	w, err := b.work(ctx, o, objects)
	if err != nil {
		return err
	}
	plan, err := w.plan(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(plan, agreed) {
		return dps.Errorf(dps.CodeConflict, "the store was changed meanwhile, so nothing was written: run this again to see what is to be done now")
	}
	result, err := w.apply(ctx)
	if err != nil {
		_, _ = fmt.Fprintf(s.Err, "stopped halfway: %s; applying again goes on from there\n", summary(result))
		return err
	}
	s.warnOfWaiting(w.waiting())
	if plan.Empty() {
		return nil
	}
	_, err = fmt.Fprintln(s.Out, "Done:", summary(result)+".")
	return err
}

// warnOfWaiting says what is left to do for groups whose devices are still refused.
func (s *session) warnOfWaiting(groups []string) {
	for _, id := range groups {
		_, _ = fmt.Fprintf(s.Err, "group %s waits: its devices are refused until an administrator runs dpsctl group vouch %[1]s, or you prove with\n"+
			"dpsctl group prove %[1]s that you hold the key of its lead certificate; your token may not vouch\n", clean(id))
	}
}

func summary(r apply.Result) string {
	return fmt.Sprintf("%d created, %d updated, %d deleted", len(r.Created), len(r.Updated), len(r.Deleted))
}
