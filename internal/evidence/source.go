package evidence

import (
	"context"
	"time"
)

// Source is one thing that is read. Its methods may be called at the same time.
type Source interface {
	// Name is short, of letters: "prometheus". It stands in samples, alerts, gaps, findings and names of files.
	Name() string
	// Check says what the source can give and what it cannot, before anything depends on it. It changes nothing.
	Check(ctx context.Context, want Wanted) []Finding
	// Run reads until ctx ends, and then returns nil. What cannot be read is a gap, and reading goes on: an error means
	// that there is no point in going on.
	Run(ctx context.Context, sink Sink) error
	// Export writes what the source knows of a time into files of a directory that exists. Files that could be written
	// are returned with an error, too.
	Export(ctx context.Context, from, to time.Time, dir string) ([]File, error)
}

// GivesPanels reports whether a source of that name reads panels. A gap of another whole source is none of theirs.
func GivesPanels(source string) bool { return source == "prometheus" || source == "metrics" }

// GivesAlerts reports whether a source of that name tells of alerts.
func GivesAlerts(source string) bool {
	return source == "prometheus" || source == "alertmanager" || source == "receiver"
}

// Sink takes what a source reads. It must be quick, and safe for the calls of several sources at once.
type Sink interface {
	Sample(Sample)
	Alert(Alert) // each change of an alert
	Gap(Gap)     // when it begins, with a zero Until, and when it ends
}

// Wanted is what a drill waits for.
type Wanted struct {
	Alerts  []WantedAlert
	Metrics []string // names: "llm_fallbacks_total"
}

// WantedAlert is an alert that is expected to fire.
type WantedAlert struct {
	Name   string
	Within time.Duration // the time it is given: until the end of the fault, or less
}

// File is a file that was written.
type File struct {
	Name  string // within the directory
	Title string // what it holds: "API latency p95"
	Panel string // its name; "" when the file is of no panel
	Unit  Unit   // of the panel
	Lines []Line // of the panel
	Query string // that was run for it; "" when there is none
	Rows  int    // lines of data, or alerts
	Gaps  Gaps   // what is missing in it
}

// quick is how soon an answer is of the moment at which it was asked for, so that what is asked together has one time.
const quick = time.Second

// Answered is the moment that an answer is of, to what was asked at a time and has waited since: a server that is slow
// looks when it answers, and not when it was asked.
func Answered(asked time.Time, waited time.Duration) time.Time {
	if waited < quick {
		return asked
	}
	return asked.Add(waited)
}

// Poll calls read at once and then once an interval until ctx ends. A call that takes longer takes the place of those
// that fell due meanwhile.
func Poll(ctx context.Context, interval time.Duration, read func(at time.Time)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		read(time.Now())
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
