// Package theme is every way in which something looks on the console: colours by their role, and the sign and
// style of each state.
package theme

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"xinbot.ir/squall/tui/grid"
)

// The inks: colours by their role. Zero is the terminal's own.
const (
	inkText   grid.Ink = iota
	InkDim             // labels
	inkFaint           // rules, axes
	inkAccent          // what is active, what is selected
	inkGood            // an objective that holds
	inkBad             // a broken objective, a failed undo, HALT; nothing else is red
	InkP50
	InkP95
	InkP99
	InkBroken95 // the part of a bar above its objective
	InkBroken50
	InkLine  // the objective line
	inkOver  // text on accent or red
	inkSheet // background of what opens over the screen
	inkPick  // background of the selected row
	InkTrend // rate and virtual users
	inkSpan2 // ground of a second fault under the charts, so that two at once stay two
	inkHeat1 // how many requests, from few to many
	inkHeat2
	inkHeat3
	inkHeat4
	inkHeat5
	numInks = iota
)

// inkRow is one colour on three kinds of terminal; an empty field leaves the colour alone.
type inkRow = lipgloss.CompleteColor

var darkInks = [numInks]inkRow{
	InkDim:      {TrueColor: "#93A0B0", ANSI256: "247", ANSI: "7"},
	inkFaint:    {TrueColor: "#475260", ANSI256: "240", ANSI: "8"},
	inkAccent:   {TrueColor: "#F5B74A", ANSI256: "215", ANSI: "11"},
	inkGood:     {TrueColor: "#63C98D", ANSI256: "78", ANSI: "10"},
	inkBad:      {TrueColor: "#FF5F5A", ANSI256: "203", ANSI: "9"},
	InkP50:      {TrueColor: "#8FCBFF", ANSI256: "117", ANSI: "14"},
	InkP95:      {TrueColor: "#2C6AA6", ANSI256: "25", ANSI: "4"},
	InkP99:      {TrueColor: "#33465B", ANSI256: "239", ANSI: "8"},
	InkBroken95: {TrueColor: "#C4343B", ANSI256: "160", ANSI: "1"},
	InkBroken50: {TrueColor: "#FF9A95", ANSI256: "210", ANSI: "9"},
	InkLine:     {TrueColor: "#DDE5EE", ANSI256: "254", ANSI: "15"},
	inkOver:     {TrueColor: "#14181E", ANSI256: "233", ANSI: "0"},
	inkSheet:    {TrueColor: "#1A212B", ANSI256: "235"},
	inkPick:     {TrueColor: "#2D3847", ANSI256: "238", ANSI: "8"},
	InkTrend:    {TrueColor: "#4FA3A5", ANSI256: "73", ANSI: "6"},
	inkSpan2:    {TrueColor: "#C07F1C", ANSI256: "172", ANSI: "3"},
	inkHeat1:    {TrueColor: "#21374E", ANSI256: "237", ANSI: "8"},
	inkHeat2:    {TrueColor: "#2A5F93", ANSI256: "24", ANSI: "4"},
	inkHeat3:    {TrueColor: "#3E93CE", ANSI256: "32", ANSI: "6"},
	inkHeat4:    {TrueColor: "#8FCBFF", ANSI256: "117", ANSI: "14"},
	inkHeat5:    {TrueColor: "#F2F8FF", ANSI256: "231", ANSI: "15"},
}

