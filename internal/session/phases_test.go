package session

import (
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Known samples in two phases: each phase has the percentile of its own merged histogram.
func TestPhaseStatsMergeHistograms(t *testing.T) {
	second := func(values ...int64) metric.Observation {
		o := load.Registry().NewObservation()
		o.Window.Length = time.Second
		o.Latency[0] = metric.NewHistogram()
		for _, v := range values {
			if err := o.Latency[0].RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		o.Window.Series[0] = metric.Counts{Count: uint64(len(values)), Failed: 1}
		return o
	}
	b := newPhaseStats()
	baseline := timeline.Phase{Name: "baseline", To: 1}
	first := b.observe([]timeline.Phase{baseline}, 0, second(1000, 2000))
	baseline.To = 2
	b.observe([]timeline.Phase{baseline}, 1, second(3000, 9000))
	baseline.To = 2.4 // a fault began in the second that closes now; its middle lies behind
	all := b.observe([]timeline.Phase{baseline, {Name: "LLM latency", Kind: timeline.Disturbed, From: 2.4, To: 3}}, 2, second(50_000))
	want := metric.NewHistogram()
	for _, v := range []int64{1000, 2000, 3000, 9000} {
		if err := want.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != 2 || all[0].To != 2.4 || all[0].Seconds != 2 || all[0].Flows[load.Gateway.ID()].Requests != 4 || all[0].Flows[load.Gateway.ID()].Failed != 2 {
		t.Fatalf("phases %+v", all)
	}
	for i, h := range []*hdr.Histogram{want, second(50_000).Latency[0]} {
		if got := all[i].Flows[load.Gateway.ID()]; got.P95 != metric.Statistics(h).P95 || got.Count != uint64(h.TotalCount()) {
			t.Errorf("%s: p95 %s of %d, want %s of %d", all[i].Name, got.P95, got.Count, metric.Statistics(h).P95, h.TotalCount())
		}
	}
	if first[0].Seconds != 1 {
		t.Error("what an older snapshot shows was changed")
	}
}

func TestPhasesOnScreenAreThoseOfTheReport(t *testing.T) {
	c := config(t, platform(t))
	s := start(t, c)
	window := func() {
		n := len(s.Snapshot().Load.Windows)
		until(t, "two seconds", func() bool { return len(s.Snapshot().Load.Windows) > n+1 })
	}
	window()
	if err := give(s, command.Spike{On: true}); err != nil {
		t.Fatal(err)
	}
	window()
	if err := give(s, command.Spike{On: false}); err != nil {
		t.Fatal(err)
	}
	window()
	finish(s)
	<-s.Done()
	var sum uint64
	var names []string
	for _, p := range s.Snapshot().Phases {
		names = append(names, p.Name)
		for _, f := range p.Flows {
			sum += f.Requests
		}
	}
	if len(names) != 3 || names[0] != "baseline" || names[1] != "Channel spike" || names[2] != "recovery 1" {
		t.Errorf("phases %v", names)
	}
	if sent := s.Snapshot().Load.Sent; sum != sent {
		t.Errorf("%d requests in phases, %d sent", sum, sent)
	}
}
