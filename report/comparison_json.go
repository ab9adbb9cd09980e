package report

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/compare"
)

// The JSON of a comparison. docs/compare.md describes it; what was not measured or not judged is absent, never zero.
type (
	comparisonJSON struct {
		Version     int        `json:"version"` // of this shape
		Verdict     string     `json:"verdict"`
		Method      string     `json:"method"`
		Tolerance   float64    `json:"tolerance"`
		Level       float64    `json:"level"`
		Intervals   int        `json:"intervals"`
		Resamples   int        `json:"resamples,omitempty"`
		Seed        uint64     `json:"seed"`
		Comparisons []pairJSON `json:"comparisons"`
	}
	pairJSON struct {
		Verdict string     `json:"verdict"`
		Answer  string     `json:"answer"`
		Base    sideJSON   `json:"base"`
		Other   sideJSON   `json:"other"`
		Counts  countsJSON `json:"counts"`
		Notes   []noteJSON `json:"notes"`
		Parts   []partJSON `json:"parts"`
	}
	countsJSON struct {
		Judged        int `json:"judged"`
		Worse         int `json:"worse"`
		Better        int `json:"better"`
		Within        int `json:"within_tolerance"`
		NotComparable int `json:"not_comparable"`
	}
	sideJSON struct {
		Letter string    `json:"letter"`
		Runs   []runJSON `json:"runs"`
	}
	runJSON struct {
		Name     string     `json:"name"`
		ID       string     `json:"run_id,omitempty"`
		Started  *time.Time `json:"started,omitempty"`
		Seconds  float64    `json:"seconds"`
		Requests uint64     `json:"requests"`
		Failed   uint64     `json:"failed"`
	}
	noteJSON struct {
		Condition string `json:"condition,omitempty"`
		Refuses   bool   `json:"refuses"`
		Text      string `json:"text"`
	}
	partJSON struct {
		Name   string       `json:"name"`
		Base   measureJSON  `json:"base"`
		Other  measureJSON  `json:"other"`
		Notes  []noteJSON   `json:"notes"`
		Series []seriesJSON `json:"series"`
	}
	measureJSON struct {
		Seconds  float64 `json:"seconds"`
		Requests uint64  `json:"requests"`
		Failed   uint64  `json:"failed"`
		VUs      float64 `json:"vus,omitempty"`
		Wanted   float64 `json:"rate_wanted,omitempty"`
	}
	seriesJSON struct {
		Flow    string       `json:"flow"`
		Channel string       `json:"channel,omitempty"`
		Numbers []numberJSON `json:"numbers"`
		Shape   *shapeJSON   `json:"shape,omitempty"`
	}
	shapeJSON struct {
		Distance float64 `json:"wasserstein_ms"`
		Chance   float64 `json:"chance_ms"`
		Changed  bool    `json:"changed"`
	}
	numberJSON struct {
		Number   string        `json:"number"`
		Unit     string        `json:"unit"` // of the values: ms, or share
		Base     *valueJSON    `json:"base,omitempty"`
		Other    *valueJSON    `json:"other,omitempty"`
		Verdict  string        `json:"verdict"`
		Reason   string        `json:"reason,omitempty"`
		Interval *intervalJSON `json:"difference,omitempty"`
	}
	valueJSON struct {
		Value    float64 `json:"value"`
		Requests uint64  `json:"requests"`
		Block    float64 `json:"block_seconds,omitempty"`
	}
	intervalJSON struct {
		Of       string   `json:"of"` // relative: to the baseline's value; absolute: of shares
		Value    float64  `json:"value"`
		Low      float64  `json:"low"`
		High     float64  `json:"high"`
		Limit    float64  `json:"limit"`
		Within   bool     `json:"within_tolerance"`
		P        *float64 `json:"p,omitempty"`
		Adjusted *float64 `json:"p_adjusted,omitempty"`
	}
)

