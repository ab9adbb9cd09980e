package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"xinbot.ir/squall/internal/printable"
)

// Kind is the name of a kind of event in the journal.
type Kind string

// Event is one thing that happened. It does not change once it is made.
type Event struct {
	Time time.Time // wall clock, UTC
	At   float64   // seconds since the start of the run, monotonic clock
	By   Actor
	Data any // a value of one of the types in the table: VUsSet, FaultStarted, ..; nil for an unknown kind

	unknown Kind // a kind that this version does not know
}

// Make is an event of the given data. It panics when the type of the data has no row in the table,
// which only a mistake in squall itself can bring about.
func Make(t time.Time, at float64, by Actor, data any) Event {
	if _, ok := byType[reflect.TypeOf(data)]; !ok {
		panic(fmt.Sprintf("event: %T has no row in the table", data))
	}
	return Event{Time: t, At: at, By: by, Data: data}
}

// row finds what the table says of the event; nil for an unknown kind.
func (e Event) row() *row { return byType[reflect.TypeOf(e.Data)] }

// Kind is the event's kind.
func (e Event) Kind() Kind {
	if r := e.row(); r != nil {
		return r.kind
	}
	return e.unknown
}

// Text is the event in one line of plain English, for people only.
func (e Event) Text() string {
	if r := e.row(); r != nil {
		return printable.Line(r.text(e.Data)) // what others say in it must not look like another event
	}
	return fmt.Sprintf("An event that this version of squall does not know: %s", e.unknown)
}

// Look is how a timeline shows the event.
func (e Event) Look() Look {
	if r := e.row(); r != nil {
		return r.look(e.Data)
	}
	return Look{Sign: '·', Tone: Quiet}
}

// Durable reports whether the event has to be on the disk before the session goes on.
func (e Event) Durable() bool {
	r := e.row()
	return r != nil && r.durable
}

// Setting reports whether the event is one that a held key repeats.
func (e Event) Setting() bool {
	r := e.row()
	return r != nil && r.setting
}

// line is an event in the journal.
type line struct {
	Time time.Time       `json:"time"`
	At   float64         `json:"at"`
	Kind Kind            `json:"kind"`
	By   Actor           `json:"by"`
	Text string          `json:"text"` // for people who read the file; never read back
	Data json.RawMessage `json:"data,omitempty"`
}

// MarshalJSON writes the event as a line of the journal, with its text for people who read the file.
func (e Event) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Kind(), err)
	}
	return json.Marshal(line{Time: e.Time, At: e.At, Kind: e.Kind(), By: e.By, Text: e.Text(), Data: data})
}

// ErrNoKind is the error of a line without a kind.
var ErrNoKind = errors.New("an event without a kind")

// UnmarshalJSON reads a line of the journal. A kind that this version does not know is no error: the
// event has no data then.
func (e *Event) UnmarshalJSON(raw []byte) error {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return err
	}
	if l.Kind == "" {
		return ErrNoKind
	}
	*e = Event{Time: l.Time, At: l.At, By: l.By}
	r, known := byKind[l.Kind]
	if !known {
		e.unknown = l.Kind
		return nil
	}
	data, err := r.decode(l.Data)
	if err != nil {
		return fmt.Errorf("event %s: %w", l.Kind, err)
	}
	e.Data = data
	return nil
}

// Map returns the event with edit applied to every text in its data, such as taking secrets out.
func (e Event) Map(edit func(string) string) (Event, error) {
	r := e.row()
	if r == nil {
		return e, nil
	}
	raw, err := json.Marshal(e.Data)
	if err != nil {
		return e, fmt.Errorf("encode event %s: %w", r.kind, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a seed has more digits than a float64
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return e, fmt.Errorf("edit event %s: %w", r.kind, err)
	}
	tree, changed := mapTexts(tree, edit)
	if !changed {
		return e, nil
	}
	if raw, err = json.Marshal(tree); err == nil {
		e.Data, err = r.decode(raw)
	}
	if err != nil {
		return e, fmt.Errorf("edit event %s: %w", r.kind, err)
	}
	return e, nil
}

// mapTexts edits the strings of a decoded JSON value, and reports whether one is other than before.
func mapTexts(tree any, edit func(string) string) (any, bool) {
	changed := false
	switch value := tree.(type) {
	case string:
		edited := edit(value)
		return edited, edited != value
	case []any:
		for i := range value {
			inner, other := mapTexts(value[i], edit)
			value[i], changed = inner, changed || other
		}
	case map[string]any:
		for key := range value {
			inner, other := mapTexts(value[key], edit)
			value[key], changed = inner, changed || other
		}
	}
	return tree, changed
}
