package slo

import (
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

func TestParseObjective(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"gateway_latency: p(95)<1500", "gateway_latency: p(95)<1500"},
		{"gateway_latency{channel:webchat}: p(95)<1500", "gateway_latency{channel:webchat}: p(95)<1500"},
		{"  gateway_latency { channel : automation } : p( 99.90 ) <= 2.5e3 ", "gateway_latency{channel:automation}: p(99.9)<=2500"},
		{"automation_latency{channel:crm}:avg>10", "automation_latency{channel:crm}: avg>10"},
		{"orchestrator_latency: med<1", "orchestrator_latency: med<1"},
		{"http_req_duration{channel:pause}: max >= 0.5", "http_req_duration{channel:pause}: max>=0.5"},
		{"gateway_latency: count>100", "gateway_latency: count>100"},
		{"http_req_failed: rate<0.01", "http_req_failed: rate<0.01"},
		{"checks: rate===1", "checks: rate==1"},
		{"http_reqs: count!=3", "http_reqs: count!=3"},
		{"http_reqs: rate>100", "http_reqs: rate>100"},
		{"dropped_iterations: count==0", "dropped_iterations: count==0"},
		{"gateway_latency: p(95)<1500 outside  faults", "gateway_latency: p(95)<1500 outside faults"},
		{"http_req_failed: rate<0.1 during redis_outage", "http_req_failed: rate<0.1 during redis_outage"},
		{"http_req_failed:rate<0.1 during\tmy-fault.2 ", "http_req_failed: rate<0.1 during my-fault.2"},
	} {
		o, err := ParseObjective(load.Registry(), c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if o.String() != c.want {
			t.Errorf("%s is read as %s, want %s", c.in, o, c.want)
		}
		if again, err := ParseObjective(load.Registry(), o.String()); err != nil || again != o {
			t.Errorf("%s: written as %s it is read as %s (%v)", c.in, o, again, err)
		}
	}
}

func TestDefaultObjectivesRoundTrip(t *testing.T) {
	for _, o := range DefaultObjectives() {
		if again, err := ParseObjective(load.Registry(), o.String()); err != nil || again != o {
			t.Errorf("%s is read as %s (%v)", o, again, err)
		}
	}
}

func TestParseObjectiveErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `column 1: unknown metric "": one of gateway_latency, orchestrator_latency`},
		{"latency: p(95)<1", `column 1: unknown metric "latency": one of gateway_latency`},
		{"gateway_latency", `column 16: expected ":" and a condition such as "gateway_latency: p(95)<1500"`},
		{"http_req_failed", `such as "http_req_failed: rate<0.01"`},
		{"gateway_latency{brand:x}: p(95)<1", `column 17: expected "channel:NAME"`},
		{"gateway_latency{channel:crm}: p(95)<1", `column 25: unknown channel "crm" of gateway_latency: one of webchat, instagram, telegram, whatsapp, automation`},
		{"gateway_latency{channel:webchat: p(95)<1", `column 32: expected "}"`},
		{"checks{channel:webchat}: rate<1", `column 7: checks cannot be narrowed`},
		{"gateway_latency: p95<1", `column 18: gateway_latency takes avg, min, med, max, count, p(N)`},
		{"gateway_latency: p(101)<1", `column 18: expected a percentile from p(0) to p(100)`},
		{"gateway_latency: p(-1)<1", `expected a percentile`},
		{"gateway_latency: p(95<1", `expected a percentile`},
		{"gateway_latency: rate<1", `column 18: gateway_latency takes`},
		{"http_req_failed: p(95)<1", `column 18: http_req_failed takes rate`},
		{"http_reqs: avg<1", `column 12: http_reqs takes count, rate`},
		{"gateway_latency: p(95)=1500", `column 23: expected a comparison: <, <=, >, >=, == or !=`},
		{"gateway_latency: p(95)<1500ms", `column 24: expected a number of milliseconds without a unit, such as 1500`},
		{"gateway_latency: p(95)<", `column 24: expected a number of milliseconds`},
		{"gateway_latency: p(95)<-5", `column 24: expected a number of milliseconds`},
		{"gateway_latency: p(95)<1e999", `column 24: expected a number of milliseconds`},
		{"gateway_latency: p(95)<1.2.3", `column 24: expected a number of milliseconds`},
		{"http_req_failed: rate<1%", `column 23: expected a share from 0 to 1, such as 0.01 for 1 %`},
		{"http_req_failed: rate<5", `column 23: expected a share from 0 to 1`},
		{"http_reqs: count<x", `column 18: expected a number that is not negative`},
		{"gateway_latency: p(95)<1500 outside", `column 36: expected "outside faults"`},
		{"gateway_latency: p(95)<1500 outside faults during x", `column 44: unexpected "during x" after the end`},
		{"gateway_latency: p(95)<1500 during", `column 35: expected the name of a fault, such as "during channel_spike"`},
		{"gateway_latency: p(95)<1500 during a b", `column 38: unexpected "b" after the end`},
		{"gateway_latency}: p(95)<1", `column 16: expected ":"`},
		{"gateway_latency: p95<1 during x", `column 18: gateway_latency takes`},
		{"gateway_latency: p(95)<1500 please", `column 29: unexpected "please" after the end`},
	} {
		_, err := ParseObjective(load.Registry(), c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want it to say %s", c.in, err, c.want)
		}
	}
}

