package metric

import (
	"slices"
	"testing"
	"time"
)

// binStart is the least latency of a bin, and so the end of the one before it. The first holds what is shorter, too.
func binStart(bin int) time.Duration {
	return micros(int64(binsPerDoubling+bin%binsPerDoubling) << (lowestOctave + bin/binsPerDoubling - 3))
}

func TestEveryLatencyHasItsBin(t *testing.T) {
	for d := time.Duration(0); d < 4*time.Minute; d += d/100 + time.Microsecond {
		bin := BinOf(d)
		if bin < 0 || bin >= NumBins {
			t.Fatalf("%s is in bin %d of %d", d, bin, NumBins)
		}
		bounded := min(d, HighestMicros*time.Microsecond)
		if from := binStart(bin); bin > 0 && bounded < from || bounded >= binStart(bin+1) {
			t.Fatalf("%s is in the bin from %s to %s", d, from, binStart(bin+1))
		}
	}
	if BinOf(-time.Second) != 0 || BinOf(time.Hour) != NumBins-1 {
		t.Error("what is out of bounds is not in the outermost bins")
	}
	for bin := range NumBins {
		if got := BinOf(binStart(bin)); got != bin {
			t.Errorf("the beginning of bin %d, %s, is in bin %d", bin, binStart(bin), got)
		}
		if width := float64(binStart(bin+1)) / float64(binStart(bin)); width > 1.13 {
			t.Errorf("bin %d is %v times as wide as its beginning", bin, width)
		}
	}
}

func TestSparseDensity(t *testing.T) {
	var d, sum Density
	if s := d.sparse(); s.Counts != nil {
		t.Errorf("a density of nothing is %+v", s)
	}
	d[3], d[5], d[NumBins-1] = 2, 7, 1
	s := d.sparse()
	if s.First != 3 || len(s.Counts) != NumBins-3 {
		t.Errorf("without its empty ends: %+v", s)
	}
	sum.Add(s)
	sum.Add(s)
	if sum[3] != 4 || sum[5] != 14 || sum[NumBins-1] != 2 || sum[4] != 0 {
		t.Errorf("added twice: %v", sum)
	}
}

// Windows have the latencies of each flow, of all shards, and those of their own second alone.
func TestWindowsHaveDensities(t *testing.T) {
	now := time.Unix(1000, 0)
	a, r := NewAggregator(registry, now), NewRecorder(registry, 2)
	closeWindow := func() Window {
		now = now.Add(time.Second)
		return a.Close(r, now, Window{}, func(Window, string) Health { return Health{} }).Window
	}
	record := func(shard uint64, took time.Duration, class ErrorClass) {
		r.Shard(shard).Record(&Outcome{Due: now, Sent: now, Done: now.Add(took), Class: class, Status: 200}, false)
	}
	record(0, 50*time.Millisecond, OK)
	record(1, 50*time.Millisecond, OK)
	record(1, time.Second, Timeout)
	record(1, time.Second, Refused) // it has no latency
	first := closeWindow()
	record(0, 50*time.Millisecond, OK)
	second := closeWindow()
	for i, want := range []map[int]uint32{{BinOf(50 * time.Millisecond): 2, BinOf(time.Second): 1}, {BinOf(50 * time.Millisecond): 1}} {
		w := []Window{first, second}[i]
		got := map[int]uint32{}
		for j, n := range w.Density[0].Counts {
			if n > 0 {
				got[w.Density[0].First+j] = n
			}
		}
		if len(got) != len(want) {
			t.Errorf("window %d has %v, want %v", i, got, want)
		}
		for bin, n := range want {
			if got[bin] != n {
				t.Errorf("window %d has %d in bin %d, want %d", i, got[bin], bin, n)
			}
		}
	}
	if len(first.Density) != len(registry.Flows()) || slices.ContainsFunc(first.Density[1:], func(s SparseDensity) bool { return s.Counts != nil }) {
		t.Errorf("flows without a request have %+v", first.Density[1:])
	}
}
