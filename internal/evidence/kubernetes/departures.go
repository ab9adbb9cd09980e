package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/printable"
)

// Bounds of what is kept of pods that go away or crash, of all namespaces together.
const (
	mostTexts      = 50    // pods of which lines and events are kept
	mostDepartures = 1_000 // pods that are named
	mostContainers = 8     // of a pod, whose lines are asked for
	mostCrashes    = 5     // of a container, after which its lines are not asked for again
	mostPodEvents  = 20_000
	askAtOnce      = 4
)

// departure is a pod that goes away, or whose container has crashed.
type departure struct {
	namespace, name string
	workload        string // "" for a pod of none
	node            string
	how             string
	seen            time.Time
	gone            time.Time // zero: it is still there
	text            bool      // its lines and events are kept
	tails           []*tail
	exits           []string // how its containers ended
}

// tail is the last lines of a container.
type tail struct {
	container string
	previous  bool // of before its last restart
	asked     time.Time
	text      string
	missing   string // why there are none; "": these are they
	times     int
}

// podEvent is an event of a pod.
type podEvent struct {
	at                    time.Time
	count                 int32
	kind, reason, message string
}

// logReader reads the end of what a container has written.
type logReader func(ctx context.Context, namespace, pod, container string, previous bool) (string, error)

// departures are the pods that went away or crashed during a run.
type departures struct {
	read   logReader
	redact func(string) string
	gaps   *evidence.GapLog // nil before the run

	mu     sync.Mutex
	living map[types.UID]*corev1.Pod // trimmed
	all    map[types.UID]*departure
	order  []types.UID
	more   map[types.UID]bool // departures that are not even named
	texts  int
	events map[types.UID]map[types.UID]podEvent // of pods, by pod
	kept   int
	lost   bool              // there were more events
	unread map[string]string // why events of a namespace were not read for a time, by namespace

	asks  chan struct{} // one for each call that goes on
	tasks sync.WaitGroup
}

func newDepartures(read logReader, redact func(string) string) *departures {
	return &departures{
		read: read, redact: redact, living: map[types.UID]*corev1.Pod{}, more: map[types.UID]bool{}, all: map[types.UID]*departure{}, unread: map[string]string{},
		events: map[types.UID]map[types.UID]podEvent{}, asks: make(chan struct{}, askAtOnce),
	}
}

// begin says whose gaps they are when lines cannot be read.
func (d *departures) begin(gaps *evidence.GapLog) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gaps = gaps
}

// see looks at a pod as it is now. The first sight of deletion is when its lines are asked for: soon they are gone, too.
func (d *departures) see(ctx context.Context, p *corev1.Pod, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, known := d.living[p.UID]
	if known || len(d.living) < mostPods {
		d.living[p.UID] = trimmed(p)
	}
	deleted := p.DeletionTimestamp != nil && (!known || before.DeletionTimestamp == nil)
	failed := known && p.Status.Phase == corev1.PodFailed && before.Status.Phase != corev1.PodFailed
	var crashed []corev1.ContainerStatus
	if known {
		for _, c := range statusesOf(p) {
			if i := slices.IndexFunc(statusesOf(before), func(b corev1.ContainerStatus) bool { return b.Name == c.Name }); i >= 0 && c.RestartCount > statusesOf(before)[i].RestartCount {
				crashed = append(crashed, c)
			}
		}
	}
	if !deleted && !failed && len(crashed) == 0 {
		return
	}
	x := d.departure(p, at)
	if x == nil {
		return
	}
	x.how = howOf(p, deleted || failed, crashed, x.how)
	if !x.text {
		return
	}
	x.exits = exitsOf(p)
	if deleted || failed {
		for _, c := range statusesOf(p) {
			if c.State.Running != nil || c.State.Terminated != nil {
				d.ask(ctx, p, x, c.Name, false)
			}
			if c.RestartCount > 0 {
				d.ask(ctx, p, x, c.Name, true)
			}
		}
		return
	}
	for _, c := range crashed {
		d.ask(ctx, p, x, c.Name, true)
	}
}

// departure finds or begins that of a pod; nil: there are too many.
func (d *departures) departure(p *corev1.Pod, at time.Time) *departure {
	if x := d.all[p.UID]; x != nil {
		return x
	}
	if len(d.all) >= mostDepartures {
		if len(d.more) < mostPods {
			d.more[p.UID] = true
		}
		return nil
	}
	x := &departure{namespace: p.Namespace, name: p.Name, node: p.Spec.NodeName, seen: at, text: d.texts < mostTexts}
	if kind, name, ok := workloadOf(p); ok {
		x.workload = kind + " " + name
	}
	if x.text {
		d.texts++
	}
	d.all[p.UID] = x
	d.order = append(d.order, p.UID)
	return x
}

// ask begins to read the last lines of a container.
func (d *departures) ask(ctx context.Context, p *corev1.Pod, x *departure, container string, previous bool) {
	i := slices.IndexFunc(x.tails, func(t *tail) bool { return t.container == container && t.previous == previous })
	if i < 0 {
		if len(x.tails) >= 2*mostContainers {
			return
		}
		i, x.tails = len(x.tails), append(x.tails, &tail{container: container, previous: previous, missing: "the run ended before they were read"})
	}
	t := x.tails[i]
	if t.times++; t.times > mostCrashes {
		return
	}
	namespace, name := p.Namespace, p.Name
	d.tasks.Go(func() {
		select {
		case d.asks <- struct{}{}:
			defer func() { <-d.asks }()
		case <-ctx.Done():
			return
		}
		asked := time.Now()
		text, err := d.read(ctx, namespace, name, container, previous)
		if ctx.Err() != nil {
			return
		}
		panel := "pod logs of " + namespace
		switch {
		case err == nil, apierrors.IsNotFound(err), apierrors.IsBadRequest(err): // the pod or its container is gone: that is no gap of the source
			d.gaps.Close(panel, asked)
		default:
			d.gaps.Open(panel, asked, problem(err))
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case err == nil:
			t.asked, t.text, t.missing = asked, text, ""
		case t.text == "": // else what was read before is better than nothing
			t.asked, t.missing = asked, printable.Line(err.Error())
		}
	})
}

