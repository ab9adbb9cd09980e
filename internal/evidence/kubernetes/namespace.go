package kubernetes

import (
	"context"
	"fmt"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/kubeclient"
)

// namespace is what is watched of one namespace.
type namespace struct {
	name       string
	history    *history
	scalings   *scalings
	scales     *scales
	departures *departures // of all namespaces
	outage     *outage     // of the workloads and their pods

	// What follows belongs to the goroutine that lists.
	answered time.Time // when the API server did so the last time
	silent   bool      // it has not since then
}

func newNamespace(name string, d *departures) *namespace {
	h := newHistory(name)
	return &namespace{name: name, history: h, scalings: newScalings(name), scales: newScales(name, h), departures: d}
}

// feeds are those of a namespace; what they lose is told as gaps of one panel. What pods have written is asked for until ctx ends.
func (n *namespace) feeds(ctx context.Context, cl *kubeclient.Cluster, watches *kubeclient.Client, gaps *evidence.GapLog) []*feed {
	out := &outage{panel: "workloads of " + n.name, gaps: gaps, down: map[string]bool{}}
	n.outage = out
	events := &outage{panel: "events of " + n.name, gaps: gaps, down: map[string]bool{}}
	return []*feed{
		newFeed(cl, cl.Client.Apps, watches.Apps, "deployments", n.name, &appsv1.Deployment{}, &workloadFeed{n, deployment, readDeployment, out}),
		newFeed(cl, cl.Client.Apps, watches.Apps, "statefulsets", n.name, &appsv1.StatefulSet{}, &workloadFeed{n, statefulSet, readStatefulSet, out}),
		newFeed(cl, cl.Client.Core, watches.Core, "pods", n.name, &corev1.Pod{}, &podFeed{n, out, func(p *corev1.Pod, at time.Time) { n.departures.see(ctx, p, at) }}),
		newFeed(cl, cl.Client.Core, watches.Core, "events", n.name, &corev1.Event{}, &eventFeed{n, events}),
	}
}

// hear takes what came of a list at a time: by it a server that is frozen is known long before the watches fail.
// One that refuses a connection ends them at once.
func (n *namespace) hear(at time.Time, err *evidence.Problem) {
	switch {
	case err != nil && err.Cause == evidence.Unreachable:
	case err != nil && err.Cause == evidence.TimedOut:
		if n.silent {
			return
		}
		n.silent = true
		since := n.history.fallSilent("the API server: "+err.Error(), n.answered)
		n.outage.lost("the API server", since, at, err)
	default:
		n.answered = at
		if n.silent {
			n.silent = false
			n.history.fallSilent("", at)
			n.outage.back("the API server", at)
		}
	}
}

// outage is a gap for as long as one feed of several knows nothing.
type outage struct {
	panel string
	gaps  *evidence.GapLog

	mu   sync.Mutex
	down map[string]bool
}

func (o *outage) lost(what string, since, at time.Time, why *evidence.Problem) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.down) == 0 {
		o.gaps.OpenSince(o.panel, since, at, &evidence.Problem{Cause: why.Cause, Detail: evidence.Excerpt(what + ": " + why.Detail)})
	}
	o.down[what] = true
}

func (o *outage) back(what string, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.down, what)
	if len(o.down) == 0 {
		o.gaps.Close(o.panel, at)
	}
}

// workloadFeed is the workloads of one kind.
type workloadFeed struct {
	*namespace
	kind   string
	read   func(object any) (*metav1.ObjectMeta, replicas)
	outage *outage
}

func (f *workloadFeed) listed(objects []any, at time.Time) {
	names := map[string]bool{}
	for _, object := range objects {
		meta, _ := f.read(object)
		names[meta.Name] = true
		f.see(object, at, "seen when it could be read again")
	}
	f.history.keep(f.kind, names, at)
}

func (f *workloadFeed) changed(object any, at time.Time) { f.see(object, at, "") }

