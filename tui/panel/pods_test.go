package panel

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/timeline"
)

func TestPodsAt(t *testing.T) {
	points := []timeline.Pods{{At: 5, Ready: 2, Wanted: 2}, {At: 10, Ready: 2, Wanted: 4}}
	for until, want := range map[time.Duration][2]int{
		time.Second: {}, 5 * time.Second: {}, 6 * time.Second: {2, 2}, 10 * time.Second: {2, 2}, time.Minute: {2, 4},
	} {
		if ready, wanted := podsAt(points, until); ready != want[0] || wanted != want[1] {
			t.Errorf("before %v there are %d of %d pods, want %v", until, ready, wanted, want)
		}
	}
}
