package kubernetes

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/duration"
)

// longestAnnotation is how long a line with an annotation may be.
const longestAnnotation = 140

const unknown = "<unknown>"

// describe writes an autoscaler and its events in the layout of kubectl describe hpa. Ages of events are at now; nil: the
// events are not known.
func describe(out io.Writer, h *autoscalingv2.HorizontalPodAutoscaler, events []corev1.Event, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // Flush has the error
	line("Name:\t%s", h.Name)
	line("Namespace:\t%s", h.Namespace)
	described(line, "Labels", labelLines(h.Labels))
	described(line, "Annotations", annotationLines(h.Annotations))
	line("CreationTimestamp:\t%s", h.CreationTimestamp.Format(time.RFC1123Z))
	line("Reference:\t%s/%s", h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name)
	line("Metrics:\t( current / target )")
	for i, m := range h.Spec.Metrics {
		var now autoscalingv2.MetricStatus
		if i < len(h.Status.CurrentMetrics) {
			now = h.Status.CurrentMetrics[i]
		}
		line("  %s", metricLine(m, now))
	}
	least := "<unset>"
	if h.Spec.MinReplicas != nil {
		least = fmt.Sprint(*h.Spec.MinReplicas)
	}
	line("Min replicas:\t%s", least)
	line("Max replicas:\t%d", h.Spec.MaxReplicas)
	if b := h.Spec.Behavior; b != nil {
		line("Behavior:")
		direction(line, "Scale Up", b.ScaleUp)
		direction(line, "Scale Down", b.ScaleDown)
	}
	line("%s pods:\t%d current / %d desired", h.Spec.ScaleTargetRef.Kind, h.Status.CurrentReplicas, h.Status.DesiredReplicas)
	if len(h.Status.Conditions) > 0 {
		line("Conditions:\n  Type\tStatus\tReason\tMessage\n  ----\t------\t------\t-------")
		for _, c := range h.Status.Conditions {
			line("  %s\t%s\t%s\t%s", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	switch {
	case events == nil:
		return w.Flush()
	case len(events) == 0:
		line("Events:\t<none>")
		return w.Flush()
	}
	if err := w.Flush(); err != nil { // the events are a table of their own
		return err
	}
	line("Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------")
	for _, e := range events {
		message := strings.TrimSpace(e.Message)
		if e.InvolvedObject.FieldPath != "" {
			message = e.InvolvedObject.FieldPath + ": " + message
		}
		line("  %s\t%s\t%s\t%s\t%s", e.Type, e.Reason, ages(e, now), cmp.Or(e.Source.Component, e.ReportingController), message)
	}
	return w.Flush()
}

// described writes a title with lines beside it.
func described(line func(string, ...any), title string, values []string) {
	if len(values) == 0 {
		values = []string{"<none>"}
	}
	line("%s:\t%s", title, strings.Join(values, "\n\t"))
}

func labelLines(labels map[string]string) (lines []string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		lines = append(lines, key+"="+labels[key])
	}
	return lines
}

// annotationLines leave out the copy of the object that kubectl apply keeps.
func annotationLines(annotations map[string]string) (lines []string) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		value := strings.TrimSuffix(annotations[key], "\n")
		switch {
		case key == corev1.LastAppliedConfigAnnotation:
		case len(key)+len(value)+2 <= longestAnnotation && !strings.Contains(value, "\n"):
			lines = append(lines, key+": "+value)
		default:
			lines = append(lines, key+":")
			for part := range strings.SplitSeq(value, "\n") {
				if len(part) > longestAnnotation-2 {
					part = part[:longestAnnotation-2] + "..."
				}
				lines = append(lines, "  "+part)
			}
		}
	}
	return lines
}

