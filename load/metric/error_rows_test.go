package metric

import (
	"testing"
	"time"
)

// However many statuses a server answers with, a window has a bounded number of rows: the most frequent ones, and the
// rest counted together. No error is lost.
func TestErrorRowsAreBounded(t *testing.T) {
	flow := &Flow{Name: "gateway", Title: "Gateway", Metric: "gateway_latency", Status: 202, Channels: []string{"a", "b"}}
	registry := NewRegistry(flow)
	recorder := NewRecorder(registry, 2)
	now := time.Unix(1000, 0)
	history := NewAggregator(registry, now)
	const statuses = 3000
	var sent uint64
	record := func(status, n int) {
		for range n {
			o := Outcome{Series: SeriesID(status % 2), Due: now, Sent: now, Done: now.Add(time.Millisecond), Class: BadStatus, Status: status}
			recorder.Shard(sent).Record(&o, false)
			sent++
		}
	}
	for second := range 3 {
		record(502, 500)
		record(429, 300)
		for i := range statuses {
			record(1000+i, 1)
		}
		now = now.Add(time.Second)
		obs := history.Close(recorder, now, Window{}, func(Window, string) Health { return Health{} })
		var total, most uint64
		for _, e := range obs.Errors {
			total += e.Count
			if e.Status == 502 {
				most = e.Count
			}
		}
		if len(obs.Errors) > mostErrorRows+2 || total != 800+statuses || most != 500 {
			t.Errorf("second %d: %d rows with %d errors, %d of them 502; want at most %d, %d, 500", second, len(obs.Errors), total, most, mostErrorRows+2, 800+statuses)
		}
	}
	var total uint64
	for _, e := range history.Summary().Errors {
		total += e.Count
	}
	if rows := len(history.Summary().Errors); rows > mostErrorRows+2 || total != sent {
		t.Errorf("the run has %d rows with %d errors, want %d", rows, total, sent)
	}
	if n := len(history.total.errors); n > mostErrorKinds+2 {
		t.Errorf("%d kinds are kept", n)
	}
}
