package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// otherFlag is a flag of k6 or Locust that squall does not have, and what does the same here.
type otherFlag struct {
	names string // as they are typed, apart by blanks
	ours  string
}

var otherFlags = []otherFlag{
	{"--stage -s --iterations -i --iteration", "a run is as long as --duration says; a level is reached by --vus with --ramp, and changed with the keys of the console"},
	{"--rps --max-rps", "--rate 500/s sends at an arrival rate"},
	{"--max", "--max-in-flight bounds what is under way in the open model, --vus what is in the closed one"},
	{"--tag --tags -T", "a run has no tags: --target names what it is about, and the key n writes a note"},
	{"--no-summary --no-thresholds --summary-mode --summary-trend-stats --summary-time-unit", "the summary is always written, as perf-summary.json in the run directory, and with --summary-export where you like"},
	{"--quiet -q --no-color --verbose --loglevel --logfile --skip-log-setup --log-output --log-format --only-summary --print-stats", "squall run writes progress to standard error: 2>/dev/null leaves it out; NO_COLOR takes the colours away"},
	{"--csv --csv-full-history --html --json --json-file", "the run directory has report.md, perf-summary.json and windows.jsonl, one line per second"},
	{"--master --worker --master-host --master-port --expect-workers --processes", "one squall makes the load of one machine"},
	{"--autostart --autoquit --web-port --web-host", "--headless runs without the console, --duration ends it"},
	{"--stop-timeout", "--drain is how long requests under way are waited for at the end"},
	{"--exit-code-on-error", "exit codes are in squall --help"},
	{"--throw -w --http-debug --discard-response-bodies --compatibility-mode --execution-segment --linger --paused --address", "squall has nothing like it: leave it out"},
	{"--user-agent --batch --batch-per-host --dns --hosts --block-hostnames --blacklist-ip", "squall has nothing like it: leave it out"},
	{"--no-connection-reuse --no-vu-connection-reuse", "--no-keep-alive opens a connection for each request"},
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
	for _, other := range otherFlags {
		if slices.Contains(strings.Fields(other.names), name) {
			return other.ours
		}
	}
	return ""
}
