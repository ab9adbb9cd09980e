package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

func k6PointsOf(t *testing.T, run *Run) (all []k6Point) {
	t.Helper()
	if err := k6Points(run, func(p k6Point) error { all = append(all, p); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func (p k6Point) tag(name string) string {
	for _, t := range append(slices.Clone(p.tags), p.metadata...) {
		if t.name == name {
			return t.value
		}
	}
	return ""
}

// What is added up over the points is what the summary has of the whole run.
func TestPointsAddUpToTheRun(t *testing.T) {
	for name, s := range cases() {
		t.Run(name, func(t *testing.T) {
			run := loaded(t, s)
			sums, weights := map[string]float64{}, map[string]float64{}
			kinds := map[string]bool{}
			last := ""
			for _, p := range k6PointsOf(t, run) {
				kinds[p.metric] = true
				key := p.metric
				if r := p.tag("expected_response"); r != "" {
					key += "/" + r
				}
				if a := p.tag("aggregate"); a != "" {
					key += "/" + a
				}
				weight := 1.0
				if samples := p.tag("samples"); samples != "" {
					weight, _ = strconv.ParseFloat(samples, 64)
				}
				sums[key] += p.value * weight
				weights[key] += weight
				if k := k6KindOf(p.metric); k.Type == "rate" && (p.value < 0 || p.value > 1) {
					t.Errorf("%s is %v at %s", p.metric, p.value, p.time)
				}
				if p.metric == "vus" {
					if at := p.time.Format("15:04:05.000"); at <= last {
						t.Errorf("a window at %s comes after one at %s", at, last)
					} else {
						last = at
					}
				}
			}
			same := func(what string, got, want float64) {
				t.Helper()
				if math.Abs(got-want) > 1e-9*math.Abs(want) {
					t.Errorf("%s: the points come to %v, the run to %v", what, got, want)
				}
			}
			all := run.requests()
			same("requests", sums["http_reqs/true"]+sums["http_reqs/false"], float64(all.Count))
			same("failed requests", sums["http_reqs/false"], float64(all.Failed))
			same("failed share", sums["http_req_failed"]/weights["http_req_failed"], float64(all.Failed)/float64(all.Count))
			same("errors", sums["perf_errors"]/weights["perf_errors"], float64(all.Failed)/float64(all.Count))
			held, total := run.totals.Rate("checks", "")
			same("checks", sums["checks"]/weights["checks"], float64(held)/float64(total))
			same("iterations", sums["iterations"], float64(run.flowCounts(load.Gateway).Count))
			same("missed sends", sums["dropped_iterations"], float64(run.totals.Missed))
			same("faults", sums["chaos_events_triggered"], float64(len(run.injections)))
			same("windows", weights["vus"], float64(len(run.files.Seconds)))
			h := run.totals.Trend("http_req_duration", "")
			same("samples", weights["http_req_duration/avg"], float64(h.TotalCount()))
			same("mean", sums["http_req_duration/avg"]/weights["http_req_duration/avg"], h.Mean()/1000)
			if s.adminOff && (kinds["orchestrator_latency"] || kinds["automation_latency"]) {
				t.Error("there are points of what was off")
			}
		})
	}
}

// A percentile is of its window, and left out when it would be the maximum by another name.
func TestPointsHaveThePercentilesOfTheirWindow(t *testing.T) {
	run := loaded(t, synthetic{seconds: 30, quiet: true})
	want := map[string]float64{}
	err := run.eachWindow(func(w window) error {
		for id, bars := range w.latency {
			h := metric.NewHistogram()
			bars.AddTo(h)
			series := load.Registry().Series()[id].String()
			at := run.wallClock(w.At).String()
			if h.TotalCount() >= 20 {
				want[series+at+"p(95)"] = float64(metric.Percentile(h, 95)) / 1000
			}
			want[series+at+"max"] = float64(metric.Percentile(h, 100)) / 1000
		}
		return nil
	}, func(trendInterval) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range k6PointsOf(t, run) {
		if a := p.tag("aggregate"); p.tag("name") != "" && (a == "p(95)" || a == "max") {
			key := p.tag("name") + p.time.String() + a
			if value, there := want[key]; !there || value != p.value {
				t.Errorf("%s is %v, want %v", key, p.value, value)
			}
			delete(want, key)
		}
	}
	for key := range want {
		t.Errorf("no point %s", key)
	}
}

// The two streams have the same points.
func TestStreamsHaveTheSamePoints(t *testing.T) {
	run := loaded(t, cases()["killed"])
	var j, c strings.Builder
	if err := writeK6JSON(&j, run); err != nil {
		t.Fatal(err)
	}
	if err := writeK6CSV(&c, run); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(c.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	described := map[string]bool{}
	for line := range strings.Lines(j.String()) {
		var e struct {
			Metric, Type string
			Data         struct {
				Time     string
				Value    float64
				Tags     map[string]string
				Metadata map[string]string
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "Metric" {
			if described[e.Metric] {
				t.Errorf("%s is described twice", e.Metric)
			}
			described[e.Metric] = true
			continue
		}
		if !described[e.Metric] {
			t.Fatalf("a point of %s comes before its description", e.Metric)
		}
		row := rows[0]
		rows = rows[1:]
		if row[0] != e.Metric || row[2] != strconv.FormatFloat(e.Data.Value, 'f', 6, 64) || row[9] != e.Data.Tags["name"] {
			t.Fatalf("csv has %v, json has %s", row, line)
		}
		if channel := e.Data.Tags["channel"]; channel != "" && !strings.Contains(row[17], "channel="+channel) {
			t.Fatalf("csv has the extra tags %q, json has %s", row[17], line)
		}
	}
	if len(rows) > 0 {
		t.Errorf("csv has %d points more", len(rows))
	}
}

// Whole seconds of the clock are whole seconds in the stream, so that windows of one second meet.
func TestPointsBeginWithTheirSecond(t *testing.T) {
	run := loaded(t, synthetic{seconds: 30, quiet: true})
	run.timeline.Started = run.timeline.Started.Add(437_291_823) // nanoseconds
	for i := range run.files.Seconds {
		run.files.Seconds[i].At = math.Max(0, float64(i)-0.437291823)
	}
	for i, s := range run.files.Seconds[1:] {
		if at := run.wallClock(s.At); at.Nanosecond() != 0 || at.Unix() != run.timeline.Started.Unix()+int64(i)+1 {
			t.Fatalf("second %d begins at %s", i+1, at)
		}
	}
}

// measuredRun has the given seconds, and nothing else happens in it.
func measuredRun(t *testing.T, seconds int, fill func(i int, obs *metric.Observation)) *Run {
	t.Helper()
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Event(happened(0, event.RoleSquall, synthetic{}.header())); err != nil {
		t.Fatal(err)
	}
	for i := range seconds {
		obs := load.Registry().NewObservation()
		obs.Window.Start, obs.Window.Length = began.Add(time.Duration(i)*time.Second), time.Second
		fill(i, &obs)
		if err := w.Second(rundir.NewSecond(float64(i), obs), obs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// The parts of requests are points of ten seconds, behind the windows that they are of. Requests that opened no
// connection took no time for it.
func TestPointsOfTheParts(t *testing.T) {
	run := measuredRun(t, 25, func(i int, obs *metric.Observation) {
		for part, n := range map[metric.Trend]int{metric.Waiting: 100, metric.Connecting: 1, metric.Iteration: 100} {
			obs.Trends[part] = metric.NewHistogram()
			for range n {
				record(obs.Trends[part], int64(1000*(i+1)))
			}
		}
	})
	var got []string
	last := ""
	for _, p := range k6PointsOf(t, run) {
		at := p.time.Format("05")
		if p.metric == "vus" {
			last = at
		}
		if a := p.tag("aggregate"); a == "max" || a == "avg" && p.metric == "http_req_connecting" {
			got = append(got, fmt.Sprintf("%s %s %s %.3f, %s in %s, behind %s", at, p.metric, a, p.value, p.tag("samples"), p.tag("seconds"), last))
		}
	}
	want := []string{
		"00 http_req_connecting avg 0.055, 1000 in 10.000, behind 09", "00 http_req_connecting max 10.007, 1000 in 10.000, behind 09",
		"00 http_req_tls_handshaking max 0.000, 1000 in 10.000, behind 09", "00 http_req_waiting max 10.007, 1000 in 10.000, behind 09", "00 iteration_duration max 10.007, 1000 in 10.000, behind 09",
		"10 http_req_connecting avg 0.155, 1000 in 10.000, behind 19", "10 http_req_connecting max 20.015, 1000 in 10.000, behind 19",
		"10 http_req_tls_handshaking max 0.000, 1000 in 10.000, behind 19", "10 http_req_waiting max 20.015, 1000 in 10.000, behind 19", "10 iteration_duration max 20.015, 1000 in 10.000, behind 19",
		"20 http_req_connecting avg 0.230, 500 in 5.000, behind 24", "20 http_req_connecting max 25.007, 500 in 5.000, behind 24",
		"20 http_req_tls_handshaking max 0.000, 500 in 5.000, behind 24", "20 http_req_waiting max 25.007, 500 in 5.000, behind 24", "20 iteration_duration max 25.007, 500 in 5.000, behind 24",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
