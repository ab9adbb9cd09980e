package session

import (
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// A recovery has the words here that the table of faults and the events have for it.
func TestRecoveryIsTold(t *testing.T) {
	for _, c := range []struct {
		recovery TimeToGreen
		within   time.Duration
		verdict  event.ExpectationVerdict
		words    string
	}{
		{TimeToGreen{Unbroken: true, Took: time.Hour}, time.Minute, event.ExpectationMet, "no objective broke"},
		{TimeToGreen{Took: 200 * time.Millisecond}, time.Minute, event.ExpectationMet, "recovered within a second"},
		{TimeToGreen{Took: 12 * time.Second}, time.Minute, event.ExpectationMet, "took 12 s"},
		{TimeToGreen{Took: 12 * time.Second}, 10 * time.Second, event.ExpectationFailed, "took 12 s"},
		{TimeToGreen{Took: 12 * time.Second}, 0, event.ExpectationMet, "took 12 s"},
	} {
		verdict, words := recoversWithin(c.recovery, objectiveHealth{})(chaos.Expectation{Signal: event.Recovers, Within: c.within})
		if verdict != c.verdict || words != c.words {
			t.Errorf("%+v within %s: %v, %q, want %v, %q", c.recovery, c.within, verdict, words, c.verdict, c.words)
		}
	}
}
