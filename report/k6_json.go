package report

import (
	"encoding/json"
	"io"
	"slices"
	"time"
)

// writeK6JSON writes the points of a run as k6's --out json=FILE does: one JSON object a line, and before the first
// point of a metric one that describes it.
func writeK6JSON(w io.Writer, run *Run) error {
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	described := map[string]bool{}
	return k6Points(run, func(p k6Point) error {
		if !described[p.metric] {
			described[p.metric] = true
			if err := to.Encode(k6Envelope{Type: "Metric", Data: k6Describe(run, p.metric), Metric: p.metric}); err != nil {
				return err
			}
		}
		return to.Encode(k6Envelope{Metric: p.metric, Type: "Point", Data: k6Sample{p.time, p.value, k6Map(p.tags), k6Map(p.metadata)}})
	})
}

type (
	k6Envelope struct {
		Metric string `json:"metric"`
		Type   string `json:"type"`
		Data   any    `json:"data"`
	}
	k6Sample struct {
		Time     time.Time         `json:"time"`
		Value    float64           `json:"value"`
		Tags     map[string]string `json:"tags"`
		Metadata map[string]string `json:"metadata,omitempty"`
	}
	k6Description struct {
		Name       string       `json:"name"`
		Type       string       `json:"type"`
		Contains   string       `json:"contains"`
		Thresholds []string     `json:"thresholds"`
		Submetrics []k6Narrowed `json:"submetrics"`
	}
	k6Narrowed struct {
		Name   string            `json:"name"`
		Suffix string            `json:"suffix"`
		Tags   map[string]string `json:"tags"`
	}
)

// k6Describe describes a metric: its objectives, and the channels that objectives narrow it to.
func k6Describe(run *Run, name string) k6Description {
	kind := k6KindOf(name)
	d := k6Description{Name: name, Type: kind.Type, Contains: kind.Contains, Thresholds: []string{}}
	for _, o := range run.objectives {
		switch {
		case o.Metric != name:
		case o.Channel == "":
			d.Thresholds = append(d.Thresholds, o.Expression())
		case !slices.ContainsFunc(d.Submetrics, func(s k6Narrowed) bool { return s.Name == o.Selector() }):
			d.Submetrics = append(d.Submetrics, k6Narrowed{o.Selector(), "channel:" + o.Channel, map[string]string{"channel": o.Channel}})
		}
	}
	return d
}

// k6Map is never nil: k6 writes {} where there are no tags.
func k6Map(tags []k6Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.name] = t.value
	}
	return m
}
