package panel

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Replicas says of each replica of the gateway which secrets it accepts, in how many of the channels.
type Replicas struct{ base }

// Title is the rule's word.
func (p *Replicas) Title() string { return "REPLICAS" }

// replicaRow is one replica over all channels.
type replicaRow struct {
	name, started string
	gone          bool
	old, next     [2]int // channels in which it is accepted, and in which that is known
}

// Sync draws one row per replica.
func (p *Replicas) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	r := s.Now.Rotation
	if r == nil || s.Now.Started.IsZero() {
		return
	}
	rows := replicaRows(s)
	if len(rows) == 0 {
		text := "They cannot be asked by themselves: what is known of them is whether they disagree."
		if r.Replicas {
			text = "none was asked yet"
		}
		for y, line := range grid.Wrap(text, w) {
			p.g.Text(0, y, w, line, st.Dim)
		}
		return
	}
	for y, row := range rows {
		if y == h-1 && len(rows) > h {
			p.g.Text(0, y, w, "and "+strconv.Itoa(len(rows)-y)+" more", st.Dim)
			return
		}
		p.row(y, row, s, st)
	}
}

func replicaRows(s *view.State) (rows []replicaRow) {
	place := map[string]int{}
	for _, c := range s.Now.Rotation.Channels {
		for _, r := range c.Replicas {
			at, known := place[r.Name]
			if !known {
				at = len(rows)
				place[r.Name] = at
				rows = append(rows, replicaRow{name: r.Name, started: r.Started, gone: r.Gone})
			}
			for _, of := range []struct {
				signature event.Signature
				into      *[2]int
			}{{event.SignedOld, &rows[at].old}, {event.SignedNext, &rows[at].next}} {
				if share, decided := r.Acceptance[of.signature].Share(); decided {
					of.into[1]++
					if share > 0.5 {
						of.into[0]++
					}
				}
			}
		}
	}
	return rows
}

// row draws one replica: its name, what it accepts, since when it runs.
func (p *Replicas) row(y int, r replicaRow, s *view.State, st *theme.Styles) {
	w := p.g.Width()
	const rest = 32 // what stands behind the name
	name := max(w-rest, 8)
	if r.gone {
		p.g.Text(0, y, name, endOf(r.name, name), st.Dim)
		p.g.Text(name+1, y, w-name-1, "gone", st.Dim)
		return
	}
	p.g.Text(0, y, name, endOf(r.name, name), st.Text)
	x := name + 1
	for _, of := range []struct {
		label string
		of    [2]int
	}{{"old ", r.old}, {"next ", r.next}} {
		x += p.g.Text(x, y, w-x, of.label, st.Dim)
		text, style := acceptedOf(of.of, st)
		p.g.Text(x, y, 6, text, style)
		x += 7
	}
	if began, err := time.Parse(time.RFC3339, r.started); err == nil {
		p.g.TextRight(w, y, w-x, began.In(s.Zone).Format("15:04:05"), st.Dim)
	}
}

// endOf is the end of a name that is too long: the names of pods differ there.
func endOf(name string, width int) string {
	if letters := []rune(name); len(letters) > width {
		return "…" + string(letters[len(letters)-width+1:])
	}
	return name
}

// acceptedOf is in how many channels a secret is accepted.
func acceptedOf(of [2]int, st *theme.Styles) (string, grid.Style) {
	switch {
	case of[1] == 0:
		return "? away", st.Accent
	case of[0] == of[1]:
		return "✓", st.Text
	case of[0] == 0:
		return "✗", st.Text
	}
	return strconv.Itoa(of[0]) + " of " + strconv.Itoa(of[1]), st.Accent
}
