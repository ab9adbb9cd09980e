package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
)

// The operator's time stands beside UTC, where it is another one.
func TestLocalTime(t *testing.T) {
	r := documentsOf(t, synthetic{seconds: 30, change: func(m *event.RunStarted) { m.UTCOffset = 3*3600 + 1800 }}.write(t))
	for _, want := range []string{
		"# Run of 2026-07-30 09:15:00 UTC (12:45:00 +03:30) on staging\n", "| Mark | At | UTC | Local | By | What |", "| 09:15:20 | 12:45:20 | operator | VUs 200",
	} {
		if !strings.Contains(r.report, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if r := documentsOf(t, synthetic{seconds: 30}.write(t)); strings.Contains(r.report, "Local") {
		t.Error("a report in UTC has local times")
	}
}
