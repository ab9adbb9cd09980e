package tui

import (
	"strconv"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
)

// piece is a styled text.
type piece struct {
	text  string
	style grid.Style
}

// chunk is a fault in a flow of them: pieces with a blank between.
type chunk []piece

func (c chunk) width() (n int) {
	for _, p := range c {
		n += grid.Width(p.text) + 1
	}
	return n - 1
}

// brevity is how much a flow leaves out so that it fits.
type brevity uint8

const (
	inFull brevity = iota
	noPods
	shortNames   // of faults that are off
	noParameters // of faults that are on
	onlyBusy     // faults that are off are counted
	numBrevities = iota
)

// flow draws the faults one after the other, as much as fits.
func (p *faultsPanel) flow(s *scene) {
	for b := range brevity(numBrevities) {
		chunks := faultChunks(s, b, p.pods)
		if fits := arrangeChunks(chunks, p.g.Width(), p.g.Height(), nil); fits || b == numBrevities-1 {
			arrangeChunks(chunks, p.g.Width(), p.g.Height(), func(x, y int, c chunk) {
				for _, part := range c {
					x += p.g.Text(x, y, p.g.Width()-x, part.text, part.style) + 1
				}
			})
			return
		}
	}
}

// arrangeChunks sets chunks into rows, calls draw for each, and tells whether all found room.
func arrangeChunks(chunks []chunk, w, h int, draw func(x, y int, c chunk)) bool {
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

// faultChunks are the faults in few words.
func faultChunks(s *scene, b brevity, pods bool) (chunks []chunk) {
	off := 0
	for i := range s.now.Faults {
		f := &s.now.Faults[i]
		if b >= onlyBusy && !busyFault(f) {
			off++
			continue
		}
		chunks = append(chunks, faultChunk(i, f, s, b))
	}
	if off > 0 {
		chunks = append(chunks, chunk{{strconv.Itoa(off) + " off: F lists them", s.styles.dim}})
	}
	if pods && b < noPods && len(s.now.Timeline.Workloads) > 0 {
		chunks = append(chunks, chunk{{scalingLine(s.now.Timeline.Workloads), s.styles.dim}})
	}
	return chunks
}

// faultChunk is one fault: "1 ● LLM latency 3 s ± 500 ms 00:41 left".
func faultChunk(i int, f *session.FaultState, s *scene, b brevity) chunk {
	st := s.styles
	sign, look := st.fault(f.State)
	title, style := f.Info.Title, look
	if !f.On() {
		style = st.text
	}
	if b >= shortNames && !busyFault(f) {
		title = firstWord(title)
	}
	c := chunk{{faultKeyName(i), st.strong}, {sign, look}, {title, style}}
	if f.On() && f.Summary != "" && b < noParameters {
		c = append(c, piece{f.Summary, st.dim})
	}
	if _, short, style := faultClock(f, s.clock, st); short != "" && (b < shortNames || busyFault(f)) {
		c = append(c, piece{short, style})
	}
	return c
}
