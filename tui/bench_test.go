package tui

import (
	"testing"
	"time"

	"xinbot.ir/squall/tui/view"
)

// history fills two hours of seconds.
func twoHours() *fakeSession {
	s := newFake()
	for len(s.windows) < 7200 {
		gameDay(s)
	}
	return s
}

// BenchmarkFrame200x60 is one frame with a snapshot of 7200 windows, a new second every ten frames
// as in life; BenchmarkSecond200x60 is only those that bring a second.
func BenchmarkFrame200x60(b *testing.B) { benchmarkFrames(b, 10) }

func BenchmarkSecond200x60(b *testing.B) { benchmarkFrames(b, 1) }

func benchmarkFrames(b *testing.B, perSecond int) {
	s := twoHours()
	m := console(s, looks()[0], 200, 60)
	m.state.TimeRange = view.TimeRanges()[3] // the whole run: all windows in the picture
	snap := s.Snapshot()
	all := snap.Load.Windows
	first := len(all) / 2
	m.View()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		n := first + i/perSecond%(len(all)-first)
		snap.Load.Windows = all[:n]
		snap.Elapsed = time.Duration(i) * 100 * time.Millisecond
		m.Update(snapshotMsg{snap})
		if m.View() == "" {
			b.Fatal("no frame")
		}
		i++
	}
}
