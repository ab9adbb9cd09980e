package kube

import (
	"context"
	"fmt"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/testcluster"
)

// told keeps the last that was told of each autoscaler.
type told struct {
	mu  sync.Mutex
	all map[string]Scale
}

func (w *told) tell(s Scale) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[s.Name] = s
}

func (w *told) of(name string) Scale {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[name]
}

// watch runs a watch until the function it returns is called, which waits for its end.
func (s *stage) watch(t *testing.T) (*told, func()) {
	t.Helper()
	seen := &told{all: map[string]Scale{}}
	ctx, cancel := context.WithCancel(t.Context())
	d := s.driver(t)
	var work sync.WaitGroup
	work.Go(func() { d.Watch(ctx, seen.tell) })
	return seen, func() {
		cancel()
		work.Wait()
	}
}

func TestWatch(t *testing.T) {
	s := newStage(t)
	seen, stop := s.watch(t)
	want := func(ready int) Scale {
		return Scale{
			Workload: "deployment " + s.namespace + "/" + testcluster.Gateway, Name: testcluster.Gateway,
			Ready: ready, Wanted: ready, Min: ready, Max: 8,
		}
	}
	arrives := func(s Scale) {
		t.Helper()
		await(t, fmt.Sprintf("%+v", s), func() string {
			if got := seen.of(s.Name); got != s {
				return fmt.Sprintf("%+v", got)
			}
			return ""
		})
	}
	atLeast := func(n int) {
		t.Helper()
		_, err := s.client.AutoscalingV2().HorizontalPodAutoscalers(s.namespace).Patch(t.Context(), testcluster.Gateway, types.MergePatchType,
			fmt.Appendf(nil, `{"spec":{"minReplicas":%d}}`, n), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	arrives(want(2))
	atLeast(3)
	arrives(want(3))
	if err := s.cluster.RestartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	atLeast(4)
	arrives(want(4))
	if got := seen.of(testcluster.Orchestrator); got.Ready != 2 || got.Max != 8 {
		t.Errorf("%+v", got)
	}
	stop()
}

func TestWatchWithoutRights(t *testing.T) {
	s := bareStage(t)
	s.config.Kubeconfig = s.cluster.Kubeconfig(t, testcluster.Login{User: "nobody"})
	seen, stop := s.watch(t)
	stop()
	if len(seen.all) != 0 {
		t.Errorf("%+v", seen.all)
	}
}

func TestWatchOfNoServer(t *testing.T) {
	s := bareStage(t)
	s.config.Kubeconfig = kubeconfigFor(t, "https://127.0.0.1:1")
	_, stop := s.watch(t)
	stop()
}
