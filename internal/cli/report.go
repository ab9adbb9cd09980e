package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/report"
)

func (a *commands) report() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "report RUN",
		Short:             "Write the report of a run directory again, also of a run that was killed",
		Long:              "Writes the report of a run directory again, also of a run that was killed. The flags write the same documents beside it as they do with squall run.",
		Example:           reportExample,
		Args:              oneRun,
		ValidArgsFunction: completeDirectories,
	}
	cmd.Flags().SortFlags = false
	asked, copies := config.BindDocuments(cmd.Flags()), config.Bind(cmd.Flags(), config.ForReport, nil)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		documents, err := config.ReadDocuments(config.Input{Flags: asked.Given(), Documents: report.ExportNames()})
		if err != nil {
			return usage(err)
		}
		to, err := config.ResolveCopies(config.Input{Flags: copies.Given(), Variables: copies.Variables(), LookupEnv: a.LookupEnv})
		if err != nil {
			return usage(err)
		}
		dir := args[0]
		if err := session.Salvage(dir); err != nil {
			fmt.Fprintf(a.Err, "warning: the evidence is incomplete: %v\n", err)
		}
		run, err := report.Write(dir)
		if err != nil {
			return err
		}
		fmt.Fprint(a.Out, report.Terminal(run, filepath.Join(dir, report.File), columns(a.out)))
		a.appendJobSummary(run, dir)
		return errors.Join(app.SaveDocuments(run, dir, documents), a.exportDocuments(run, dir, to))
	}
	return cmd
}

const reportExample = `  squall report runs/20260102T030405Z-staging
  squall report runs/20260102T030405Z-staging --out json=points.json --csv locust
  squall report --evidence docs/demos/perf --zip evidence.zip runs/20260102T030405Z-staging`

// completeDirectories offers directories, which runs are.
func completeDirectories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
