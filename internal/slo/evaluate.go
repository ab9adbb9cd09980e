package slo

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/load/metric"
)

// How many samples a verdict needs.
//
// A percentile or a share is a question about a proportion: p(95)<1500 holds when fewer than 5 %
// of all requests take 1500 ms or more. With enough samples the measured value answers. "Enough"
// is the usual rule that at least five samples are expected on either side of the proportion
// (n·p >= 5; Cochran, Sampling Techniques, 3rd ed., section 3.6; Conover, Practical Nonparametric
// Statistics): 100 for p(95), 500 for p(99), 10 for the median, 500 for rate<0.01.
//
// With fewer, the verdict is given only when it would be wrong less than one time in twenty: when
// the exact one-sided binomial bound (Clopper and Pearson, Biometrika 26, 1934) lies on the same
// side. So 59 requests, none of them slow, pass p(95)<1500 (Wilks's number), and 2 slow ones of 3
// fail it. Everything else is Unknown.
const (
	expectedEachSide = 5
	significance     = 0.05
	// fewestForMean is the usual least size for an average to be taken at its word.
	fewestForMean = 30
)

// Evaluate holds the objective against what was measured.
func (o Objective) Evaluate(m MetricSource) Result {
	switch kindOf(o.Metric) {
	case share:
		return o.judgeShare(m)
	case counter:
		return o.judgeCounter(m)
	default:
		return o.judgeTrend(m.Trend(o.Metric, o.Channel))
	}
}

func (o Objective) judgeTrend(h *hdr.Histogram) Result {
	if h == nil || h.TotalCount() == 0 {
		return o.unknown(0, 0, "nothing was measured")
	}
	n := uint64(h.TotalCount())
	if p, ok := o.Percentile(); ok && p > 0 && p < 100 {
		value := millis(metric.Percentile(h, p))
		beyond := func() uint64 { return countBeyond(h, o.Operator, o.Bound) }
		return o.judgeProportion(value, beyond, n, (100-p)/100)
	}
	switch o.Aggregate {
	case "avg":
		v := metric.Mean(h) / microsPerMilli
		if n < fewestForMean {
			return o.unknown(v, n, tooFew(n, fewestForMean))
		}
		return o.decide(v, n)
	case "min", "p(0)":
		return o.decide(millis(metric.Least(h)), n)
	case "max", "p(100)":
		return o.decide(millis(metric.Percentile(h, 100)), n)
	default: // count
		return o.decide(float64(n), n)
	}
}

func (o Objective) judgeShare(m MetricSource) Result {
	hits, total := m.Rate(o.Metric, o.Channel)
	if total == 0 {
		return o.unknown(0, 0, "nothing was measured")
	}
	value := float64(hits) / float64(total)
	if o.Bound <= 0 || o.Bound >= 1 {
		return o.decide(value, total)
	}
	return o.judgeProportion(value, func() uint64 { return hits }, total, o.Bound)
}

func (o Objective) judgeCounter(m MetricSource) Result {
	count, seconds := m.Counter(o.Metric, o.Channel)
	if seconds <= 0 {
		return o.unknown(0, 0, "nothing was measured")
	}
	value := float64(count)
	if o.Aggregate == "rate" {
		value /= seconds
	}
	result := o.decide(value, count)
	if result.State == Pass && o.Metric == droppedIterations && m.Trend("http_req_duration", "") == nil {
		// Where every connection is refused at once nobody is ever busy, and no send can be missed.
		return o.unknown(value, count, "no request was answered, so that sending was never put to the test")
	}
	return result
}

// judgeProportion decides whether fewer than limit of all are beyond the bound, given that
// beyond() of n samples are. value is the objective's measured value. beyond is asked only when
// there are few samples.
func (o Objective) judgeProportion(value float64, beyond func() uint64, n uint64, limit float64) Result {
	// The subtraction of a millionth forgives 5/0.1's last binary digit.
	needed := uint64(math.Ceil(expectedEachSide/min(limit, 1-limit) - 1e-6))
	if n >= needed {
		return o.decide(value, n)
	}
	below, above := Pass, Fail
	switch o.Operator {
	case ">", ">=":
		below, above = Fail, Pass
	case "==", "!=":
		return o.unknown(value, n, tooFew(n, needed))
	}
	k := beyond()
	switch {
	case atMost(k, n, limit) < significance:
		return Result{Objective: o, State: below, Value: value, Samples: n}
	case k > 0 && 1-atMost(k-1, n, limit) < significance:
		return Result{Objective: o, State: above, Value: value, Samples: n}
	}
	return o.unknown(value, n, tooFew(n, needed))
}

// countBeyond counts the samples that are on the high side of the bound. A sample that equals the
// bound is beyond it for < and >=, which ask for less than the bound or its opposite.
func countBeyond(h *hdr.Histogram, operator string, bound float64) (n uint64) {
	equal := operator == "<" || operator == ">="
	for _, bar := range h.Distribution() {
		v := millis(bar.To)
		if v > bound || equal && v == bound {
			n += uint64(bar.Count)
		}
	}
	return n
}

// atMost is the probability that at most k of n independent samples are hits, when each is one
// with probability p: the binomial distribution function.
func atMost(k, n uint64, p float64) float64 {
	if k >= n {
		return 1
	}
	var sum float64
	odds := math.Log(p) - math.Log1p(-p)
	log := float64(n) * math.Log1p(-p) // of the probability of exactly i hits
	for i := range k + 1 {
		sum += math.Exp(log)
		log += odds + math.Log(float64(n-i)) - math.Log(float64(i+1))
	}
	return min(sum, 1)
}

// Percentile is the N of p(N), and 50 for med; ok is false for the other aggregations.
func (o Objective) Percentile() (p float64, ok bool) {
	if o.Aggregate == "med" {
		return 50, true
	}
	text, found := strings.CutPrefix(o.Aggregate, "p(")
	if !found {
		return 0, false
	}
	p, err := strconv.ParseFloat(strings.TrimSuffix(text, ")"), 64)
	return p, err == nil
}

// decide compares a value that can be trusted.
func (o Objective) decide(value float64, samples uint64) Result {
	v := Result{Objective: o, State: Fail, Value: value, Samples: samples}
	if holds(value, o.Operator, o.Bound) {
		v.State = Pass
	}
	return v
}

func (o Objective) unknown(value float64, samples uint64, reason string) Result {
	return Result{Objective: o, State: Unknown, Value: value, Samples: samples, Reason: reason}
}

func tooFew(have, need uint64) string {
	if have == 1 {
		return fmt.Sprintf("only 1 sample, %d needed", need)
	}
	return fmt.Sprintf("only %d samples, %d needed", have, need)
}

func holds(value float64, operator string, bound float64) bool {
	switch operator {
	case "<":
		return value < bound
	case "<=":
		return value <= bound
	case ">":
		return value > bound
	case ">=":
		return value >= bound
	case "==":
		return value == bound
	case "!=":
		return value != bound
	}
	return false
}

const microsPerMilli = 1000

// millis turns a value of a histogram into milliseconds.
func millis(micros int64) float64 { return float64(micros) / microsPerMilli }
