package report

import (
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// timelineSection lists what happened and who did it. Events that are marked on the charts carry
// their number.
func timelineSection(run *Run) []block {
	if len(run.files.Events) == 0 {
		return nil
	}
	clocks := []string{"UTC"}
	if run.hasLocalTime() {
		clocks = append(clocks, "Local")
	}
	t := table{columns: append(numberColumns("Mark", "At"), textColumns(append(clocks, "By", "What")...)...)}
	numbers := marks(run)
	shown, left := shownEvents(run)
	for _, i := range shown {
		ev, mark := run.files.Events[i], ""
		if n := numbers[i]; n > 0 {
			mark = fmt.Sprint(n)
		}
		cells := []string{mark, clock(ev.At), ev.Time.UTC().Format(time.TimeOnly)}
		if run.hasLocalTime() {
			cells = append(cells, run.local(ev.Time).Format(time.TimeOnly))
		}
		t.rows = append(t.rows, textRow(append(cells, ev.By.String(), ev.Text())...))
	}
	if left > 0 {
		return []block{t, paragraph{plain(units.Counted(uint64(left), "event is", "events are"), " left out: those of faults that went as one before, and the middle of what is still too long. The journal has them all.")}}
	}
	return []block{t}
}

// hasLocalTime reports whether the operator's clock shows another time than UTC, as far as the run says so.
func (run *Run) hasLocalTime() bool { return run.timeline.Start.UTCOffset != 0 }

// local is a time on the operator's clock, by its offset at the start of the run.
func (run *Run) local(t time.Time) time.Time {
	return t.In(time.FixedZone("", run.timeline.Start.UTCOffset))
}

// marks numbers the events that stand on the charts, by index: what was done to the load and to the
// platform, by whomever. What merely followed (an objective broken, a saturated generator) is in the
// timeline and can be seen in the charts themselves.
func marks(run *Run) map[int]int {
	numbers := make(map[int]int)
	shown, _ := shownEvents(run)
	for _, i := range shown {
		if look := run.files.Events[i].Look(); look.Chart && !look.Observed {
			numbers[i] = len(numbers) + 1
		}
	}
	return numbers
}

// generatorSection describes how well the generator itself did.
func generatorSection(run *Run) []block {
	if len(run.files.Seconds) == 0 {
		return nil
	}
	var lag, cpu float64
	var behind int
	for _, s := range run.files.Seconds {
		lag, cpu = max(lag, s.LagMS), max(cpu, s.CPU)
		if s.VUs < s.WantedVUs && s.Length > 0.5 { // the shorter last one is the draining
			behind++
		}
	}
	seconds := uint64(len(run.files.Seconds))
	t := table{columns: append(textColumns("What"), numberColumns("Value")...)}
	t.rows = [][]line{
		textRow("Saturated", units.Int(len(run.saturated))+" of "+units.Counted(seconds, "second", "seconds")),
		textRow("Time in which squall did not run", awayText(run)),
		textRow("Sends that fell due then, and were not made", skipped(run)),
		textRow("Worst second's timer lag (p95)", units.Latency(duration(lag/1000))),
		textRow("Worst second's processor use", units.Percent(cpu)),
		textRow("Seconds with fewer virtual users than wanted", units.Count(uint64(behind))),
		textRow("Other sends due and never made", missed(run)),
		textRow("Latencies outside the histogram's bounds", units.Count(run.clamped)),
	}
	blocks := []block{t}
	reasons := map[string]int{}
	for _, s := range run.saturated {
		reasons[s.Saturated]++
	}
	if len(reasons) == 0 || len(reasons) > 10 {
		return blocks // too many different ones to tell apart: the timeline has them
	}
	var items []line
	for _, why := range sortedKeys(reasons) {
		items = append(items, plain(units.Counted(uint64(reasons[why]), "second", "seconds"), ": ", why))
	}
	return append(blocks, list{items})
}

// awayText is for how long the generator did not run.
func awayText(run *Run) string {
	away, _, _ := run.away()
	return lengthText(away)
}

// skipped is a dash in the closed model, as missed is.
func skipped(run *Run) string {
	if !run.open {
		return absent
	}
	_, n, _ := run.away()
	return units.Count(n)
}

// missed is a dash in the closed model, which has no send that can be missed.
func missed(run *Run) string {
	if !run.open {
		return absent
	}
	return units.Count(run.totals.Missed)
}

// methodSection describes what the numbers mean.
func methodSection(run *Run) []block {
	items := []line{
		plain("Every percentile comes from a merged HdrHistogram (1 µs to 3 min, 3 significant digits, so a value is at most 0.1 % too high), by nearest rank: the smallest value that at least so many percent of the samples do not exceed. Percentiles are never averaged."),
		plain("Times are taken on a monotonic clock, from the moment a request is sent, a wait for a free connection included, to the last byte of its answer."),
		plain("A request has a latency when it was answered, whatever the status, or when it timed out (then the time waited). One that was refused, reset or never left this machine has none; it is counted under errors."),
	}
	all := modelPeriods(run.files.Seconds)
	if bothModels(all) {
		items = append(items, plain("Part of the run was open (an arrival rate): ", times(all, true), ". The rest was closed (virtual users): ", times(all, false), "."))
	}
	open, closed := run.open, !run.open
	for _, m := range all {
		open, closed = open || m.open, closed || !m.open
	}
	if open {
		items = append(items, plain("In the open model the load was sent at an arrival rate. Latencies count from the moment each send was due, so that a slow answer cannot hide the wait of those behind it (coordinated omission); service time counts from the real send. Sends that were due and could not be made are counted as missed."))
	}
	if closed {
		items = append(items, plain("In the closed model the load came from virtual users that wait for each answer. When the platform slows down, they send less: latencies say what these users saw, not what a fixed arrival rate would have met (coordinated omission). Use an arrival rate to measure that."))
	}
	if len(run.timeline.Injections) > 0 {
		items = append(items, plain(fmt.Sprintf("A recovery is the time from the revert of a fault, read back, to the end of the last second that broke an objective by itself, or in which a flow failed that the fault had hurt. It is told once the last %d seconds together hold every objective, and so later than it ended.", metric.RecentWindows)))
	}
	items = append(items,
		plain("A dash stands for what was not measured, and for percentiles of too few samples (p90 needs 10, p95 20, p99 100): they would only repeat the maximum."),
		phaseNote(run),
		plain("An objective is judged when at least five samples are expected on either side of its percentile or share, or when the one-sided 95 % binomial bound already decides it; otherwise it is unknown."),
		plain(fmt.Sprintf("Failures (%s) are the platform's; limits of this machine and requests cut off by the end of the run are counted apart and are not failures.", failureClasses())),
		code(rundir.HistogramFile).then(plain(" beside this report holds one histogram per series and second, readable by the HdrHistogram tools; ")).then(code(rundir.WindowsFile)).then(plain(" holds the counts.")),
	)
	return []block{list{items}}
}

// failureClasses names the error classes that are the platform's.
func failureClasses() string {
	var names []string
	for c := range metric.ErrorClass(metric.NumErrorClasses) {
		if c.Failed() {
			names = append(names, c.String())
		}
	}
	return strings.Join(names, ", ")
}
