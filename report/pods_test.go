package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
)

// withEvidence is a short run, which began at 09:15:00 UTC, with files in its evidence.
func withEvidence(t *testing.T, files map[string]string) *Run {
	t.Helper()
	dir := synthetic{seconds: 60}.write(t)
	if err := os.Mkdir(filepath.Join(dir, rundir.EvidenceDir), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		text = strings.ReplaceAll(text, "@", "2026-07-30T09:15:")
		if err := os.WriteFile(filepath.Join(dir, rundir.EvidenceDir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

const podsHead = "time,workload,desired_pods,current_pods,ready_pods,restarts,gap\n"

func TestPodsSection(t *testing.T) {
	run := withEvidence(t, map[string]string{
		"pods-staging.csv": podsHead +
			"@01.000Z,deployment gateway,2,2,2,0,\n" +
			"@01.000Z,statefulset redis,2,2,2,0,\n" +
			"@10.000Z,statefulset redis,2,2,1,0,\n" + // 4 s not ready
			"@14.000Z,statefulset redis,2,2,2,0,\n" +
			"@20.000Z,deployment gateway,8,8,2,0,\n" + // 6.5 s not ready
			"@26.500Z,deployment gateway,8,8,8,3,\n" +
			"@30.000Z,deployment gateway,,,,,deployments: nothing answers\n" + // 10 s unknown
			"@40.000Z,deployment gateway,8,8,8,3,\n" +
			"@50.000Z,deployment gateway,8,8,8,3,\n" +
			"@50.000Z,statefulset redis,2,2,2,0,\n",
		"pods-prod.csv": podsHead + "@01.000Z,deployment,,,,,deployments: it does not accept the credentials\n",
		rundir.GonePodsFile: "seen_at,gone_at,namespace,pod,workload,how,file\n" +
			"@10.000Z,@11.500Z,staging,redis-0,statefulset redis,deleted (EvictionByEvictionAPI),pod-staging-redis-0.txt\n" +
			"@25.000Z,,staging,gateway-1,deployment gateway,container gateway restarted,\n" +
			",,,,,\"7 more, of which nothing is kept\",\n",
	})
	text := markdown(podsSection(run))
	for _, want := range []string{
		"| `staging/deployment gateway` | 2 of 2 | 2 | 8 | 8 of 8 | 6.5 s | 10 s | 3 or more |",
		"| `staging/statefulset redis` | 2 of 2 | 1 | 2 | 2 of 2 | 4 s | 0 s | 0 |",
		"| `prod/deployment` | – | – | – | – | – |",
		"- `staging/deployment gateway`: deployments: nothing answers",
		"- `prod/deployment`: deployments: it does not accept the credentials",
		"Every change is in `evidence/pods-prod.csv`, `evidence/pods-staging.csv`; what scaled them is in `evidence/scaling-events.csv`.",
		"| 00:10.0 | 00:11.5 | `staging/redis-0` | statefulset redis | deleted (EvictionByEvictionAPI) | `evidence/pod-staging-redis-0.txt` |",
		"| 00:25.0 | still there | `staging/gateway-1` | deployment gateway | container gateway restarted | not kept |",
		"7 more, of which nothing is kept",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "`staging/statefulset redis`: ") {
		t.Errorf("redis is called unknown in\n%s", text)
	}
}

// A table of a run directory that is not as squall writes it is named, and the report is made.
func TestDamagedTablesOfPods(t *testing.T) {
	for name, c := range map[string]struct{ table, warning, want string }{
		"no column":  {"time,workload\n@01.000Z,a\n", "evidence/pods-a.csv has no column desired_pods and was left out", ""},
		"bad rows":   {podsHead + "@01.000Z,a,1,1,1,0,\nyesterday,a,1,1,1,0,\n@02.000Z,a,1,1,many,0,\n@03.000Z,a,1,1,,0,\n@04.000Z,a\n", "evidence/pods-a.csv: 4 rows could not be read and were left out", "| `a/a` | 1 of 1 |"},
		"empty":      {"", "evidence/pods-a.csv cannot be read: EOF", ""},
		"torn quote": {podsHead + "@01.000Z,a,1,1,1,0,\n@02.000Z,\"a,1", "evidence/pods-a.csv cannot be read to its end: ", "| `a/a` | 1 of 1 |"},
	} {
		t.Run(name, func(t *testing.T) {
			run := withEvidence(t, map[string]string{"pods-a.csv": c.table})
			if warnings := strings.Join(run.files.Warnings, "\n"); !strings.Contains(warnings, c.warning) {
				t.Errorf("warned %q", warnings)
			}
			if text := markdown(podsSection(run)); !strings.Contains(text, c.want) {
				t.Errorf("no %q in\n%s", c.want, text)
			}
		})
	}
}

// What the cluster did not tell is said with its pods, what others did not tell with the panels.
func TestGapsStandWithTheirSource(t *testing.T) {
	gap := func(source, title string) event.Event {
		return happened(5, event.RoleSource, event.SourceGap{Source: source, Panel: title, Title: title, Reason: "nothing answers"})
	}
	run, err := Load(synthetic{seconds: 60, events: []event.Event{gap(kubernetesSource, "pod logs of staging"), gap("prometheus", "queue")}}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	run.panels = []*panelTotals{{}}
	if text := markdown(podsSection(run)); !strings.Contains(text, "- No pod logs of staging from kubernetes from 00:05 to the end: nothing answers\n") || strings.Contains(text, "queue") {
		t.Error(text)
	}
	if text := markdown(platformSection(run)); !strings.Contains(text, "- No queue from prometheus from 00:05 to the end: nothing answers\n") || strings.Contains(text, "pod logs") {
		t.Error(text)
	}
}
