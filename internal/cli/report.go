package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/report"
)

func (a *commands) report() *cobra.Command {
	return &cobra.Command{
		Use:     "report RUN",
		Short:   "Write the report of a run directory again, also of a run that was killed",
		Example: "  squall report runs/20260102T030405Z-staging",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("report takes one run directory, and %d are given", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			run, err := report.Write(args[0])
			if err != nil {
				return err
			}
			fmt.Fprint(a.Out, report.Terminal(run, filepath.Join(args[0], report.File), columns(a.out)))
			return nil
		},
		ValidArgsFunction: completeDirectories,
	}
}

// completeDirectories offers directories, which runs are.
func completeDirectories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
