// Package annotate marks a run on the charts of a team: the session, its faults and the alerts, while it goes on.
package annotate

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"strconv"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
)

// Bounds of what marking can cost.
const (
	mostMarks    = 1000
	flushTimeout = 5 * time.Second // for those that are left when the run has ended
)

// Kinds of annotations.
const (
	sessionKind = "session"
	faultKind   = "fault"
	alertKind   = "alert"
)

// IsRunID reports whether a text can be a run's id among the tags of an annotation: none that those of other runs have.
func IsRunID(text string) bool {
	return text != "" && text != Tag && text != sessionKind && text != faultKind && text != alertKind
}

// Tag is on every annotation of squall; the run's id and the kind stand beside it.
const Tag = "squall"

// File is the name of the file of ids, in the directory of a run.
const File = "annotations.jsonl"

// annotation is a mark on charts: a moment, or a stretch once it is over.
type annotation struct {
	text string
	tags []string
	from time.Time
	to   time.Time // zero: a moment, or not over yet
}

// Board takes annotations. Its calls are bounded in time.
type Board interface {
	Add(ctx context.Context, text string, tags []string, from, to time.Time) (id int64, err error)
	End(ctx context.Context, id int64, to time.Time) error
}

// Run is the run that is marked.
type Run interface {
	Subscribe(ctx context.Context) iter.Seq[event.Event]
	Record(data any)
}

// Config is what an annotator is made of.
type Config struct {
	Board  Board
	Where  string // for people, and for who removes annotations: the address of the board
	File   string // that ids are written to
	Redact func(string) string
}

