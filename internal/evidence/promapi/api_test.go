package promapi

import (
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

func TestParts(t *testing.T) {
	from := time.Unix(0, 0)
	for seconds, want := range map[int]int{0: 1, 1: 1, partPoints - 1: 1, partPoints: 2, 8 * 3600: 3} {
		all := parts(v1.Range{Start: from, End: from.Add(time.Duration(seconds) * time.Second), Step: time.Second})
		points := 0
		for _, p := range all {
			n := int(p.End.Sub(p.Start)/time.Second) + 1
			if points += n; n > partPoints {
				t.Errorf("a part has %d points", n)
			}
		}
		if len(all) != want || points != seconds+1 {
			t.Errorf("%d s: %d parts with %d points", seconds, len(all), points)
		}
	}
}
