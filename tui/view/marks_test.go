package view

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestOverlappingFaultsGetRowsOfTheirOwn(t *testing.T) {
	const s = time.Second
	a := Axis{Length: s, Count: 60, Last: 119}
	story := Marks{Spans: []Span{
		{From: 10 * s, To: 20 * s, Label: "before the picture", Run: 9},
		{From: 65 * s, To: 80 * s, Label: "spike"},
		{From: 70 * s, To: 90 * s, Label: "a", Run: 1},
		{From: 85 * s, To: -1, Label: "b", Run: 2},
		{From: 100 * s, To: 110 * s, Label: "c", Run: 3},
		{From: 105 * s, To: -1, Label: "d", Run: 5},
	}}
	lane := map[string]int{}
	for _, most := range []int{1, 2, 3} {
		placed, lanes := story.Lanes(a, most)
		if lanes > most {
			t.Errorf("%d rows of at most %d", lanes, most)
		}
		clear(lane)
		for _, p := range placed {
			lane[p.Label] = p.Lane
		}
		if len(placed) != 5 {
			t.Errorf("placed %+v", placed)
		}
		want := map[int]string{1: "map[a:0 b:0 c:0 d:0 spike:0]", 2: "map[a:1 b:0 c:1 d:1 spike:0]", 3: "map[a:1 b:0 c:1 d:2 spike:0]"}[most]
		if got := fmt.Sprint(lane); got != want {
			t.Errorf("at most %d rows: %s, want %s", most, got, want)
		}
	}
	if placed, lanes := story.Lanes(Axis{}, 3); placed != nil || lanes != 0 {
		t.Error("spans are placed before there is an axis")
	}
}

// One alert that two sources tell of is one span; one that fires again later is another.
func TestAnAlertOfTwoSourcesIsOneSpan(t *testing.T) {
	alert := func(from, to time.Duration) Span { return Span{From: from, To: to, Label: "! A", Alert: true} }
	var spans []Span
	for _, sp := range []Span{alert(10, 20), alert(12, 25), alert(8, 19), alert(40, -1), alert(42, 60), {From: 15, To: 18, Label: "! A"}} {
		if !sp.Alert {
			spans = append(spans, sp)
			continue
		}
		spans = withAlert(spans, sp)
	}
	if want := []Span{alert(8, 25), alert(40, -1), {From: 15, To: 18, Label: "! A"}}; !slices.Equal(spans, want) {
		t.Errorf("spans are %+v, want %+v", spans, want)
	}
}
