package session

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// journal is the events of the session: on the disk, in memory for who reads along, and folded.
type journal struct {
	writer  *rundir.Writer
	started time.Time
	redact  func(string) string // takes secrets out of what people and errors say

	mu     sync.Mutex // never held across a write to the disk
	events []event.Event
	line   *timeline.Timeline // a clone: what a snapshot has of it does not change
	live   timeline.Timeline
	more   chan struct{} // closed and replaced with each event
	closed bool

	order sync.Mutex // the disk has the events in the order of the memory
}

func newJournal(w *rundir.Writer, redact func(string) string) *journal {
	// Errors that were joined have a line each; an event is one line, in which a line break would be escaped.
	oneLine := func(text string) string { return strings.ReplaceAll(redact(text), "\n", "; ") }
	return &journal{writer: w, redact: oneLine, line: new(timeline.Timeline), more: make(chan struct{})}
}

// add makes an event of now and appends it. When it returns without an error, the line is in the file,
// and on the disk if its kind is durable; readers get the event in any case.
func (j *journal) add(by event.Actor, data any) error {
	j.order.Lock()
	defer j.order.Unlock()
	now := time.Now()
	e, err := event.Make(now.UTC(), now.Sub(j.started).Seconds(), by, data).Map(j.redact)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Kind(), err)
	}
	err = j.writer.Event(e)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
	j.live.Apply(e)
	j.line = j.live.Clone()
	close(j.more)
	j.more = make(chan struct{})
	return err
}

// close ends the journal: subscribers come to their end when they have read it.
func (j *journal) close() error {
	j.mu.Lock()
	j.closed = true
	close(j.more)
	j.more = make(chan struct{})
	j.mu.Unlock()
	return j.writer.Close()
}

// all is every event so far with what they mean. Neither changes.
func (j *journal) all() ([]event.Event, *timeline.Timeline) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clip(j.events), j.line
}

// timeline is what the events so far mean.
func (j *journal) timeline() *timeline.Timeline {
	_, line := j.all()
	return line
}

// subscribe yields every event from the first on, and waits for those to come until the journal is
// closed or ctx ends. A slow reader misses nothing and delays nobody else.
func (j *journal) subscribe(ctx context.Context) iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		for next := 0; ; {
			j.mu.Lock()
			events, more, closed := slices.Clip(j.events), j.more, j.closed
			j.mu.Unlock()
			for ; next < len(events); next++ {
				if ctx.Err() != nil || !yield(events[next]) {
					return
				}
			}
			if closed {
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
				return
			}
		}
	}
}
