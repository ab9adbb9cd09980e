package kubernetes

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
)

// mostScalings is how many scalings of a namespace are kept, and of how many events it is known that they were.
const mostScalings = 10_000

// reference is an object of a namespace.
type reference struct{ kind, name string }

// scaling is a step in the number of replicas, as a spec or an event tells it.
type scaling struct {
	at       time.Time // by the clock of this machine of a spec; by the cluster's, to the second, of an event
	of       reference
	from, to *int   // nil: it does not say
	seen     string // "spec" or "event"
	reason   string // the event's
	by       string // who set the spec, or reports the event
	message  string
	gap      string // why nothing is known from here on, where the row is no scaling
}

// scalings are those of one namespace.
type scalings struct {
	namespace string

	mu       sync.Mutex
	began    time.Time
	all      []scaling
	counted  map[types.UID]int32  // how often each event had happened when it was seen last
	replicas map[string]string    // deployments by their replica sets
	targets  map[string]reference // workloads by their autoscalers
	full     bool
}

func newScalings(namespace string) *scalings {
	return &scalings{namespace: namespace, counted: map[types.UID]int32{}, replicas: map[string]string{}, targets: map[string]reference{}}
}

// begin says from when on events are of the run.
func (s *scalings) begin(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = at.Truncate(time.Second) // as times of events are
}

func (s *scalings) add(x scaling) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(x)
}

func (s *scalings) keep(x scaling) {
	if len(s.all) >= mostScalings {
		s.full = true
		return
	}
	s.all = append(s.all, x)
}

// lose notes since when events are not known; nil when they are again.
func (s *scalings) lose(why *evidence.Problem, since time.Time) {
	if why != nil {
		s.add(scaling{at: since, gap: "events: " + why.Error()})
	}
}

// scalingEvents are the reasons of events that tell of replicas, by the kind of the object that they are about. They are
// those of Kubernetes's own controllers.
var scalingEvents = map[string][]string{
	"HorizontalPodAutoscaler": {"SuccessfulRescale", "FailedRescale"},
	"Deployment":              {"ScalingReplicaSet"},
	"ReplicaSet":              {"SuccessfulCreate", "SuccessfulDelete", "FailedCreate", "FailedDelete"},
	"StatefulSet":             {"SuccessfulCreate", "SuccessfulDelete", "FailedCreate", "FailedDelete"},
}

// The counts in the messages of Kubernetes's controllers: of a Deployment "Scaled up replica set gateway-7d9 from 2 to 4",
// of an autoscaler "New size: 4; reason: cpu resource utilization (percentage of request) above target".
var (
	fromTo  = regexp.MustCompile(`\bfrom (\d+) to (\d+)$`)
	newSize = regexp.MustCompile(`^New size: (\d+);`)
)

// event takes an event that tells of replicas. What was over before the run is left out.
func (s *scalings) event(e *corev1.Event, old bool) {
	of := e.InvolvedObject
	if !slices.Contains(scalingEvents[of.Kind], e.Reason) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, count := happened(e)
	before, seen := s.counted[e.UID]
	if len(s.counted) < mostScalings {
		s.counted[e.UID] = count
	}
	if seen && before == count || old && at.Before(s.began) {
		return
	}
	x := scaling{
		at: at, of: reference{strings.ToLower(of.Kind), of.Name}, seen: "event", reason: e.Reason,
		by: cmp.Or(e.ReportingController, e.Source.Component), message: evidence.Excerpt(e.Message),
	}
	if counts := fromTo.FindStringSubmatch(x.message); counts != nil {
		x.from, x.to = count10(counts[1]), count10(counts[2])
	}
	if size := newSize.FindStringSubmatch(x.message); size != nil {
		x.to = count10(size[1])
	}
	s.keep(x)
}

func (s *scalings) forget(uid types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.counted, uid)
}

// owns learns from a pod which Deployment its ReplicaSet belongs to.
func (s *scalings) owns(p *corev1.Pod) {
	kind, name, ok := workloadOf(p)
	if !ok || kind != deployment {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replicas) < mostPods {
		s.replicas[metav1.GetControllerOf(p).Name] = name
	}
}

// aims learns what an autoscaler scales.
func (s *scalings) aims(autoscaler string, at reference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets[autoscaler] = at
}

// workload is what an object scales, or is part of; itself where that is not known.
func (s *scalings) workload(of reference) reference {
	switch of.kind {
	case "replicaset":
		if name, known := s.replicas[of.name]; known {
			return reference{deployment, name}
		}
	case "horizontalpodautoscaler":
		if target, known := s.targets[of.name]; known {
			return target
		}
	}
	return of
}

// happened is when an event happened last, and how often it has.
func happened(e *corev1.Event) (time.Time, int32) {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time, e.Series.Count
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time, e.Count
	case !e.EventTime.IsZero():
		return e.EventTime.Time, 1
	}
	return e.CreationTimestamp.Time, 1
}

// setterOf is the manager that set a spec's count of replicas: who changes a field takes it from those that had it. "" where nobody says.
func setterOf(fields []metav1.ManagedFieldsEntry) (setter string) {
	for _, f := range fields {
		if f.Subresource != "status" && f.FieldsV1 != nil && strings.Contains(f.FieldsV1.GetRawString(), `"f:replicas"`) {
			setter = f.Manager
		}
	}
	return setter
}

func count10(digits string) *int {
	n, err := strconv.Atoi(digits)
	if err != nil { // more than any cluster has
		return nil
	}
	return &n
}
