package scrape

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

// script plays readings: each is what the targets show, a second after the other.
type script struct {
	t    *testing.T
	r    *reading
	sink *evidencetest.Sink
	at   int
}

const origin = 1_800_000_000

func newScript(t *testing.T, panel evidence.Panel, targets ...string) *script {
	sink := &evidencetest.Sink{}
	if targets == nil {
		targets = []string{"a"}
	}
	return &script{t: t, r: newReading(targets, []evidence.Panel{panel}, sink), sink: sink}
}

// page is a text page of a process that was born so many seconds after the origin; "" for no answer.
func (s *script) page(born float64, lines ...string) answer {
	body := strings.Join(lines, "\n") + "\n"
	if !math.IsNaN(born) {
		body += fmt.Sprintf("process_start_time_seconds %.3f\n", origin+born)
	}
	header := http.Header{"Content-Type": {text}, "Date": {time.Unix(int64(origin+s.at), 0).UTC().Format(http.TimeFormat)}}
	p, err := parsePage(header, []byte(body))
	return answer{p, err}
}

func (s *script) read(answers ...answer) {
	all := map[string]answer{}
	for i, target := range s.r.targets {
		all[target] = answers[i]
	}
	s.r.take(time.Unix(int64(origin+s.at), 0), all)
	s.at++
}

// count reads a counter's value of a process.
func (s *script) count(born float64, value int) {
	s.read(s.page(born, fmt.Sprintf("x_total %d", value)))
}

var failed = answer{err: &evidence.Problem{Cause: evidence.Unreachable, Detail: "refused"}}

// told is what the panel showed: values at seconds, and gaps.
func (s *script) told() string {
	var all []string
	for _, x := range s.sink.Samples("p") {
		label := strings.Trim(x.Labels.String(), "{}")
		if label != "" {
			label += ":"
		}
		all = append(all, fmt.Sprintf("%d=%s%v", x.At.Unix()-origin, label, x.Value))
	}
	for _, g := range s.sink.Gaps("p") {
		if g.Until.IsZero() {
			all = append(all, fmt.Sprintf("%s from %d", g.Cause, g.From.Unix()-origin))
		} else {
			all = append(all, fmt.Sprintf("until %d", g.Until.Unix()-origin))
		}
	}
	return strings.Join(all, ", ")
}

func (s *script) expect(want string) {
	s.t.Helper()
	if got := s.told(); got != want {
		s.t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

var ratePanel = evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Rate, Metric: "x_total", Window: 2 * time.Second}}

var unknown = math.NaN()

func TestRate(t *testing.T) {
	s := newScript(t, ratePanel)
	for _, v := range []int{100, 110, 120, 150} {
		s.count(-1000, v)
	}
	s.expect("1=10, 2=10, 3=20, too_few_samples from 0, until 1")
}

// A series that appears while a process runs has begun at zero.
func TestANewSeries(t *testing.T) {
	s := newScript(t, ratePanel)
	s.read(s.page(-9, `x_total{a="1"} 100`))
	s.read(s.page(-9, `x_total{a="1"} 100`, `x_total{a="2"} 5`))
	s.expect("1=5, too_few_samples from 0, until 1")
}

func TestARestart(t *testing.T) {
	s := newScript(t, ratePanel)
	s.count(-1000, 100)
	s.count(-1000, 110)
	s.count(1.5, 500) // higher than before, and yet another count
	s.count(1.5, 504)
	s.expect("1=10, 3=4, too_few_samples from 0, until 1, too_few_samples from 2, until 3")
}

// Two processes behind one address are known by the first answer of the second: it was there all the time.
func TestTwoProcesses(t *testing.T) {
	s := newScript(t, ratePanel)
	s.count(-1000, 100)
	s.count(-1000, 110)
	s.count(-900, 9000)
	s.count(-1000, 120)
	s.count(-900, 9010)
	s.expect("1=10, too_few_samples from 0, until 1, several_processes from 0")
	for i := range soleReadings + 2 { // the other goes away
		s.count(-900, 9020+i)
	}
	if got := s.told(); !strings.Contains(got, "several_processes from 0, too_few_samples from 34, until 35") || !strings.Contains(got, ", 35=1,") {
		t.Errorf("told %s", got)
	}
}

// A service without a counter does not say when it began to count; its first counter does.
func TestTheFirstCounter(t *testing.T) {
	s := newScript(t, ratePanel)
	s.read(s.page(unknown, "y 1"))
	s.read(s.page(1, "x_total 5"))
	s.count(1, 7)
	s.expect("2=2, no_series from 0, too_few_samples from 1, until 2")
}

// Where nobody says who answers, a counter that falls gives no number until it is clear what that was.
func TestAFallWithoutAName(t *testing.T) {
	s := newScript(t, ratePanel)
	for _, v := range []int{100, 110, 3, 4, 5, 6, 7, 9} {
		s.count(unknown, v)
	}
	s.expect("1=10, 7=2, too_few_samples from 0, until 1, counter_reset from 2, too_few_samples from 6, until 7")
}

func TestTwoProcessesWithoutNames(t *testing.T) {
	s := newScript(t, ratePanel)
	for _, v := range []int{100, 110, 50, 120, 60, 130, 70} {
		s.count(unknown, v)
	}
	s.expect("1=10, too_few_samples from 0, until 1, counter_reset from 2, several_processes from 0")
}

