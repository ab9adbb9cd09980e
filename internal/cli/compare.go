package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/report"
)

const compareLong = `Answers whether a run went better or worse than another, and whether that is more than chance. The first run, A, is
the baseline; each other one is held against it. With several runs a side the run is the unit, and what varies from run to run
is told from what differs: write --with between the sides.

A stretch of a run is RUN@FROM-TO, such as runs/x@30s-5m; either end can be left out.

Runs must be alike in what was asked of the platform: target, model, load, mix, faults (see --accept). Runs with faults are
compared phase by phase.

Exit codes: 0 nothing is worse by more than the tolerance, 99 something is, 98 the runs are not comparable or too short to
judge anything, 2 flags, 1 anything else.`

const compareExample = `  squall compare runs/before runs/after
  squall compare runs/before runs/after --tolerance 10% --out compare.html
  squall compare runs/a1 runs/a2 runs/a3 runs/a4 --with runs/b1 runs/b2 runs/b3 runs/b4
  squall compare runs/long@0s-10m runs/long@10m-20m
  squall compare runs/before runs/after --format json | jq .verdict`

// compareFlags are the flags of squall compare.
type compareFlags struct {
	tolerance string
	accept    []string
	seed      uint64
	resamples int
	format    string
	out       []string
	with      separator
}

// terminalFormat is the format that is shaped for the terminal that it goes to.
const terminalFormat = "terminal"

func (a *commands) compare() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "compare A B [C ..] | compare A1 A2 .. --with B1 B2 ..",
		Short:             "Say whether a run went better or worse than another, and whether that is real",
		Long:              compareLong,
		Example:           compareExample,
		ValidArgsFunction: completeDirectories,
	}
	var f compareFlags
	f.with.flags = cmd.Flags()
	cmd.Flags().SortFlags = false
	cmd.Flags().VarPF(&f.with, "with", "", "the runs behind it are one side, those before it the other").NoOptDefVal = "true"
	cmd.Flags().StringVar(&f.tolerance, "tolerance", "5%", "a number is worse when it is so for certain by more than `SHARE` of its value in the baseline")
	cmd.Flags().StringSliceVar(&f.accept, "accept", nil, "compare although these `CONDITIONS` differ: "+conditionNames())
	cmd.Flags().StringVar(&f.format, "format", terminalFormat, "`FORMAT` of what is printed: "+strings.Join(printedFormats(), ", "))
	cmd.Flags().StringArrayVar(&f.out, "out", nil, "write the comparison to `FILE` too, which ends in .md, .html or .json; can be given several times")
	cmd.Flags().Uint64Var(&f.seed, "seed", compare.DefaultSeed, "`SEED` of what is drawn; the same seed gives the same answer")
	cmd.Flags().IntVar(&f.resamples, "resamples", compare.DefaultResamples, "`N` resamples of the bootstrap, 100 to 100,000")
	cmd.Args = func(_ *cobra.Command, args []string) error { return f.checkRuns(len(args)) }
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.runCompare(args, f) }
	if err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(printedFormats(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag is bound above
	}
	return cmd
}

// separator is a flag without a value that stands between arguments.
type separator struct {
	flags *pflag.FlagSet
	set   bool
	at    int // arguments before it
}

func (s *separator) Set(string) error {
	if s.set {
		return errors.New("there are two sides, so it can be given once")
	}
	s.set, s.at = true, s.flags.NArg()
	return nil
}

// String is what cobra reads back.
func (s *separator) String() string { return strconv.FormatBool(s.set) }

// Type is bool to cobra.
func (s *separator) Type() string { return "bool" }

func (f *compareFlags) checkRuns(given int) error {
	switch {
	case f.with.set && (f.with.at == 0 || f.with.at == given):
		return errors.New("--with stands between the runs of one side and those of the other")
	case given < 2:
		return fmt.Errorf("compare takes two run directories or more, and %d is given", given)
	}
	return nil
}