var lightInks = [numInks]inkRow{
	InkDim:      {TrueColor: "#566273", ANSI256: "241", ANSI: "8"},
	inkFaint:    {TrueColor: "#B3BCC8", ANSI256: "250", ANSI: "7"},
	inkAccent:   {TrueColor: "#A65200", ANSI256: "130", ANSI: "5"},
	inkGood:     {TrueColor: "#177245", ANSI256: "29", ANSI: "2"},
	inkBad:      {TrueColor: "#C01F24", ANSI256: "160", ANSI: "1"},
	InkP50:      {TrueColor: "#1F5FA6", ANSI256: "25", ANSI: "4"},
	InkP95:      {TrueColor: "#9CC5EC", ANSI256: "110", ANSI: "6"},
	InkP99:      {TrueColor: "#D2DEEB", ANSI256: "254", ANSI: "7"},
	InkBroken95: {TrueColor: "#F0918C", ANSI256: "210", ANSI: "9"},
	InkBroken50: {TrueColor: "#B3181D", ANSI256: "124", ANSI: "1"},
	InkLine:     {TrueColor: "#1D2733", ANSI256: "235", ANSI: "0"},
	inkOver:     {TrueColor: "#FFFFFF", ANSI256: "231", ANSI: "15"},
	inkSheet:    {TrueColor: "#EDF1F6", ANSI256: "255"},
	inkPick:     {TrueColor: "#D5DEE9", ANSI256: "253", ANSI: "7"},
	InkTrend:    {TrueColor: "#2F8C8E", ANSI256: "30", ANSI: "6"},
	inkSpan2:    {TrueColor: "#7F3F00", ANSI256: "94", ANSI: "3"},
	inkHeat1:    {TrueColor: "#DCE8F5", ANSI256: "189", ANSI: "7"},
	inkHeat2:    {TrueColor: "#A9CBEB", ANSI256: "153", ANSI: "14"},
	inkHeat3:    {TrueColor: "#63A0D8", ANSI256: "74", ANSI: "6"},
	inkHeat4:    {TrueColor: "#2767AE", ANSI256: "25", ANSI: "4"},
	inkHeat5:    {TrueColor: "#0C2F57", ANSI256: "17", ANSI: "0"},
}

// NumHeat is how many shades a heatmap has.
const NumHeat = 5

// Heat is a shade, from 0 for few to [NumHeat]-1 for many.
func Heat(level int) grid.Ink { return inkHeat1 + grid.Ink(min(max(level, 0), NumHeat-1)) }

// Styles is every way a text looks on the console, built once for one terminal.
type Styles struct {
	Palette *grid.Palette
	Mono    bool // no colours: shapes and attributes must tell

	Text, Dim, Faint, Strong                grid.Style
	Title, Rule                             grid.Style
	Accent, Good, Bad, Unknown              grid.Style
	Badge, BadgeGood, BadgeActive, BadgeBad grid.Style // a word in a box
	Progress                                grid.Style // how much is done
	Pick                                    grid.Style // the selected row
	Sheet                                   grid.Style // ground of what opens over the screen
	Span                                    grid.Style // a spike or a fault under the charts
	SpanNext                                grid.Style // one in the row below
	SpanBad                                 grid.Style // a fault that is not reverted
	SpanCalm                                grid.Style // a pause or hold under the charts
}