// left notes that a pod is not there any more.
func (d *departures) left(uid types.UID, at time.Time, unseen bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, known := d.living[uid]
	delete(d.living, uid)
	x := d.all[uid]
	if x == nil && known {
		if x = d.departure(p, at); x != nil {
			x.how = "gone at once: its lines could not be asked for"
			if unseen {
				x.how = "gone while it was not watched: its lines could not be asked for"
			}
		}
	}
	if x != nil && x.gone.IsZero() {
		x.gone = at
	}
}

// keep notes that the pods of a namespace that are not among these have gone while nobody watched.
func (d *departures) keep(namespace string, uids map[types.UID]bool, at time.Time) {
	d.mu.Lock()
	var gone []types.UID
	for uid, p := range d.living {
		if p.Namespace == namespace && !uids[uid] {
			gone = append(gone, uid)
		}
	}
	d.mu.Unlock()
	slices.Sort(gone)
	for _, uid := range gone {
		d.left(uid, at, true)
	}
}

// loseEvents notes that events of a namespace are not known for a time.
func (d *departures) loseEvents(namespace, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unread[namespace] = why
}

// event keeps an event of a pod, in case the pod goes away.
func (d *departures) event(e *corev1.Event) {
	if e.InvolvedObject.Kind != "Pod" || e.InvolvedObject.UID == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.events[e.InvolvedObject.UID]
	switch _, known := of[e.UID]; {
	case !known && d.kept >= mostPodEvents:
		d.lost = true
		return
	case !known:
		d.kept++
	}
	if of == nil {
		of = map[types.UID]podEvent{}
		d.events[e.InvolvedObject.UID] = of
	}
	at, count := happened(e)
	of[e.UID] = podEvent{at, count, e.Type, e.Reason, evidence.Excerpt(e.Message)}
}

// forget drops an event that the cluster has dropped, unless its pod has gone away: an hour later, as a rule.
func (d *departures) forget(e *corev1.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	pod := e.InvolvedObject.UID
	if x := d.all[pod]; x != nil && x.text {
		return
	}
	if of := d.events[pod]; of != nil {
		if _, known := of[e.UID]; known {
			d.kept--
			delete(of, e.UID)
		}
		if len(of) == 0 {
			delete(d.events, pod)
		}
	}
}

// trimmed is what is compared of a pod.
func trimmed(p *corev1.Pod) *corev1.Pod {
	small := &corev1.Pod{Status: corev1.PodStatus{Phase: p.Status.Phase}, Spec: corev1.PodSpec{NodeName: p.Spec.NodeName}}
	small.Namespace, small.Name, small.UID, small.DeletionTimestamp = p.Namespace, p.Name, p.UID, p.DeletionTimestamp
	small.OwnerReferences, small.Labels = p.OwnerReferences, map[string]string{"pod-template-hash": p.Labels["pod-template-hash"]}
	for _, c := range statusesOf(p) {
		small.Status.ContainerStatuses = append(small.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, RestartCount: c.RestartCount})
	}
	return small
}

// statusesOf are those of all containers, at most [mostContainers].
func statusesOf(p *corev1.Pod) []corev1.ContainerStatus {
	all := slices.Concat(p.Status.ContainerStatuses, p.Status.InitContainerStatuses)
	return all[:min(len(all), mostContainers)]
}

// howOf is what became of a pod, in words. Kubernetes says why a pod is disrupted in the condition DisruptionTarget.
func howOf(p *corev1.Pod, over bool, crashed []corev1.ContainerStatus, before string) string {
	var parts []string
	if before != "" {
		parts = append(parts, before)
	}
	add := func(text string) {
		if !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	for _, c := range crashed {
		add("container " + c.Name + " restarted")
	}
	if over {
		how := "deleted"
		if p.Status.Phase == corev1.PodFailed {
			how = "failed"
		}
		if p.Status.Reason != "" {
			how += " (" + p.Status.Reason + ")"
		}
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
				how += " (" + cmp.Or(c.Reason, string(c.Type)) + ")"
			}
		}
		add(how)
	}
	return evidence.Excerpt(strings.Join(parts, ", "))
}

// exitsOf is how containers ended, as far as the pod still says.
func exitsOf(p *corev1.Pod) (exits []string) {
	for _, c := range statusesOf(p) {
		for _, state := range []struct {
			ended *corev1.ContainerStateTerminated
			when  string
		}{{c.LastTerminationState.Terminated, " before its last restart"}, {c.State.Terminated, ""}} {
			if t := state.ended; t != nil {
				exits = append(exits, evidence.Excerpt(fmt.Sprintf("container %s ended%s at %s with code %d, %s", c.Name, state.when, t.FinishedAt.UTC().Format(evidence.TimeFormat), t.ExitCode, cmp.Or(t.Reason, "no reason given"))))
			}
		}
	}
	return exits
}
