package report

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Stretch is a time of a run in seconds since its start. A To of 0 is the end of the run.
type Stretch struct{ From, To float64 }

// Comparable reads what a comparison needs of the run in dir, or of a stretch of it: counts and latencies by second,
// phase and series, and what the run was made under. It copes with killed and damaged runs as [Load] does.
func Comparable(dir string, within Stretch) (compare.Run, error) {
	files, err := rundir.Open(dir)
	if err != nil {
		return compare.Run{}, err
	}
	if within.To == 0 {
		within.To = math.Inf(1)
	}
	c := &comparableRun{files: files, line: timeline.Of(files.Events), within: within, at: map[string]cellPlace{}, ids: seriesIDs(), bounds: metric.NewHistogram()}
	c.cut()
	c.count()
	if err := c.readHistograms(); err != nil {
		return compare.Run{}, err
	}
	return compare.Run{Name: filepath.Base(filepath.Clean(dir)), Conditions: c.conditions(), Parts: c.finish(), Notes: files.Warnings}, nil
}

// comparableRun is a run that is being read for a comparison.
type comparableRun struct {
	files     *rundir.Run
	line      *timeline.Timeline
	within    Stretch
	parts     []*comparedPart
	at        map[string]cellPlace // by the time that the histogram log has
	ids       map[string]metric.SeriesID
	bounds    *hdr.Histogram // every value that occurs, for the bounds of its bucket
	uncounted map[string]bool
	clamped   uint64
	counts    metric.Counts
}

// comparedPart is a part with the seconds that are compared of it.
type comparedPart struct {
	compare.Part
	seconds []rundir.Second
	step    int           // seconds in a cell
	series  [][]cellCount // by series and cell; nil: none
}

type cellCount struct {
	counts  metric.Counts
	latency map[int64]int64
}

// cellPlace is the cell of a second. Seconds that are left out have no part.
type cellPlace struct {
	part *comparedPart
	cell int
}

// cut assigns seconds to parts: the phases of the run, those in which the same was done together. Pauses are left
// out, and so are the seconds in which the generator could not be relied on.
func (c *comparableRun) cut() {
	byName := map[string]*comparedPart{}
	phases := c.comparedPhases()
	for _, s := range c.files.Seconds {
		middle := s.At + s.Length/2
		c.at[hlogTime(s.At)] = cellPlace{}
		n := slices.IndexFunc(phases, func(p namedPhase) bool { return middle >= p.From && middle < p.To })
		if n < 0 || middle < c.within.From || middle >= c.within.To {
			continue
		}
		p := byName[phases[n].name]
		if p == nil {
			p = &comparedPart{Part: compare.Part{Name: phases[n].name, Settings: phases[n].settings}}
			byName[p.Name] = p
			c.parts = append(c.parts, p)
		}
		// Sends that were due and not made are told of: they may be the platform's doing.
		if s.Saturated != "" && s.Missed == 0 || s.Away > 0 {
			p.LeftOut++
			continue
		}
		p.seconds = append(p.seconds, s)
	}
	for _, p := range c.parts {
		p.step = max(1, (len(p.seconds)+compare.MostCells-1)/compare.MostCells)
		for n, s := range p.seconds {
			c.at[hlogTime(s.At)] = cellPlace{p, n / p.step}
		}
	}
}

// namedPhase is a phase with the name that the same phase of another run has.
type namedPhase struct {
	timeline.Phase
	name, settings string
}

// comparedPhases are the phases of the run without those in which nothing was sent. A phase is named by the faults
// that are on in it, however often they were on before, and a recovery by what it is from.
func (c *comparableRun) comparedPhases() (all []namedPhase) {
	last := ""
	for _, p := range c.line.Phases(c.files.Length() + epsilon) {
		next := namedPhase{Phase: p}
		switch p.Kind {
		case timeline.Idle:
			continue
		case timeline.Baseline:
			next.name = "baseline"
		case timeline.Disturbed:
			next.name, next.settings = c.faultsOf(p.Runs)
			last = next.name
		case timeline.Recovery:
			next.name = "recovery"
			if last != "" {
				next.name += " from " + last
			}
		}
		all = append(all, next)
	}
	return all
}

// faultsOf names the faults of injections, and how they were set.
func (c *comparableRun) faultsOf(runs []int) (names, settings string) {
	var titles, set []string
	for _, i := range injectionsOf(c.line) {
		if slices.Contains(runs, i.Run) {
			titles = append(titles, i.Title)
			set = append(set, strings.TrimSpace(i.Title+" "+i.summary()))
		}
	}
	slices.Sort(titles)
	slices.Sort(set)
	return strings.Join(titles, " + "), strings.Join(set, " + ")
}

// count adds up the counts of the seconds.
func (c *comparableRun) count() {
	for _, p := range c.parts {
		p.series = make([][]cellCount, len(load.Registry().Series()))
		p.VUs, p.Wanted = offered(p.seconds)
		p.Lag = medianLag(p.seconds)
		cells := (len(p.seconds) + p.step - 1) / p.step
		for n, s := range p.seconds {
			p.Seconds += s.Length
			p.Missed += s.Missed
			c.clamped += s.Clamped
			for tag, counts := range s.Series {
				id, known := c.ids[tag]
				if !known {
					c.warn("requests of the unknown series " + tag + " were left out")
					continue
				}
				if p.series[id] == nil {
					p.series[id] = make([]cellCount, cells)
				}
				cell := &p.series[id][n/p.step]
				cell.counts.Count += counts[0]
				cell.counts.Failed += counts[1]
				c.counts.Count += counts[0]
				c.counts.Failed += counts[1]
			}
		}
		p.Kept = len(p.seconds)
		if cells > 0 {
			p.Step = p.Seconds / float64(cells)
		}
	}
}

