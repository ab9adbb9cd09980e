package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	appslisters "k8s.io/client-go/listers/apps/v1"
	autoscalinglisters "k8s.io/client-go/listers/autoscaling/v2"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/kubeclient"
)

// Scale is an autoscaled workload at one moment.
type Scale struct {
	Workload string // deployment xin-staging/gateway
	Name     string // of the autoscaler
	Ready    int    // pods
	Wanted   int    // replicas asked for
	Min, Max int    // replicas that the autoscaler keeps to
}

// Watch reports every autoscaler of the namespace, at first and whenever its numbers change, until the context
// ends; it returns when its goroutines have ended. It calls report from one goroutine. While the API server is
// away nothing is reported; the watches retry with growing pauses of up to 30 s. Their errors are logged: see
// [kubeclient.RedirectKlog].
func (d *Driver) Watch(ctx context.Context, report func(Scale)) {
	if d.allows(d.config.Namespace).Answer == chaos.Refuses {
		return
	}
	cl, err := connect(d.config)
	if err != nil {
		d.log(err)
		return
	}
	client, err := kubeclient.NewClient(cl.Config) // without a bound on time: a watch is one long answer
	if err != nil {
		d.log(err)
		return
	}
	w := newWatcher(client, d.config.Namespace)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait() // the context is done first
	defer cancel()
	for _, mirror := range w.mirrors {
		running.Go(func() { mirror.RunWithContext(ctx) })
	}
	reported := map[string]Scale{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.changed:
		}
		now := w.scales()
		for _, name := range slices.Sorted(maps.Keys(now)) {
			if now[name] != reported[name] {
				report(now[name])
			}
		}
		reported = now
	}
}

func (d *Driver) log(err error) {
	if d.config.Log != nil {
		fmt.Fprintf(d.config.Log, "watch autoscalers of %s: %v\n", d.config.Namespace, err)
	}
}

// watcher mirrors what is watched.
type watcher struct {
	namespace    string
	mirrors      []cache.SharedIndexInformer
	autoscalers  autoscalinglisters.HorizontalPodAutoscalerNamespaceLister
	deployments  appslisters.DeploymentNamespaceLister
	statefulSets appslisters.StatefulSetNamespaceLister
	changed      chan struct{} // capacity 1
}

func newWatcher(c *kubeclient.Client, namespace string) *watcher {
	w := &watcher{namespace: namespace, changed: make(chan struct{}, 1)}
	autoscalers := w.mirror(c.Autoscaling, "horizontalpodautoscalers", &autoscalingv2.HorizontalPodAutoscaler{})
	deployments := w.mirror(c.Apps, "deployments", &appsv1.Deployment{})
	statefulSets := w.mirror(c.Apps, "statefulsets", &appsv1.StatefulSet{})
	w.autoscalers = autoscalinglisters.NewHorizontalPodAutoscalerLister(autoscalers).HorizontalPodAutoscalers(namespace)
	w.deployments = appslisters.NewDeploymentLister(deployments).Deployments(namespace)
	w.statefulSets = appslisters.NewStatefulSetLister(statefulSets).StatefulSets(namespace)
	return w
}

// mirror adds the objects of one type to what is watched.
func (w *watcher) mirror(api rest.Interface, resource string, of runtime.Object) cache.Indexer {
	source := cache.NewListWatchFromClient(api, resource, w.namespace, fields.Everything())
	informer := cache.NewSharedIndexInformer(source, of, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	notify := func() {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
	// It fails only for an informer that has ended, and this one has not begun.
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notify() },
		UpdateFunc: func(any, any) { notify() },
		DeleteFunc: func(any) { notify() },
	})
	w.mirrors = append(w.mirrors, informer)
	return informer.GetIndexer()
}

// scales is every autoscaler as mirrored, by name.
func (w *watcher) scales() map[string]Scale {
	all := map[string]Scale{}
	autoscalers, err := w.autoscalers.List(labels.Everything())
	if err != nil {
		return all
	}
	for _, h := range autoscalers {
		if s, ok := w.scale(h); ok {
			all[h.Name] = s
		}
	}
	return all
}

// scale puts an autoscaler and its target together; ok is false as long as the target is not there.
func (w *watcher) scale(h *autoscalingv2.HorizontalPodAutoscaler) (s Scale, ok bool) {
	target := h.Spec.ScaleTargetRef
	s = Scale{
		Name: h.Name, Min: int(minReplicas(h)), Max: int(h.Spec.MaxReplicas),
		Ready: int(h.Status.CurrentReplicas), Wanted: int(h.Status.DesiredReplicas),
	}
	word := target.Kind
	count := func(ready int32, replicas *int32) {
		s.Ready, s.Wanted = int(ready), 1
		if replicas != nil {
			s.Wanted = int(*replicas)
		}
	}
	ok = true
	switch target.Kind {
	case "Deployment":
		var d *appsv1.Deployment
		var err error
		if d, err = w.deployments.Get(target.Name); err == nil {
			count(d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		word, ok = "deployment", err == nil
	case "StatefulSet":
		var d *appsv1.StatefulSet
		var err error
		if d, err = w.statefulSets.Get(target.Name); err == nil {
			count(d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		word, ok = "statefulset", err == nil
	}
	s.Workload = word + " " + w.namespace + "/" + target.Name
	return s, ok
}
