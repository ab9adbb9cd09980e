package dialog

import (
	"maps"
	"slices"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
)

// form is the parameters of a fault as they are being edited. What was typed stays, right or wrong.
type form struct {
	rows   []chaos.Param
	values chaos.Params // as typed
	good   chaos.Params // the last that were accepted, by name
	picked int          // row
	typing bool
	before string // the value before it was typed
	input  textinput.Model
	fixed  bool // nothing may be changed
	live   bool // only what may be changed while the fault is active
}

// newForm fills a form with values that are known to be right.
func newForm(rows []chaos.Param, values chaos.Params) form {
	full, _ := chaos.Complete(rows, values)
	f := form{rows: rows, values: full, good: maps.Clone(full), input: newInput(60)}
	for _, r := range rows {
		if full[r.Name] == "" {
			f.values[r.Name], f.good[r.Name] = r.Default, r.Default
		}
	}
	return f
}

// editable reports whether a row can be changed now.
func (f *form) editable(i int) bool {
	return !f.fixed && f.rows[i].Applies(f.values) && (!f.live || f.rows[i].Live)
}

// row is the picked row; nil when nothing can be changed.
func (f *form) row() *chaos.Param {
	if f.picked < len(f.rows) && f.editable(f.picked) {
		return &f.rows[f.picked]
	}
	return nil
}

// selectFirst picks the nearest row that can be changed.
func (f *form) selectFirst() {
	if f.row() == nil {
		f.picked = 0
		for f.picked < len(f.rows)-1 && !f.editable(f.picked) {
			f.picked++
		}
	}
}

// move picks the next row that can be changed.
func (f *form) move(by int) {
	for i := f.picked + by; i >= 0 && i < len(f.rows); i += by {
		if f.editable(i) {
			f.picked = i
			return
		}
	}
}

// accepts reports whether a row's value is right. What does not matter is.
func (f *form) accepts(i int) bool {
	r := f.rows[i]
	if !r.Applies(f.values) {
		return true
	}
	_, err := chaos.Complete([]chaos.Param{r}, chaos.Params{r.Name: f.values[r.Name]})
	return err == nil
}

// problem is the first row whose value is not accepted; -1 when all are.
func (f *form) problem() int {
	for i := range f.rows {
		if !f.accepts(i) {
			return i
		}
	}
	return -1
}

// params are the complete values; ok reports whether all are accepted. A wrong value that does not
// matter gives way to the last right one.
func (f *form) params() (p chaos.Params, ok bool) {
	given := chaos.Params{}
	for i, r := range f.rows {
		switch {
		case !r.Applies(f.values):
			given[r.Name] = f.good[r.Name]
		case f.accepts(i):
			given[r.Name] = f.values[r.Name]
		default:
			return nil, false
		}
	}
	p, err := chaos.Complete(f.rows, given)
	return p, err == nil
}

// set gives the picked row a value and remembers it when it is right.
func (f *form) set(value string) {
	r := f.rows[f.picked]
	name := r.Name
	if _, bare := parseNumber(value); bare && r.Type == chaos.Duration && f.typing {
		value += unitOf(f.before) // as in the value it replaces
	}
	f.values[name] = value
	if f.accepts(f.picked) {
		f.good[name] = value
	}
}

// choose goes to the next choice; it reports whether the picked row has any.
func (f *form) choose(by int) bool {
	r := f.row()
	if r == nil || r.Type != chaos.Choice || len(r.Choices) == 0 {
		return false
	}
	at := slices.Index(r.Choices, f.values[r.Name])
	f.set(r.Choices[(at+by+len(r.Choices))%len(r.Choices)])
	return true
}

// begins reports whether a key starts to type a value, and with what is there already.
func (f *form) begins(k tea.KeyMsg) (starts, keep bool) {
	r := f.row()
	switch {
	case r == nil || r.Type == chaos.Choice:
		return false, false
	case k.Type == tea.KeyBackspace:
		return true, true
	case k.Type != tea.KeyRunes || len(k.Runes) != 1:
		return false, false
	case r.Type == chaos.Text:
		return true, false
	}
	digit := k.Runes[0] >= '0' && k.Runes[0] <= '9' || k.Runes[0] == '.' || k.Runes[0] == '-'
	return digit, false
}

// begin starts to type.
func (f *form) begin(k tea.KeyMsg, keep bool) {
	f.before, f.typing = f.values[f.rows[f.picked].Name], true
	f.input.SetValue("")
	if keep {
		f.input.SetValue(f.before)
		f.input.CursorEnd()
	}
	f.write(k)
}

// write takes a key, or pasted text, into the value.
func (f *form) write(k tea.KeyMsg) {
	f.input, _ = f.input.Update(k)
	f.set(f.input.Value())
}

// undo leaves the value as it was before it was typed.
func (f *form) undo() {
	f.typing = false
	f.set(f.before)
}

// accept ends typing when the value is right, and writes it in the one way that values are written.
func (f *form) accept() bool {
	if !f.accepts(f.picked) {
		return false
	}
	r := f.rows[f.picked]
	f.typing = false
	if one, err := chaos.Complete([]chaos.Param{r}, chaos.Params{r.Name: f.values[r.Name]}); err == nil {
		f.set(one[r.Name])
	}
	return true
}
