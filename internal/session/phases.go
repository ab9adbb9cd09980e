package session

import (
	"slices"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// phaseStats adds up what each phase of the run measures. Only the phase that goes on keeps its
// histograms: of one that is over the figures are enough. It belongs to the observer's goroutine.
type phaseStats struct {
	latency []*hdr.Histogram // by flow
	all     []PhaseStats     // never changed in place: snapshots share them
}

func newPhaseStats() *phaseStats {
	return &phaseStats{latency: make([]*hdr.Histogram, len(load.Registry().Flows()))}
}

// observe counts a closed second, which began at a time since the start, in the phase that its middle
// lies in.
func (b *phaseStats) observe(phases []timeline.Phase, at float64, o metric.Observation) []PhaseStats {
	length := o.Window.Length.Seconds()
	i := slices.IndexFunc(phases, func(p timeline.Phase) bool { return at+length/2 < p.To })
	if i < 0 {
		i = len(phases) - 1
	}
	if i < 0 {
		return b.all
	}
	series := load.Registry().Series()
	b.all = slices.Clone(b.all)
	b.startPhase(phases[i])
	current := &b.all[len(b.all)-1]
	current.Phase = phases[i]
	current.Seconds += length
	current.Flows = slices.Clone(current.Flows) // snapshots share the old ones
	for id, counts := range o.Window.Series {
		flow := series[id].Flow.ID()
		current.Flows[flow].Requests += counts.Count
		current.Flows[flow].Failed += counts.Failed
		if o.Latency[id] == nil {
			continue
		}
		if b.latency[flow] == nil {
			b.latency[flow] = metric.NewHistogram()
		}
		b.latency[flow].Merge(o.Latency[id])
	}
	for flow, h := range b.latency {
		if h == nil {
			continue
		}
		stats := metric.Statistics(h)
		stats.Requests, stats.Failed = current.Flows[flow].Requests, current.Flows[flow].Failed
		current.Flows[flow] = stats
	}
	return b.all
}

// startPhase begins a phase, if it is another than the last. That one ended where this begins, which its own
// last second could not know yet.
func (b *phaseStats) startPhase(next timeline.Phase) {
	if n := len(b.all); n > 0 {
		last := &b.all[n-1]
		if last.From == next.From && last.Name == next.Name {
			return
		}
		last.To = next.From
	}
	b.all = append(b.all, PhaseStats{Flows: make([]metric.Stats, len(load.Registry().Flows()))})
	for _, h := range b.latency {
		if h != nil {
			h.Reset()
		}
	}
}