// writeComparisonJSON writes a comparison for programs.
func writeComparisonJSON(w io.Writer, r compare.Report) error {
	doc := comparisonJSON{
		Version: 1, Verdict: comparisonVerdictName(r.Verdict()), Method: string(r.Method), Tolerance: r.Tolerance, Level: compare.Level,
		Intervals: r.Tests, Seed: r.Seed,
	}
	if r.Method == compare.Bootstrap {
		doc.Resamples = r.Resamples
	}
	for _, c := range r.Comparisons {
		n := c.Counts()
		pair := pairJSON{
			Verdict: comparisonVerdictName(c.Verdict()), Answer: oneLine(comparisonAnswer(r, c).text()), Base: comparedSideJSON(c.Base), Other: comparedSideJSON(c.Other),
			Counts: countsJSON{n.Judged, n.Worse, n.Better, n.Within, n.NotComparable}, Notes: comparedNotesJSON(c.Notes), Parts: []partJSON{},
		}
		for _, p := range c.Parts {
			part := partJSON{Name: redact(p.Name), Base: comparedMeasureJSON(p.Base), Other: comparedMeasureJSON(p.Other), Notes: comparedNotesJSON(p.Notes), Series: []seriesJSON{}}
			for _, s := range p.Series {
				part.Series = append(part.Series, comparedSeriesJSON(r, s))
			}
			pair.Parts = append(pair.Parts, part)
		}
		doc.Comparisons = append(doc.Comparisons, pair)
	}
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	to.SetIndent("", "  ")
	return to.Encode(doc)
}

// comparisonVerdictName is a verdict for programs: no_difference_shown.
func comparisonVerdictName(v compare.Verdict) string { return strings.ReplaceAll(v.String(), " ", "_") }

func comparedSideJSON(s compare.Side) sideJSON {
	side := sideJSON{Letter: s.Letter}
	for _, run := range s.Runs {
		k := run.Conditions
		r := runJSON{Name: redact(run.Name), ID: k.ID, Seconds: nineDigits(measuredSeconds(run)), Requests: k.Requests, Failed: k.Failed}
		if k.Known {
			started := k.Started.UTC()
			r.Started = &started
		}
		side.Runs = append(side.Runs, r)
	}
	return side
}

func comparedNotesJSON(notes []compare.Note) []noteJSON {
	all := []noteJSON{}
	for _, n := range notes {
		all = append(all, noteJSON{string(n.Condition), n.Refuses, redact(n.Text)})
	}
	return all
}

func comparedSeriesJSON(r compare.Report, s compare.SeriesResult) seriesJSON {
	series := seriesJSON{Flow: s.Flow, Channel: s.Channel}
	if s.Shape.Measured {
		series.Shape = &shapeJSON{nineDigits(s.Shape.Distance / 1000), nineDigits(s.Shape.Chance / 1000), s.Shape.Changed()}
	}
	for _, f := range s.Numbers {
		n := numberJSON{Number: f.Number.String(), Unit: "ms", Base: comparedValueJSON(f.Number, f.Base), Other: comparedValueJSON(f.Number, f.Other), Verdict: comparisonVerdictName(f.Verdict), Reason: redact(f.Reason)}
		of := "relative"
		if !f.Number.Latency() {
			n.Unit, of = "share", "absolute"
		}
		if f.Judged {
			n.Interval = &intervalJSON{Of: of, Value: nineDigits(f.Difference), Low: nineDigits(f.Low), High: nineDigits(f.High), Limit: nineDigits(f.Limit), Within: f.Within}
			if r.Method == compare.MannWhitney {
				alone, all := nineDigits(f.P), nineDigits(f.AdjustedP)
				n.Interval.P, n.Interval.Adjusted = &alone, &all
			}
		}
		series.Numbers = append(series.Numbers, n)
	}
	return series
}

func comparedValueJSON(n compare.Number, v compare.Value) *valueJSON {
	if findingValue(n, v) == absent {
		return nil
	}
	out := &valueJSON{nineDigits(v.Value), v.Requests, nineDigits(v.Block)}
	if n.Latency() {
		out.Value /= 1000
	}
	return out
}

func comparedMeasureJSON(m compare.PartMeasure) measureJSON {
	return measureJSON{nineDigits(m.Seconds), m.Requests, m.Failed, nineDigits(m.VUs), nineDigits(m.Wanted)}
}

// nineDigits leaves nine significant digits: more than is known of anything, and the same on every processor.
func nineDigits(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 9, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}
