package report

import (
	"crypto/md5" //nolint:gosec // k6 names groups and checks by MD5; nothing is protected by it
	"encoding/hex"
	"encoding/json"
	"io"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// perf-summary.json has the shape of k6's --summary-export (k6 v1 and v2): flat metrics, trend
// values in milliseconds, thresholds as booleans of which true means failed, checks and groups as
// maps.
//
// A threshold is true, crossed, exactly when it counts against the run: when its objective failed, or
// could not be judged and was asked for. So a reader of the file comes to the answer of the exit code.
// A metric without samples has its thresholds but no values, never zeros.

type (
	k6Summary struct {
		RootGroup k6Group             `json:"root_group"`
		Metrics   map[string]k6Metric `json:"metrics"`
	}
	k6Group struct {
		Name   string             `json:"name"`
		Path   string             `json:"path"`
		ID     string             `json:"id"`
		Groups map[string]k6Group `json:"groups"`
		Checks map[string]k6Check `json:"checks"`
	}
	k6Check struct {
		Name   string `json:"name"`
		Path   string `json:"path"`
		ID     string `json:"id"`
		Passes uint64 `json:"passes"`
		Fails  uint64 `json:"fails"`
	}
	// k6Metric holds numbers by the names of k6's aggregations, and perhaps "thresholds".
	k6Metric map[string]any
)

// writeK6Summary writes the run as k6 would have exported it.
func writeK6Summary(w io.Writer, run *Run) error {
	doc := k6Summary{RootGroup: k6RootGroup(run.totals.Checks), Metrics: k6Metrics(run)}
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false) // thresholds are full of < and >
	to.SetIndent("", "    ")
	return to.Encode(doc)
}

func k6RootGroup(checks []metric.Check) k6Group {
	root := k6Group{ID: k6ID(""), Groups: map[string]k6Group{}, Checks: map[string]k6Check{}}
	for _, c := range checks {
		path := "::" + c.Name
		root.Checks[c.Name] = k6Check{c.Name, path, k6ID(path), c.Passes, c.Fails}
	}
	return root
}

// k6ID is k6's identity of a group or check: the MD5 of its path.
func k6ID(path string) string {
	sum := md5.Sum([]byte(path)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// k6Metrics holds what was really measured, and the objectives.
func k6Metrics(run *Run) map[string]k6Metric {
	metrics := map[string]k6Metric{}
	for _, name := range []string{"gateway_latency", "orchestrator_latency", "automation_latency", "http_req_duration"} {
		if h := run.totals.Trend(name, ""); h != nil {
			metrics[name] = k6Trend(h)
		}
	}
	if failed, total := run.totals.Rate("http_req_failed", ""); total > 0 {
		metrics["http_req_failed"] = k6Rate(failed, total)
		metrics["http_reqs"] = k6Counter(total, run.totals.Seconds)
		metrics["perf_errors"] = k6Rate(failed, total)
	}
	k6Trends(metrics, run)
	if n := run.flowCounts(load.Gateway).Count; n > 0 {
		metrics["iterations"] = k6Counter(n, run.totals.Seconds)
	}
	if run.sent > 0 {
		metrics["data_sent"] = k6Counter(run.sent, run.totals.Seconds)
		metrics["data_received"] = k6Counter(run.received, run.totals.Seconds)
	}
	if held, total := run.totals.Rate("checks", ""); total > 0 {
		metrics["checks"] = k6Rate(held, total)
	}
	if run.totals.Seconds > 0 {
		metrics["chaos_events_triggered"] = k6Counter(run.totals.Chaos, run.totals.Seconds)
		metrics["vus"] = k6Gauge(run.vus)
		metrics["vus_max"] = k6Gauge(run.wanted)
	}
	if run.open {
		metrics["dropped_iterations"] = k6Counter(run.totals.Missed, run.totals.Seconds)
	}
	for _, v := range run.verdict.Run.Objectives {
		k6Threshold(metrics, run, v)
	}
	return metrics
}

// k6Trends adds the parts of requests, and the latency of those that were answered as expected.
func k6Trends(metrics map[string]k6Metric, run *Run) {
	answered := run.trends[metric.Waiting]
	for t := range metric.Unexpected {
		h := run.trends[t]
		if t.Seldom() && answered != nil {
			h = withZeros(h, answered.TotalCount())
		}
		if h != nil {
			metrics[t.Metric()] = k6Trend(h)
		}
	}
	if all := run.totals.Trend("http_req_duration", ""); all != nil {
		if h := without(all, run.trends[metric.Unexpected]); h.TotalCount() > 0 {
			metrics["http_req_duration{expected_response:true}"] = k6Trend(h)
		}
	}
}

// withZeros is a histogram with as many zeros added that it has the given count.
func withZeros(h *hdr.Histogram, count int64) *hdr.Histogram {
	sum := metric.NewHistogram()
	if h != nil {
		sum.Merge(h)
	}
	_ = sum.RecordValues(0, max(0, count-sum.TotalCount())) // within the bounds
	return sum
}

// without is a histogram less the values of a part of it.
func without(all, part *hdr.Histogram) *hdr.Histogram {
	if part == nil {
		return all
	}
	left := all.Export()
	for i, n := range part.Export().Counts {
		left.Counts[i] = max(0, left.Counts[i]-n)
	}
	return hdr.Import(left)
}

// k6Threshold adds an objective to its metric. A metric narrowed to a channel exists only for its
// objectives, as in k6.
func k6Threshold(metrics map[string]k6Metric, run *Run, v slo.Judged) {
	o := v.Objective
	m, ok := metrics[o.Selector()]
	if !ok {
		m = k6Submetric(run, o)
		metrics[o.Selector()] = m
	}
	thresholds, ok := m["thresholds"].(map[string]bool)
	if !ok {
		thresholds = map[string]bool{}
		m["thresholds"] = thresholds
	}
	thresholds[o.Expression()] = run.verdict.Crossed(v)
}

func k6Submetric(run *Run, o slo.Objective) k6Metric {
	if n, seconds := run.totals.Counter(o.Metric, o.Channel); seconds > 0 {
		return k6Counter(n, seconds)
	}
	if o.Share() {
		if hits, total := run.totals.Rate(o.Metric, o.Channel); total > 0 {
			return k6Rate(hits, total)
		}
		return k6Metric{}
	}
	if h := run.totals.Trend(o.Metric, o.Channel); h != nil {
		return k6Trend(h)
	}
	return k6Metric{}
}

func k6Trend(h *hdr.Histogram) k6Metric {
	at := func(p float64) float64 { return float64(metric.Percentile(h, p)) / 1000 }
	return k6Metric{
		"avg": metric.Mean(h) / 1000, "min": at(0), "med": at(50), "max": at(100),
		"p(90)": at(90), "p(95)": at(95), "p(99)": at(99), "count": h.TotalCount(),
	}
}

// k6Rate counts hits as passes, as k6 does, whatever a hit means: for http_req_failed they are
// the failed requests.
func k6Rate(hits, total uint64) k6Metric {
	return k6Metric{"value": float64(hits) / float64(total), "passes": hits, "fails": total - hits}
}

func k6Counter(n uint64, seconds float64) k6Metric {
	return k6Metric{"count": n, "rate": float64(n) / seconds}
}

func k6Gauge(l levels) k6Metric { return k6Metric{"value": l.last, "min": l.low, "max": l.high} }
