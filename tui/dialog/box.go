package dialog

import (
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
)

// narrowMargin is how many columns beside a box show nothing that could be read.
const narrowMargin = 3

// box draws an empty framed rectangle over the frame and returns its inside.
func box(frame *grid.Grid, st *theme.Styles, x, y, w, h int, title string) (left, top, width, height int) {
	if x <= narrowMargin { // single letters of the screen below would look like text of the box
		frame.Fill(0, y, x, h, ' ', grid.Style{})
		frame.Fill(x+w, y, frame.Width()-x-w, h, ' ', grid.Style{})
	}
	frame.Fill(x, y, w, h, ' ', st.Sheet)
	edge := st.Accent.On(st.Sheet.Bg)
	edge.Attr = 0
	for i := x + 1; i < x+w-1; i++ {
		frame.Set(i, y, '─', edge)
		frame.Set(i, y+h-1, '─', edge)
	}
	for i := y + 1; i < y+h-1; i++ {
		frame.Set(x, i, '│', edge)
		frame.Set(x+w-1, i, '│', edge)
	}
	frame.Set(x, y, '╭', edge)
	frame.Set(x+w-1, y, '╮', edge)
	frame.Set(x, y+h-1, '╰', edge)
	frame.Set(x+w-1, y+h-1, '╯', edge)
	frame.Text(x+2, y, w-4, " "+title+" ", st.Title.On(st.Sheet.Bg))
	return x + 2, y + 1, w - 4, h - 2
}

// bottomBox is a box that stands just above the footer, in the middle.
func bottomBox(frame *grid.Grid, st *theme.Styles, w, h int, title string) (left, top, width, height int) {
	w, h = min(w, frame.Width()-2), min(h, frame.Height()-2)
	return box(frame, st, (frame.Width()-w)/2, frame.Height()-1-h, w, h, title)
}

// middleBox is a box in the middle of the screen, under the header.
func middleBox(frame *grid.Grid, st *theme.Styles, w, h int, title string) (left, top, width, height int) {
	w, h = min(w, frame.Width()-2), min(h, frame.Height()-1)
	return box(frame, st, (frame.Width()-w)/2, max((frame.Height()-1-h)/2, 0), w, h, title)
}

// middleRectangle is the inside of such a box on a screen of a size.
func middleRectangle(screenWidth, screenHeight, w, h int) (left, top, width, height int) {
	w, h = min(w, screenWidth-2), min(h, screenHeight-1)
	return (screenWidth-w)/2 + 2, max((screenHeight-1-h)/2, 0) + 1, w - 4, h - 2
}
