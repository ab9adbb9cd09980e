package report

import (
	"cmp"
	"strings"
)

// k6Kind is what k6 knows of a metric: its type, and what its values are.
type k6Kind struct{ Type, Contains string }

// k6Kinds are the metrics that are no trend of times.
var k6Kinds = map[string]k6Kind{
	"http_reqs":              {"counter", "default"},
	"iterations":             {"counter", "default"},
	"dropped_iterations":     {"counter", "default"},
	"chaos_events_triggered": {"counter", "default"},
	"data_sent":              {"counter", "data"},
	"data_received":          {"counter", "data"},
	"vus":                    {"gauge", "default"},
	"vus_max":                {"gauge", "default"},
	"http_req_failed":        {"rate", "default"},
	"perf_errors":            {"rate", "default"},
	"checks":                 {"rate", "default"},
}

// k6KindOf is the kind of a metric, perhaps narrowed as in gateway_latency{channel:webchat}.
func k6KindOf(name string) k6Kind {
	base, _, _ := strings.Cut(name, "{")
	return cmp.Or(k6Kinds[base], k6Kind{"trend", "time"})
}
