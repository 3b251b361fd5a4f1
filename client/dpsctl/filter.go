package dpsctl

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

// The states of a record, as the API has them.
const (
	stateOK      = "ok"      // every step was done
	stateFailed  = "failed"  // the last result of some step is an error
	statePending = "pending" // neither
)

// filter says which records are wanted.
type filter struct{ api.RecordFilter }

func registerFilters(cmd *cobra.Command, f *filter) {
	states := []string{stateOK, stateFailed, statePending}
	cmd.Flags().StringArrayVar(&f.States, "state", nil, "`STATE` of the records: "+strings.Join(states, ", ")+"; may be given several times")
	cmd.Flags().StringArrayVar(&f.GroupID, "group", nil, "`ID` of the records' enrollment group; may be given several times")
	cmd.Flags().StringArrayVar(&f.Device, "device", nil, "`ID` of the device; may be given several times")
	cmd.Flags().StringVar(&f.Search, "search", "", "part of the `TEXT` of the record's id, the device's id or the certificate's common name")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp)) // registered once
}

func (f filter) check() error {
	for _, s := range f.States {
		if s != stateOK && s != stateFailed && s != statePending {
			return dps.Errorf(dps.CodeInvalid, "--state %s: write %s, %s or %s", s, stateOK, stateFailed, statePending)
		}
	}
	return nil
}

// filtering is a store that filters by itself.
type filtering interface {
	FilterRecords(ctx context.Context, f api.RecordFilter, p dps.Page) ([]dps.Record, string, error)
}

// listRecords lists the records that pass. Pages may be empty.
func listRecords(s store, f filter) listing[dps.Record] {
	if remote, ok := s.(filtering); ok {
		return func(ctx context.Context, _ string, p dps.Page) ([]dps.Record, string, error) {
			return remote.FilterRecords(ctx, f.RecordFilter, p)
		}
	}
	return func(ctx context.Context, owner string, p dps.Page) ([]dps.Record, string, error) {
		records, next, err := s.ListRecords(ctx, owner, p)
		return slices.DeleteFunc(records, func(r dps.Record) bool { return !f.passes(r) }), next, err
	}
}

func (f filter) passes(r dps.Record) bool {
	text := strings.ToLower(f.Search)
	mentioned := slices.ContainsFunc([]string{r.ID, r.DeviceID, commonName(r)}, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
	return mentioned && among(f.States, stateOf(r)) && among(f.GroupID, r.GroupID) && among(f.Device, r.DeviceID)
}

func among(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// stateOf tells how the device fares.
func stateOf(r dps.Record) string {
	for _, s := range r.Steps {
		if s.Failed() {
			return stateFailed
		}
	}
	for _, step := range []dps.Step{dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
		if _, done := r.Steps[step]; !done {
			return statePending
		}
	}
	return stateOK
}
