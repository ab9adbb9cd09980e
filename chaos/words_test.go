package chaos

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 800 * time.Millisecond: "800 ms", 1500 * time.Millisecond: "1.5 s", 2 * time.Minute: "2 min",
		90 * time.Second: "1 min 30 s", 3 * time.Hour: "3 h", 90 * time.Minute: "90 min",
	} {
		if got := Words(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
