package kubernetes

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// Scale is an autoscaled workload at one moment.
type Scale struct {
	Workload string // deployment xin-staging/gateway
	Name     string // of the autoscaler
	Ready    int    // pods
	Wanted   int    // replicas asked for
	Min, Max int    // replicas that the autoscaler keeps to
}

// scales are the autoscalers of one namespace with the workloads that they scale, as they are now.
type scales struct {
	namespace string
	workloads *history

	mu      sync.Mutex
	all     map[string]Scale // by autoscaler, with the numbers of its own status
	targets map[string]reference
	changed chan struct{} // capacity 1
}

func newScales(namespace string, workloads *history) *scales {
	s := &scales{namespace: namespace, workloads: workloads, changed: make(chan struct{}, 1)}
	workloads.changed = s.notify
	return s
}

// notify says that something may have changed.
func (s *scales) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// set takes the autoscalers as they were read.
func (s *scales) set(autoscalers []autoscalingv2.HorizontalPodAutoscaler) {
	all, targets := map[string]Scale{}, map[string]reference{}
	for i := range autoscalers {
		h := &autoscalers[i]
		at := h.Spec.ScaleTargetRef
		target := reference{strings.ToLower(at.Kind), at.Name}
		word := at.Kind
		if target.kind == deployment || target.kind == statefulSet {
			word = target.kind
		}
		all[h.Name], targets[h.Name] = Scale{
			Workload: word + " " + s.namespace + "/" + at.Name, Name: h.Name, Min: wanted(h.Spec.MinReplicas), Max: int(h.Spec.MaxReplicas),
			Ready: int(h.Status.CurrentReplicas), Wanted: int(h.Status.DesiredReplicas),
		}, target
	}
	s.mu.Lock()
	s.all, s.targets = all, targets
	s.mu.Unlock()
	s.notify()
}

// now has those of which the workload is there, by autoscaler. A workload says best how many of its pods are ready.
func (s *scales) now() map[string]Scale {
	s.mu.Lock()
	all, targets := maps.Clone(s.all), s.targets
	s.mu.Unlock()
	for name, x := range all {
		target := targets[name]
		if target.kind != deployment && target.kind != statefulSet {
			continue
		}
		r, there := s.workloads.current(target.kind, target.name)
		if !there {
			delete(all, name)
			continue
		}
		x.Ready, x.Wanted = r.ready, r.desired
		all[name] = x
	}
	return all
}

// Watch reports every autoscaler of a namespace that the source reads, at first and whenever its numbers change, until ctx ends. It calls
// report from one goroutine. It knows what [Source.Run] reads: while the API server is away nothing is reported.
func (s *Source) Watch(ctx context.Context, namespaceName string, report func(Scale)) {
	i := slices.IndexFunc(s.namespaces, func(n *namespace) bool { return n.name == namespaceName })
	if i < 0 {
		return
	}
	of := s.namespaces[i].scales
	reported := map[string]Scale{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-of.changed:
		}
		now := of.now()
		for _, name := range slices.Sorted(maps.Keys(now)) {
			if now[name] != reported[name] {
				report(now[name])
			}
		}
		reported = now
	}
}
