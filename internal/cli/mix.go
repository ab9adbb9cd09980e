package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"xinbot.ir/squall/internal/atomicfile"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/mix"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

const mixLong = `Finds out over which channels your customers write, and writes a workload file with these shares, so that the mix of
production can be sent to another platform.`

const mixFromLogLong = `Counts the accepted messages in the access logs of your gateway (POST to the path of a channel, answered with 2xx) and writes
a workload file whose channel weights are their shares: the file of --workload with its comments, or the built-in one. Where
the log has brand_id, channel_id or tenant_id, each brand gets its own.

Reads text lines with a quoted request and a status behind it (Common and Combined Log Format, uvicorn) and objects of JSON,
packed with gzip or not. FILE - is standard input. What was counted and what was left out is said on standard error.`

func (a *commands) mix() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mix",
		Short: "Make a workload file with the channel mix of real traffic",
		Long:  mixLong,
		Args:  knownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.mixFromLog())
	return cmd
}

func (a *commands) mixFromLog() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "from-log FILE..",
		Short: "Make it from access logs of the gateway",
		Long:  mixFromLogLong,
		Example: `  squall mix from-log access.log access.log.1.gz --out workload_mix.yaml
  squall mix from-log access.log --workload staging.yaml --out production.yaml
  kubectl logs -l app.kubernetes.io/name=channel-gateway --tail=-1 | squall mix from-log - > workload_mix.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("from-log takes the files of a log, or - for standard input")
			}
			if first := slices.Index(args, "-"); first >= 0 && slices.Contains(args[first+1:], "-") {
				return errors.New("standard input (-) can be read once")
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	flags := config.Bind(cmd.Flags(), config.ForMix, nil)
	to := bindMixOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		m, err := a.resolveMix(flags, to)
		if err != nil {
			return err
		}
		ctx, cancel := a.untilSignal(cmd.Context())
		defer cancel()
		tally := mix.NewTally(m.Workload)
		for _, path := range args {
			if err := a.countLog(ctx, path, tally); err != nil {
				return err
			}
		}
		return a.writeMix(m, tally, to)
	}
	return cmd
}

// mixOutput is where the workload file goes.
type mixOutput struct {
	path  string // "": standard output
	force bool
}

func bindMixOutput(cmd *cobra.Command) *mixOutput {
	to := new(mixOutput)
	cmd.Flags().StringVarP(&to.path, "out", "o", "", "write the workload to `FILE`, not to standard output")
	addBoolFlag(cmd, &to.force, "force", "", "replace the file that is there")
	return to
}

// check refuses to write over what is there, before anything is read.
func (o mixOutput) check() error {
	if o.path == "" {
		return nil
	}
	if err := inputfile.Regular(o.path); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if _, err := os.Lstat(o.path); err == nil && !o.force {
		return fmt.Errorf("--out %s: it is there already: add --force to replace it", o.path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

func (a *commands) resolveMix(flags *config.Flags, to *mixOutput) (config.Mix, error) {
	if err := to.check(); err != nil {
		return config.Mix{}, usage(err)
	}
	m, err := config.ResolveMix(a.input(flags.Given(), flags.Variables()))
	return m, usage(err)
}

// countLog counts one log, and says what it was.
func (a *commands) countLog(ctx context.Context, path string, tally *mix.Tally) error {
	name, from := path, io.ReadCloser(a.In)
	if path == "-" {
		name = "standard input"
		if a.In == nil || term.IsTerminal(int(a.In.Fd())) {
			return usage(errors.New("standard input is a terminal: lead a log into it, as in squall mix from-log - < access.log"))
		}
	} else {
		f, err := inputfile.Open(path)
		if err != nil {
			return fmt.Errorf("%w: to read a pipe, lead it into squall mix from-log -", err)
		}
		defer f.Close()
		from = f
	}
	type outcome struct {
		mix.LogCount
		err error
	}
	read := make(chan outcome, 1)
	go func() { // of a pipe it may wait for ever
		count, err := mix.ReadLog(ctx, from, tally.Add)
		read <- outcome{count, err}
	}()
	select {
	case o := <-read:
		if errors.Is(o.err, context.Canceled) {
			return fmt.Errorf("read %s: stopped, nothing was written", name)
		}
		if o.err != nil {
			return fmt.Errorf("read %s: %w", name, o.err)
		}
		fmt.Fprintf(a.Err, "%s: %s in %s\n", name, units.Counted(o.Requests, "request", "requests"), units.Counted(o.Lines, "line", "lines"))
		if o.Unread > 0 {
			fmt.Fprintf(a.Err, "  left out: %s that could not be read, the first is line %d: %v\n", units.Counted(o.Unread, "line", "lines"), o.FirstLine, o.Why)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("read %s: stopped, nothing was written", name)
	}
}

// writeMix writes the workload with the weights that were counted, and says what they come from.
func (a *commands) writeMix(m config.Mix, tally *mix.Tally, to *mixOutput) error {
	brands := tally.Brands()
	a.printTally(tally)
	weights := mix.Weights(brands)
	if len(weights) == 0 {
		var paths []string
		for _, spec := range m.Workload.Channels {
			if !slices.Contains(paths, spec.Path) {
				paths = append(paths, spec.Path)
			}
		}
		return fmt.Errorf("no accepted message was counted, so nothing was written: a message is a POST to one of %s with a status of 2xx; other paths are given in the workload's channels", strings.Join(paths, ", "))
	}
	name, base := m.Workload.Source, m.Base
	if base == nil {
		base = load.DefaultWorkloadText()
	}
	text, err := load.RewriteMix(name, base, weights)
	if err != nil {
		return err
	}
	a.printBrands(brands, tally)
	if to.path == "" {
		_, err := a.out.raw.Write(text) // a file: what Write makes of letters for a terminal would change it
		return err
	}
	if err := atomicfile.Write(to.path, atomicfile.Mode, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "written: %s; try it with squall run --workload %s\n", to.path, to.path)
	return nil
}

func count(n float64) string { return units.Decimal(n, 0) }

// printTally says what was counted and what was not.
func (a *commands) printTally(t *mix.Tally) {
	fmt.Fprintf(a.Err, "counted: accepted messages: %s", count(t.Accepted))
	if !t.First.IsZero() {
		const layout = "2006-01-02 15:04:05 MST"
		fmt.Fprintf(a.Err, ", from %s to %s", t.First.UTC().Format(layout), t.Last.UTC().Format(layout))
	}
	fmt.Fprintln(a.Err)
	for _, left := range []struct {
		names *mix.Names
		what  string
	}{
		{&t.Refused, "messages that were not accepted"},
		{&t.Elsewhere, "POST requests to paths of no channel"},
		{&t.Unknown, "accepted messages of brands or tenants that the workload does not have"},
	} {
		if left.names.Total > 0 {
			fmt.Fprintf(a.Err, "  left out: %s (%s): %s\n", left.what, units.Count(left.names.Total), mostOf(left.names))
		}
	}
	if t.OtherKind > 0 {
		fmt.Fprintf(a.Err, "  left out: %s of other methods than POST\n", units.Counted(t.OtherKind, "request", "requests"))
	}
	if n := t.Nameless(); n > 0 {
		fmt.Fprintf(a.Err, "  left out: accepted messages that name no brand, because others do (%s)\n", count(n))
	}
}

// shownNames is how many names are listed.
const shownNames = 5

func mostOf(names *mix.Names) string {
	var texts []string
	listed := uint64(0)
	for _, n := range names.Most(shownNames) {
		texts = append(texts, fmt.Sprintf("%s (%s)", n.Name, units.Count(n.Count)))
		listed += n.Count
	}
	if rest := names.Total - listed; rest > 0 {
		texts = append(texts, fmt.Sprintf("others (%s)", units.Count(rest)))
	}
	return strings.Join(texts, ", ")
}

// printBrands says what each brand's weights come from.
func (a *commands) printBrands(brands []mix.Brand, t *mix.Tally) {
	for _, b := range brands {
		var shares []string
		for c, w := range b.Weights.Normalised() {
			if w > 0 {
				shares = append(shares, fmt.Sprintf("%s %s", load.Channel(c), units.Percent(w)))
			}
		}
		from := string(b.Basis)
		if b.Basis != mix.Kept {
			from = fmt.Sprintf("from %s, %s", b.Basis, count(b.Messages))
		}
		fmt.Fprintf(a.Err, "  %s: %s (%s)\n", b.Name, strings.Join(shares, ", "), from)
	}
	if t.SharedPath() {
		fmt.Fprintln(a.Err, "note: automation travels as webchat and cannot be told from it here, so its part of these messages is that of the base workload")
	}
}