func TestParseStopRule(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"gateway_latency: p(95)>2500 for 10s", "gateway_latency: p(95)>2500 for 10s"},
		{"http_req_failed : rate > 0.1   for  60s ", "http_req_failed: rate>0.1 for 1m"},
		{"http_reqs: count>10 for 90s", "http_reqs: count>10 for 1m30s"},
	} {
		r, err := ParseStopRule(load.Registry(), c.in)
		if err != nil || r.String() != c.want {
			t.Errorf("%s is read as %s (%v), want %s", c.in, r, err, c.want)
		}
		if again, err := ParseStopRule(load.Registry(), r.String()); err != nil || again != r {
			t.Errorf("%s is read again as %s (%v)", r, again, err)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"gateway_latency: p(95)>2500 outside faults", `column 29: expected a time such as "for 10s"`},
		{"gateway_latency: p(95)>2500", `column 28: expected a time such as "for 10s"`},
		{"gateway_latency: p(95)>2500 for ever", `column 33: expected whole seconds from 1s to 5m`},
		{"gateway_latency: p(95)>2500 for 1.5s", `column 33: expected whole seconds`},
		{"gateway_latency: p(95)>2500 for 6m", `column 33: expected whole seconds`},
		{"gateway_latency: p(95)>2500 for 10s or so", `column 37: unexpected "or so"`},
		{"chaos_events_triggered: count>2 for 10s", `cannot watch chaos_events_triggered`},
	} {
		if _, err := ParseStopRule(load.Registry(), c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want it to say %s", c.in, err, c.want)
		}
	}
}

// counted is one second without a request.
func counted(missed, chaos uint64, checks ...metric.Check) *metric.Totals {
	t := load.Registry().NewTotals()
	t.Seconds, t.Missed, t.Chaos, t.Checks = 1, missed, chaos, checks
	return t
}

// totals measures gateway latencies in milliseconds: counts of each value, of which failed failed.
func totals(failed uint64, counts map[int64]int64) *metric.Totals {
	t := load.Registry().NewTotals()
	t.Seconds = 10
	h := metric.NewHistogram()
	for ms, n := range counts {
		_ = h.RecordValues(ms*1000, n)
	}
	t.Latency[load.Webchat] = h
	t.Counts[load.Webchat] = metric.Counts{Count: uint64(h.TotalCount()), Failed: failed}
	return t
}

