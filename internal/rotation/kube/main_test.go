package kube

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/testcluster"
)

// shared is the cluster of all tests here.
var shared = testcluster.NewShared()

// patience is for a busy machine.
const patience = time.Minute

func TestMain(m *testing.M) {
	kubeclient.RedirectKlog(nil)
	code := m.Run()
	shared.Close()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// as is the cluster for somebody.
func as(t *testing.T, c *testcluster.Cluster, login testcluster.Login) *Cluster {
	t.Helper()
	cluster, err := Connect(kubeclient.Config{Kubeconfig: c.Kubeconfig(t, login)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.upgrades.CloseIdleConnections)
	return cluster
}

// role has the rights that docs/rotation.md says are enough.
func role(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/rotation.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "\n```yaml\n")
	text, _, found := strings.Cut(text, "```")
	var r rbacv1.Role
	if err := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 1024).Decode(&r); err != nil || !found || len(r.Rules) == 0 {
		t.Fatalf("docs/rotation.md has no Role: %v", err)
	}
	return r.Rules
}

// next is what comes next on a channel.
func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		t.Fatalf("no %T came", *new(T))
		panic("unreachable")
	}
}