// metricLine is one metric: what it is of, its value now, and its target.
func metricLine(m autoscalingv2.MetricSpec, now autoscalingv2.MetricStatus) string {
	switch m.Type {
	case autoscalingv2.ResourceMetricSourceType:
		var current *autoscalingv2.MetricValueStatus
		if now.Resource != nil {
			current = &now.Resource.Current
		}
		return shareLine(fmt.Sprintf("resource %s on pods", m.Resource.Name), m.Resource.Target, current)
	case autoscalingv2.ContainerResourceMetricSourceType:
		var current *autoscalingv2.MetricValueStatus
		if now.ContainerResource != nil {
			current = &now.ContainerResource.Current
		}
		of := m.ContainerResource
		return shareLine(fmt.Sprintf("resource %s of container %q on pods", of.Name, of.Container), of.Target, current)
	case autoscalingv2.PodsMetricSourceType:
		var current *resource.Quantity
		if now.Pods != nil {
			current = now.Pods.Current.AverageValue
		}
		return fmt.Sprintf("%q on pods:\t%s / %s", m.Pods.Metric.Name, amount(current), amount(m.Pods.Target.AverageValue))
	case autoscalingv2.ObjectMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if now.Object != nil {
			current = now.Object.Current
		}
		of := m.Object.DescribedObject
		name := fmt.Sprintf("%q on %s/%s", m.Object.Metric.Name, of.Kind, of.Name)
		return amountLine(name, m.Object.Target, current, m.Object.Target.Type == autoscalingv2.AverageValueMetricType)
	case autoscalingv2.ExternalMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if now.External != nil {
			current = now.External.Current
		}
		return amountLine(fmt.Sprintf("%q", m.External.Metric.Name), m.External.Target, current, m.External.Target.AverageValue != nil)
	}
	return fmt.Sprintf("<unknown metric type %q>", string(m.Type))
}

func amountLine(name string, target autoscalingv2.MetricTarget, current autoscalingv2.MetricValueStatus, average bool) string {
	if average {
		return fmt.Sprintf("%s (target average value):\t%s / %s", name, amount(current.AverageValue), amount(target.AverageValue))
	}
	return fmt.Sprintf("%s (target value):\t%s / %s", name, amount(current.Value), amount(target.Value))
}

// shareLine is a resource of pods, as an amount or as a share of what they request.
func shareLine(name string, target autoscalingv2.MetricTarget, current *autoscalingv2.MetricValueStatus) string {
	if current == nil {
		current = &autoscalingv2.MetricValueStatus{}
	}
	if target.AverageValue != nil {
		return fmt.Sprintf("%s:\t%s / %s", name, amount(current.AverageValue), target.AverageValue)
	}
	used, wanted := unknown, "<auto>"
	if current.AverageUtilization != nil {
		used = fmt.Sprintf("%d%% (%s)", *current.AverageUtilization, amount(current.AverageValue))
	}
	if target.AverageUtilization != nil {
		wanted = fmt.Sprintf("%d%%", *target.AverageUtilization)
	}
	return fmt.Sprintf("%s  (as a percentage of request):\t%s / %s", name, used, wanted)
}

func amount(q *resource.Quantity) string {
	if q == nil {
		return unknown
	}
	return q.String()
}

func direction(line func(string, ...any), title string, rules *autoscalingv2.HPAScalingRules) {
	if rules == nil {
		return
	}
	line("  %s:", title)
	if rules.StabilizationWindowSeconds != nil {
		line("    Stabilization Window: %d seconds", *rules.StabilizationWindowSeconds)
	}
	if len(rules.Policies) == 0 {
		return
	}
	choice := autoscalingv2.MaxChangePolicySelect
	if rules.SelectPolicy != nil {
		choice = *rules.SelectPolicy
	}
	line("    Select Policy: %s\n    Policies:", choice)
	for _, p := range rules.Policies {
		line("      - Type: %s\tValue: %d\tPeriod: %d seconds", p.Type, p.Value, p.PeriodSeconds)
	}
}

// ages are how long ago an event was, and over what time it was how often.
func ages(e corev1.Event, now time.Time) string {
	begun := e.EventTime.Time
	if begun.IsZero() {
		begun = e.FirstTimestamp.Time
	}
	first := age(begun, now)
	switch {
	case e.Series != nil:
		return fmt.Sprintf("%s (x%d over %s)", age(e.Series.LastObservedTime.Time, now), e.Series.Count, first)
	case e.Count > 1:
		return fmt.Sprintf("%s (x%d over %s)", age(e.LastTimestamp.Time, now), e.Count, first)
	}
	return first
}

func age(at, now time.Time) string {
	if at.IsZero() {
		return unknown
	}
	return duration.HumanDuration(now.Sub(at))
}
