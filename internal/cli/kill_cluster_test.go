package cli_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/testcluster"
)

// killClusterTries is how many processes are killed on the cluster; with those on Toxiproxy 200.
const killClusterTries = 200 - killTries

// specs are what the workloads under test want to be, in one canonical text.
func specs(t *testing.T, c *testcluster.Cluster, namespace string) string {
	t.Helper()
	set, err := c.Client().AppsV1().StatefulSets(namespace).Get(context.Background(), testcluster.Redis, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deployment, err := c.Client().AppsV1().Deployments(namespace).Get(context.Background(), testcluster.Qdrant, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent([]any{set.Spec, deployment.Spec, set.Annotations, set.Labels}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKilledAtAnyMomentOnKubernetes(t *testing.T) {
	endToEnd(t)
	cluster := testcluster.Start(t)
	target := acceptsAll(t)
	seed := killSeed(t)
	tries := make(chan int)
	var work sync.WaitGroup
	var found, dead atomic.Int64
	for range 3 {
		namespace := cluster.Namespace(t)
		if err := testcluster.Fixtures(context.Background(), cluster.Admin(), namespace); err != nil {
			t.Fatal(err)
		}
		kubeconfig := cluster.Kubeconfig(t, testcluster.Login{User: "admin", Groups: []string{"system:masters"}, Namespace: namespace})
		before := specs(t, cluster, namespace)
		work.Go(func() {
			for n := range tries {
				r := rand.New(rand.NewPCG(seed, uint64(n)))
				way, when := ways()[n%len(ways())], anyMoment(r, 0)
				if n%6 == 0 { // for certain while a fault is in place
					intact := before
					way, when = "KILL", moment{holds: func() bool { return specs(t, cluster, namespace) != intact }}
				}
				outage := []string{"scale", "scale", "evict"}[r.IntN(3)]
				dir := t.TempDir()
				v := startVictim(t, way, dir, "run", "--headless", "--vus", "1", "--host", target, "--out", "run",
					"--duration", "2s", "--drain", "200ms", "--steady-state", "off",
					"--kubeconfig", kubeconfig, "--namespace", namespace, "--allow-namespace", namespace,
					"--fault", "redis_outage,way="+outage+",for=1s", "--fault", "qdrant_throttle@100ms,way=scale,for=5m")
				when.strike(nil, v, filepath.Join(dir, "run"))
				v.wait(t)
				run := filepath.Join(dir, "run")
				unguarded := n/len(ways())%2 == 0
				if unguarded {
					killGuard(t, run)
				}
				if specs(t, cluster, namespace) != before {
					found.Add(1)
				}
				if open, _ := chaos.ReadLedger(run); len(open) > 0 {
					dead.Add(1)
				}
				if !unguarded && !within(time.Minute, func() bool { return len(guards(t, run)) == 0 }) { // pods take their time
					t.Errorf("try %d, %s %s: the guard has not ended", n, way, when)
				}
				recoverRun(t, dir, "KUBECONFIG="+kubeconfig, "NAMESPACE="+namespace)
				if after := specs(t, cluster, namespace); after != before {
					t.Errorf("try %d, %s %s: the workloads are not as they were:\n%s\n%s", n, way, when, after, v.log.String())
					before = after // the next tries are about themselves
				}
			}
		})
	}
	for n := range killClusterTries {
		tries <- n
	}
	close(tries)
	work.Wait()
	t.Logf("%d tries: %d died with open records, %d with workloads scaled", killClusterTries, dead.Load(), found.Load())
	if found.Load() == 0 || dead.Load() == 0 {
		t.Error("no process was killed while a fault was in place: the test tests nothing")
	}
}
