package evidence

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Gap is a time of which nothing is known, and why.
type Gap struct {
	Source string `json:"source"`
	Panel  string `json:"panel,omitempty"` // "": everything of the source
	Problem
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"` // zero: it goes on
}

// Gaps are those of one file, or of one time.
type Gaps []Gap

// Of are the gaps of a panel, those of the whole source among them. That there are too few samples is so at each
// beginning, and is none.
func (all Gaps) Of(panel string) (some Gaps) {
	for _, g := range all {
		if (g.Panel == panel || g.Panel == "") && g.Cause != TooFewSamples {
			some = append(some, g)
		}
	}
	return some
}

// Hide reports whether values of a time are worth nothing.
func (all Gaps) Hide(at time.Time) bool {
	return slices.ContainsFunc(all, func(g Gap) bool { return !g.Partial() && !at.Before(g.From) && !at.After(g.Until) })
}

// With adds gaps, but for those that lie within one of the same cause, and puts all in the order in which they begin.
func (all Gaps) With(more Gaps) Gaps {
	for _, g := range more {
		if !slices.ContainsFunc(all, func(o Gap) bool { return o.Cause == g.Cause && !g.From.Before(o.From) && !g.Until.After(o.Until) }) {
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b Gap) int { return a.From.Compare(b.From) })
	return all
}

// GapLog reports gaps when they begin and when they end, and not at each reading. It is safe for concurrent use.
type GapLog struct {
	source string
	sink   Sink

	mu   sync.Mutex
	open map[string]Gap // by panel
	over []Gap          // the newest mostOver
}

// mostOver bounds how many gaps that are over are kept.
const mostOver = 1000

// NewGapLog reports the gaps of a source.
func NewGapLog(source string, sink Sink) *GapLog {
	return &GapLog{source: source, sink: sink, open: map[string]Gap{}}
}

// Open notes that nothing is known of a panel ("" for the whole source). Another cause ends the gap and begins one; that one
// alone is reported, for nothing is read in between.
func (l *GapLog) Open(panel string, at time.Time, p *Problem) { l.OpenSince(panel, at, at, p) }

// OpenSince notes at a time that what was read since an earlier one is worth nothing.
func (l *GapLog) OpenSince(panel string, since, at time.Time, p *Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, is := l.open[panel]; is {
		if before.Cause == p.Cause {
			return
		}
		l.keep(before, at)
	}
	gap := Gap{Source: l.source, Panel: panel, Problem: *p, From: since}
	l.open[panel] = gap
	l.sink.Gap(gap)
}

// Close notes that a panel, or the source, is read again.
func (l *GapLog) Close(panel string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if gap, is := l.open[panel]; is {
		l.sink.Gap(l.keep(gap, at))
		delete(l.open, panel)
	}
}

// keep keeps a gap that is over.
func (l *GapLog) keep(gap Gap, at time.Time) Gap {
	gap.Until = at
	if len(l.over) == mostOver {
		l.over = l.over[1:]
	}
	l.over = append(l.over, gap)
	return gap
}

// Between returns the gaps that reach into a time, oldest first, cut to it.
func (l *GapLog) Between(from, to time.Time) (all Gaps) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range slices.AppendSeq(slices.Clone(l.over), maps.Values(l.open)) {
		if g.Until.IsZero() || g.Until.After(to) {
			g.Until = to
		}
		if g.From.Before(from) {
			g.From = from
		}
		if g.From.Before(g.Until) {
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b Gap) int { return a.From.Compare(b.From) })
	return all
}

// Ongoing returns the gaps that have not ended, the whole source's first.
func (l *GapLog) Ongoing() []Gap {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Gap
	for _, g := range l.open {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b Gap) int { return strings.Compare(a.Panel, b.Panel) })
	return all
}
