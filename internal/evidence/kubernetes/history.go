package kubernetes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Bounds of what is kept of a namespace: about 5 MiB.
const (
	mostWorkloads = 500
	mostPods      = 5_000  // whose restarts are counted
	mostPoints    = 50_000 // of all workloads together
)

// replicas is what a workload says of its pods.
type replicas struct{ desired, current, ready int }

// point is a workload from a time on, until its next point.
type point struct {
	at       time.Time
	replicas replicas
	gap      string // why the replicas are not known; "": they are
	restarts int    // of containers of its pods, since squall watches
	unsure   string // why the restarts are not known; "": they are
}

// same reports whether two points differ in nothing but their time.
func (p point) same(other point) bool {
	p.at = other.at
	return p == other
}

// history is what the workloads of one namespace did: a point for each change.
type history struct {
	namespace string
	changed   func() // that a workload has other numbers

	mu        sync.Mutex
	workloads map[string]*workload // by kind and name: "deployment gateway"
	pods      map[types.UID]pod
	points    int
	podsLost  string // why restarts are not known; "": they are
	podsSeen  bool   // once
	silent    string // why nothing is known at all, since the API server does not answer; "": it does
	heard     time.Time
	full      bool
	unread    []unread
}

// unread is that the workloads of a kind were lost before any was seen.
type unread struct {
	since     time.Time
	kind, why string
}

// workload is one Deployment or StatefulSet.
type workload struct {
	kind     string
	now      replicas
	there    bool // it was seen, and now has its numbers
	removed  bool
	gap      string // why it is not known; "": it is
	restarts int
	points   []point
}

// pod is what has been counted of a pod.
type pod struct {
	workload string
	restarts map[string]int // by container
}

// notListed is why restarts are not known at first.
const notListed = "pods: not read yet"

func newHistory(namespace string) *history {
	return &history{namespace: namespace, workloads: map[string]*workload{}, pods: map[types.UID]pod{}, podsLost: notListed, changed: func() {}}
}

// set notes what a workload says of itself, and returns what it said before; known is false when it had said nothing.
func (h *history) set(kind, name string, r replicas, at time.Time) (before replicas, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.workload(kind, name)
	if w == nil {
		return replicas{}, false
	}
	before, known = w.now, w.there
	w.now, w.there, w.removed, h.heard = r, true, false, at
	h.note(w, at)
	h.changed()
	return before, known
}

// current is what a workload said last; there is false when it is not there, or was not seen yet.
func (h *history) current(kind, name string) (r replicas, there bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.workloads[kind+" "+name]
	if w == nil || w.removed {
		return replicas{}, false
	}
	return w.now, w.there
}

// workload finds or begins one; nil: there are too many.
func (h *history) workload(kind, name string) *workload {
	key := kind + " " + name
	if w := h.workloads[key]; w != nil {
		return w
	}
	if len(h.workloads) >= mostWorkloads {
		h.full = true
		return nil
	}
	w := &workload{kind: kind}
	h.workloads[key] = w
	return w
}

// note adds a point, unless nothing has changed. Nothing is noted before the pods were listed, or could not be.
func (h *history) note(w *workload, at time.Time) {
	if !w.there && w.gap == "" || h.podsLost == notListed {
		return
	}
	p := point{at: at, replicas: w.now, gap: cmp.Or(w.gap, h.silent), restarts: w.restarts, unsure: cmp.Or(h.podsLost, h.silent)}.blank()
	if n := len(w.points); n > 0 && w.points[n-1].same(p) {
		return
	}
	if h.points >= mostPoints {
		h.full = true
		return
	}
	h.points++
	w.points = append(w.points, p)
}

// blank takes out the numbers that are not known.
func (p point) blank() point {
	if p.gap != "" {
		p.replicas = replicas{}
	}
	if p.unsure != "" {
		p.restarts = 0
	}
	return p
}

// amend changes what is known of a workload since a time that may lie before its newest points: that something is missing is
// learned late, and what was noted meanwhile is not known either.
func (h *history) amend(w *workload, since time.Time, change func(*point)) {
	if len(w.points) == 0 {
		h.note(w, since)
		return
	}
	if h.podsLost == notListed {
		return
	}
	i, exact := slices.BinarySearchFunc(w.points, since, func(p point, at time.Time) int { return p.at.Compare(at) })
	before := len(w.points)
	if !exact && i > 0 {
		from := w.points[i-1]
		from.at = since
		w.points = slices.Insert(w.points, i, from)
	}
	for j := i; j < len(w.points); j++ {
		change(&w.points[j])
		w.points[j] = w.points[j].blank()
	}
	w.points = slices.CompactFunc(w.points, point.same)
	h.points += len(w.points) - before
}

