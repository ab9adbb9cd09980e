package evidence

import (
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

// GapLog reports gaps when they begin and when they end, and not at each reading. It is safe for concurrent use.
type GapLog struct {
	source string
	sink   Sink

	mu   sync.Mutex
	open map[string]Gap // by panel
}

// NewGapLog reports the gaps of a source.
func NewGapLog(source string, sink Sink) *GapLog {
	return &GapLog{source: source, sink: sink, open: map[string]Gap{}}
}

// Open notes that nothing is known of a panel ("" for the whole source). Another cause ends the gap and begins one.
func (l *GapLog) Open(panel string, at time.Time, p *Problem) { l.OpenSince(panel, at, at, p) }

// OpenSince notes at a time that what was read since an earlier one is worth nothing.
func (l *GapLog) OpenSince(panel string, since, at time.Time, p *Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, is := l.open[panel]; is {
		if before.Cause == p.Cause {
			return
		}
		l.end(before, at)
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
		l.end(gap, at)
		delete(l.open, panel)
	}
}

func (l *GapLog) end(gap Gap, at time.Time) {
	gap.Until = at
	l.sink.Gap(gap)
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
