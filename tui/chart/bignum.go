package chart

import "xinbot.ir/squall/tui/grid"

// BigRows and bigColumns are the size of one large digit with the blank after it.
const (
	BigRows    = 3
	bigColumns = 4
)

// bigDigits are digits of 3x5 pixels, two pixels to a cell, readable from the back of a room.
var bigDigits = map[rune][5]string{
	'0': {"###", "# #", "# #", "# #", "###"},
	'1': {" # ", "## ", " # ", " # ", "###"},
	'2': {"###", "  #", "###", "#  ", "###"},
	'3': {"###", "  #", " ##", "  #", "###"},
	'4': {"# #", "# #", "###", "  #", "  #"},
	'5': {"###", "#  ", "###", "  #", "###"},
	'6': {"###", "#  ", "###", "# #", "###"},
	'7': {"###", "  #", "  #", " # ", " # "},
	'8': {"###", "# #", "###", "# #", "###"},
	'9': {"###", "# #", "###", "  #", "###"},
	'–': {"   ", "   ", "###", "   ", "   "},
}

// DrawBig writes a number in large digits with its unit and returns the columns that the widest
// latency takes, so that what stands beside it does not move.
func DrawBig(g *grid.Grid, x, y int, number, unit string, style, unitStyle grid.Style) int {
	const widest = 3*bigColumns + 1 + 1 + 2 // "82.4" and "ms"
	digits := bigDigits
	at := x
	for _, r := range number {
		if r == '.' {
			g.Set(at, y+2, '▀', style)
			at += 2
			continue
		}
		for row := range BigRows {
			for col := range 3 {
				g.Set(at+col, y+row, pixels(digits[r], row, col), style)
			}
		}
		at += bigColumns
	}
	g.Text(at, y+BigRows-1, 2, unit, unitStyle)
	return widest + 2
}

// pixels is the block of two pixels, one above the other.
func pixels(digit [5]string, row, col int) rune {
	lit := func(y int) bool { return y < 5 && digit[y] != "" && digit[y][col] == '#' }
	switch top, bottom := lit(2*row), lit(2*row+1); {
	case top && bottom:
		return '█'
	case top:
		return '▀'
	case bottom:
		return '▄'
	}
	return 0
}
