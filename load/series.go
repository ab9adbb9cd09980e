package load

import "fmt"

// Flow is one kind of request. Its value indexes [Window.Flows].
type Flow uint8

// The flows of a run.
const (
	Gateway    Flow = iota // signed webhook messages
	Ingestion              // knowledge uploads through the admin API
	Automation             // automation triggers (dry runs) through the admin API
	Rules                  // pausing and resuming automation rules
	Knowledge              // the older upload, POST /v1/brands/{id}/knowledge
	NumFlows   = iota
)

// flowRow describes a flow: its name, and the custom metric of the k6 script that its latency
// belongs to ("" when it belongs to none and shows only in http_req_duration).
type flowRow struct{ name, metric string }

func flowTable() [NumFlows]flowRow {
	return [NumFlows]flowRow{
		Gateway:    {"gateway", "gateway_latency"},
		Ingestion:  {"ingestion", "orchestrator_latency"},
		Automation: {"automation", "automation_latency"},
		Rules:      {"rules", ""},
		Knowledge:  {"knowledge", "orchestrator_latency"},
	}
}

// String is the flow's name in reports and on screen.
func (f Flow) String() string {
	if int(f) >= NumFlows {
		return fmt.Sprintf("flow %d", uint8(f))
	}
	return flowTable()[f].name
}

// Metric is the custom latency metric that the flow is counted in, or "".
func (f Flow) Metric() string { return flowTable()[f].metric }

// Series is what one histogram measures: a flow, and within it a channel or a kind of call.
type Series struct {
	Flow    Flow
	Channel string // webchat.. for the gateway; webhook, crm, email for automation; upload; pause, resume
}

// String is the series' tag in latency.hlog and its name in reports, such as "gateway/webchat".
func (s Series) String() string { return s.Flow.String() + "/" + s.Channel }

// SeriesID indexes the series table.
type SeriesID uint8

// NumSeries is the length of the series table.
const NumSeries = NumChannels + 7

// The series after the gateway's; the gateway's series of channel c is SeriesID(c).
const (
	SeriesUpload SeriesID = NumChannels + iota
	SeriesWebhook
	SeriesCRM
	SeriesEmail
	SeriesPause
	SeriesResume
	SeriesKnowledge
)

// AllSeries returns the series table, indexed by [SeriesID].
func AllSeries() [NumSeries]Series {
	var all [NumSeries]Series
	for c, spec := range Channels() {
		all[c] = Series{Gateway, spec.Name}
	}
	all[SeriesUpload] = Series{Ingestion, "upload"}
	all[SeriesWebhook] = Series{Automation, "webhook"}
	all[SeriesCRM] = Series{Automation, "crm"}
	all[SeriesEmail] = Series{Automation, "email"}
	all[SeriesPause] = Series{Rules, "pause"}
	all[SeriesResume] = Series{Rules, "resume"}
	all[SeriesKnowledge] = Series{Knowledge, "upload"}
	return all
}

// ParseSeries finds a series by its tag.
func ParseSeries(tag string) (SeriesID, error) {
	for id, s := range AllSeries() {
		if s.String() == tag {
			return SeriesID(id), nil
		}
	}
	return 0, fmt.Errorf("unknown series %q", tag)
}
