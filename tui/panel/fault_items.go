package panel

import (
	"math"
	"slices"
	"strconv"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// textRun is a styled text.
type textRun struct {
	text  string
	style grid.Style
}

// item is a fault in a flow of them: pieces with a blank between.
type item []textRun

func (c item) width() (n int) {
	for _, p := range c {
		n += grid.Width(p.text) + 1
	}
	return n - 1
}

// detail is how much a flow leaves out so that it fits.
type detail uint8

const (
	inFull detail = iota
	noPods
	shortNames   // of faults that are off
	noParameters // of faults that are on
	onlyBusy     // faults that are off are counted
	numBrevities = iota
)

// flow draws the faults one after the other, as much as fits.
func (p *Faults) flow(s *view.State) {
	h := p.g.Height()
	chunks, whole := p.fitting(s, h, p.Pods)
	if workloads := s.Now.Timeline.Workloads; p.Pods && !whole && len(workloads) > 0 && h > 1 { // a row of their own: they are nowhere else
		h--
		chunks, _ = p.fitting(s, h, false)
		p.g.Text(0, h, p.g.Width(), scalingLine(workloads, p.g.Width()), s.Styles.Dim)
	}
	arrangeChunks(chunks, p.g.Width(), h, func(x, y int, c item) {
		for _, part := range c {
			x += p.g.Text(x, y, p.g.Width()-x, part.text, part.style) + 1
		}
	})
}

// fitting are the faults in as many words as there is room for in some rows, and whether the pods that were asked for are among
// them. Those that find none are counted.
func (p *Faults) fitting(s *view.State, rows int, pods bool) (chunks []item, whole bool) {
	fits := func(chunks []item) bool { return arrangeChunks(chunks, p.g.Width(), rows, nil) }
	for b := range detail(numBrevities) {
		if chunks = faultItems(s, b, pods); fits(chunks) {
			return chunks, b < noPods
		}
	}
	for n := len(chunks) - 1; n > 0; n-- {
		more := item{{"and " + strconv.Itoa(len(s.Now.Faults)-n) + " more: F lists them", s.Styles.Dim}}
		if some := append(slices.Clone(chunks[:n]), more); fits(some) {
			return some, false
		}
	}
	return chunks, false
}

// arrangeChunks sets chunks into rows, calls draw for each, and reports whether all found room.
func arrangeChunks(chunks []item, w, h int, draw func(x, y int, c item)) bool {
	const between = 3
	x, y := 0, 0
	for _, c := range chunks {
		if x > 0 && x+c.width() > w {
			x, y = 0, y+1
		}
		if y >= h || c.width() > w && draw == nil {
			return false
		}
		if draw != nil {
			draw(x, y, c)
		}
		x += c.width() + between
	}
	return true
}

// faultItems are the faults in few words.
func faultItems(s *view.State, b detail, pods bool) (chunks []item) {
	off := 0
	for i := range s.Now.Faults {
		f := &s.Now.Faults[i]
		if b >= onlyBusy && !busyFault(f) {
			off++
			continue
		}
		chunks = append(chunks, faultItem(i, f, s, b))
	}
	if off > 0 {
		chunks = append(chunks, item{{strconv.Itoa(off) + " off: F lists them", s.Styles.Dim}})
	}
	if pods && b < noPods && len(s.Now.Timeline.Workloads) > 0 {
		chunks = append(chunks, item{{scalingLine(s.Now.Timeline.Workloads, math.MaxInt), s.Styles.Dim}})
	}
	return chunks
}

// faultItem is one fault: "1 ● LLM latency 3 s ± 500 ms 00:41 left".
func faultItem(i int, f *session.FaultState, s *view.State, b detail) item {
	st := s.Styles
	sign, look := st.Fault(f.State)
	title, style := f.Info.Title, look
	if !f.On() {
		style = st.Text
	}
	if b >= shortNames && !busyFault(f) {
		title = view.FirstWord(title)
	}
	c := item{{FaultKeyName(i), st.Strong}, {sign, look}, {title, style}}
	if f.On() && f.Summary != "" && b < noParameters {
		c = append(c, textRun{f.Summary, st.Dim})
	}
	if _, short, style := FaultClock(f, s.Clock, st); short != "" && (b < shortNames || busyFault(f)) {
		c = append(c, textRun{short, style})
	}
	return c
}
