// Package kubernetes reads what a cluster says of itself: its autoscalers before and after a run, as kubectl describes
// them.
package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/printable"
)

// Name of the source.
const Name = "kubernetes"

const (
	interval       = 5 * time.Second
	mostAutoscaler = 200 // of a namespace
	mostEvents     = 200 // of an autoscaler
)

// Config is what a source is made of.
type Config struct {
	Cluster    kubeclient.Config
	Namespaces []string
	Redact     func(string) string // takes secrets out of a text
}

// Source is the autoscalers of some namespaces.
type Source struct {
	config  Config
	cluster *kubeclient.Cluster

	mu     sync.Mutex
	before map[string]description // by namespace and name, when each was seen first
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
	return &Source{config: c, cluster: cluster, before: map[string]description{}}, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// Check implements evidence.Source: whether all that is read may be read.
func (s *Source) Check(ctx context.Context, _ evidence.Wanted) []evidence.Finding {
	var missing []evidence.Finding
	for _, namespace := range s.config.Namespaces {
		for _, r := range []authorizationv1.ResourceAttributes{
			{Namespace: namespace, Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers"},
			{Namespace: namespace, Verb: "list", Resource: "events"},
		} {
			may, err := s.cluster.May(ctx, r)
			switch {
			case err != nil:
				return []evidence.Finding{{Kind: evidence.SourceFails, Source: Name, Problem: problem(err)}}
			case !may:
				missing = append(missing, evidence.Finding{Kind: evidence.RightMissing, Source: Name, Subject: fmt.Sprintf("%s %s in %s", r.Verb, r.Resource, namespace)})
			}
		}
	}
	return append(missing, evidence.Finding{Kind: evidence.SourceAnswers, Source: Name, Found: "context " + s.cluster.Ref.ContextName()})
}

// problem is why the API server gave nothing.
func problem(err error) *evidence.Problem {
	cause := evidence.Unreachable
	var status apierrors.APIStatus
	switch {
	case apierrors.IsUnauthorized(err), apierrors.IsForbidden(err):
		cause = evidence.Unauthorized
	case apierrors.IsTooManyRequests(err):
		cause = evidence.RateLimited
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err):
		cause = evidence.TimedOut
	case errors.As(err, &status) && status.Status().Code >= 500:
		cause = evidence.ServerError
	case errors.As(err, &status):
		cause = evidence.Refused
	}
	return &evidence.Problem{Cause: cause, Detail: evidence.Excerpt(err.Error())}
}

// Run implements evidence.Source.
func (s *Source) Run(ctx context.Context, sink evidence.Sink) error {
	gaps := evidence.NewGapLog(Name, sink)
	evidence.Poll(ctx, interval, func(at time.Time) { s.read(ctx, gaps, at) })
	return nil
}

// read looks at all namespaces once.
func (s *Source) read(ctx context.Context, gaps *evidence.GapLog, at time.Time) {
	for _, namespace := range s.config.Namespaces {
		panel := "autoscalers of " + namespace
		err := s.readFirst(ctx, namespace, at)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			gaps.Open(panel, at, problem(err))
		default:
			gaps.Close(panel, at)
		}
	}
}

// readFirst describes the autoscalers of a namespace that were not seen before.
func (s *Source) readFirst(ctx context.Context, namespace string, at time.Time) error {
	all, err := s.list(ctx, namespace)
	for i := range all {
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

// Export implements evidence.Source: each autoscaler when it was first seen, and now.
func (s *Source) Export(ctx context.Context, _, _ time.Time, dir string) (files []evidence.File, err error) {
	write := func(name, text, title string) {
		writeErr := evidence.WriteFile(dir, name, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err = errors.Join(err, writeErr); writeErr == nil {
			files = append(files, evidence.File{Name: name, Title: title})
		}
	}
	s.mu.Lock()
	for name, d := range s.before {
		write("hpa-"+name+"-before.txt", d.text, "Autoscaler "+name+" before the run")
	}
	s.mu.Unlock()
	for _, namespace := range s.config.Namespaces {
		all, listErr := s.list(ctx, namespace)
		err = errors.Join(err, listErr)
		for i := range all {
			d := s.describe(ctx, &all[i], time.Now())
			err = errors.Join(err, d.missing)
			name := all[i].Namespace + "-" + all[i].Name
			write("hpa-"+name+"-after.txt", d.text, "Autoscaler "+name+" after the run")
		}
	}
	return files, err
}
