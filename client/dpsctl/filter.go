package dpsctl

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

// filter says which records are wanted.
type filter struct {
	states, groups, devices []string
	search                  string
}

func stateNames() []string {
	var names []string
	for _, s := range dps.RecordStates() {
		names = append(names, string(s))
	}
	return names
}

func registerFilters(cmd *cobra.Command, f *filter) {
	cmd.Flags().StringArrayVar(&f.states, "state", nil, "`STATE` of the records: "+strings.Join(stateNames(), ", ")+"; may be given several times")
	cmd.Flags().StringArrayVar(&f.groups, "group", nil, "`ID` of the records' enrollment group; may be given several times")
	cmd.Flags().StringArrayVar(&f.devices, "device", nil, "`ID` of the device; may be given several times")
	cmd.Flags().StringVar(&f.search, "search", "", "what the record's id, the device's id or the certificate's common name begins with (`TEXT`)")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(stateNames(), cobra.ShellCompDirectiveNoFileComp)) // registered once
}

func (f filter) check() error {
	for _, s := range f.states {
		if !slices.Contains(stateNames(), s) {
			return dps.Errorf(dps.CodeInvalid, "--state %s: write one of %s", s, strings.Join(stateNames(), ", "))
		}
	}
	return nil
}

// listRecords lists the records that pass, the latest change first; all of them by id where there is no filter. Pages may be
// empty.
func listRecords(s store, f filter) listing[dps.Record] {
	if len(f.states)+len(f.groups)+len(f.devices)+len(f.search) == 0 {
		return s.ListRecords
	}
	return func(ctx context.Context, owner string, p dps.Page) ([]dps.Record, string, error) {
		q := dps.RecordQuery{Owner: owner, GroupIDs: f.groups, DeviceIDs: f.devices, Prefix: f.search}
		for _, state := range f.states {
			q.States = append(q.States, dps.RecordState(state))
		}
		return s.FindRecords(ctx, q, p)
	}
}
