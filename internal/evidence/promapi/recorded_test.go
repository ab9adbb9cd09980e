package promapi

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSilences(t *testing.T) {
	every := func(step int, spans ...[2]int) (all []time.Time) {
		for _, s := range spans {
			for at := s[0]; at <= s[1]; at += step {
				all = append(all, time.Unix(int64(at), 0))
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		scrapes []time.Time
		want    string // the range is from 300 to 600
	}{
		"none at all":           {nil, ""},
		"too few to tell":       {every(15, [2]int{300, 315}), ""},
		"all":                   {every(15, [2]int{0, 600}), ""},
		"one is missing":        {every(15, [2]int{0, 330}, [2]int{360, 600}), ""},
		"dead in the middle":    {every(15, [2]int{0, 330}, [2]int{455, 600}), "345-455"},
		"dead twice, once till": {every(5, [2]int{0, 320}, [2]int{341, 501}), "325-341 506-600"},
		"begins late":           {every(15, [2]int{400, 600}), "300-400"},
		"dead before":           {every(15, [2]int{0, 60}, [2]int{200, 600}), ""},
		"dead into the range":   {every(15, [2]int{0, 60}, [2]int{365, 600}), "300-365"},
	} {
		var got []string
		for _, g := range silences(c.scrapes, time.Unix(300, 0), time.Unix(600, 0)) {
			got = append(got, fmt.Sprintf("%d-%d", g.From.Unix(), g.Until.Unix()))
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
