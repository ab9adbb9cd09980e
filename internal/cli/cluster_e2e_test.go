package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/testcluster"
)

// TestFaultsOnKubernetes goes the way of a person on a real control plane: the console, then a headless
// run, by everything that changes a workload. The workloads are as they were, to the letter.
func TestFaultsOnKubernetes(t *testing.T) {
	endToEnd(t)
	cluster := testcluster.Start(t)
	namespace := cluster.Namespace(t)
	if err := testcluster.Fixtures(context.Background(), cluster.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	kubeconfig := cluster.Kubeconfig(t, testcluster.Login{User: "admin", Groups: []string{"system:masters"}, Namespace: namespace})
	where := []string{"--kubeconfig", kubeconfig, "--namespace", namespace, "--allow-namespace", namespace, "--objective", steady}
	before := specs(t, cluster, namespace)

	c := open(t, shared, append([]string{"run", "--vus", "5"}, where...)...)
	c.shows(t, enterScreen)
	c.measured(t)
	c.press(t, "2")
	c.shows(t, "redis-0 on node")
	c.shows(t, "Enter injects it")
	c.press(t, "\r")
	// Evicted pods come back, and that is the end of it.
	until(t, "the eviction is over", func() bool { return c.journal(t, "fault_reverted") })
	c.press(t, "q")
	c.shows(t, "Stop the run and write the report?")
	c.press(t, "y")
	c.expect(t, 0)
	if kinds, data := c.faultEvents(t); !slices.Equal(kinds, []event.Kind{"fault_started", "fault_active", "fault_reverting", "fault_reverted"}) || data[0].(event.FaultStarted).Driver != "Kubernetes" || data[0].(event.FaultStarted).Scope != "2 pods of redis" {
		t.Errorf("journal has %v, %+v", kinds, data)
	}
	if after := specs(t, cluster, namespace); after != before {
		t.Errorf("after an eviction the workloads are\n%s", after)
	}

	p := start(t, shared, append([]string{
		"run", "--headless", "--vus", "5", "--duration", "7s", "--expectations", "warn", // nobody scales the spike's pods here
		"--fault", "redis_outage@1s,way=scale,for=2s", "--fault", "qdrant_throttle@1s,way=scale,for=2s", "--fault", "channel_spike@1s,factor=2,for=3s",
	}, where...)...)
	p.expect(t, 0)
	report := p.reported(t)
	for _, want := range []string{
		"statefulset redis (Kubernetes)", "deployment qdrant (Kubernetes)", "Channel spike", "its time is up", "✓ verified", "## Scaling", testcluster.Gateway,
		"/statefulset redis` | 2 of 2 | 0 | 2 | 2 of 2 |", "/redis-1` | statefulset redis | deleted", "`evidence/scaling-events.csv`",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q in\n%s", want, report)
		}
	}
	steps, err := os.ReadFile(filepath.Join(p.dir, "evidence", "scaling-events.csv"))
	for _, want := range []string{",statefulset redis,2,0,spec,,squall,", ",statefulset redis,0,2,spec,,squall,", ",deployment qdrant,2,0,event,ScalingReplicaSet,"} {
		if err != nil || !strings.Contains(string(steps), want) {
			t.Errorf("%v: no %q in\n%s", err, want, steps)
		}
	}
	if after := specs(t, cluster, namespace); after != before {
		t.Errorf("after scaling the workloads are\n%s", after)
	}
	for _, dir := range []string{c.dir, p.dir} {
		if open, err := chaos.ReadLedger(dir); err != nil || len(open) > 0 {
			t.Errorf("%s has open records %v, %v", filepath.Base(dir), open, err)
		}
	}
}
