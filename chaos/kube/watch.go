package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
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
	client, err := kubernetes.NewForConfig(cl.config) // without a bound on time: a watch is one long answer
	if err != nil {
		d.log(err)
		return
	}
	w := newWatcher(client, d.config.Namespace)
	ctx, cancel := context.WithCancel(ctx)
	w.factory.StartWithContext(ctx)
	defer w.factory.Shutdown() // waits; the context is done first
	defer cancel()
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
	factory   informers.SharedInformerFactory
	namespace string
	changed   chan struct{} // capacity 1
}

func newWatcher(client kubernetes.Interface, namespace string) *watcher {
	w := &watcher{
		factory:   informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace)),
		namespace: namespace, changed: make(chan struct{}, 1),
	}
	notify := func() {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
	for _, informer := range []cache.SharedIndexInformer{
		w.factory.Autoscaling().V2().HorizontalPodAutoscalers().Informer(),
		w.factory.Apps().V1().Deployments().Informer(),
		w.factory.Apps().V1().StatefulSets().Informer(),
	} {
		// It fails only for an informer that has ended, and this one has not begun.
		_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { notify() },
			UpdateFunc: func(any, any) { notify() },
			DeleteFunc: func(any) { notify() },
		})
	}
	return w
}

// scales is every autoscaler as mirrored, by name.
func (w *watcher) scales() map[string]Scale {
	all := map[string]Scale{}
	autoscalers, err := w.factory.Autoscaling().V2().HorizontalPodAutoscalers().Lister().HorizontalPodAutoscalers(w.namespace).List(labels.Everything())
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
		if d, err = w.factory.Apps().V1().Deployments().Lister().Deployments(w.namespace).Get(target.Name); err == nil {
			count(d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		word, ok = "deployment", err == nil
	case "StatefulSet":
		var d *appsv1.StatefulSet
		var err error
		if d, err = w.factory.Apps().V1().StatefulSets().Lister().StatefulSets(w.namespace).Get(target.Name); err == nil {
			count(d.Status.ReadyReplicas, d.Spec.Replicas)
		}
		word, ok = "statefulset", err == nil
	}
	s.Workload = word + " " + w.namespace + "/" + target.Name
	return s, ok
}
