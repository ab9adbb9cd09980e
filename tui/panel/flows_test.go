package panel

import (
	"io"
	"testing"

	"github.com/charmbracelet/lipgloss"

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
