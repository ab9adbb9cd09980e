package evidence

import "time"

// Unit is what the values of a panel are.
type Unit string

// The units.
const (
	Seconds      Unit = "s"
	Milliseconds Unit = "ms"
	PerSecond    Unit = "/s"
	Percent      Unit = "%"
	Ratio        Unit = "ratio" // 1 is all
	Bytes        Unit = "B"
	Count        Unit = "" // of what the title says
)

// Panel is one chart of the platform's own metrics: a query that is asked again and again.
type Panel struct {
	Name   string // of letters, digits and underscores; it stands in names of files
	Title  string // for people
	Unit   Unit
	Query  string        // PromQL; an instant vector or a scalar
	Window time.Duration // that a value of the query looks back over, such as the 5 min of a rate; 0: it is of a moment
	Counts bool          // the query gives a counter as it stands: what says something is its growth
	Derive Derivation    // the same from a service's /metrics; its zero value: there is none
	Lines  []Line
	Needed string // what asked for it, for people; "": the performance plan
}

// Line is a value that matters on a panel.
type Line struct {
	Value float64
	Text  string // what it is: "target"
}

// Derivation is how a panel's values follow from what a service shows at /metrics, where no Prometheus is.
type Derivation struct {
	Kind     DerivationKind
	Metric   string        // the name, of a histogram without _bucket
	Match    Labels        // that a series must have
	Quantile float64       // of Quantile: 0.95
	Window   time.Duration // of Quantile, Rate and Highest; in the first one of a run it is the time since its beginning
}

// DerivationKind is a way to derive.
type DerivationKind uint8

// The kinds.
const (
	NotDerived DerivationKind = iota
	Each                      // every series as it is
	Highest                   // the highest value of every series within the window
	Rate                      // growth of counters within the window, per second, all series added
	Quantile                  // of the observations within the window, the histograms of all series added
)

// panels are those of the performance plan. Their queries are the team's own, to the letter.
var panels = []Panel{
	{
		Name: "api_latency_p95", Title: "API latency p95", Unit: Seconds,
		Query:  `histogram_quantile(0.95, sum(rate(http_request_latency_seconds_bucket{service="orchestrator"}[5m])) by (le))`,
		Derive: Derivation{Kind: Quantile, Metric: "http_request_latency_seconds", Match: Labels{"service": "orchestrator"}, Quantile: 0.95, Window: 5 * time.Minute},
		Lines:  []Line{{1.2, "target"}, {1.5, "page"}},
	},
	{
		Name: "gateway_request_rate", Title: "Gateway request rate", Unit: PerSecond,
		Query:  `sum(rate(http_requests_total{service="channel_gateway"}[1m]))`,
		Derive: Derivation{Kind: Rate, Metric: "http_requests_total", Match: Labels{"service": "channel_gateway"}, Window: time.Minute},
	},
	{
		Name: "ingestion_lag", Title: "Ingestion lag, jobs", Unit: Count,
		Query:  `max_over_time(ingestion_jobs_inflight[30m])`,
		Derive: Derivation{Kind: Highest, Metric: "ingestion_jobs_inflight", Window: 30 * time.Minute},
	},
	{
		Name: "automation_queue_depth", Title: "Automation queue depth", Unit: Count,
		Query:  `automation_queue_depth`,
		Derive: Derivation{Kind: Each, Metric: "automation_queue_depth"},
		Lines:  []Line{{50, "page"}},
	},
}

// Panels are the four of the performance plan.
func Panels() []Panel { return append([]Panel(nil), panels...) }

// MetricPanel shows every series of a metric as it is, such as one that an expectation looks at.
func MetricPanel(metric string) Panel {
	return Panel{Name: metric, Title: metric, Unit: Count, Query: metric, Derive: Derivation{Kind: Each, Metric: metric}}
}
