package dpsctl

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dps/shared/build"
)

func newVersion(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: run(func(context.Context, []string) error {
			_, err := fmt.Fprintln(s.Out, build.Line("dpsctl"))
			return err
		}),
	}
}