func TestEvaluate(t *testing.T) {
	const p95, errors = "gateway_latency: p(95)<1500", "http_req_failed: rate<0.01"
	for _, c := range []struct {
		name      string
		objective string
		measured  *metric.Totals
		state     State
		value     float64
		reason    string
	}{
		{"plenty and fast", p95, totals(0, map[int64]int64{100: 96, 2000: 4}), Pass, 100.031, ""},
		{"plenty and slow", p95, totals(0, map[int64]int64{100: 94, 2000: 6}), Fail, 2000.895, ""},
		{"exactly at the rank", p95, totals(0, map[int64]int64{100: 95, 2000: 5}), Pass, 100.031, ""},
		{"12 samples", p95, totals(0, map[int64]int64{100: 12}), Unknown, 100.031, "only 12 samples, 100 needed"},
		{"1 sample", p95, totals(0, map[int64]int64{100: 1}), Unknown, 100.031, "only 1 sample, 100 needed"},
		{"Wilks: 59 fast ones are enough", p95, totals(0, map[int64]int64{100: 59}), Pass, 100.031, ""},
		{"58 are not", p95, totals(0, map[int64]int64{100: 58}), Unknown, 100.031, "only 58 samples, 100 needed"},
		{"90 fast and 1 slow", p95, totals(0, map[int64]int64{100: 90, 2000: 1}), Unknown, 100.031, "only 91 samples, 100 needed"},
		{"2 slow of 3 are enough to fail", p95, totals(0, map[int64]int64{100: 1, 2000: 2}), Fail, 2000.895, ""},
		{"1 slow of 1 is not", p95, totals(0, map[int64]int64{2000: 1}), Unknown, 2000.895, "only 1 sample, 100 needed"},
		{"the other way round, few and slow", "gateway_latency: p(95)>1500", totals(0, map[int64]int64{2000: 3}), Pass, 2000.895, ""},
		{"the other way round, few and fast", "gateway_latency: p(95)>1500", totals(0, map[int64]int64{100: 70}), Fail, 100.031, ""},
		{"equality of few", "gateway_latency: p(95)==100.031", totals(0, map[int64]int64{100: 99}), Unknown, 100.031, "only 99 samples, 100 needed"},
		{"p(99) needs 500", "gateway_latency: p(99)<1500", totals(0, map[int64]int64{100: 250}), Unknown, 100.031, "only 250 samples, 500 needed"},
		{"p(99.9) needs 5000", "gateway_latency: p(99.9)<1500", totals(0, map[int64]int64{100: 1000}), Unknown, 100.031, "only 1000 samples, 5000 needed"},
		{"med needs 10", "gateway_latency: med<1500", totals(0, map[int64]int64{100: 10}), Pass, 100.031, ""},
		{"avg needs 30", "gateway_latency: avg<1500", totals(0, map[int64]int64{100: 29}), Unknown, 100.031, "only 29 samples, 30 needed"},
		{"avg", "gateway_latency: avg<1500", totals(0, map[int64]int64{100: 30}), Pass, 100.031, ""},
		{"max", "gateway_latency: max<1500", totals(0, map[int64]int64{100: 5, 2000: 1}), Fail, 2000.895, ""},
		{"p(100) is max", "gateway_latency: p(100)<1500", totals(0, map[int64]int64{100: 5}), Pass, 100.031, ""},
		{"min", "gateway_latency: min<1500", totals(0, map[int64]int64{100: 5, 2000: 1}), Pass, 100.031, ""},
		{"count of a trend", "gateway_latency: count>5", totals(0, map[int64]int64{100: 6}), Pass, 6, ""},
		{"another flow has nothing", "automation_latency: p(95)<1500", totals(0, map[int64]int64{100: 100}), Unknown, 0, "nothing was measured"},
		{"another channel has nothing", "gateway_latency{channel:telegram}: p(95)<1500", totals(0, map[int64]int64{100: 100}), Unknown, 0, "nothing was measured"},
		{"this channel", "gateway_latency{channel:webchat}: p(95)<1500", totals(0, map[int64]int64{100: 100}), Pass, 100.031, ""},
		{"every flow", "http_req_duration: p(95)<50", totals(0, map[int64]int64{100: 100}), Fail, 100.031, ""},

		{"no request", errors, counted(0, 0), Unknown, 0, "nothing was measured"},
		{"few errors of many", errors, totals(4, map[int64]int64{1: 500}), Pass, 0.008, ""},
		{"at the bound is not below it", errors, totals(5, map[int64]int64{1: 500}), Fail, 0.01, ""},
		{"few requests, no error", errors, totals(0, map[int64]int64{1: 298}), Unknown, 0, "only 298 samples, 500 needed"},
		{"299 requests, no error", errors, totals(0, map[int64]int64{1: 299}), Pass, 0, ""},
		{"2 errors of 10", errors, totals(2, map[int64]int64{1: 10}), Fail, 0.2, ""},
		{"no error at all allowed", "http_req_failed: rate<=0", totals(0, map[int64]int64{1: 3}), Pass, 0, ""},
		{"counter", "http_reqs: count<11", totals(2, map[int64]int64{1: 10}), Pass, 10, ""},
		{"requests per second", "http_reqs: rate>=1", totals(2, map[int64]int64{1: 10}), Pass, 1, ""},
		{"missed sends", "dropped_iterations: count<1", counted(1, 0), Fail, 1, ""},
		{"no missed send, and answers", "dropped_iterations: count==0", totals(0, map[int64]int64{1: 10}), Pass, 0, ""},
		{"no missed send, and no answer", "dropped_iterations: count==0", counted(0, 0), Unknown, 0, "no request was answered, so that sending was never put to the test"},
		{"no missed send a second, and no answer", "dropped_iterations: rate<1", counted(0, 0), Unknown, 0, "no request was answered, so that sending was never put to the test"},
		{"spikes", "chaos_events_triggered: count==2", counted(0, 2), Pass, 2, ""},
		{"a counter over no time", "http_reqs: rate>=1", load.Registry().NewTotals(), Unknown, 0, "nothing was measured"},
		{"checks", "checks: rate==1", counted(0, 0, metric.Check{Name: "a", Passes: 3}, metric.Check{Name: "b", Passes: 1, Fails: 1}), Fail, 0.8, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := ParseObjective(load.Registry(), c.objective)
			if err != nil {
				t.Fatal(err)
			}
			v := o.Evaluate(c.measured)
			if v.State != c.state || v.Value != c.value || v.Reason != c.reason {
				t.Errorf("%s is %s with %v (%s), want %s with %v (%s)", o, v.State, v.Value, v.Reason, c.state, c.value, c.reason)
			}
			if (v.State == Unknown) != (v.Reason != "") {
				t.Errorf("state %s with reason %q", v.State, v.Reason)
			}
		})
	}
}