// remove notes that a workload is not there any more.
func (h *history) remove(kind, name string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.workloads[kind+" "+name]; w != nil {
		w.now, w.removed = replicas{}, true
		h.note(w, at)
	}
}

// keep removes the workloads of a kind that are not among the names.
func (h *history) keep(kind string, names map[string]bool, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, w := range h.workloads {
		if w.kind == kind && w.there && !names[strings.TrimPrefix(key, kind+" ")] {
			w.now, w.removed = replicas{}, true
			h.note(w, at)
		}
	}
}

// lose notes since when the workloads of a kind are not known, and why; "" when they are again.
func (h *history) lose(kind, why string, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := false
	for _, w := range h.workloads {
		if w.kind != kind {
			continue
		}
		known, w.gap = true, why
		if why == "" {
			h.note(w, since)
		} else {
			h.amend(w, since, func(p *point) { p.gap = why })
		}
	}
	if !known && why != "" {
		h.unread = append(h.unread, unread{since, kind, why})
	}
}

// losePods notes since when restarts are not known, and why; "" when they are again.
func (h *history) losePods(why string, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	listed := h.podsLost != notListed
	h.podsLost = why
	for _, w := range h.workloads {
		if why == "" || !listed {
			h.note(w, since)
		} else {
			h.amend(w, since, func(p *point) { p.unsure = why })
		}
	}
}

// fallSilent notes that the API server has not answered since a time, and why; "" when it does again. Watches that are open say
// nothing then, as those do of which nothing changes. What they have told meanwhile is known.
func (h *history) fallSilent(why string, since time.Time) (from time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent = why
	if h.heard.After(since) {
		since = h.heard
	}
	if why != "" {
		since = since.Add(time.Millisecond) // what was told at that moment is known; times are written to the millisecond
	}
	for _, w := range h.workloads {
		if why == "" {
			h.note(w, since)
			continue
		}
		h.amend(w, since, func(p *point) { p.gap, p.unsure = cmp.Or(p.gap, why), cmp.Or(p.unsure, why) })
	}
	return since
}

// seePod counts the restarts of a pod's containers. Those of a pod that was there at first count from then on; a pod
// that comes later has begun at none.
func (h *history) seePod(p *corev1.Pod, at time.Time) {
	kind, name, owned := workloadOf(p)
	if !owned {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = at
	before, known := h.pods[p.UID]
	if !known {
		if len(h.pods) >= mostPods {
			h.full = true
			return
		}
		before = pod{workload: kind + " " + name, restarts: map[string]int{}}
		h.pods[p.UID] = before
	}
	grown := 0
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		now := int(c.RestartCount)
		if known || h.podsSeen {
			grown += max(0, now-before.restarts[c.Name])
		}
		before.restarts[c.Name] = now
	}
	if w := h.workload(kind, name); w != nil && grown > 0 {
		w.restarts += grown
		h.note(w, at)
	}
}

// forgetPod is of a pod that is gone; its restarts stay counted.
func (h *history) forgetPod(uid types.UID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pods, uid)
}

// keepPods forgets the others, and says that pods have been listed.
func (h *history) keepPods(uids map[types.UID]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.pods, func(uid types.UID, _ pod) bool { return !uids[uid] })
	h.podsSeen = true
}

// workloadOf is the workload that a pod belongs to: a StatefulSet, or the Deployment of its ReplicaSet, whose name is that
// of the Deployment with the hash of the pod's template, which the pod has as a label.
func workloadOf(p *corev1.Pod) (kind, name string, ok bool) {
	for _, o := range p.OwnerReferences {
		switch {
		case o.Controller == nil || !*o.Controller:
		case o.Kind == "StatefulSet":
			return statefulSet, o.Name, true
		case o.Kind == "ReplicaSet":
			name, found := strings.CutSuffix(o.Name, "-"+p.Labels["pod-template-hash"])
			return deployment, name, found
		}
	}
	return "", "", false
}

// The kinds of workloads.
const (
	deployment  = "deployment"
	statefulSet = "statefulset"
)
