package grafana

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

// mostPanels is how many panels of a dashboard are read.
const mostPanels = 100

// Dashboard is what a dashboard's JSON says of its panels' queries: the classic model of Grafana, as its API and its
// export give it.
type Dashboard struct {
	UID, Title string
	Panels     []Panel
	Left       int // panels beyond those that are read

	variables []variable
	elements  map[string]json.RawMessage // library panels that came with it, by uid
}

// Panel is one panel. What of it is not read is said by Problem.
type Panel struct {
	ID          string // unique within the dashboard; it stands in names of files
	Title       string
	Queries     []Query
	Library     string // uid of the library panel that it is, whose queries are elsewhere; ""
	Transformed bool   // Grafana shows something else than its queries give
	Problem     *evidence.Problem
	Unit        evidence.Unit
	Lines       []evidence.Line

	number     string // Grafana's own id of it; "" when it has none
	datasource reference
	interval   string // least step
	scope      map[string][]string
}

// Query is one of a panel's queries, as it is written.
type Query struct {
	ID     string // "A"
	Expr   string
	Legend string

	datasource reference
	interval   string // least step
}

// withoutQueries are types of panels that show no query's data.
var withoutQueries = map[string]bool{
	"text": true, "dashlist": true, "news": true, "alertlist": true, "annolist": true, "pluginlist": true,
	"welcome": true, "gettingstarted": true, "debug": true, "live": true,
}

// document is a dashboard's JSON, within the envelope of the API or without it.
type document struct {
	Dashboard json.RawMessage `json:"dashboard"`

	UID        text              `json:"uid"`
	Title      text              `json:"title"`
	Panels     []json.RawMessage `json:"panels"`
	Rows       []row             `json:"rows"` // before Grafana 5
	Templating struct {
		List []json.RawMessage `json:"list"`
	} `json:"templating"`
	Inputs   []input                    `json:"__inputs"`
	Elements map[string]json.RawMessage `json:"__elements"`

	Layout json.RawMessage `json:"layout"` // of the second model
	Spec   json.RawMessage `json:"spec"`   // of a resource
}

type row struct {
	Panels []json.RawMessage `json:"panels"`
	Repeat text              `json:"repeat"`
}

// input is what a dashboard that was exported for sharing asks for when it is imported.
type input struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Plugin string `json:"pluginId"`
	Value  text   `json:"value"`
}

// panelDocument is a panel's JSON.
type panelDocument struct {
	ID         text              `json:"id"`
	Type       text              `json:"type"`
	Title      text              `json:"title"`
	Datasource reference         `json:"datasource"`
	Targets    []json.RawMessage `json:"targets"`
	Interval   text              `json:"interval"`
	Repeat     text              `json:"repeat"`
	Panels     []json.RawMessage `json:"panels"` // of a row that is folded
	Library    struct {
		UID   text            `json:"uid"`
		Name  text            `json:"name"`
		Model json.RawMessage `json:"model"`
	} `json:"libraryPanel"`
	Transformations []json.RawMessage `json:"transformations"`
	look
}

type targetDocument struct {
	RefID      text      `json:"refId"`
	Expr       text      `json:"expr"`
	Legend     text      `json:"legendFormat"`
	Hide       bool      `json:"hide"`
	Datasource reference `json:"datasource"`
	Interval   text      `json:"interval"`
}

// Parse reads a dashboard. What is wrong within a panel is that panel's problem alone.
func Parse(raw []byte) (*Dashboard, error) {
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read the dashboard's JSON: %w", err)
	}
	if len(doc.Dashboard) > 0 && doc.Panels == nil && doc.Rows == nil {
		inner := doc.Dashboard
		doc = document{}
		if err := json.Unmarshal(inner, &doc); err != nil {
			return nil, fmt.Errorf("read the dashboard's JSON: %w", err)
		}
	}
	switch {
	case doc.Panels != nil || doc.Rows != nil:
	case doc.Layout != nil || doc.Spec != nil:
		return nil, errors.New("read the dashboard's JSON: it is of a newer model: export it as the classic one")
	case doc.Title == "" && doc.UID == "":
		return nil, errors.New("read the dashboard's JSON: it has neither a title nor panels: it is no dashboard")
	}
	d := &Dashboard{UID: string(doc.UID), Title: string(doc.Title), elements: doc.Elements}
	for _, raw := range doc.Templating.List {
		d.variables = append(d.variables, parseVariable(raw))
	}
	for _, i := range doc.Inputs {
		d.variables = append(d.variables, i.variable())
	}
	r := &panelReader{dashboard: d, taken: map[string]bool{}}
	r.readAll(doc.Panels, nil, false)
	for _, row := range doc.Rows {
		for _, scope := range d.repeats(string(row.Repeat), nil) {
			r.readAll(row.Panels, scope, true)
		}
	}
	return d, nil
}

// panelReader collects the panels of a dashboard.
type panelReader struct {
	dashboard *Dashboard
	taken     map[string]bool
}

// readAll adds panels that stand beside each other. Those after a row that is not folded are that row's, as are those
// that are folded in one. There are no rows within rows.
func (r *panelReader) readAll(raws []json.RawMessage, scope map[string][]string, inRow bool) {
	scopes := []map[string][]string{scope}
	for i, raw := range raws {
		if r.full() {
			r.dashboard.Left += len(raws) - i
			return
		}
		var doc panelDocument
		err := json.Unmarshal(raw, &doc)
		switch {
		case err != nil:
			r.add(Panel{Problem: &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(err.Error())}})
		case doc.Type == "row" && !inRow:
			scopes = r.dashboard.repeats(string(doc.Repeat), scope)
			for _, scope := range scopes {
				r.readAll(doc.Panels, scope, true)
			}
		case doc.Type != "row" && !withoutQueries[string(doc.Type)]:
			for _, scope := range scopes {
				r.read(doc, scope)
			}
		}
	}
}

