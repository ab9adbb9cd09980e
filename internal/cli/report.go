package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/report"
)

func (a *commands) report() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write the report of a run directory again, also of a run that was killed",
		Example: `  squall report runs/20260102T030405Z-staging
  squall report --evidence docs/demos/perf --zip evidence.zip runs/20260102T030405Z-staging`,
		Args:              oneRun,
		ValidArgsFunction: completeDirectories,
	}
	cmd.Flags().SortFlags = false
	flags := config.Bind(cmd.Flags(), config.ForReport, nil)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		to, err := config.ResolveDocuments(config.Input{Flags: flags.Given(), Variables: flags.Variables(), LookupEnv: a.LookupEnv})
		if err != nil {
			return usage(err)
		}
		run, err := report.Write(args[0])
		if err != nil {
			return err
		}
		fmt.Fprint(a.Out, report.Terminal(run, filepath.Join(args[0], report.File), columns(a.out)))
		return a.exportDocuments(run, args[0], to)
	}
	return cmd
}

// completeDirectories offers directories, which runs are.
func completeDirectories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
