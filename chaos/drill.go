package chaos

import (
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// The drills, by the id of their fault.
const (
	LLMLatency     = "llm_latency"
	RedisOutage    = "redis_outage"
	QdrantThrottle = "qdrant_throttle"
)

// Drill is a fault of the performance plan, described once. Drivers offer the ways to carry it out, and [Combine]
// makes one fault of them.
type Drill struct {
	ID      string
	Title   string
	Summary string
	Shared  []Param // parameters that mean the same in every way; the time-to-live is among them
	Expect  []Expectation
}

// drills are in the order of their keys.
var drills = []Drill{
	{
		ID: LLMLatency, Title: "LLM latency",
		Summary: "Makes the language model's provider slow, or lets its connections fail.",
		Shared:  []Param{TTLParam(10*time.Minute, "UPTIME_SECONDS")},
		Expect: []Expectation{
			{Signal: event.CounterIncreases, Name: "llm_fallbacks_total", Text: "the fallback model answers"},
			{Signal: event.AlertFires, Name: "HighLatencyLLM", Text: "alert HighLatencyLLM fires"},
			recovers,
		},
	},
	{
		ID: RedisOutage, Title: "Redis outage",
		Summary: "Takes Redis away: its connections are refused, hang or are slow, or its pods are removed.",
		Shared:  []Param{TTLParam(2*time.Minute, "DISRUPTION_SECONDS")},
		Expect: []Expectation{
			{Signal: event.AlertFires, Name: "GatewayHealthCheckFailed", Text: "alert GatewayHealthCheckFailed fires"},
			{Signal: event.MetricBelow, Name: "automation_queue_depth", Bound: 50, Text: "automation queue depth stays below 50"},
			{Signal: event.CounterIncreases, Name: "stream_replayed_total", Text: "held messages are replayed"},
			recovers,
		},
	},
	{
		ID: QdrantThrottle, Title: "Qdrant throttle",
		Summary: "Delays the answers of the vector store, limits its bandwidth or loses its packets, or scales it down.",
		Shared: []Param{
			TTLParam(5*time.Minute, "DURATION_SECONDS"),
			{Name: "latency", Label: "Latency", Type: Duration, Default: "800ms", Max: 60, Live: true, Help: "of every answer; 0s for none", Env: "LATENCY_MS", EnvUnit: "ms"},
			{Name: "rate", Label: "Rate", Type: Whole, Default: "0", Max: 1 << 20, Unit: "KB/s", Live: true, Help: "most that each connection or pod sends; 0 for no limit"},
		},
		Expect: []Expectation{
			{Signal: event.CounterIncreases, Name: "ingestion_retries_total", Text: "ingestion is retried"},
			{Signal: event.LatencyRises, Text: "API latency rises"},
			{Signal: event.AlertFires, Name: "IngestionLagHigh", Within: time.Minute, Text: "alert IngestionLagHigh fires within 1 min"},
			recovers,
		},
	},
}

// RecoveryGoal is the platform's own: objectives are green again two minutes after a drill.
const RecoveryGoal = 2 * time.Minute

var recovers = RecoversWithin(RecoveryGoal)

// RecoversWithin expects that objectives are green again so soon after the revert.
func RecoversWithin(goal time.Duration) Expectation {
	return Expectation{Signal: event.Recovers, Within: goal, Text: "recovers within " + units.Duration(goal)}
}

// DrillOf returns the drill of an id.
func DrillOf(id string) Drill {
	return drills[slices.IndexFunc(drills, func(d Drill) bool { return d.ID == id })]
}

// Param returns a shared parameter, which matters when the condition holds ("" for always).
func (d Drill) Param(name, when string) Param {
	p := d.Shared[slices.IndexFunc(d.Shared, func(p Param) bool { return p.Name == name })]
	p.When = when
	return p
}

// Info describes the drill as one driver carries it out.
func (d Drill) Info(driver string, params ...Param) Info {
	return Info{ID: d.ID, Title: d.Title, Summary: d.Summary, Driver: driver, Params: params, Expect: d.Expect}
}

// rank orders faults by their keys: the drills first.
func rank(f Fault) int {
	id := f.Info().ID
	if i := slices.IndexFunc(drills, func(d Drill) bool { return d.ID == id }); i >= 0 {
		return i
	}
	return len(drills)
}
