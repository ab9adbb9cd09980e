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
	full       // as wide, where the platform's own metrics are read
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

// layout is the least terminal that a screen of this kind fits. The largest that fits is used.
type layout struct {
	minW, minH int
	monitored  bool // only where the platform's own metrics are read
}

// layouts is the table of screen sizes.
var layouts = [numLayouts]layout{
	compact: {minW: minWidth, minH: minHeight},
	regular: {minW: 116, minH: 36},
	wide:    {minW: 160, minH: 52},
	full:    {minW: 200, minH: 60, monitored: true},
}

// pageRow is what the console shows of a run: bands from top to bottom in each layout, and the panels in them. A new page is one
// row of [pages].
type pageRow struct {
	name   string // for people
	bands  [numLayouts][]band
	panels []panelRow
}

// pages is the table of the pages, in the order in which a key goes round.
func pages(keys []keyRow) []pageRow {
	return []pageRow{
		{"latency", latencyBands, panels(keys)},
		{"platform", platformBands, platformPanels(keys)},
		{"secrets", secretBands, secretPanels(keys)},
	}
}

// latencyBands are the bands of the page of latencies.
var latencyBands = [numLayouts][]band{
	compact: {{rows: 3}, {rows: 8, grow: 4}, {rows: 5, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 1}},
	regular: {
		{rows: 3},
		{rows: 13, grow: 4, ruled: true},
		{rows: 6, ruled: true},
		{rows: 5, ruled: true},
		{rows: 4, grow: 2, ruled: true},
		{rows: 1},
	},
	wide: {
		{rows: 3},
		{rows: 15, grow: 4, ruled: true},
		{rows: 8, grow: 2, ruled: true},
		{rows: 7, grow: 1, ruled: true},
		{rows: 8, ruled: true},
		{rows: 5, grow: 2, ruled: true},
		{rows: 1},
	},
	full: {
		{rows: 3},
		{rows: 15, grow: 4, ruled: true},
		{rows: 7, grow: 2, ruled: true},
		{rows: 7, grow: 2, ruled: true},
		{rows: 6, ruled: true},
		{rows: 7, ruled: true},
		{rows: 4, grow: 2, ruled: true},
		{rows: 1},
	},
}

// platformBands are the bands of the page of what the platform says of itself.
var platformBands = [numLayouts][]band{
	compact: {{rows: 3}, {rows: 5, grow: 2, ruled: true}, {rows: 5, grow: 2, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 2, ruled: true}, {rows: 1, ruled: true}, {rows: 1}},
	regular: largePlatformBands,
	wide:    largePlatformBands,
	full:    largePlatformBands,
}

var largePlatformBands = []band{
	{rows: 3},
	{rows: 7, grow: 3, ruled: true},
	{rows: 7, grow: 3, ruled: true},
	{rows: 5, grow: 1, ruled: true},
	{rows: 4, grow: 1, ruled: true},
	{rows: 1},
}

// secretBands are the bands of the page of a rotation.
var secretBands = [numLayouts][]band{
	compact: {{rows: 3}, {rows: 6, ruled: true}, {rows: 5, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 2, grow: 1, ruled: true}, {rows: 1}},
	regular: largeSecretBands,
	wide:    largeSecretBands,
	full:    largeSecretBands,
}

var largeSecretBands = []band{
	{rows: 3},
	{rows: 8, grow: 3, ruled: true},
	{rows: 6, ruled: true},
	{rows: 6, ruled: true},
	{rows: 4, grow: 2, ruled: true},
	{rows: 1},
}

// secretPanels is the table of everything on the page of a rotation.
func secretPanels(keys []keyRow) []panelRow {
	large := func(b, share int) [numLayouts]place {
		return [numLayouts]place{{}, {b, share}, {b, share}, {b, share}}
	}
	return []panelRow{
		{&panel.Header{}, [numLayouts]place{{0, 1}, {0, 1}, {0, 1}, {0, 1}}},
		{panel.NewLatency(view.LatencyRows()[0]), large(1, 1)},
		{&panel.SecretStrip{}, [numLayouts]place{{2, 1}, {2, 1}, {2, 1}, {2, 1}}},
		{&panel.Secrets{}, [numLayouts]place{{1, 1}, {3, 1}, {3, 1}, {3, 1}}},
		{&panel.Replicas{}, [numLayouts]place{{3, 1}, {4, 40}, {4, 40}, {4, 40}}},
		{&panel.Timeline{}, [numLayouts]place{{4, 1}, {4, 60}, {4, 60}, {4, 60}}},
		{panel.NewFooter(footerKeys(keys)), [numLayouts]place{{5, 1}, {5, 1}, {5, 1}, {5, 1}}},
	}
}

// place is where a panel stands in a layout: its band and its share of the band's width. A share of
// 0 leaves it out.
type place struct{ band, share int }

// panelRow is one panel and its places. A new panel is one row of [panels].
type panelRow struct {
	panel panel.Panel
	at    [numLayouts]place // compact, regular, wide, full
}