func (a *commands) runCompare(args []string, f compareFlags) error {
	options, err := f.options()
	if err != nil {
		return usage(err)
	}
	var runs []compare.Run
	for _, arg := range args {
		dir, within, err := stretchOf(arg)
		if err != nil {
			return usage(err)
		}
		run, err := report.Comparable(dir, within)
		if err != nil {
			return err
		}
		run.Name += strings.TrimPrefix(arg, dir)
		runs = append(runs, run)
	}
	result := a.compareRuns(runs, f.with, options)
	for _, path := range f.out {
		if err := report.SaveComparison(path, result); err != nil {
			return err
		}
	}
	if f.format == terminalFormat {
		fmt.Fprint(a.Out, report.ComparisonTerminal(result, columns(a.out)))
	} else if err := report.WriteComparison(a.Out, result, f.format); err != nil {
		return err
	}
	switch result.Verdict() {
	case compare.Worse:
		return exitStatus(slo.ExitFailed)
	case compare.NotComparable:
		return exitStatus(slo.ExitNotJudged)
	case compare.Better, compare.NoDifference:
	}
	return nil
}

// compareRuns holds side against side, or each run against the first.
func (a *commands) compareRuns(runs []compare.Run, with separator, o compare.Options) compare.Report {
	if with.set && len(runs) > 2 {
		return compare.Groups(runs[:with.at], runs[with.at:], o)
	}
	return compare.Against(runs[0], runs[1:], o)
}

func (f compareFlags) options() (o compare.Options, err error) {
	o = compare.Options{Seed: f.seed, Resamples: f.resamples}
	if o.Tolerance, err = parseShare(f.tolerance); err != nil {
		return o, fmt.Errorf("--tolerance: %w", err)
	}
	if f.resamples < 100 || f.resamples > 100_000 {
		return o, errors.New("--resamples: must be a whole number from 100 to 100,000")
	}
	if f.seed == 0 {
		return o, errors.New("--seed: must be a whole number above 0")
	}
	for _, name := range f.accept {
		c := compare.Condition(strings.TrimSpace(name))
		if !slices.Contains(compare.AllConditions(), c) {
			return o, fmt.Errorf("--accept: there is no condition %q: there are %s", name, conditionNames())
		}
		o.Accept = append(o.Accept, c)
	}
	if formats := printedFormats(); !slices.Contains(formats, f.format) {
		return o, fmt.Errorf("--format: there is no format %q: there are %s", f.format, strings.Join(formats, ", "))
	}
	for _, path := range f.out {
		if _, ok := report.ComparisonFormatOf(path); !ok {
			return o, fmt.Errorf("--out: %s must end in .md, .html or .json", path)
		}
	}
	return o, nil
}

// printedFormats are those that --format takes.
func printedFormats() []string {
	return append([]string{terminalFormat}, report.ComparisonFormats()...)
}

func conditionNames() string {
	var names []string
	for _, c := range compare.AllConditions() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// parseShare reads a share in percent: 5%, 2.5 %, or 0.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(v) || v < 0 || v >= 1000 || !percent && v != 0 {
		return 0, fmt.Errorf("%q is no share: write a percentage from 0%% to 1000%%, such as 5%%", text)
	}
	return v / 100, nil
}

// stretchOf reads RUN or RUN@FROM-TO. A directory whose name looks like that is taken for what it is.
func stretchOf(arg string) (dir string, within report.Stretch, err error) {
	at := strings.LastIndexByte(arg, '@')
	if at < 0 {
		return arg, within, nil
	}
	if _, err := os.Stat(arg); !errors.Is(err, fs.ErrNotExist) {
		return arg, within, nil
	}
	from, to, ok := strings.Cut(arg[at+1:], "-")
	if !ok {
		return arg, within, fmt.Errorf("%s: a stretch of a run is written RUN@FROM-TO, such as %s@30s-5m", arg, arg[:at])
	}
	for _, end := range []struct {
		text string
		to   *float64
	}{{from, &within.From}, {to, &within.To}} {
		if end.text == "" {
			continue
		}
		d, err := time.ParseDuration(end.text)
		if err != nil || d < 0 {
			return arg, within, fmt.Errorf("%s: %q is no time of a run: write it as 30s or 5m", arg, end.text)
		}
		*end.to = d.Seconds()
	}
	if to != "" && within.To <= within.From {
		return arg, within, fmt.Errorf("%s: the stretch ends before it begins", arg)
	}
	return arg[:at], within, nil
}
