package compare

// Verdict is what became of a number, or of a whole comparison.
type Verdict uint8

// The verdicts. NoDifference is no proof that there is none.
const (
	NotComparable Verdict = iota
	NoDifference
	Better
	Worse
)

// String is the verdict for people.
func (v Verdict) String() string {
	return [...]string{"not comparable", "no difference shown", "better", "worse"}[v]
}

// Options is how runs are compared. The zero value of a field is its default, but for the tolerance: 0 is none.
type Options struct {
	Tolerance float64     // a number must move by more than this share of its value in the baseline, for certain
	Seed      uint64      // of everything that is drawn
	Resamples int         // of the bootstrap; 0: [DefaultResamples]
	Accept    []Condition // differences of conditions that do not keep runs from being compared
}

// Defaults.
const (
	DefaultTolerance = 0.05
	DefaultSeed      = 1
	DefaultResamples = 1000
)

// Level is how sure all intervals of a report are together: with no difference anywhere, in at least this share of
// reports every interval holds it.
const Level = 0.95

// Method is how numbers are judged.
type Method string

// The methods.
const (
	Bootstrap   Method = "block bootstrap over seconds"
	MannWhitney Method = "Mann-Whitney over runs"
)

// Report is the answer.
type Report struct {
	Options
	Method      Method
	Tests       int // intervals that are sure together
	Comparisons []Comparison
}

// Side is one side of a comparison: a run, or several.
type Side struct {
	Letter string // A
	Runs   []Run
}

// Comparison is a side held against the baseline.
type Comparison struct {
	Base, Other Side
	Notes       []Note
	Parts       []PartResult
	Missing     []string // parts that not every run has
}

// PartResult is what came of a part that both sides have.
type PartResult struct {
	Name        string
	Notes       []Note
	Base, Other PartMeasure
	Series      []SeriesResult
}

// PartMeasure is how much of a part was measured, over all runs of a side.
type PartMeasure struct {
	Seconds  float64
	Requests uint64
	Failed   uint64
	VUs      float64 // on average; 0 in the open model
	Wanted   float64 // arrivals a second; 0 in the closed model
}

// SeriesResult is what came of a series.
type SeriesResult struct {
	Flow, Title, Channel string
	Numbers              []Finding
	Shape                Shape
	Base, Other          Distribution
}

// Value is a number of one side.
type Value struct {
	Value    float64 // µs, or a share; only with requests
	Requests uint64
	Block    float64 // length of the bootstrap's blocks in seconds; 0: none was made
}

// Finding is a number of a series on both sides, and what came of it.
type Finding struct {
	Number      Number
	Base, Other Value
	Verdict     Verdict
	Reason      string // why it is not comparable

	// The following are set only when it was judged. Differences of latencies are relative to the baseline (0.1: 10 %
	// slower), those of shares are differences of shares (0.01: one point more).
	Judged       bool
	Difference   float64
	Low, High    float64 // interval
	Limit        float64 // the tolerance in these terms
	Within       bool    // the whole interval lies within the tolerance: shown to be alike
	P, AdjustedP float64 // several runs a side: of this number alone, and of all numbers together
}

// wakeUps is how often a request waits for the generator to be run: when it is to be sent, and when its answer is there.
const wakeUps = 2

// allow widens the interval of a latency towards what the other side's generator may have added, or saved, by waking up
// later than the baseline's, or earlier.
func (f *Finding) allow(lag float64) {
	share := wakeUps * lag / f.Base.Value
	f.Low -= max(0, share)
	f.High += max(0, -share)
}

// judge gives the verdict that follows from the interval. sure is false where something else than the interval
// forbids to call it a difference.
func (f *Finding) judge(sure bool) {
	f.Judged, f.Verdict = true, NoDifference
	switch {
	case sure && f.Low > f.Limit:
		f.Verdict = Worse
	case sure && f.High < -f.Limit:
		f.Verdict = Better
	}
	f.Within = f.Limit > 0 && f.Low >= -f.Limit && f.High <= f.Limit
}

// Counts is how many numbers there are of each verdict.
type Counts struct {
	Judged, Worse, Better, Within, NotComparable int
}

func (c *Counts) add(f Finding) {
	if !f.Judged {
		c.NotComparable++
		return
	}
	c.Judged++
	switch {
	case f.Verdict == Worse:
		c.Worse++
	case f.Verdict == Better:
		c.Better++
	case f.Within:
		c.Within++
	}
}

// Counts counts the numbers of a comparison.
func (c Comparison) Counts() (n Counts) {
	c.each(func(_ PartResult, _ SeriesResult, f Finding) { n.add(f) })
	return n
}

// Refusals are the notes for which nothing of the comparison was judged.
func (c Comparison) Refusals() (all []Note) {
	for _, n := range c.Notes {
		if n.Refuses {
			all = append(all, n)
		}
	}
	return all
}

// Verdict is the worst that there is.
func (c Comparison) Verdict() Verdict { return verdictOf(c.Counts()) }

func verdictOf(n Counts) Verdict {
	switch {
	case n.Worse > 0:
		return Worse
	case n.Judged == 0:
		return NotComparable
	case n.Better > 0:
		return Better
	}
	return NoDifference
}

// Verdict is that of all comparisons together: worse if any is, not comparable if any could not be judged at all.
func (r Report) Verdict() Verdict {
	of := map[Verdict]bool{}
	for _, c := range r.Comparisons {
		of[c.Verdict()] = true
	}
	for _, v := range []Verdict{Worse, NotComparable, Better} {
		if of[v] {
			return v
		}
	}
	return NoDifference
}

// each visits every number.
func (c Comparison) each(visit func(PartResult, SeriesResult, Finding)) {
	for _, p := range c.Parts {
		for _, s := range p.Series {
			for _, f := range s.Numbers {
				visit(p, s, f)
			}
		}
	}
}

// Place is where a number is.
type Place struct {
	Part   PartResult
	Series SeriesResult
	Finding
}

// Largest finds, among the numbers of a verdict, the one that tells most: of a whole flow before one of a channel,
// and of these the one that moved furthest beyond its interval's nearer end.
func (c Comparison) Largest(v Verdict) (found Place, ok bool) {
	rank := func(p Place) (flow bool, least float64) {
		least = max(p.Low, -p.High)
		if !p.Number.Latency() { // shares and ratios have no common measure: a point of failures counts as a doubling
			least *= 100
		}
		return p.Series.Channel == "", least
	}
	c.each(func(part PartResult, s SeriesResult, f Finding) {
		if f.Verdict != v || !f.Judged {
			return
		}
		next := Place{part, s, f}
		flow, least := rank(next)
		bestFlow, best := rank(found)
		if !ok || flow && !bestFlow || flow == bestFlow && least > best {
			found, ok = next, true
		}
	})
	return found, ok
}
