package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// try runs a command line in this process, without a terminal, and returns code and output.
func try(t *testing.T, environ map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	return tryTyping(t, "", environ, args...)
}

// tryTyping does so with what is typed.
func tryTyping(t *testing.T, typed string, environ map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_, _ = keyboard.WriteString(typed)
	_ = keyboard.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a command that should refuse may serve instead
	defer cancel()
	var o, e bytes.Buffer
	signals := make(chan os.Signal)
	code = Main(ctx, IO{
		Args: args, In: in, Out: &o, Err: &e, Signals: signals, Now: time.Now,
		LookupEnv: func(name string) (string, bool) { v, ok := environ[name]; return v, ok },
	})
	return code, o.String(), e.String()
}

func TestMistakesAreUsageErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":     {[]string{"run", "--vsu", "5"}, "squall: unknown flag: --vsu: see squall run --help"},
		"unknown command":  {[]string{"rum"}, `unknown command "rum": did you mean squall run?`},
		"with flags":       {[]string{"runn", "--gateway", "x"}, `unknown command "runn": did you mean squall run?`},
		"with short flags": {[]string{"rnu", "-u", "5", "--stage", "1m:5"}, `unknown command "rnu": did you mean squall run?`},
		"Locust's steps":   {[]string{"run", "--step-load", "--step-users", "5", "--step-time", "1m"}, "unknown flag: --step-load: a run is as long as"},
		"k9s's --readonly": {[]string{"run", "--readonly"}, "unknown flag: --readonly: --no-faults leaves the faults out"},
		"k6's --vus-max":   {[]string{"run", "--vus-max", "5"}, "unknown flag: --vus-max: --max-in-flight bounds"},
		"k6's redirects":   {[]string{"run", "--max-redirects=3"}, "unknown flag: --max-redirects: no redirect is followed"},
		"far from any":     {[]string{"observe"}, `unknown command "observe": see squall --help`},
		"k6's --stage":     {[]string{"run", "--stage", "5m:100"}, "unknown flag: --stage: a run is as long as --duration says"},
		"k6's -i":          {[]string{"run", "-i", "5"}, "unknown shorthand flag: 'i' in -i: a run is as long as"},
		"Locust's --html":  {[]string{"run", "--html=x"}, "unknown flag: --html: the run directory has report.md"},
		"another place":    {[]string{"report", "run", "--out", "elsewhere"}, "--out elsewhere: the report is written into the run directory"},
		"Locust's -f":      {[]string{"run", "-f", "locustfile.py"}, "locustfile.py is not read: squall has its traffic built in"},
		"k6's script":      {[]string{"run", "tests/perf/orchestrator.js", "--vus", "5"}, "tests/perf/orchestrator.js is not read: squall has its traffic built in"},
		"two scripts":      {[]string{"run", "a.js", "b.js"}, `squall needs no script: leave out "a.js"`},
		"Locust's script":  {[]string{"demo", "locustfile.py"}, `squall needs no script: leave out "locustfile.py"`},
		"a forgotten -e":   {[]string{"run", "WEBHOOK_SECRET=canary"}, "to set WEBHOOK_SECRET, write WEBHOOK_SECRET=VALUE in front of squall, or -e WEBHOOK_SECRET=VALUE behind squall run: see"},
		"in front":         {[]string{"WEBHOOK_SECRET=canary", "run"}, "to set WEBHOOK_SECRET, write WEBHOOK_SECRET=VALUE in front of squall: see"},
		"to recover":       {[]string{"recover", "ADMIN_TOKEN=canary"}, "to set ADMIN_TOKEN, write ADMIN_TOKEN=VALUE in front of squall, or -e"},
		"no equals sign":   {[]string{"run", "-e", "WEBHOOK_SECRET", "canary"}, "squall run takes no arguments, and has been given 1"},
		"another header":   {[]string{"run", "--prometheus-header", "Authorization: Bearer canary"}, "--prometheus-header: must be a header such as"},
		"as a fault":       {[]string{"run", "--host", "https://gw", "--fault", "WEBHOOK_SECRET=canary1"}, "WEBHOOK_SECRET="},
		"as an objective":  {[]string{"run", "--objective", "WEBHOOK_SECRET=canary1"}, "WEBHOOK_SECRET="},
		"as a file":        {[]string{"run", "--config", "WEBHOOK_SECRET=canary1"}, "WEBHOOK_SECRET=(secret)"},
		"as a workload":    {[]string{"run", "--workload=WEBHOOK_SECRET=canary1"}, "WEBHOOK_SECRET=(secret)"},
		"as a target":      {[]string{"run", "--target", "ADMIN_TOKEN=canary1"}, "ADMIN_TOKEN=(secret)"},
		"as an output":     {[]string{"run", "--host", "https://gw", "--out", "WEBHOOK_SECRET=canary1"}, "--out: WEBHOOK_SECRET is a variable, and neither a run directory nor one of"},
		"as an address":    {[]string{"run", "--host", "user:canary1@h:80"}, "user:(secret)@h:80"},
		"a listener":       {[]string{"run", "--host", "https://gw", "--metrics-addr", "user:canary1@h:99"}, "user:(secret)@h:99"},
		"Slack's address":  {[]string{"run", "--host", "https://gw", "--slack-webhook-file", "https://hooks.slack.com/services/T0/B0/canary1"}, "hooks.slack.com/services/(secret)"},
		"a wrong place":    {[]string{"run", "--vus", "WEBHOOK_SECRET=canary"}, `--vus: is "WEBHOOK_SECRET=***"`},
		"no command":       {[]string{"--headless"}, "unknown flag: --headless: to make load, write squall run"},
		"argument":         {[]string{"run", "staging"}, `squall run takes no arguments: leave out "staging"`},
		"only serving":     {[]string{"demo", "--serve", "--vus", "5", "--ramp", "5s"}, "--vus, --ramp: squall demo --serve sends no load and would ignore this"},
		"no replicas":      {[]string{"demo", "--replicas", "0"}, "--replicas: must be a whole number from 1 to 8"},
		"only serving, -e": {[]string{"demo", "--serve", "-e", "K6_VUS=5"}, "-e K6_VUS: squall demo --serve sends no load"},
		"no run":           {[]string{"report"}, "report takes one run directory"},
		"no gateway":       {[]string{"run"}, "no gateway: set GATEWAY_URL"},
		"bool":             {[]string{"run", "--headless=perhaps"}, "must be true or false"},
		"demo's own":       {[]string{"demo", "--host", "https://gw"}, "--host: the embedded platform has its own"},
		"demo's own, -e":   {[]string{"demo", "-e", "GATEWAY_URL=https://gw"}, "-e GATEWAY_URL: the embedded platform has its own"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, errs := try(t, nil, c.args...)
			if code != 2 || !strings.Contains(errs, c.says) {
				t.Errorf("exit code %d, want 2; says\n%s\nwant %q", code, errs, c.says)
			}
			if strings.Contains(errs, "canary") {
				t.Errorf("it says %s", errs)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"help", "run"}, {"demo", "--help"}, {"doctor", "-h"}, {"version"}} {
		code, out, errs := try(t, nil, args...)
		if code != 0 || out == "" || errs != "" {
			t.Errorf("%v: exit code %d, out %q, errors %q", args, code, out, errs)
		}
		if strings.Contains(out, "%!") || strings.Contains(out, "true|false") {
			t.Errorf("%v: help is\n%s", args, out)
		}
	}
}

