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
// [RedirectKlog].
func (d *Driver) Watch(ctx context.Context, report func(Scale)) {
	if d.allows(d.config.Namespace).Answer == chaos.Refuses {
		return
	}
	cl, err := connect(d.config)
	if err != nil {
		d.log(err)
		return
	}
	client, err := newClient(cl.config) // without a bound on time: a watch is one long answer
	if err != nil {
		d.log(err)
		return
	}
	w := newWatcher(client, d.config.Namespace)
	ctx, cancel := context.WithCancel(ctx)
	var mirrors sync.WaitGroup
	defer mirrors.Wait() // the context is done first
	defer cancel()
	for _, informer := range w.informers() {
		mirrors.Go(func() { informer.RunWithContext(ctx) })
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
	namespace                              string
	autoscalers, deployments, statefulSets cache.SharedIndexInformer
	changed                                chan struct{} // capacity 1
}

func newWatcher(c *client, namespace string) *watcher {
	informer := func(api rest.Interface, resource string, example runtime.Object) cache.SharedIndexInformer {
		listWatch := cache.NewListWatchFromClient(api, resource, namespace, fields.Everything())
		return cache.NewSharedIndexInformer(listWatch, example, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	}
	w := &watcher{
		namespace:    namespace,
		autoscalers:  informer(c.autoscaling, "horizontalpodautoscalers", &autoscalingv2.HorizontalPodAutoscaler{}),
		deployments:  informer(c.apps, "deployments", &appsv1.Deployment{}),
		statefulSets: informer(c.apps, "statefulsets", &appsv1.StatefulSet{}),
		changed:      make(chan struct{}, 1),
	}
	notify := func() {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
	for _, informer := range w.informers() {
		// It fails only for an informer that has ended, and this one has not begun.
		_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { notify() },
			UpdateFunc: func(any, any) { notify() },
			DeleteFunc: func(any) { notify() },
		})
	}
	return w
}

func (w *watcher) informers() []cache.SharedIndexInformer {
	return []cache.SharedIndexInformer{w.autoscalers, w.deployments, w.statefulSets}
}

// scales is every autoscaler as mirrored, by name.
func (w *watcher) scales() map[string]Scale {
	all := map[string]Scale{}
	autoscalers, err := autoscalinglisters.NewHorizontalPodAutoscalerLister(w.autoscalers.GetIndexer()).HorizontalPodAutoscalers(w.namespace).List(labels.Everything())
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
		if d, err = appslisters.NewDeploymentLister(w.deployments.GetIndexer()).Deployments(w.namespace).Get(target.Name); err == nil {
			count(d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		word, ok = "deployment", err == nil
	case "StatefulSet":
		var d *appsv1.StatefulSet
		var err error
		if d, err = appslisters.NewStatefulSetLister(w.statefulSets.GetIndexer()).StatefulSets(w.namespace).Get(target.Name); err == nil {
			count(d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		word, ok = "statefulset", err == nil
	}
	s.Workload = word + " " + w.namespace + "/" + target.Name
	return s, ok
}