// Written is one line of the file: an annotation that is there.
type Written struct {
	Where string `json:"where"`
	ID    int64  `json:"id"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
}

// Annotator marks one run.
type Annotator struct {
	config Config
	flush  time.Duration

	mu      sync.Mutex
	marks   map[string]*mark
	order   []*mark
	changed chan struct{}
	over    bool
	skipped map[string]bool // marks beyond the most that are kept
}

// mark is an annotation as it should be, and what of it is there.
type mark struct {
	kind    string
	want    annotation
	id      int64 // 0: it is not there
	ended   bool  // its end is there, too
	pending bool
	err     error
}

// New returns an annotator. Nothing is written yet.
func New(c Config) *Annotator {
	return &Annotator{config: c, flush: flushTimeout, marks: map[string]*mark{}, skipped: map[string]bool{}, changed: make(chan struct{}, 1)}
}

// Run marks until the run has ended, or ctx has. What could not be written is recorded.
func (a *Annotator) Run(ctx context.Context, run Run) {
	writing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var writer sync.WaitGroup
	writer.Go(func() { a.write(writing, run) })
	var t timeline.Timeline
	for e := range run.Subscribe(ctx) {
		t.Apply(e)
		a.update(&t)
		if t.End != nil {
			break
		}
	}
	a.end()
	timer := time.AfterFunc(a.flush, cancel)
	defer timer.Stop()
	writer.Wait()
	a.sayMissing(run)
}

// update makes marks of what has happened.
func (a *Annotator) update(t *timeline.Timeline) {
	if t.Started.IsZero() {
		return
	}
	at := func(seconds float64) time.Time { return t.Started.Add(time.Duration(seconds * float64(time.Second))) }
	session := annotation{text: "Run " + t.Start.RunID + " of squall on " + t.Start.Target, from: t.Started}
	if t.End != nil {
		session.to = at(t.End.At)
	}
	a.set(t, sessionKind, sessionKind, session)
	for n, i := range t.Injections {
		if !i.Applied() {
			continue
		}
		fault := annotation{text: i.Label + " (" + i.Fault + "), by " + i.By.String(), from: at(i.Active.At)}
		if to := i.To(); to != timeline.Open {
			fault.to = at(to)
		}
		a.set(t, faultKind+strconv.Itoa(n), faultKind, fault)
	}
	source := map[string]string{} // of each alert: one that two sources know is one
	for n, x := range t.Alerts {
		name := x.Last.Alert
		if labels := event.LabelText(x.Last.Labels); labels != "" {
			name += " (" + labels + ")"
		}
		if source[name] == "" {
			source[name] = x.Last.Source
		}
		if x.Last.FiredAt.IsZero() || source[name] != x.Last.Source {
			continue
		}
		a.set(t, alertKind+strconv.Itoa(n), alertKind, annotation{text: name, from: x.Last.FiredAt, to: x.Last.ResolvedAt})
	}
}

// set keeps a mark as it should be now.
func (a *Annotator) set(t *timeline.Timeline, key, kind string, want annotation) {
	want.text = a.config.Redact(want.text)
	want.tags = []string{Tag, t.Start.RunID, kind}
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.marks[key]
	switch {
	case m != nil && m.want.to.Equal(want.to):
		return
	case m == nil && len(a.order) == mostMarks:
		a.skipped[key] = true
		return
	case m == nil:
		m = &mark{kind: kind}
		a.marks[key], a.order = m, append(a.order, m)
	}
	if m.id != 0 || !m.want.from.IsZero() {
		want.from = m.want.from // what is there keeps its beginning
	}
	m.want, m.pending = want, true
	a.signal()
}

// end has everything that is missing written once more, and then no more.
func (a *Annotator) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	for _, m := range a.order {
		m.pending = m.pending || m.id == 0
	}
	a.signal()
}

func (a *Annotator) signal() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// next is a mark that waits to be written, as it should be; nil when there is none.
func (a *Annotator) next() (m *mark, want annotation, over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.order {
		if m.pending {
			m.pending = false
			return m, m.want, a.over
		}
	}
	return nil, annotation{}, a.over
}

// write writes one mark after the other. Nobody waits for it but the end of the run, which is bounded.
func (a *Annotator) write(ctx context.Context, run Run) {
	said := false
	for ctx.Err() == nil {
		m, want, over := a.next()
		if m == nil {
			if over {
				return
			}
			select {
			case <-a.changed:
			case <-ctx.Done():
			}
			continue
		}
		err := a.writeOne(ctx, m, want)
		if m.err = err; err != nil && !said && !over {
			said = true
			run.Record(event.Warned{Warning: a.config.Redact("annotations cannot be written into Grafana: " + err.Error())})
		}
	}
}

// writeOne adds an annotation, or says that it is over. Only the writer changes what is there.
func (a *Annotator) writeOne(ctx context.Context, m *mark, want annotation) error {
	if m.id != 0 {
		err := a.config.Board.End(ctx, m.id, want.to)
		m.ended = err == nil
		return err
	}
	id, err := a.config.Board.Add(ctx, want.text, want.tags, want.from, want.to)
	if err != nil {
		return err
	}
	a.mu.Lock()
	m.id, m.ended = id, !want.to.IsZero()
	a.mu.Unlock()
	return a.note(Written{Where: a.config.Where, ID: id, Kind: m.kind, Text: want.text})
}

// note keeps the id of an annotation, by which it can be removed.
func (a *Annotator) note(w Written) error {
	line, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("note annotation %d: %w", w.ID, err)
	}
	f, err := os.OpenFile(a.config.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("note annotation %d: %w", w.ID, err)
	}
	_, err = f.Write(append(line, '\n'))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("note annotation %d: %w", w.ID, err)
	}
	return nil
}

// sayMissing records what is not there, or is there without its end.
func (a *Annotator) sayMissing(run Run) {
	a.mu.Lock()
	defer a.mu.Unlock()
	missing, reason := len(a.skipped), "there are more than are written"
	for _, m := range a.order {
		if m.id == 0 || !m.want.to.IsZero() && !m.ended || m.err != nil {
			missing++
			reason = "no answer in time"
			if m.err != nil {
				reason = m.err.Error()
			}
		}
	}
	if missing > 0 {
		run.Record(event.Warned{Warning: a.config.Redact(fmt.Sprintf("%d of %d annotations are not in Grafana, or without their end: %s", missing, len(a.order)+len(a.skipped), reason))})
	}
}