// A target that is away leaves a gap, and its growth meanwhile is spread over the time it took.
func TestATargetGoesAway(t *testing.T) {
	s := newScript(t, ratePanel)
	s.count(-1, 100)
	s.count(-1, 110)
	s.read(failed)
	s.count(-1, 130)
	s.expect("1=10, 3=10, too_few_samples from 0, until 1, unreachable from 2, until 3")
}

// What two targets give is added; without one of them there is no number, and not half of one.
func TestTwoTargets(t *testing.T) {
	s := newScript(t, ratePanel, "a", "b")
	both := func(a, b int) {
		s.read(s.page(-1, fmt.Sprintf("x_total %d", a)), s.page(-2, fmt.Sprintf("x_total %d", b)))
	}
	both(100, 1000)
	both(101, 1010)
	s.read(s.page(-1, "x_total 102"), failed)
	both(103, 1030)
	s.expect("1=11, 3=11, too_few_samples from 0, until 1, unreachable from 2, until 3")
}

// A target that never had the metric is not missed.
func TestATargetThatDoesNotMatter(t *testing.T) {
	s := newScript(t, ratePanel, "a", "b")
	s.read(s.page(-1, "x_total 1"), failed)
	s.read(s.page(-1, "x_total 2"), failed)
	s.expect("1=1, too_few_samples from 0, until 1")
}

func TestNobodyHasTheMetric(t *testing.T) {
	s := newScript(t, ratePanel, "a", "b")
	s.read(s.page(-1, "y 1"), s.page(-1, "y 1"))
	s.read(s.page(-1, "y 1"), failed) // it may be that one's
	s.expect("no_series from 0, unreachable from 1")
}

func TestGauges(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Each, Metric: "x"}})
	s.read(s.page(-1, `x{tenant_id="1"} 3`, `x{tenant_id="2"} NaN`))
	s.read(s.page(-1, `x{tenant_id="1"} 3`, `x{tenant_id="2"} 4`))
	s.read(s.page(-1, `x{quantile="0.5"} 3`, `x{quantile="0.9"} NaN`)) // of nothing
	s.read(s.page(-1, `x{tenant_id="2"} +Inf`))
	s.read(s.page(-1, `y 1`))
	s.expect(`0=tenant_id="1":3, 1=tenant_id="1":3, 1=tenant_id="2":4, 2=quantile="0.5":3, partly_not_a_number from 0, until 1, infinite from 3, no_series from 4`)
}

func TestHighestOfAWindow(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Highest, Metric: "x", Window: 2 * time.Second}})
	for _, v := range []string{"1", "5", "NaN", "2", "2"} {
		s.read(s.page(-1, "x "+v))
	}
	s.expect("0=1, 1=5, 2=5, 3=5, 4=2")
}

// Gauges of two targets with the same labels are told apart.
func TestGaugesOfTwoTargets(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Each, Metric: "x"}}, "a", "b")
	s.read(s.page(-1, "x 1"), s.page(-1, "x 2"))
	s.expect(`0=instance="a":1, 0=instance="b":2`)
}

func TestQuantileOfAWindow(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Quantile, Metric: "x", Match: evidence.Labels{"service": "a"}, Quantile: 0.5, Window: 2 * time.Second}})
	buckets := func(first, second, all int) {
		s.read(s.page(-1, "# TYPE x histogram",
			fmt.Sprintf(`x_bucket{service="a",le="1"} %d`, first), fmt.Sprintf(`x_bucket{service="a",le="2"} %d`, second),
			fmt.Sprintf(`x_bucket{service="a",le="+Inf"} %d`, all), fmt.Sprintf(`x_count{service="a"} %d`, all), `x_sum{service="a"} 1`,
			`x_bucket{service="b",le="1"} 999999`, `x_bucket{service="b",le="+Inf"} 999999`, `x_count{service="b"} 999999`, `x_sum{service="b"} 1`))
	}
	buckets(1000, 1000, 1000) // what was before does not count
	buckets(1000, 1000, 1000)
	buckets(1010, 1010, 1010)
	buckets(1010, 1110, 1110)
	buckets(1010, 1110, 1110)
	buckets(1010, 1110, 1110)
	s.expect("2=0.5, 3=1.45, 4=1.5, too_few_samples from 0, not_a_number from 1, until 2, not_a_number from 5")
}

// A histogram with nothing but +Inf has observations and no percentile: that is why there is no number.
func TestQuantileWithoutBuckets(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Quantile, Metric: "x", Quantile: 0.5, Window: 2 * time.Second}})
	for _, n := range []int{1000, 1100, 1200} {
		s.read(s.page(-1, "# TYPE x histogram", fmt.Sprintf(`x_bucket{le="+Inf"} %d`, n), fmt.Sprintf(`x_count %d`, n), `x_sum 1`))
	}
	s.expect("too_few_samples from 0, no_buckets from 1")
}

func TestTooManySeries(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Derive: evidence.Derivation{Kind: evidence.Each, Metric: "x"}})
	var lines []string
	for i := range evidence.MaxSeries + 1 {
		lines = append(lines, fmt.Sprintf(`x{a="%d"} 1`, i))
	}
	s.read(s.page(-1, lines...))
	if got := s.sink.Samples("p"); len(got) != evidence.MaxSeries || len(s.sink.Gaps("p")) != 1 {
		t.Errorf("%d samples, %+v", len(got), s.sink.Gaps("p"))
	}
}

func TestPromQLAlone(t *testing.T) {
	s := newScript(t, evidence.Panel{Name: "p", Query: "x / y"})
	s.read(s.page(-1, "x 1"))
	s.expect("not_derivable from 0")
}