// see takes the numbers of a workload. A count that was set anew is a scaling.
func (f *workloadFeed) see(object any, at time.Time, message string) {
	meta, now := f.read(object)
	before, known := f.history.set(f.kind, meta.Name, now, at)
	if known && before.desired != now.desired {
		f.scalings.add(scaling{
			at: at, of: reference{f.kind, meta.Name}, from: &before.desired, to: &now.desired,
			seen: "spec", by: setterOf(meta.ManagedFields), message: message,
		})
	}
}

func (f *workloadFeed) gone(object any, at time.Time) {
	meta, _ := f.read(object)
	f.history.remove(f.kind, meta.Name, at)
}

func (f *workloadFeed) lost(since, at time.Time, why *evidence.Problem) {
	f.outage.lost(f.kind+"s", since, at, why)
	f.history.lose(f.kind, fmt.Sprintf("%ss: %v", f.kind, why), since)
}

func (f *workloadFeed) back(at time.Time) {
	f.history.lose(f.kind, "", at)
	f.outage.back(f.kind+"s", at)
}

func readDeployment(object any) (*metav1.ObjectMeta, replicas) {
	d := object.(*appsv1.Deployment) // the reflector passes on no other
	return &d.ObjectMeta, replicas{wanted(d.Spec.Replicas), int(d.Status.Replicas), int(d.Status.ReadyReplicas)}
}

func readStatefulSet(object any) (*metav1.ObjectMeta, replicas) {
	s := object.(*appsv1.StatefulSet) // the reflector passes on no other
	return &s.ObjectMeta, replicas{wanted(s.Spec.Replicas), int(s.Status.Replicas), int(s.Status.ReadyReplicas)}
}

// wanted is a count in a spec; 1 is the API's default.
func wanted(replicas *int32) int {
	if replicas == nil {
		return 1
	}
	return int(*replicas)
}

// podFeed is the pods.
type podFeed struct {
	*namespace
	outage *outage
	see    func(*corev1.Pod, time.Time)
}

func (f *podFeed) listed(objects []any, at time.Time) {
	uids := map[types.UID]bool{}
	for _, object := range objects {
		uids[object.(*corev1.Pod).UID] = true // the reflector passes on no other
		f.changed(object, at)
	}
	f.departures.keep(f.name, uids, at)
	f.history.keepPods(uids)
	f.history.losePods("", at)
}

func (f *podFeed) changed(object any, at time.Time) {
	p := object.(*corev1.Pod) // the reflector passes on no other
	f.history.seePod(p, at)
	f.scalings.owns(p)
	f.see(p, at)
}

func (f *podFeed) gone(object any, at time.Time) {
	uid := object.(*corev1.Pod).UID // the reflector passes on no other
	f.history.forgetPod(uid)
	f.departures.left(uid, at, false)
}

func (f *podFeed) lost(since, at time.Time, why *evidence.Problem) {
	f.outage.lost("pods", since, at, why)
	f.history.losePods(fmt.Sprintf("pods: %v", why), since)
}

func (f *podFeed) back(at time.Time) { f.outage.back("pods", at) }

// eventFeed is the events.
type eventFeed struct {
	*namespace
	outage *outage
}

func (f *eventFeed) listed(objects []any, _ time.Time) {
	for _, object := range objects {
		f.see(object, true)
	}
}

func (f *eventFeed) changed(object any, _ time.Time) { f.see(object, false) }

func (f *eventFeed) see(object any, old bool) {
	e := object.(*corev1.Event) // the reflector passes on no other
	f.scalings.event(e, old)
	f.departures.event(e)
}

func (f *eventFeed) gone(object any, _ time.Time) {
	e := object.(*corev1.Event) // the reflector passes on no other
	f.scalings.forget(e.UID)
	f.departures.forget(e)
}

func (f *eventFeed) lost(since, at time.Time, why *evidence.Problem) {
	f.outage.lost("events", since, at, why)
	f.scalings.lose(why, since)
	f.departures.loseEvents(f.name, why.Error())
}

func (f *eventFeed) back(at time.Time) {
	f.scalings.lose(nil, at)
	f.outage.back("events", at)
}