// TestHelpShowsWhatMatters keeps the help of each command to what it uses and says what that does.
func TestVersionByFlag(t *testing.T) {
	_, want, _ := try(t, nil, "version")
	for _, flag := range []string{"--version", "-v"} {
		if code, out, errs := try(t, nil, flag); code != 0 || out != want || errs != "" {
			t.Errorf("squall %s: exit code %d\n%s%s", flag, code, out, errs)
		}
	}
}

// What a table names as squall's own, squall has.
func TestReplacementsExist(t *testing.T) {
	_, help, _ := try(t, nil, "run", "--help")
	for _, other := range otherFlags {
		for _, word := range strings.Fields(other.ours) {
			if strings.HasPrefix(word, "--") && !strings.Contains(help, strings.TrimRight(word, ",;:.")) {
				t.Errorf("%s: squall run has no %s", other.names, word)
			}
		}
		for _, theirs := range strings.Fields(other.names) {
			if _, _, errs := try(t, map[string]string{}, "run", theirs); !strings.Contains(errs, other.ours) {
				t.Errorf("squall run %s says %s", theirs, errs)
			}
		}
	}
}

func TestHelpShowsWhatMatters(t *testing.T) {
	for _, c := range []struct {
		command      string
		shows, hides []string
	}{
		{"run", []string{"--vus", "--confirm", "takes everything back to the baseline and blocks new spikes"}, nil},
		{"doctor", []string{"--target", "--gateway", "--ca", "-e, --env", "--help"}, []string{"--vus", "--out ", "--stop-rule", "--confirm"}},
		{"recover", []string{"--target", "--confirm", "--trust", "--allow-namespace", "--orchestrator", "--insecure-skip-verify", "-e, --env", "--help"}, []string{"--vus", "--gateway", "--out "}},
	} {
		_, out, _ := try(t, nil, c.command, "--help")
		for _, want := range c.shows {
			if !strings.Contains(out, want) {
				t.Errorf("help of %s lacks %q:\n%s", c.command, want, out)
			}
		}
		for _, no := range c.hides {
			if strings.Contains(out, no) {
				t.Errorf("help of %s shows %q", c.command, no)
			}
		}
	}
}