// NewStyles builds the styles for a renderer's colour profile and background.
func NewStyles(r *lipgloss.Renderer, dark, noColor, ascii bool) *Styles {
	profile := r.ColorProfile()
	mono := noColor || profile == termenv.Ascii
	s := &Styles{
		Mono:        mono,
		Palette:     &grid.Palette{},
		Dim:         grid.Style{Fg: InkDim},
		Faint:       grid.Style{Fg: inkFaint},
		Strong:      grid.Style{Attr: grid.Bold},
		Title:       grid.Style{Attr: grid.Bold},
		Rule:        grid.Style{Fg: inkFaint},
		Accent:      grid.Style{Fg: inkAccent, Attr: grid.Bold},
		Good:        grid.Style{Fg: inkGood},
		Bad:         grid.Style{Fg: inkBad, Attr: grid.Bold},
		Unknown:     grid.Style{Fg: InkDim},
		Badge:       grid.Style{Fg: inkOver, Bg: InkDim},
		BadgeGood:   grid.Style{Fg: inkOver, Bg: inkGood, Attr: grid.Bold},
		Progress:    grid.Style{Fg: InkTrend},
		BadgeActive: grid.Style{Fg: inkOver, Bg: inkAccent, Attr: grid.Bold},
		BadgeBad:    grid.Style{Fg: inkOver, Bg: inkBad, Attr: grid.Bold},
		Pick:        grid.Style{Bg: inkPick, Attr: grid.Bold},
		Sheet:       grid.Style{Bg: inkSheet},
		Span:        grid.Style{Fg: inkOver, Bg: inkAccent},
		SpanNext:    grid.Style{Fg: inkOver, Bg: inkSpan2},
		SpanBad:     grid.Style{Fg: inkOver, Bg: inkBad, Attr: grid.Bold},
		SpanCalm:    grid.Style{Fg: inkText, Bg: inkPick},
	}
	if ascii {
		s.Palette.ASCII = asciiRunes
	}
	if mono {
		reverse := grid.Style{Attr: grid.Reverse}
		s.Badge, s.BadgeGood = reverse, reverse
		s.BadgeActive, s.BadgeBad = reverse.With(grid.Bold), reverse.With(grid.Bold)
		s.Pick, s.Span, s.SpanCalm = reverse, reverse, grid.Style{Attr: grid.Underline}
		s.SpanNext, s.SpanBad = reverse.With(grid.Underline), reverse.With(grid.Bold)
		return s
	}
	rows := lightInks
	if dark {
		rows = darkInks
	}
	s.Palette.Fg, s.Palette.Bg = make([]string, numInks), make([]string, numInks)
	for ink, row := range rows {
		if c := colour(profile, row); c != nil {
			s.Palette.Fg[ink], s.Palette.Bg[ink] = c.Sequence(false), c.Sequence(true)
		}
	}
	return s
}

// colour picks what a terminal can show; nil leaves its own colour.
func colour(p termenv.Profile, row inkRow) termenv.Color {
	name := map[termenv.Profile]string{
		termenv.TrueColor: row.TrueColor, termenv.ANSI256: row.ANSI256, termenv.ANSI: row.ANSI,
	}[p]
	if name == "" {
		return nil
	}
	return p.Color(name)
}

// asciiRunes is what stands for our own drawing characters on a terminal without UTF-8.
var asciiRunes = withBraille(map[rune]rune{
	'─': '-', '━': '=', '═': '=', '┃': '|', '╸': '=', '│': '|', '┊': ':', '┄': '-', '┈': '-', '╌': '-', '┤': '|', '┼': '+', '┬': '+',
	'┴': '+', '╵': '|', '╷': '|', '╭': '+', '╮': '+', '╰': '+', '╯': '+', '└': '+', '├': '+',
	'●': '*', '○': 'o', '■': '#', '‖': '=', '◐': '~', '◆': '*', '▲': '^', '▼': 'v', '✓': '+', '✗': 'x', '✎': '"',
	'·': '.', '…': '.', '×': 'x', '–': '-', '—': '-', '±': '~', '≤': '<', '≥': '>', 'µ': 'u', '↑': '^', '↓': 'v',
	'←': '<', '→': '>', '░': '.', '▒': ':', '▓': '%', '╳': 'x', '▔': '~', '█': '#', '▌': '|', '▐': '|', '▀': '"', '▄': '_', '’': '\'',
	'↻': '@', '▏': '|', '▎': '|', '▍': '|', '▋': '#', '▊': '#', '▉': '#',
	'▁': '_', '▂': '_', '▃': '_', '▅': '=', '▆': '=', '▇': '#',
})

// ASCII is a text with what stands for our own drawing characters on a terminal without UTF-8. Other characters stay.
func ASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if plain, ours := asciiRunes[r]; ours {
			return plain
		}
		return r
	}, text)
}

// withBraille adds an apostrophe for every braille character.
func withBraille(to map[rune]rune) map[rune]rune {
	for r := rune(0x2801); r < 0x2900; r++ {
		to[r] = '\''
	}
	return to
}
