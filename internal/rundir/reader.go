package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/inputfile"
)

// Run is what a run directory holds. Histograms are not in it: see [Run.EachHistogram].
type Run struct {
	Dir     string
	Meta    event.RunStarted // zero when the journal does not even hold its first event
	Start   time.Time        // wall clock, UTC; zero likewise
	Events  []event.Event
	Seconds []Second
	End     *event.RunEnded // nil: the run was killed, or is still going on

	// Warnings say, in plain English, what was left out because it could not be read. Reading
	// histograms may add to them.
	Warnings []string
}

// Open reads a run directory: finished, killed at any moment, or still being written. It fails only
// when there is no journal or a file cannot be read at all; what is torn or damaged is left out and
// named in the warnings.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	if err := r.eachLine(JournalFile, r.addEvent); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read run directory %s: it holds no %s: not a run", dir, JournalFile)
		}
		return nil, err
	}
	if err := r.eachLine(WindowsFile, r.addSecond); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		r.warn(WindowsFile + " is missing: there are no counts")
	}
	if r.Start.IsZero() {
		r.warn(JournalFile + " does not hold how the run was started")
	}
	return r, nil
}

// Length is how long the run lasted as far as its data reaches, in seconds. Others may be told of its end after it.
func (r *Run) Length() float64 {
	var end float64
	if n := len(r.Seconds); n > 0 {
		end = r.Seconds[n-1].End()
	}
	for _, e := range r.Events {
		end = max(end, e.At)
		if _, over := e.Data.(event.RunEnded); over {
			break
		}
	}
	return end
}

// EachHistogram reads latency.hlog from its beginning and calls visit for each histogram: its tag
// (a series, perhaps with [ServiceSuffix]), the start and length of its interval in seconds since
// the start of the run, and its counts, in microseconds, which are valid during the call only. An
// error of visit ends the reading and is returned.
func (r *Run) EachHistogram(visit func(tag string, at, length float64, bars Bars) error) error {
	var stop error
	var d decoder
	err := r.eachLine(HistogramFile, func(line []byte) error {
		iv, ok, err := parseInterval(line)
		if err != nil || !ok {
			return err
		}
		bars, err := d.decode(iv.payload)
		if err != nil {
			return err
		}
		if stop = visit(iv.tag, iv.at, iv.length, bars); stop != nil {
			return errStop
		}
		return nil
	})
	switch {
	case stop != nil:
		return stop
	case errors.Is(err, fs.ErrNotExist):
		r.warn(HistogramFile + " is missing: there are no latencies")
		return nil
	}
	return err
}

// longestLine bounds a line, in bytes: a second with every series and status is some hundred thousand.
const longestLine = 16 << 20

// readLine reads a line with its end. At the end of the file the error is io.EOF, with what is left.
func readLine(from *bufio.Reader) (line []byte, err error) {
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > longestLine:
			return nil, fmt.Errorf("it is longer than %d bytes", longestLine)
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}

// errStop leaves eachLine early.
var errStop = errors.New("stop")

// eachLine calls use for every whole line of a file. A line that use refuses is left out with a
// warning, and so is a last line without its newline: the write that made it was cut short.
func (r *Run) eachLine(name string, use func(line []byte) error) error {
	f, err := inputfile.Open(filepath.Join(r.Dir, name))
	if err != nil {
		return fmt.Errorf("read run directory: %w", err)
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	bad, firstBad := 0, ""
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read run directory: %s: line %d: %w", name, number, err)
		}
		if err != nil { // the end of the file
			if len(line) > 0 {
				r.warn(name + ": the last line is torn and was left out")
			}
			break
		}
		err = use(line[:len(line)-1])
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			if bad++; bad == 1 {
				firstBad = fmt.Sprintf("line %d: %s", number, clip(err.Error()))
			}
		}
	}
	switch {
	case bad == 1:
		r.warn(fmt.Sprintf("%s: a damaged line was left out (%s)", name, firstBad))
	case bad > 1:
		r.warn(fmt.Sprintf("%s: %d damaged lines were left out (first %s)", name, bad, firstBad))
	}
	return nil
}

func (r *Run) warn(text string) {
	if !slices.Contains(r.Warnings, text) {
		r.Warnings = append(r.Warnings, text)
	}
}

func (r *Run) addEvent(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 { // a writer puts one after a write that stopped short
		return nil
	}
	e, err := parseEvent(line)
	if err != nil {
		return err
	}
	switch d := e.Data.(type) {
	case event.RunStarted:
		r.Meta = d
		r.Start = e.Time.Add(-time.Duration(e.At * float64(time.Second)))
	case event.RunEnded:
		r.End = &d
	}
	r.Events = append(r.Events, e)
	return nil
}

func (r *Run) addSecond(line []byte) error {
	s, err := parseSecond(line)
	if err != nil || s.Length == 0 {
		return err
	}
	r.Seconds = append(r.Seconds, s)
	return nil
}

// parseEvent reads one line of the journal.
func parseEvent(line []byte) (event.Event, error) {
	var e event.Event
	if err := json.Unmarshal(line, &e); err != nil {
		return event.Event{}, err
	}
	if !believable(e.At) {
		return event.Event{}, errors.New("an event out of time")
	}
	return e, nil
}

// parseSecond reads one line of windows.jsonl. An empty line answers the zero second.
func parseSecond(line []byte) (Second, error) {
	var s Second
	if len(bytes.TrimSpace(line)) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(line, &s); err != nil {
		return Second{}, err
	}
	if !believable(s.At) || !believable(s.Length) || s.Length == 0 {
		return Second{}, errors.New("a window out of time")
	}
	return s, nil
}

func believable(seconds float64) bool {
	return seconds >= 0 && seconds <= maxSeconds && !math.IsNaN(seconds)
}
