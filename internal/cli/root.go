package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
)

const rootLong = `squall drives load at the chat platform, breaks things and puts them back, shows what the
platform does under it, and leaves a report. Its flags and variables are those of k6 and Locust where they have one.`

const rootExample = `  # The console against an embedded platform; nothing else is needed.
  squall demo

  # As with k6.
  squall run --vus 250 --duration 15m \
    -e GATEWAY_URL=https://gateway.example.org/webchat/webhook \
    -e WEBHOOK_SECRET=secret --summary-export perf-summary.json

  # As with Locust.
  squall run --host https://gateway.example.org --users 500 --spawn-rate 100 --run-time 5m --headless

  # A target of squall.yaml, at an arrival rate, with an objective of your own.
  squall run --target staging --rate 500/s --objective 'gateway_latency: p(95)<800'

  # A fault after a minute, for a minute; first only to see what it would hit.
  squall run --target staging --fault redis_outage,way=scale --dry-run
  squall run --target staging --headless --duration 5m --fault redis_outage@1m,way=scale,for=1m

  # What would be used, where it came from, and whether it can be reached.
  squall doctor --target staging

Exit codes: 0 passed, 99 an objective or an expectation of a fault failed, 98 not judged (an objective that you asked for had
too little to judge it by, a stop rule had nothing to look at, or the gateway answered nothing), 2 flags or configuration, 3 something is still changed on the
target, 1 anything else: also a fault that was asked for and not injected, and a headless run that a signal other than Ctrl-C ended
before its --duration. Of several, 3 goes before 1, 1 before 99, 99 before 98.`

func (a *commands) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "squall",
		Short:         "Load and faults, live, with a report at the end",
		Long:          rootLong,
		Example:       rootExample,
		Args:          knownCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	var version bool
	addBoolFlag(root, &version, "version", "v", "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if version {
			return a.printVersion()
		}
		return cmd.Help()
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root { // it reads the flags of a command that it does not know as its own
			if unknown := knownCommand(root, root.Flags().Args()); unknown != nil {
				return usage(fmt.Errorf("%w: see squall --help", unknown))
			}
		}
		if ours := replacement(err); ours != "" {
			return usage(fmt.Errorf("%w: %s", err, ours))
		}
		if cmd == root {
			return usage(fmt.Errorf("%w: to make load, write squall run: see squall --help", err))
		}
		return usage(fmt.Errorf("%w: see %s --help", err, cmd.CommandPath()))
	})
	root.AddCommand(a.run(), a.demo(), a.report(), a.compare(), a.publish(), a.mix(), a.recover(), a.rotate(), a.guard(), a.doctor(), a.version())
	for _, cmd := range withSubcommands(root) {
		addBoolFlag(cmd, new(bool), "help", "h", "help for "+cmd.Name())
		if args := cmd.Args; args != nil {
			cmd.Args = func(cmd *cobra.Command, given []string) error {
				if err := cmp.Or(noVariables(cmd, given), args(cmd, given)); err != nil {
					return usage(fmt.Errorf("%w: see %s --help", err, cmd.CommandPath()))
				}
				return nil
			}
		}
	}
	return root
}

// withSubcommands are a command and all those below it.
func withSubcommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		all = append(all, withSubcommands(below)...)
	}
	return all
}

// variable is an argument that sets a variable.
var variable = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)=`)

// noVariables refuses arguments that set a variable, whose value may be a secret and is not shown.
func noVariables(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if name := variable.FindStringSubmatch(arg); name != nil {
			err := fmt.Errorf("to set %s, write %s=VALUE in front of squall", name[1], name[1])
			if cmd.Flags().Lookup("env") != nil {
				err = fmt.Errorf("%w, or -e %s=VALUE behind %s", err, name[1], cmd.CommandPath())
			}
			return err
		}
	}
	return nil
}

// isHarmless reports whether an argument can be shown: a plain word or the name of a file, and not what is left of a
// -e that was written without its equals sign.
func isHarmless(cmd *cobra.Command, arg string) bool {
	if pairs, err := cmd.Flags().GetStringArray("env"); err == nil && slices.ContainsFunc(pairs, func(pair string) bool { return !strings.Contains(pair, "=") }) {
		return false
	}
	_, err := os.Stat(arg)
	return err == nil || strings.Trim(arg, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// knownCommand refuses a command that there is none of, and names one that looks like it.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if err := noVariables(cmd, args); err != nil {
		return err
	}
	err := errors.New("unknown command: to make load, write squall run")
	if isHarmless(cmd, args[0]) {
		err = fmt.Errorf("unknown command %q", args[0])
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w: did you mean squall %s?", err, strings.Join(near, " or squall "))
	}
	return err
}

// configured adds the flags of the configuration to a command; defaults are the command's own.
func configured(cmd *cobra.Command, defaults map[string]string) *config.Flags {
	cmd.Flags().SortFlags = false
	flags := config.Bind(cmd.Flags(), config.ForRuns, defaults)
	targets := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		path := ""
		if given := flags.Given()["config"]; len(given) > 0 {
			path = given[len(given)-1]
		}
		return config.TargetNames(path), cobra.ShellCompDirectiveNoFileComp
	}
	for _, name := range []string{"target", "confirm"} {
		if err := cmd.RegisterFlagCompletionFunc(name, targets); err != nil {
			panic(err) // the flag is bound three lines above
		}
	}
	for _, row := range config.Table() {
		for _, alias := range row.Flags {
			if row.Choices == nil || cmd.Flags().Lookup(alias.Name) == nil {
				continue
			}
			if err := cmd.RegisterFlagCompletionFunc(alias.Name, cobra.FixedCompletions(row.Choices, cobra.ShellCompDirectiveNoFileComp)); err != nil {
				panic(err) // the flags of the table are bound above
			}
		}
	}
	if err := cmd.RegisterFlagCompletionFunc("fault", completeFaults); err != nil {
		panic(err) // as above
	}
	return flags
}

// completeFaults completes the names of the faults that squall has, and their parameters behind a comma.
func completeFaults(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	rows := app.BuiltInFaults()
	fault, params, inside := strings.Cut(typed, ",")
	if !inside {
		return slices.Sorted(maps.Keys(rows)), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	name, _, _ := strings.Cut(fault, "@")
	begun := typed[:len(typed)-len(params[strings.LastIndexByte(params, ',')+1:])]
	var all []string
	for _, p := range rows[name] {
		all = append(all, begun+p.Name+"=")
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// showOnly leaves every other flag out of the help. They are still accepted: the flags of the run that
// somebody is looking into can be left as they are.
func showOnly(cmd *cobra.Command, names ...string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = !slices.Contains(names, f.Name) })
}

// scriptAtMost accepts the script of k6 or Locust that a command line has from there.
func scriptAtMost(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && isScript(args[0]) {
		return nil
	}
	return noArguments(cmd, args)
}

func isScript(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".js" || ext == ".ts" || ext == ".py"
}

// noArguments refuses arguments. A script is what people who come from k6 or Locust have on their command line.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if isScript(args[0]) {
		return fmt.Errorf("squall needs no script: leave out %q", args[0])
	}
	if isHarmless(cmd, args[0]) {
		return fmt.Errorf("%s takes no arguments: leave out %q", cmd.CommandPath(), args[0])
	}
	return fmt.Errorf("%s takes no arguments, and has been given %d", cmd.CommandPath(), len(args))
}