// TestUndoingIsAlwaysAllowed: where nothing is to be reverted, nobody is asked for the name of a protected target.
func TestUndoingIsAlwaysAllowed(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "targets: {prod: {protected: true, orchestrator: {url: 'https://api.example.org'}, admin_token: x}}"
	if err := os.WriteFile("squall.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := try(t, nil, "recover", "--target", "prod"); code != 0 || !strings.Contains(out, "Nothing is left to revert") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// TestDoctorShowsWhatItRefuses keeps what was given on the screen when the configuration is wrong.
func TestDoctorShowsWhatItRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, errs := try(t, map[string]string{"K6_VUS": "many", "WEBHOOK_SECRET": "s3cret"}, "doctor")
	if code != 2 || !strings.Contains(errs, "env K6_VUS") || !strings.Contains(out, "env WEBHOOK_SECRET") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	if strings.Contains(out+errs, "s3cret") {
		t.Error("a secret is on the screen")
	}
}

func TestCompletion(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "targets: {staging: {}, prod-like: {}}"
	for _, name := range []string{"squall.yaml", "other.yaml"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		text = "targets: {moon: {}}"
	}
	for args, want := range map[string]string{
		"run --target ":                        "staging\nprod-like\n",
		"doctor --config other.yaml --target ": "moon\n",
	} {
		code, out, _ := try(t, nil, append([]string{cobra.ShellCompRequestCmd}, strings.Split(args, " ")...)...)
		if code != 0 || !strings.HasPrefix(out, want) {
			t.Errorf("%q completes to %q, want %q", args, out, want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, errs := try(t, nil, "completion", shell); code != 0 || out == "" {
			t.Errorf("completion %s: exit code %d, %s", shell, code, errs)
		}
	}
}

// TestDocumentedCommandLines holds every squall command line of the help, the README and docs to the
// real flags: what a newcomer copies must be understood.
func TestDocumentedCommandLines(t *testing.T) {
	texts := map[string]string{}
	a := &commands{}
	root := a.root()
	for _, cmd := range append(root.Commands(), root) {
		texts["help of "+cmd.Name()] = cmd.Example
	}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(docs, "../../README.md", "../../CONTRIBUTING.md", "../../examples/squall.yaml", "../../examples/workload_mix.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			if os.IsNotExist(err) {
				continue
			}
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(data)
	}
	found := 0
	for place, text := range texts {
		for _, line := range commandLines(text) {
			found++
			if err := understood(line); err != nil {
				t.Errorf("%s: %s: %v", place, line, err)
			}
		}
	}
	if found < 10 {
		t.Errorf("found only %d command lines", found)
	}
}

// understood parses a command line without running it.
func understood(line string) error {
	root := (&commands{}).root()
	cmd, rest, err := root.Find(words(line)[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.Args == nil {
		return nil
	}
	return cmd.Args(cmd, cmd.Flags().Args())
}

var commandLine = regexp.MustCompile("(?m)^[ \t>$#]*(?:[A-Z_]+=\\S+ +)*(?:bin/)?(squall (?:run|demo|report|compare|doctor|recover|version|completion)\\b.*)$")

// commandLines finds command lines that stand on a line of their own, with their continuations.
func commandLines(text string) (lines []string) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for _, m := range commandLine.FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.TrimSpace(m[1]))
	}
	return lines
}

// words splits a command line as a shell does, as far as the documentation needs it.
func words(line string) (all []string) {
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range line {
		switch {
		case quote == 0 && r == '#' && !inWord:
			return all
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inWord = r, true
		case r == quote:
			quote = 0
		case quote == 0 && r == ' ':
			if inWord {
				all = append(all, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		all = append(all, word.String())
	}
	return all
}

// Variables of k6 and Locust that mean nothing here are named, and those that do are not.
func TestOtherVariables(t *testing.T) {
	a := &commands{IO: IO{Environ: []string{
		"K6_VUS=1", "LOCUST_HOST=x", "K6_NO_COLOR=1", "K6_OUT=json", "K6_PROMETHEUS_RW_SERVER_URL=http://me:hush@h/", "LOCUST_CSV=x", "LOCUST_HTML=x", "LOCUST_LOCUSTFILE=f.py", "K6_EMPTY=", "HOME=/", "LOCUSTS=1",
	}}}
	got := strings.Join(a.otherVariables(), "\n")
	for _, want := range []string{
		"env K6_NO_COLOR has no effect: squall run writes progress", "env K6_PROMETHEUS_RW_SERVER_URL has no effect: squall has nothing like it",
		"env LOCUST_HTML has no effect: the run directory has", "env LOCUST_LOCUSTFILE has no effect: the built-in scenario",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 4 || strings.Contains(got, "hush") {
		t.Errorf("%d warnings, want 4:\n%s", n, got)
	}
}

func TestCompletions(t *testing.T) {
	for _, c := range []struct {
		flag, typed string
		want        []string
	}{
		{"--fault", "", []string{"channel_spike", "llm_latency", "redis_outage"}},
		{"--fault", "llm_latency@30s,", []string{"llm_latency@30s,latency=", "llm_latency@30s,for="}},
		{"--fault", "llm_latency,latency=2s,j", []string{"llm_latency,latency=2s,jitter="}},
		{"--steady-state", "", []string{"warn", "refuse", "off"}},
		{"--unknown", "", []string{"fail", "pass"}},
		{"--expectations", "", []string{"fail", "warn"}},
		{"--signing", "", []string{"shared", "per-channel"}},
	} {
		_, out, _ := try(t, nil, "__complete", "run", c.flag, c.typed)
		for _, want := range c.want {
			if !slices.Contains(strings.Split(out, "\n"), want) {
				t.Errorf("%s %q completes to\n%s\nwithout %s", c.flag, c.typed, out, want)
			}
		}
	}
}

// The first variable that is set says which encoding the terminal has, as for setlocale.
func TestLocale(t *testing.T) {
	for _, c := range []struct {
		environ map[string]string
		without bool
	}{
		{nil, false},
		{map[string]string{"LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LANG": "C.utf8"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, true},
		{map[string]string{"LANG": "C", "LC_CTYPE": "fa_IR.UTF-8"}, false},
		{map[string]string{"LANG": "POSIX"}, true},
		{map[string]string{"LC_ALL": "", "LANG": "en_US.ISO-8859-1"}, true},
	} {
		a := &commands{IO: IO{LookupEnv: func(name string) (string, bool) { v, ok := c.environ[name]; return v, ok }}}
		if got := a.withoutUTF8(); got != c.without {
			t.Errorf("%v: %v, want %v", c.environ, got, c.without)
		}
	}
}
