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

// otherFlag is a flag of k6, Locust, kubectl or k9s that squall does not have, and what does the same here.
type otherFlag struct {
	names string // as they are typed, apart by blanks
	ours  string

	variables string // that are not named after the flag
}

var otherFlags = []otherFlag{
	{variables: "K6_STAGES", names: "--stage --stages -s --iterations -i --iteration --step-load --step-users --step-clients --step-time --loop --target-rps", ours: "a run is as long as --duration says; a level is reached by --vus with --ramp, and changed with the keys of the console"},
	{names: "--rps --max-rps", ours: "--rate 500/s sends at an arrival rate"},
	{names: "--max --vus-max --max-vus --max-users", ours: "--max-in-flight bounds what is under way in the open model, --vus what is in the closed one"},
	{names: "--tag --tags -T --test-id --testid", ours: "a run has no tags: --target names what it is about, and the key n writes a note"},
	{names: "--no-summary --summary-mode --summary-trend-stats --summary-time-unit", ours: "the summary is always written, as perf-summary.json in the run directory, and with --summary-export where you like"},
	{names: "--quiet -q --no-color --verbose --loglevel -L --logfile --logLevel --logFile --skip-log-setup --log-output --log-format --only-summary --print-stats", ours: "squall run writes progress to standard error: 2>/dev/null leaves it out; NO_COLOR takes the colours away"},
	{names: "--html --json --json-file", ours: "the run directory has report.md, report.html, perf-summary.json and windows.jsonl, one line per second"},
	{names: "--master --worker --master-host --master-port --expect-workers --expect-workers-max-wait --enable-rebalancing --processes", ours: "one squall makes the load of one machine"},
	{names: "--autostart --autoquit --web-port --web-host --web-login --web-base-path -P", ours: "--headless runs without the console, --duration ends it"},
	{names: "--reset-stats", ours: "the report has the numbers of each phase by itself: the start of the load is one, and so is each fault"},
	{names: "--stop-timeout", ours: "--drain is how long requests under way are waited for at the end"},
	{names: "--exit-code-on-error", ours: "exit codes are in squall --help"},
	{names: "--max-redirects", ours: "no redirect is followed: its status counts as a failure, with the address that it names; give the right one with --gateway and --orchestrator"},
	{names: "--min-iteration-duration --wait-time", ours: "--think is the pause after each message of a virtual user"},
	{names: "--readonly --write", ours: "--no-faults leaves the faults out, --no-rules leaves the automation rules alone, --dry-run changes nothing and shows what faults would hit; a target of squall.yaml with protected: true wants its name typed, or --confirm"},
	{names: "--refresh --screen-dump-dir --logoless --crumbsless --splashless --command --no-icons", ours: nothingLike + ": leave it out"},
	{names: "--request-timeout", ours: "--timeout is how long an answer may take"},
	{names: "--token", ours: "-e ADMIN_TOKEN=TOKEN, or better the variable ADMIN_TOKEN, is the token of the admin API; the cluster's is in the kubeconfig"},
	{names: "--client-certificate --client-key --certificate-authority --tls-cert --tls-key", ours: "--cert, --key and --ca are files for the gateway and the admin API; those of the cluster are in the kubeconfig"},
	{names: "--exclude-tags -E --class-picker --list --config-users --show-task-ratio --show-task-ratio-json --equal-weights", ours: "one scenario is built in: --workload and the flags --no-rules and --knowledge say what is sent"},
	{names: "--no-setup --no-teardown --no-usage-report --console-output --include-system-env-vars --system-tags --traces-output --profiling-enabled --local-ips --secret-source --type", ours: nothingLike + ": leave it out"},
	{names: "--throw -w --http-debug --discard-response-bodies --compatibility-mode --execution-segment --execution-segment-sequence --linger --paused --address", ours: nothingLike + ": leave it out"},
	{names: "--user-agent --batch --batch-per-host --dns --hosts --block-hostnames --blacklist-ip", ours: nothingLike + ": leave it out"},
	{names: "--no-thresholds", ours: "objectives are always judged: --objective replaces the built-in ones, --unknown pass lets those pass that cannot be judged"},
	{names: "--insecure-skip-tls-verify", ours: "--insecure-skip-verify accepts any server certificate"},
	{names: "--all-namespaces -A -n", ours: "--namespace names the one namespace of the platform, and --allow-namespace lets faults touch it"},
	{names: "--selector -l", ours: "what a fault hits is among its parameters: --fault redis_outage,selector=app=redis"},
	{names: "--server --cluster --user --as --as-group", ours: "--context names the context of the kubeconfig, and with it cluster and user"},
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
