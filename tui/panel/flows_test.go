package panel

import (
	"io"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/theme"
)

// A flow that fails has another sign, not only another colour.
func TestFlowSign(t *testing.T) {
	styles := theme.NewStyles(lipgloss.NewRenderer(io.Discard), true, false, false)
	for failed, want := range map[float64]string{0: "●", 0.009: "●", 0.01: "!", 0.49: "!", 0.5: "✗", 1: "✗"} {
		if sign, look := flowSign(failed, styles); sign != want || (look == styles.Good) != (want == "●") {
			t.Errorf("%v failed: %s in %v, want %s", failed, sign, look, want)
		}
	}
}

// What the platform says stands beside the number where there is room for it.
func TestErrorsInOneLine(t *testing.T) {
	said := metric.Texts{{Text: "orchestrator unavailable", Count: 5000}}
	rows := []errorRow{{name: "status 502", total: 5041, said: said}, {name: "status 503", total: 73}, {name: "timeout", total: 2}}
	for width, want := range map[int]string{
		60: "502 5,041 orchestrator unavailable, 503 73, timeout 2",
		44: "502 5,041 orchestrator unavailable, 2 more",
		30: "502 5,041, 503 73, timeout 2",
		10: "502 5,041, 503 73, timeout 2",
	} {
		if got := errorsInOneLine(rows, width); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
	if got, want := errorsInOneLine(rows[1:2], 60), "503 73"; got != want {
		t.Errorf("without words: %q, want %q", got, want)
	}
}
