package tui

import (
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// layoutID names a layout: an index into [layouts] and into a panel's places.
type layoutID uint8

const (
	compact layoutID = iota
	regular
	wide
	numLayouts = iota
)

// Smallest terminal that the console fits.
const (
	minWidth  = 80
	minHeight = 24
)

// band is a strip across the screen.
type band struct {
	rows  int  // at least
	grow  int  // share of the rows that are left over
	ruled bool // a rule with the panels' titles stands above it
}

// layout is a stack of bands; the largest that fits the terminal is used.
type layout struct {
	minW, minH int
	bands      []band
}

// layouts is the table of screen sizes.
var layouts = [numLayouts]layout{
	compact: {minWidth, minHeight, []band{
		{rows: 3}, {rows: 8, grow: 4}, {rows: 5, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 1},
	}},
	regular: {116, 36, []band{
		{rows: 3},
		{rows: 13, grow: 4, ruled: true},
		{rows: 6, ruled: true},
		{rows: 5, ruled: true},
		{rows: 4, grow: 2, ruled: true},
		{rows: 1},
	}},
	wide: {160, 52, []band{
		{rows: 3},
		{rows: 15, grow: 4, ruled: true},
		{rows: 8, grow: 2, ruled: true},
		{rows: 7, grow: 1, ruled: true},
		{rows: 8, ruled: true},
		{rows: 5, grow: 2, ruled: true},
		{rows: 1},
	}},
}

// place is where a panel stands in a layout: its band and its share of the band's width. A share of
// 0 leaves it out.
type place struct{ band, share int }

// panelRow is one panel and its places. A new panel is one row of [panels].
type panelRow struct {
	panel panel.Panel
	at    [numLayouts]place // compact, regular, wide
}

// panels is the table of everything on the screen, from left to right within a band.
func panels(keys []keyRow) []panelRow {
	rows := []panelRow{
		{&panel.Header{}, [numLayouts]place{{0, 1}, {0, 1}, {0, 1}}},
		{panel.NewStack(view.LatencyRows()), [numLayouts]place{{1, 1}, {}, {}}},
	}
	for _, chart := range view.LatencyRows() {
		rows = append(rows, panelRow{panel.NewLatency(chart), [numLayouts]place{{}, {1, 1}, {1, 1}}})
	}
	return append(rows, []panelRow{
		{panel.NewPods(panel.NewRequestRate()), [numLayouts]place{{}, {}, {2, 1}}}, // the rate has a line in LOAD too
		{panel.NewVirtualUsers(), [numLayouts]place{{}, {}, {2, 1}}},
		{panel.NewFailedRequests(), [numLayouts]place{{}, {}, {2, 1}}},
		{&panel.Load{}, [numLayouts]place{{2, 22}, {2, 26}, {3, 36}}},
		{&panel.ChannelMix{}, [numLayouts]place{{2, 23}, {2, 28}, {3, 36}}},
		{&panel.Objectives{}, [numLayouts]place{{}, {3, 57}, {3, 59}}},
		{&panel.Faults{Pods: true}, [numLayouts]place{{3, 1}, {2, 58}, {}}},
		{&panel.Faults{}, [numLayouts]place{{}, {}, {3, 58}}},
		{&panel.Flows{}, [numLayouts]place{{}, {}, {4, 4}}},
		{&panel.Flows{Errors: true}, [numLayouts]place{{2, 27}, {3, 32}, {}}},
		{panel.NewChannels(), [numLayouts]place{{}, {}, {4, 7}}},
		{&panel.Errors{}, [numLayouts]place{{}, {}, {4, 4}}},
		{&panel.Generator{}, [numLayouts]place{{}, {3, 23}, {4, 2}}},
		{&panel.Timeline{}, [numLayouts]place{{4, 1}, {4, 1}, {5, 6}}},
		{&panel.Phases{}, [numLayouts]place{{}, {}, {5, 5}}},
		{panel.NewFooter(footerKeys(keys)), [numLayouts]place{{5, 1}, {5, 1}, {6, 1}}},
	}...)
}

// margin is blank at both sides of the screen; gap stands between panels of a band.
const (
	margin = 1
	gap    = 3
)

// area is a panel with its rectangle on the screen.
type area struct {
	panel      panel.Panel
	x, y, w, h int
	ruled      bool
}

// choose finds the largest layout that fits.
func choose(w, h int) (layoutID, bool) {
	table := layouts
	for id := numLayouts - 1; id >= 0; id-- {
		if w >= table[id].minW && h >= table[id].minH {
			return layoutID(id), true
		}
	}
	return compact, false
}

// arrange gives every panel of the layout its rectangle.
func arrange(id layoutID, rows []panelRow, w, h int) (areas []area) {
	bands := layouts[id].bands
	left, grow := h, 0
	for _, b := range bands {
		left -= b.height()
		grow += b.grow
	}
	y := 0
	for i, b := range bands {
		extra := 0
		if b.grow > 0 {
			extra = left * b.grow / grow
			left, grow = left-extra, grow-b.grow
		}
		areas = append(areas, across(id, i, rows, area{x: margin, y: y, w: w - 2*margin, h: b.height() + extra, ruled: b.ruled})...)
		y += b.height() + extra
	}
	return areas
}

// height is the band's least height with its rule.
func (b band) height() int {
	if b.ruled {
		return b.rows + 1
	}
	return b.rows
}

// across divides a band's rectangle among its panels.
func across(id layoutID, band int, rows []panelRow, strip area) (areas []area) {
	count, shares := 0, 0
	for _, r := range rows {
		if at := r.at[id]; at.share > 0 && at.band == band {
			count, shares = count+1, shares+at.share
		}
	}
	width, x := strip.w-gap*(count-1), strip.x
	for _, r := range rows {
		at := r.at[id]
		if at.share == 0 || at.band != band {
			continue
		}
		w := width * at.share / shares
		width, shares = width-w, shares-at.share
		s := area{panel: r.panel, x: x, y: strip.y, w: w, h: strip.h, ruled: strip.ruled}
		if strip.ruled {
			s.y, s.h = s.y+1, s.h-1
		}
		areas = append(areas, s)
		x += w + gap
	}
	return areas
}
