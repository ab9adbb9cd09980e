package metric

import (
	"testing"
	"time"
)

// BenchmarkRecord is the counting of one outcome.
func BenchmarkRecord(b *testing.B) {
	s := NewRecorder(registry, 1).Shard(0)
	o := outcomeOf(webchat, 12*time.Millisecond, 0)
	b.ReportAllocs()
	for b.Loop() {
		s.Record(&o, false)
	}
}

// BenchmarkCloseWindow is what the generator does once a second in the open model with every
// series busy, the worst case.
func BenchmarkCloseWindow(b *testing.B) {
	r := NewRecorder(registry, 2)
	now := time.Now()
	a := NewAggregator(registry, now)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for id := range SeriesID(len(registry.Series())) {
			for i := range 100 {
				o := outcomeOf(id, time.Duration(i+1)*time.Millisecond, time.Millisecond)
				r.Shard(uint64(i)).Record(&o, true)
			}
		}
		now = now.Add(time.Second)
		b.StartTimer()
		a.Close(r, now, Window{}, healthy)
	}
}
