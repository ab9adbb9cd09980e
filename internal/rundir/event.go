// Package rundir is the run directory: the one format that a session writes and a report reads.
//
//	journal.jsonl   append-only events (package event); what happened, and who did it
//	windows.jsonl   one line per second: counts, errors, virtual users, generator health
//	latency.hlog    HdrHistogram interval log, one tagged histogram per series and second
//	samples.jsonl   the platform's own metrics, one line per value; empty without a source
//	ledger.jsonl    write-ahead undo ledger (package chaos)
//
// Every file is append-only and crash-safe: a torn last line is dropped by the reader, never fatal.
package rundir

// Second is one line of windows.jsonl.
type Second struct {
	At        float64              `json:"at"` // start of the window, seconds since the start of the run
	Length    float64              `json:"len"`
	WantedVUs int                  `json:"wanted_vus"`
	VUs       int                  `json:"vus"`
	Rate      float64              `json:"rate,omitempty"`
	Missed    uint64               `json:"missed,omitempty"`
	Away      float64              `json:"away,omitempty"`    // seconds in which the generator did not run
	Skipped   uint64               `json:"skipped,omitempty"` // sends that fell due then
	InFlight  int                  `json:"in_flight"`
	Sent      uint64               `json:"sent,omitempty"`     // bytes
	Received  uint64               `json:"received,omitempty"` // bytes
	LagMS     float64              `json:"lag_ms"`
	CPU       float64              `json:"cpu"`
	Saturated string               `json:"saturated,omitempty"` // reason
	Clamped   uint64               `json:"clamped,omitempty"`
	Series    map[string][2]uint64 `json:"series,omitempty"` // tag -> requests, failed
	Errors    []ErrorCount         `json:"errors,omitempty"`
	Checks    map[string][2]uint64 `json:"checks,omitempty"` // name -> passes, fails
}

// ErrorCount is one kind of error within one second.
type ErrorCount struct {
	Series string `json:"series"`
	Class  string `json:"class"`
	Status int    `json:"status,omitempty"`
	Count  uint64 `json:"count"`
	Sample string `json:"sample,omitempty"` // what the first of them said
	Most   string `json:"most,omitempty"`   // what they said most often, if not that
	Times  uint64 `json:"times,omitempty"`  // how often
}