// offered is how many virtual users, or arrivals a second, were asked for on average while there was load: the seconds
// in which a run drains are as many in a short run as in a long one.
func offered(seconds []rundir.Second) (vus, rate float64) {
	var loaded float64
	for _, s := range seconds {
		switch {
		case s.Rate > 0:
			rate += s.Rate
		case s.WantedVUs > 0:
			vus += float64(s.WantedVUs)
		default:
			continue
		}
		loaded++
	}
	if loaded == 0 {
		return 0, 0
	}
	return vus / loaded, rate / loaded
}

// medianLag is how late the generator's timers fired in a usual second, in µs.
func medianLag(seconds []rundir.Second) float64 {
	if len(seconds) == 0 {
		return 0
	}
	var lags []float64
	for _, s := range seconds {
		lags = append(lags, 1000*s.LagMS)
	}
	slices.Sort(lags)
	return lags[(len(lags)-1)/2]
}

// readHistograms adds the latencies of the seconds that are compared. Those of seconds without counts belong to
// requests that were not counted.
func (c *comparableRun) readHistograms() error {
	trends := trendTags()
	c.uncounted = map[string]bool{}
	return c.files.EachHistogram(func(tag string, at, _ float64, h rundir.Bars) error {
		if _, is := trends[tag]; is || strings.HasSuffix(tag, rundir.ServiceSuffix) {
			return nil
		}
		second := hlogTime(at)
		to, counted := c.at[second]
		if !counted {
			c.uncounted[second] = true
			return nil
		}
		if to.part == nil {
			return nil
		}
		id, known := c.ids[tag]
		if !known || to.part.series[id] == nil {
			c.warn("latencies of " + tag + " that no requests belong to were left out")
			return nil
		}
		cell := &to.part.series[id][to.cell]
		if cell.latency == nil {
			cell.latency = make(map[int64]int64, len(h))
		}
		for _, bar := range h {
			if c.bounds.RecordValue(bar.Value) != nil {
				c.warn("latencies outside the bounds of this version's histograms were left out")
				continue
			}
			cell.latency[bar.Value] += bar.Count
		}
		return nil
	})
}

// finish makes the parts: of each flow all of it, and its channels where it has several.
func (c *comparableRun) finish() (all []compare.Part) {
	highest := map[int64]int64{} // of a bucket, by its lowest
	for _, b := range c.bounds.Distribution() {
		highest[b.From] = b.To
	}
	for _, p := range c.parts {
		for _, f := range load.Registry().Flows() {
			var channels []compare.Series
			for id, s := range load.Registry().Series() {
				if s.Flow == f && p.series[id] != nil {
					channels = append(channels, compare.Series{Flow: f.Name, Title: f.Title, Channel: s.Channel, Cells: cellsOf(highest, p.series[id])})
				}
			}
			if len(channels) == 0 {
				continue
			}
			p.Series = append(p.Series, compare.Whole(channels))
			if len(channels) > 1 {
				p.Series = append(p.Series, channels...)
			}
		}
		all = append(all, p.Part)
	}
	return all
}

func cellsOf(highest map[int64]int64, counts []cellCount) []compare.Cell {
	cells := make([]compare.Cell, len(counts))
	for n, c := range counts {
		cells[n].Count, cells[n].Failed = c.counts.Count, c.counts.Failed
		for _, v := range slices.Sorted(maps.Keys(c.latency)) {
			cells[n].Latency = append(cells[n].Latency, compare.Bar{Micros: highest[v], Count: c.latency[v]})
		}
	}
	return cells
}

// conditions are what the run was made under.
func (c *comparableRun) conditions() compare.Conditions {
	m := c.line.Start
	conditions := compare.Conditions{
		Known: !c.line.Started.IsZero(), ID: m.RunID, Started: c.line.Started, Length: c.files.Length(), Killed: c.line.End == nil,
		Target: m.Target, Gateway: m.Gateway, Embedded: m.Embedded, Model: m.Model, Think: thinkTimes(c.line),
		Workload: m.Workload, Tenants: m.Tenants, Brands: m.Brands, Mix: m.Mix, MixSet: c.mixSet(),
		Version: m.Version, Machine: fmt.Sprintf("%s (%d processors)", m.Host, m.CPUs),
		Requests: c.counts.Count, Failed: c.counts.Failed, Clamped: c.clamped,
	}
	// A kill may leave one second with latencies and no counts, which changes nothing.
	if n := len(c.uncounted); n > 1 || n == 1 && !conditions.Killed {
		conditions.Missing = fmt.Sprintf("%s has no counts of %s that %s has latencies of",
			rundir.WindowsFile, units.Counted(uint64(n), "second", "seconds"), rundir.HistogramFile)
	}
	if len(c.files.Seconds) == 0 {
		conditions.Missing = "no second was counted"
	}
	return conditions
}

// mixSet is how often the mix was changed.
func (c *comparableRun) mixSet() (n int) {
	for _, e := range c.files.Events {
		if _, is := e.Data.(event.MixSet); is {
			n++
		}
	}
	return n
}

func (c *comparableRun) warn(text string) {
	if !slices.Contains(c.files.Warnings, text) {
		c.files.Warnings = append(c.files.Warnings, text)
	}
}
