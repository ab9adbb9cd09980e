package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"xinbot.ir/squall/internal/config"
)

// otherFlag is a flag of k6 or Locust that squall does not have, and what does the same here.
type otherFlag struct {
	names string // as they are typed, apart by blanks
	ours  string

	variables string // that are not named after the flag
}

var otherFlags = []otherFlag{
	{variables: "K6_STAGES", names: "--stage -s --iterations -i --iteration", ours: "a run is as long as --duration says; a level is reached by --vus with --ramp, and changed with the keys of the console"},
	{names: "--rps --max-rps", ours: "--rate 500/s sends at an arrival rate"},
	{names: "--max", ours: "--max-in-flight bounds what is under way in the open model, --vus what is in the closed one"},
	{names: "--tag --tags -T", ours: "a run has no tags: --target names what it is about, and the key n writes a note"},
	{names: "--no-summary --summary-mode --summary-trend-stats --summary-time-unit", ours: "the summary is always written, as perf-summary.json in the run directory, and with --summary-export where you like"},
	{names: "--quiet -q --no-color --verbose --loglevel --logfile --skip-log-setup --log-output --log-format --only-summary --print-stats", ours: "squall run writes progress to standard error: 2>/dev/null leaves it out; NO_COLOR takes the colours away"},
	{names: "--html --json --json-file", ours: "the run directory has report.md, report.html, perf-summary.json and windows.jsonl, one line per second"},
	{names: "--master --worker --master-host --master-port --expect-workers --processes", ours: "one squall makes the load of one machine"},
	{names: "--autostart --autoquit --web-port --web-host", ours: "--headless runs without the console, --duration ends it"},
	{names: "--stop-timeout", ours: "--drain is how long requests under way are waited for at the end"},
	{names: "--exit-code-on-error", ours: "exit codes are in squall --help"},
	{names: "--throw -w --http-debug --discard-response-bodies --compatibility-mode --execution-segment --linger --paused --address", ours: nothingLike + ": leave it out"},
	{names: "--user-agent --batch --batch-per-host --dns --hosts --block-hostnames --blacklist-ip", ours: nothingLike + ": leave it out"},
	{names: "--no-thresholds", ours: "objectives are always judged: --objective replaces the built-in ones, --unknown pass lets those pass that cannot be judged"},
	{names: "--insecure-skip-tls-verify", ours: "--insecure-skip-verify accepts any server certificate"},
	{names: "--all-namespaces -A -n", ours: "--namespace names the one namespace of the platform, and --allow-namespace lets faults touch it"},
	{names: "--selector -l", ours: "what a fault hits is among its parameters: --fault redis_outage,selector=app=redis"},
	{names: "--server --cluster --user --as", ours: "--context names the context of the kubeconfig, and with it cluster and user"},
	{variables: "LOCUST_LOCUSTFILE", ours: "the built-in scenario is what runs: no script is read"},
	{names: "--no-connection-reuse --no-vu-connection-reuse", ours: "--no-keep-alive opens a connection for each request"},
}

// replacement is what does here what an unknown flag does elsewhere; "" if it is about something else, or nobody is
// known to have such a flag.
func replacement(err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	name := "--" + unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		name = name[1:]
	}
	return replacementOf(name, "")
}

func replacementOf(flag, variable string) string {
	for _, other := range otherFlags {
		if slices.Contains(strings.Fields(other.names), flag) || slices.Contains(strings.Fields(other.variables), variable) {
			return other.ours
		}
	}
	return ""
}

// otherVariables warns of variables of k6 and Locust that mean nothing here. Both name a variable after its flag.
func (a *commands) otherVariables() (warnings []string) {
	ours := map[string]bool{}
	for _, row := range config.Table() {
		for _, alias := range row.Env {
			ours[alias.Name] = true
		}
	}
	for _, pair := range a.Environ {
		name, value, _ := strings.Cut(pair, "=")
		tool, option, _ := strings.Cut(name, "_")
		if tool != "K6" && tool != "LOCUST" || option == "" || value == "" || ours[name] {
			continue
		}
		instead := replacementOf("--"+strings.ToLower(strings.ReplaceAll(option, "_", "-")), name)
		warnings = append(warnings, fmt.Sprintf("env %s has no effect: %s", name, cmp.Or(instead, nothingLike)))
	}
	slices.Sort(warnings)
	return warnings
}

// nothingLike is what is said of a flag that nothing stands for.
const nothingLike = "squall has nothing like it"