// panels is the table of everything on the page of latencies, from left to right within a band.
func panels(keys []keyRow) []panelRow {
	rows := []panelRow{
		{&panel.Header{}, [numLayouts]place{{0, 1}, {0, 1}, {0, 1}, {0, 1}}},
		{panel.NewStack(view.LatencyRows()), [numLayouts]place{{1, 1}, {}, {}, {}}},
	}
	for i, chart := range view.LatencyRows() {
		latency := panel.NewLatency(chart)
		if i == 0 { // the gateway's
			latency.WithAccepted()
		}
		rows = append(rows, panelRow{latency, [numLayouts]place{{}, {1, 1}, {1, 1}, {1, 1}}})
	}
	return append(rows, []panelRow{
		{panel.NewPods(panel.NewRequestRate()), [numLayouts]place{{}, {}, {2, 1}, {2, 1}}}, // the rate has a line in LOAD too
		{panel.NewVirtualUsers(), [numLayouts]place{{}, {}, {2, 1}, {}}},                   // as have the virtual users
		{panel.NewFailedRequests(), [numLayouts]place{{}, {}, {2, 1}, {2, 1}}},
		{panel.NewPlatform(0), [numLayouts]place{{}, {}, {}, {2, 1}}},
		{panel.NewPlatform(1), [numLayouts]place{{}, {}, {}, {3, 1}}},
		{panel.NewPlatform(2), [numLayouts]place{{}, {}, {}, {3, 1}}},
		{panel.NewPlatform(3), [numLayouts]place{{}, {}, {}, {3, 1}}},
		{&panel.Load{}, [numLayouts]place{{2, 22}, {2, 26}, {3, 36}, {4, 36}}},
		{&panel.ChannelMix{}, [numLayouts]place{{2, 23}, {2, 28}, {3, 36}, {4, 36}}},
		{&panel.Objectives{}, [numLayouts]place{{}, {3, 57}, {3, 59}, {4, 59}}},
		{&panel.Faults{Pods: true}, [numLayouts]place{{3, 1}, {2, 58}, {}, {}}},
		{&panel.Faults{}, [numLayouts]place{{}, {}, {3, 58}, {4, 58}}},
		{&panel.Flows{}, [numLayouts]place{{}, {}, {4, 4}, {5, 4}}},
		{&panel.Flows{Errors: true}, [numLayouts]place{{2, 27}, {3, 32}, {}, {}}},
		{panel.NewChannels(), [numLayouts]place{{}, {}, {4, 7}, {5, 7}}},
		{&panel.Errors{}, [numLayouts]place{{}, {}, {4, 4}, {5, 4}}},
		{&panel.Generator{}, [numLayouts]place{{}, {3, 23}, {4, 2}, {5, 2}}},
		{&panel.Timeline{}, [numLayouts]place{{4, 1}, {4, 1}, {5, 6}, {6, 5}}},
		{&panel.Alerts{}, [numLayouts]place{{}, {}, {}, {6, 3}}},
		{&panel.Phases{}, [numLayouts]place{{}, {}, {5, 5}, {6, 4}}},
		{panel.NewFooter(footerKeys(keys)), [numLayouts]place{{5, 1}, {5, 1}, {6, 1}, {7, 1}}},
	}...)
}

// platformPanels is the table of everything on the page of what the platform says of itself.
func platformPanels(keys []keyRow) []panelRow {
	large := func(b, share int) [numLayouts]place {
		return [numLayouts]place{{}, {b, share}, {b, share}, {b, share}}
	}
	return []panelRow{
		{&panel.Header{}, [numLayouts]place{{0, 1}, {0, 1}, {0, 1}, {0, 1}}},
		{panel.NewPlatform(0), [numLayouts]place{{1, 1}, {1, 1}, {1, 1}, {1, 1}}},
		{panel.NewPlatform(1), [numLayouts]place{{1, 1}, {1, 1}, {1, 1}, {1, 1}}},
		{panel.NewPlatform(2), [numLayouts]place{{2, 1}, {1, 1}, {1, 1}, {1, 1}}},
		{panel.NewPlatform(3), [numLayouts]place{{2, 1}, {2, 1}, {2, 1}, {2, 1}}},
		{panel.NewPods(panel.NewRequestRate()), large(2, 1)},
		{&panel.Alerts{}, [numLayouts]place{{3, 1}, {2, 1}, {2, 1}, {2, 1}}},
		{&panel.Faults{Pods: true}, [numLayouts]place{{4, 1}, {}, {}, {}}},
		{&panel.Faults{}, large(3, 44)},
		{&panel.Expectations{}, large(3, 44)},
		{&panel.Sources{}, [numLayouts]place{{3, 1}, {3, 30}, {3, 30}, {3, 30}}},
		{&panel.Timeline{}, [numLayouts]place{{5, 1}, {4, 1}, {4, 1}, {4, 1}}},
		{panel.NewFooter(footerKeys(keys)), [numLayouts]place{{6, 1}, {5, 1}, {5, 1}, {5, 1}}},
	}
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
func choose(w, h int, monitored bool) (layoutID, bool) {
	table := layouts
	for id := numLayouts - 1; id >= 0; id-- {
		if w >= table[id].minW && h >= table[id].minH && (monitored || !table[id].monitored) {
			return layoutID(id), true
		}
	}
	return compact, false
}

// arrange gives every panel of the layout its rectangle.
func (p pageRow) arrange(id layoutID, w, h int) (areas []area) {
	bands := p.bands[id]
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
		areas = append(areas, across(id, i, p.panels, area{x: margin, y: y, w: w - 2*margin, h: b.height() + extra, ruled: b.ruled})...)
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
