// Package kubernetes reads what a cluster says of itself: its autoscalers before and after a run, as kubectl describes
// them, and meanwhile how the replicas of its workloads come and go.
package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/printable"
)

// Name of the source.
const Name = "kubernetes"

const (
	interval       = 5 * time.Second
	overdue        = 2 * time.Second // an answer that a run need not wait for to know that it is late
	mostAutoscaler = 200             // of a namespace
	mostEvents     = 200             // of an autoscaler
)

// Config is what a source is made of.
type Config struct {
	Cluster    kubeclient.Config
	Namespaces []string
	Redact     func(string) string // takes secrets out of a text
}

// Source is the autoscalers and workloads of some namespaces.
type Source struct {
	config     Config
	cluster    *kubeclient.Cluster
	watches    *kubeclient.Client // without a bound on time: a watch is one long answer
	namespaces []*namespace
	departures *departures

	mu     sync.Mutex
	before map[string]description // by namespace and name, when each was seen first
	ended  time.Time              // when watching ended
}

// description is an autoscaler for people. What is missing in it is an error.
type description struct {
	text    string
	missing error
}

// New reads the kubeconfig. It contacts nothing.
func New(c Config) (*Source, error) {
	cluster, err := kubeclient.Connect(c.Cluster)
	if err != nil {
		return nil, err
	}
	watches, err := kubeclient.NewClient(cluster.Config)
	if err != nil {
		return nil, fmt.Errorf("make client for %s: %w", cluster.Ref.Server, err)
	}
	s := &Source{config: c, cluster: cluster, watches: watches, before: map[string]description{}}
	s.departures = newDepartures(s.readLog, c.Redact)
	for _, name := range c.Namespaces {
		s.namespaces = append(s.namespaces, newNamespace(name, s.departures))
	}
	return s, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// rights are those that all of it needs.
var rights = []authorizationv1.ResourceAttributes{
	{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers"},
	{Verb: "list", Group: "apps", Resource: "deployments"},
	{Verb: "watch", Group: "apps", Resource: "deployments"},
	{Verb: "list", Group: "apps", Resource: "statefulsets"},
	{Verb: "watch", Group: "apps", Resource: "statefulsets"},
	{Verb: "list", Resource: "pods"},
	{Verb: "watch", Resource: "pods"},
	{Verb: "list", Resource: "events"},
	{Verb: "watch", Resource: "events"},
	{Verb: "get", Resource: "pods", Subresource: "log"},
}

// Check implements evidence.Source: whether all that is read may be read.
func (s *Source) Check(ctx context.Context, _ evidence.Wanted) []evidence.Finding {
	var missing []evidence.Finding
	for _, namespace := range s.config.Namespaces {
		for _, r := range rights {
			r.Namespace = namespace
			may, err := s.cluster.May(ctx, r)
			switch {
			case err != nil:
				return []evidence.Finding{{Kind: evidence.SourceFails, Source: Name, Problem: problem(err)}}
			case !may:
				missing = append(missing, evidence.Finding{Kind: evidence.RightMissing, Source: Name, Subject: fmt.Sprintf("%s %s in %s", r.Verb, path.Join(r.Resource, r.Subresource), namespace)})
			}
		}
	}
	return append(missing, evidence.Finding{Kind: evidence.SourceAnswers, Source: Name, Found: "context " + s.cluster.Ref.ContextName()})
}

// Run implements evidence.Source.
func (s *Source) Run(ctx context.Context, sink evidence.Sink) error {
	select {
	case <-ctx.Done():
		return nil
	default:
	}
	gaps := evidence.NewGapLog(Name, sink)
	s.departures.begin(gaps)
	var running sync.WaitGroup
	for _, n := range s.namespaces {
		n.scalings.begin(time.Now())
		n.answered = time.Now()
		for _, f := range n.feeds(ctx, s.cluster, s.watches, gaps) {
			running.Go(func() { f.run(ctx) })
		}
	}
	evidence.Poll(ctx, interval, func(at time.Time) { s.read(ctx, gaps, at) })
	running.Wait()
	s.departures.tasks.Wait()
	s.mu.Lock()
	s.ended = time.Now()
	s.mu.Unlock()
	return nil
}

// read looks at all namespaces once.
func (s *Source) read(ctx context.Context, gaps *evidence.GapLog, at time.Time) {
	for _, n := range s.namespaces {
		panel := "autoscalers of " + n.name
		asked := time.Now()
		err := s.readFirst(ctx, n, at)
		switch {
		case ctx.Err() != nil:
			if waited := time.Since(asked); waited >= overdue {
				n.hear(asked.Add(waited), &evidence.Problem{Cause: evidence.TimedOut, Detail: "the run ended before it answered"})
			}
			return
		case err != nil:
			p := problem(err)
			n.hear(time.Now(), p)
			gaps.Open(panel, at, p)
		default:
			n.hear(time.Now(), nil)
			gaps.Close(panel, at)
		}
	}
}

// readFirst describes the autoscalers of a namespace that were not seen before.
func (s *Source) readFirst(ctx context.Context, n *namespace, at time.Time) error {
	all, err := s.list(ctx, n.name)
	if err == nil || len(all) > 0 {
		n.scales.set(all)
	}
	for i := range all {
		target := all[i].Spec.ScaleTargetRef
		n.scalings.aims(all[i].Name, reference{strings.ToLower(target.Kind), target.Name})
		s.mu.Lock()
		first, seen := s.before[all[i].Namespace+"-"+all[i].Name]
		s.mu.Unlock()
		if !seen {
			first = s.describe(ctx, &all[i], at)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.mu.Lock()
			s.before[all[i].Namespace+"-"+all[i].Name] = first
			s.mu.Unlock()
		}
		err = errors.Join(err, first.missing)
	}
	return err
}

func (s *Source) list(ctx context.Context, namespace string) ([]autoscalingv2.HorizontalPodAutoscaler, error) {
	list, err := s.cluster.Client.HorizontalPodAutoscalers(namespace).List(ctx, metav1.ListOptions{Limit: mostAutoscaler})
	if err != nil {
		return nil, s.cluster.Explain("list autoscalers of "+namespace, err)
	}
	if list.Continue != "" {
		return list.Items, &evidence.Problem{Cause: evidence.Dropped, Detail: fmt.Sprintf("there are more than %d autoscalers", mostAutoscaler)}
	}
	return list.Items, nil
}

// describe reads the events of an autoscaler, too. Without them the rest is described.
func (s *Source) describe(ctx context.Context, h *autoscalingv2.HorizontalPodAutoscaler, now time.Time) (d description) {
	list, err := s.cluster.Client.Events(h.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.kind=HorizontalPodAutoscaler,involvedObject.name=" + h.Name, Limit: mostEvents,
	})
	var events []corev1.Event
	note := ""
	switch {
	case err != nil:
		d.missing = s.cluster.Explain("list events of autoscaler "+h.Namespace+"/"+h.Name, err)
		note = "Events were not read: " + d.missing.Error() + "\n"
	case list.Continue != "":
		note = fmt.Sprintf("There are more events than these %d.\n", mostEvents)
		fallthrough
	default:
		events = append([]corev1.Event{}, list.Items...)
		slices.SortStableFunc(events, func(a, b corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
	}
	var out bytes.Buffer
	d.missing = errors.Join(d.missing, describe(&out, h, events, now))
	d.text = s.config.Redact(printable.Lines(out.String() + note))
	return d
}

// Export implements evidence.Source: each autoscaler when it was first seen and now, and what workloads did meanwhile.
func (s *Source) Export(ctx context.Context, _, to time.Time, dir string) (files []evidence.File, err error) {
	write := func(f evidence.File, text func(io.Writer) error) {
		writeErr := evidence.WriteFile(dir, f.Name, text)
		if err = errors.Join(err, writeErr); writeErr == nil {
			files = append(files, f)
		}
	}
	describe := func(name, moment string, d description) {
		f := evidence.File{Name: "hpa-" + name + "-" + moment + ".txt", Title: "Autoscaler " + name + " " + moment + " the run"}
		write(f, func(w io.Writer) error {
			_, err := io.WriteString(w, d.text)
			return err
		})
	}
	s.mu.Lock()
	if !s.ended.IsZero() {
		to = s.ended
	}
	for name, d := range s.before {
		describe(name, "before", d)
	}
	s.mu.Unlock()
	var scalings [][]string
	for _, n := range s.namespaces {
		var table bytes.Buffer
		rows, tableErr := n.history.write(&table, to, s.config.Redact)
		err = errors.Join(err, tableErr)
		write(evidence.File{Name: "pods-" + n.name + ".csv", Title: "Pods of the workloads of " + n.name, Rows: rows}, func(w io.Writer) error {
			_, err := table.WriteTo(w)
			return err
		})
		scalings = append(scalings, n.scalings.rows(s.config.Redact)...)
		all, listErr := s.list(ctx, n.name)
		err = errors.Join(err, listErr)
		for i := range all {
			d := s.describe(ctx, &all[i], time.Now())
			err = errors.Join(err, d.missing)
			describe(all[i].Namespace+"-"+all[i].Name, "after", d)
		}
	}
	write(evidence.File{Name: "scaling-events.csv", Title: "Scaling events", Rows: len(scalings)}, func(w io.Writer) error {
		return writeScalings(w, scalings)
	})
	err = errors.Join(err, s.departures.write(dir, func(f evidence.File) { files = append(files, f) }))
	return files, err
}
