package metric

import (
	"fmt"
	"slices"
)

// Flow is one kind of request: what it is called and what a right answer is. Flows are told apart by their
// address; make them before the [Registry] that they are in.
type Flow struct {
	Name   string // "gateway": in files and tags
	Title  string // "Gateway": at the head of a row
	Does   string // "Gateway messages": what it sends
	Metric string // the custom metric of the k6 script that its latency belongs to; "" when it shows only in http_req_duration

	Status    int    // that a right answer has
	Check     string // k6's name for that
	BodyCheck string // k6's name for a right body; "" when bodies are not looked at

	// Diagnostic flows ask what the platform does with a wrong request. Their failures stand in the error
	// table and do not count against the platform.
	Diagnostic bool

	Channels []string // what its series are told apart by: channels, or kinds of call

	id    int // index in the registry
	first SeriesID
}

// String is the flow's name.
func (f *Flow) String() string { return f.Name }

// ID is the flow's place in its registry, and in slices by flow.
func (f *Flow) ID() int { return f.id }

// Series is the flow's series of a channel or kind of call.
func (f *Flow) Series(channel string) SeriesID {
	for i, c := range f.Channels {
		if c == channel {
			return f.first + SeriesID(i)
		}
	}
	panic("flow " + f.Name + " has no series " + channel) // the names stand in one file
}

// Series is what one histogram measures: a flow, and within it a channel or a kind of call.
type Series struct {
	Flow    *Flow
	Channel string
}

// String is the series' tag in latency.hlog and its name in reports, such as "gateway/webchat".
func (s Series) String() string { return s.Flow.Name + "/" + s.Channel }

// SeriesID is a series' place in its registry, and in slices by series.
type SeriesID int

// Registry is every series that a run can measure. It does not change.
type Registry struct {
	flows   []*Flow
	series  []Series
	metrics []string
}

// NewRegistry assigns ids to flows and their series, in their order.
func NewRegistry(flows ...*Flow) *Registry {
	r := &Registry{flows: flows}
	for id, f := range flows {
		f.id, f.first = id, SeriesID(len(r.series))
		for _, channel := range f.Channels {
			r.series = append(r.series, Series{f, channel})
		}
		if f.Metric != "" && !slices.Contains(r.metrics, f.Metric) {
			r.metrics = append(r.metrics, f.Metric)
		}
	}
	return r
}

// Flows are the flows by their ID. The slice is shared: it must not be changed.
func (r *Registry) Flows() []*Flow { return r.flows }

// Series are the series by their ID. The slice is shared: it must not be changed.
func (r *Registry) Series() []Series { return r.series }

// Metrics are the flows' own metrics, each once. The slice is shared: it must not be changed.
func (r *Registry) Metrics() []string { return r.metrics }

// SeriesOf are the series that count in a metric, narrowed to a channel unless that is "". A flow's own
// metric counts the series of its flows, every other metric counts all.
func (r *Registry) SeriesOf(metric, channel string) (ids []SeriesID) {
	own := slices.Contains(r.metrics, metric)
	for id, s := range r.series {
		if (!own || s.Flow.Metric == metric) && (channel == "" || channel == s.Channel) {
			ids = append(ids, SeriesID(id))
		}
	}
	return ids
}

// Parse finds a series by its tag.
func (r *Registry) Parse(tag string) (SeriesID, error) {
	for id, s := range r.series {
		if s.String() == tag {
			return SeriesID(id), nil
		}
	}
	return 0, fmt.Errorf("unknown series %q", tag)
}
