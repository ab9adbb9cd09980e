package promapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"xinbot.ir/squall/internal/evidence"
)

// newestScrape is when what answers last scraped anything. It writes a sample of up at each scrape, also of a target that does
// not answer.
const newestScrape = "max(timestamp(up))"

// before a range is looked at, too, so that a short one tells how often there is a scrape.
const before = 5 * time.Minute

// missedScrapes is after how many of the usual times between two scrapes nothing was recorded.
const missedScrapes = 2.5

// Unrecorded returns the times in a range in which the server recorded nothing at all, such as those in which a Prometheus
// was dead. A query of a range fills them: an instant vector looks back for 5 minutes, a rate for as long as its window. Of
// a server that has no series up nothing is said.
func (a API) Unrecorded(ctx context.Context, from, to time.Time) (evidence.Gaps, error) {
	begin := from.Add(-before)
	step := max(time.Second, (to.Sub(begin) / (partPoints - 1)).Round(time.Millisecond))
	matrix, err := a.Range(ctx, newestScrape, v1.Range{Start: begin, End: to, Step: step})
	if err != nil {
		return nil, fmt.Errorf("ask when anything was recorded: %w", err)
	}
	var scrapes []time.Time
	for _, series := range matrix {
		for _, v := range series.Values {
			if at := time.UnixMilli(int64(float64(v.Value) * 1000)); len(scrapes) == 0 || at.After(scrapes[len(scrapes)-1]) {
				scrapes = append(scrapes, at)
			}
		}
	}
	return silences(scrapes, from, to), nil
}

// silences are the times of a range in which several scrapes in a row are missing: from when the first of them was due
// until there is one again. Fewer than three scrapes do not tell how often there is one.
func silences(scrapes []time.Time, from, to time.Time) (gaps evidence.Gaps) {
	if len(scrapes) < 3 {
		return nil
	}
	steps := make([]time.Duration, len(scrapes)-1)
	for i := range steps {
		steps[i] = scrapes[i+1].Sub(scrapes[i])
	}
	usual := slices.Sorted(slices.Values(steps))[len(steps)/2]
	silent := func(last, next time.Time) {
		if float64(next.Sub(last)) <= missedScrapes*float64(usual) || !next.After(from) {
			return
		}
		g := evidence.Gap{Problem: evidence.Problem{Cause: evidence.NotRecorded}, From: last.Add(usual), Until: next}
		if g.From.Before(from) {
			g.From = from
		}
		gaps = append(gaps, g)
	}
	silent(from.Add(-usual), scrapes[0])
	for i, at := range scrapes[:len(scrapes)-1] {
		silent(at, scrapes[i+1])
	}
	silent(scrapes[len(scrapes)-1], to)
	return gaps
}