// Values of the binomial distribution function, from R's pbinom.
func TestBinomial(t *testing.T) {
	for _, c := range []struct {
		k, n uint64
		p    float64
		want float64
	}{
		{0, 59, 0.05, 0.04849453},
		{0, 58, 0.05, 0.05104688},
		{1, 90, 0.05, 0.05673},
		{2, 2, 0.05, 1},
		{3, 10, 0.5, 0.171875},
		{4000, 5000, 0.9999, 0},
		{0, 0, 0.5, 1},
	} {
		if got := atMost(c.k, c.n, c.p); got < c.want-1e-5 || got > c.want+1e-5 {
			t.Errorf("at most %d of %d with probability %v: %v, want %v", c.k, c.n, c.p, got, c.want)
		}
	}
}

// second is a closed second with n gateway requests of the given latency.
func second(ms, n int64) metric.Observation {
	obs := load.Registry().NewObservation()
	obs.Window.Length = time.Second
	if n > 0 {
		h := metric.NewHistogram()
		_ = h.RecordValues(ms*1000, n)
		obs.Latency[load.Webchat] = h
	}
	obs.Window.Series[load.Webchat] = metric.Counts{Count: uint64(n), Failed: uint64(n) / 2}
	return obs
}

func TestStopRuleEvaluator(t *testing.T) {
	slow, fast, silent, sparse := second(3000, 200), second(100, 200), second(0, 0), second(3000, 1)
	repeat := func(n int, o metric.Observation) (all []metric.Observation) {
		for range n {
			all = append(all, o)
		}
		return all
	}
	join := func(parts ...[]metric.Observation) (all []metric.Observation) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for _, c := range []struct {
		name, rule string
		seconds    []metric.Observation
		firesAt    []int
	}{
		{"fires after its time and stays", "gateway_latency: p(95)>2500 for 5s", repeat(7, slow), []int{5, 6, 7}},
		{"never early", "gateway_latency: p(95)>2500 for 5s", repeat(4, slow), nil},
		// 200 slow requests of 1000 put the merged p95 above the bound, but four seconds were fine.
		{"one bad second is not five", "gateway_latency: p(95)>2500 for 5s", join(repeat(4, fast), repeat(1, slow), repeat(4, fast)), nil},
		{"one good second starts the wait again", "gateway_latency: p(95)>2500 for 5s", join(repeat(4, slow), repeat(1, fast), repeat(5, slow)), []int{10}},
		{"silence neither fires nor frees", "gateway_latency: p(95)>2500 for 5s", join(repeat(2, slow), repeat(2, silent), repeat(1, slow)), []int{5}},
		{"nothing at all never fires", "gateway_latency: p(95)>2500 for 2s", repeat(5, silent), nil},
		{"a sparse flow is judged as a whole", "gateway_latency: p(95)>2500 for 3s", join(repeat(1, sparse), repeat(1, silent), repeat(1, sparse)), []int{3}},
		{"too sparse to tell", "gateway_latency: p(95)>2500 for 3s", join(repeat(1, sparse), repeat(2, silent)), nil},
		{"errors", "http_req_failed: rate>0.4 for 2s", repeat(3, fast), []int{2, 3}},
		{"a count looks at the sum", "http_reqs: count>250 for 3s", repeat(3, fast), []int{3}},
		{"a rate per second", "http_reqs: rate>99 for 2s", repeat(2, fast), []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule, err := ParseStopRule(load.Registry(), c.rule)
			if err != nil {
				t.Fatal(err)
			}
			w := NewStopRuleEvaluator(rule)
			var fired []int
			for i, obs := range c.seconds {
				if v, fires := w.Observe(obs); fires {
					fired = append(fired, i+1)
					if v.State != Pass || v.Objective != rule.Condition {
						t.Errorf("fires with %+v", v)
					}
				}
			}
			if len(fired) != len(c.firesAt) {
				t.Fatalf("fires at %v, want %v", fired, c.firesAt)
			}
			for i := range fired {
				if fired[i] != c.firesAt[i] {
					t.Fatalf("fires at %v, want %v", fired, c.firesAt)
				}
			}
		})
	}
}

