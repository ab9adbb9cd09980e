package load

// Objective is one service-level objective in k6's threshold syntax: a metric, perhaps narrowed
// to a channel, an aggregation, a comparison and a bound.
type Objective struct {
	Metric    string  // gateway_latency, http_req_failed, ..
	Channel   string  // "" for all: gateway_latency{channel:webchat}
	Aggregate string  // p(95), avg, med, min, max, count, rate
	Operator  string  // <, <=, >, >=, ==, !=
	Bound     float64 // milliseconds for latencies, 0 to 1 for rates
}

// State of an objective. Too few samples is neither a pass nor a failure.
type State uint8

// The three answers.
const (
	Unknown State = iota
	Pass
	Fail
)

// String is the state's word on screen and in reports.
func (s State) String() string { return [...]string{"unknown", "pass", "fail"}[s] }

// Verdict is an objective held against what was measured.
type Verdict struct {
	Objective Objective
	State     State
	Value     float64 // in the bound's unit; meaningless when Unknown
	Samples   uint64
	Reason    string // why Unknown; "" otherwise
}
