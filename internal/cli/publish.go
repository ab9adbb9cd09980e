package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/publish"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/report"
)

const publishLong = `Writes a run into the repository of your team: a copy of its documents into a folder of the day, an entry in the playbook, and
a row in the release log of the roadmap. Every other byte of these files stays as it is. What is there already stays too, also
when somebody has edited it: the second time only links to issues are added, unless --replace is given.

With --issues, an issue is filed on GitHub for each remediation item of the report that has none. Without it nothing goes to the
network, and with --dry-run nothing is written or sent at all.`

func (a *commands) publish() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "publish RUN",
		Short: "Write a run into the playbook and the roadmap of your team, and file what should be better",
		Long:  publishLong,
		Example: `  squall publish --dry-run runs/20260102T030405Z-staging
  squall publish --release v1.4.0 --repo ../platform runs/20260102T030405Z-staging
  GITHUB_TOKEN=secret squall publish --issues team/platform runs/20260102T030405Z-staging`,
		Args:              oneRun,
		ValidArgsFunction: completeDirectories,
	}
	cmd.Flags().SortFlags = false
	defaults := map[string]string{"publish.evidence": config.DefaultEvidence}
	flags := config.Bind(cmd.Flags(), config.ForPublish, defaults)
	var dryRun, replace bool
	addBoolFlag(cmd, &dryRun, "dry-run", "", "show what would be written as a unified diff, and what would be filed; write and send nothing")
	addBoolFlag(cmd, &replace, "replace", "", "write the entry and the row of the run anew when they are there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		to, err := config.ResolvePublish(config.Input{
			Flags: flags.Given(), Variables: flags.Variables(), LookupEnv: a.LookupEnv, Version: Version(), Defaults: defaults,
		}, dryRun)
		if err != nil {
			return usage(err)
		}
		if to.Issues != nil && to.Issues.Token.Set() {
			keys := new(load.Keyring)
			keys.Hide(to.Issues.Token.Reveal())
			a.hide(keys)
		}
		for _, warning := range to.Warnings {
			fmt.Fprintf(a.Err, "warning: %s\n", warning)
		}
		run, err := report.Load(args[0])
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(args[0], session.LockFile)); err == nil && isRunning(args[0]) {
			return fmt.Errorf("%s: the run is still going on: publish it when it has ended", args[0])
		}
		p := app.Publication{Run: run, Dir: args[0], To: to, Replace: replace}
		if dryRun {
			planned, err := app.PlanPublication(p)
			if err != nil {
				return err
			}
			a.showPlanned(planned, to)
			return nil
		}
		ctx, cancel := a.untilSignal(cmd.Context())
		defer cancel()
		done, err := app.Publish(ctx, p)
		a.showPublished(done, to)
		return err
	}
	return cmd
}

// oneRun accepts one run directory.
func oneRun(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s takes one run directory, and %d are given", cmd.Name(), len(args))
	}
	return nil
}

// showPlanned writes the diff to standard output, and what else would be done to standard error.
func (a *commands) showPlanned(p app.Published, to config.Publish) {
	for _, e := range p.Edits {
		fmt.Fprint(a.Out, e.Diff())
		if e.Outcome == publish.Unchanged {
			fmt.Fprintf(a.Err, "  = %s: %s\n", e.Before.Name, e.Outcome)
		}
	}
	if p.Folder != "" {
		fmt.Fprintf(a.Err, "  + %s: would get %d files\n", p.Folder, len(p.Files))
	}
	if to.Zip != "" {
		fmt.Fprintf(a.Err, "  + %s: would be written\n", to.Zip)
	}
	for _, item := range p.Items {
		if to.Issues == nil {
			fmt.Fprintf(a.Err, "  ! %s: would be an issue with --issues OWNER/NAME\n", item.Title)
			continue
		}
		fmt.Fprintf(a.Err, "  + %s/%s: would be filed unless it is there: %s\n", to.Issues.Owner, to.Issues.Name, item.Title)
		for line := range strings.Lines(item.Body) {
			fmt.Fprint(a.Err, strings.TrimRight("      "+line, " \n")+"\n")
		}
	}
	if len(p.Items) == 0 && to.Issues != nil {
		fmt.Fprintf(a.Err, "  ✓ %s/%s: nothing to file: the run has no remediation items\n", to.Issues.Owner, to.Issues.Name)
	}
	fmt.Fprintln(a.Err, "Nothing was written or sent.")
}

// showPublished writes what was done, a line each.
func (a *commands) showPublished(p app.Published, to config.Publish) {
	if p.Folder != "" {
		fmt.Fprintf(a.Out, "  ✓ %s: %d files\n", p.Folder, len(p.Files))
	}
	if to.Zip != "" && len(p.Files) > 0 {
		fmt.Fprintf(a.Out, "  ✓ %s: written\n", to.Zip)
	}
	for _, f := range p.Filed {
		what := "there already"
		if f.New {
			what = "filed"
		}
		fmt.Fprintf(a.Out, "  ✓ %s/%s#%d %s: %s\n", to.Issues.Owner, to.Issues.Name, f.Number, what, f.Title)
	}
	switch n := len(p.Items); {
	case n > 0 && to.Issues == nil:
		fmt.Fprintf(a.Out, "  ! %d remediation items: --issues OWNER/NAME files them\n", n)
	case n == 0 && to.Issues != nil:
		fmt.Fprintf(a.Out, "  ✓ %s/%s: nothing to file: the run has no remediation items\n", to.Issues.Owner, to.Issues.Name)
	}
	for _, e := range p.Edits {
		fmt.Fprintf(a.Out, "  ✓ %s:%d: %s\n", e.Before.Name, e.Line, e.Outcome)
	}
}

// exportDocuments copies the documents of a run to where they were asked for, and says where they are.
func (a *commands) exportDocuments(run *report.Run, dir string, to config.Copies) error {
	folder, err := app.ExportDocuments(run, dir, to)
	if err != nil {
		return err
	}
	if folder != "" {
		fmt.Fprintf(a.Out, "  copied  %s\n", folder)
	}
	if to.Zip != "" {
		fmt.Fprintf(a.Out, "  zip     %s\n", to.Zip)
	}
	return nil
}