// read adds a panel, once for each value that it is repeated for.
func (r *panelReader) read(doc panelDocument, scope map[string][]string) {
	if doc.Library.UID != "" {
		doc = r.libraryPanel(doc)
	}
	p := panelOf(doc)
	for _, scope := range r.dashboard.repeats(string(doc.Repeat), scope) {
		p.scope = scope
		r.add(p)
	}
}

// libraryPanel is the panel that a dashboard shows from the library, if its queries came along.
func (r *panelReader) libraryPanel(doc panelDocument) panelDocument {
	if len(doc.Targets) > 0 {
		return doc
	}
	model := doc.Library.Model
	if element, is := r.dashboard.elements[string(doc.Library.UID)]; is && model == nil {
		var e struct {
			Model json.RawMessage `json:"model"`
		}
		_ = json.Unmarshal(element, &e) // what is no element has no model
		model = e.Model
	}
	return withModel(doc, model)
}

// withModel is a panel as its model in the library has it, at its own place.
func withModel(doc panelDocument, model json.RawMessage) panelDocument {
	var found panelDocument
	if model == nil || json.Unmarshal(model, &found) != nil {
		return doc
	}
	found.ID, found.Library.UID, found.Repeat = doc.ID, "", doc.Repeat
	if doc.Title != "" {
		found.Title = doc.Title
	}
	return found
}

func panelOf(doc panelDocument) Panel {
	p := Panel{
		ID: string(doc.ID), Title: string(doc.Title), Library: string(doc.Library.UID), Transformed: len(doc.Transformations) > 0,
		datasource: doc.Datasource, interval: string(doc.Interval), number: string(doc.ID), Unit: doc.unit(), Lines: doc.lines(),
	}
	if p.Title == "" {
		p.Title = string(doc.Library.Name)
	}
	hidden := 0
	for i, raw := range doc.Targets {
		var target targetDocument
		if err := json.Unmarshal(raw, &target); err != nil {
			p.Problem = &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(err.Error())}
			return p
		}
		if target.Hide {
			hidden++
			continue
		}
		if target.RefID == "" {
			target.RefID = text(rune('A' + i%26))
		}
		p.Queries = append(p.Queries, Query{
			ID: string(target.RefID), Expr: string(target.Expr), Legend: string(target.Legend), datasource: target.Datasource, interval: string(target.Interval),
		})
	}
	switch {
	case p.Library != "" && len(doc.Targets) == 0:
		p.Problem = notRunnable("the library panel %q did not come with the dashboard", p.Library)
	case len(doc.Targets) == 0:
		p.Problem = notRunnable("it has none")
	case hidden == len(doc.Targets):
		p.Problem = notRunnable("all are hidden")
	}
	return p
}

// full reports whether no further panel is read.
func (r *panelReader) full() bool { return len(r.dashboard.Panels) == mostPanels }

// add gives a panel a name of its own.
func (r *panelReader) add(p Panel) {
	if r.full() {
		r.dashboard.Left++
		return
	}
	if p.ID == "" {
		p.ID = "n" + strconv.Itoa(len(r.dashboard.Panels)+1)
	}
	name := fileName(p.ID)
	for n := 2; r.taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", fileName(p.ID), n)
	}
	r.taken[name] = true
	p.ID = name
	r.dashboard.Panels = append(r.dashboard.Panels, p)
}

// longestName bounds a part of a file's name. Grafana's uids have 40 characters at most.
const longestName = 60

// fileName is a text as it can stand in a file's name.
func fileName(text string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, text)
	return name[:min(len(name), longestName)]
}

func notRunnable(format string, args ...any) *evidence.Problem {
	return &evidence.Problem{Cause: evidence.NotRunnable, Detail: evidence.Excerpt(fmt.Sprintf(format, args...))}
}

// text is a text of somebody else's JSON: a string, or a number or truth value as it is written. Anything else is "".
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	switch c := raw[0]; {
	case c == '"':
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
	case c != 'n' && c != '{' && c != '[':
		s = string(raw)
	}
	*t = text(s)
	return nil
}

// reference is how a dashboard names a data source: by uid, by name, by a variable, or not at all, which is the
// default one.
type reference struct {
	name string // uid or name
	kind string // type of its plugin; "" when it is not said
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *reference) UnmarshalJSON(raw []byte) error {
	var object struct {
		UID  text `json:"uid"`
		Type text `json:"type"`
	}
	if raw[0] == '{' {
		if err := json.Unmarshal(raw, &object); err != nil {
			return err
		}
	} else if err := json.Unmarshal(raw, &object.UID); err != nil {
		return err
	}
	*r = reference{string(object.UID), string(object.Type)}
	return nil
}

// unset reports whether nothing is named.
func (r reference) unset() bool { return r == reference{} }

// duration reads a length of time as Grafana writes it: 30s, 1m, 2h, 1d. Anything else, such as >10s of an old
// dashboard, is read as well as it can be; what cannot is 0.
func duration(text string) time.Duration {
	text = strings.TrimLeft(strings.TrimSpace(text), "> ")
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzM")
	n, err := strconv.ParseFloat(digits, 64)
	unit := units[text[len(digits):]]
	if err != nil || !(n > 0 && n*unit.Seconds() <= (365*24*time.Hour).Seconds()) {
		return 0
	}
	return time.Duration(n * float64(unit))
}

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}