// The first window of a run is a part of a second, and does not count as one.
func TestStopRuleWaitsForItsWholeTime(t *testing.T) {
	w := NewStopRuleEvaluator(StopRule{Condition: Objective{Metric: "gateway_latency", Aggregate: "p(95)", Operator: ">", Bound: 2500}, For: 2 * time.Second})
	first := second(3000, 200)
	first.Window.Length = 300 * time.Millisecond
	for i, obs := range []metric.Observation{first, second(3000, 200), second(3000, 200)} {
		if _, fires := w.Observe(obs); fires != (i == 2) {
			t.Errorf("window %d: fires %v", i, fires)
		}
	}
}

func TestStopRuleEvaluatorReset(t *testing.T) {
	w := NewStopRuleEvaluator(StopRule{Condition: Objective{Metric: "gateway_latency", Aggregate: "p(95)", Operator: ">", Bound: 2500}, For: 2 * time.Second})
	w.Observe(second(3000, 200))
	w.Observe(second(3000, 200))
	w.Reset()
	if _, fires := w.Observe(second(3000, 200)); fires {
		t.Error("fires one second after a reset")
	}
	if v, fires := w.Observe(second(3000, 200)); !fires || v.Samples != 400 {
		t.Errorf("fires %v with %d samples, want 400", fires, v.Samples)
	}
}

// The value of a rule over many seconds is that of the merged histogram, not an average.
func TestStopRuleEvaluatorMerges(t *testing.T) {
	rule := StopRule{Condition: Objective{Metric: "gateway_latency", Aggregate: "p(95)", Operator: ">", Bound: 1}, For: 3 * time.Second}
	w, merged := NewStopRuleEvaluator(rule), metric.NewHistogram()
	var v Result
	for i, ms := range []int64{10, 500, 9000} {
		obs := second(ms, int64(100*(i+1)))
		merged.Merge(obs.Latency[load.Webchat])
		v, _ = w.Observe(obs)
	}
	if want := millis(merged.ValueAtPercentile(95)); v.Value != want {
		t.Errorf("p95 %v, want %v", v.Value, want)
	}
}

func FuzzObjective(f *testing.F) {
	for _, o := range DefaultObjectives() {
		f.Add(o.String())
	}
	f.Add("gateway_latency{channel:webchat}: p(99.9) >= 1e3")
	f.Add("checks: rate === 1")
	f.Add("gateway_latency: p(0.00001)<0.1")
	f.Fuzz(func(t *testing.T, line string) {
		o, err := ParseObjective(load.Registry(), line)
		if err != nil {
			return
		}
		if again, err := ParseObjective(load.Registry(), o.String()); err != nil || again != o {
			t.Fatalf("%q is read as %s, and that as %s (%v)", line, o, again, err)
		}
		for _, n := range []int64{1, 20, 1000} {
			if v := o.Evaluate(totals(1, map[int64]int64{1: n})); v.State > Fail {
				t.Fatalf("%s: state %d", o, v.State)
			}
		}
	})
}

func FuzzStopRule(f *testing.F) {
	f.Add("gateway_latency: p(95)>2500 for 10s")
	f.Add("http_reqs: count>10 for 1m30s")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := ParseStopRule(load.Registry(), line)
		if err != nil {
			return
		}
		if again, err := ParseStopRule(load.Registry(), r.String()); err != nil || again != r {
			t.Fatalf("%q is read as %s, and that as %s (%v)", line, r, again, err)
		}
	})
}

// A latency is written as everywhere, and in full where three digits would not tell on which side of the bound it is.
func TestValueText(t *testing.T) {
	o := Objective{Metric: "gateway_latency", Aggregate: "p(95)", Operator: "<", Bound: 1500}
	for value, want := range map[float64]string{3182.6: "3.18 s", 259.5: "260 ms", 0.4213: "421 µs", 1500.4: "1,500.40 ms", 1499.6: "1,499.60 ms", 1490: "1,490.00 ms", 1480: "1.48 s"} {
		if got := (Result{Objective: o, Value: value}).ValueText(); got != want {
			t.Errorf("%v is written %q, want %q", value, got, want)
		}
	}
}
