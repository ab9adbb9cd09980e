package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/load/metric"
)

// Names of the files of a run directory.
const (
	JournalFile   = "journal.jsonl"
	WindowsFile   = "windows.jsonl"
	HistogramFile = "latency.hlog"
	SamplesFile   = "samples.jsonl"
	ProbesFile    = "probes.jsonl" // of a run with a rotation alone
)

// Writer appends to a run directory. It is safe for concurrent use: events do not wait for
// histograms to be encoded.
type Writer struct {
	dir                             string
	journal, windows, hlog, samples *appender
	asked                           lateFile // probes

	seconds sync.Mutex // keeps the lines of one second together, and guards what follows
	header  bool       // the head of latency.hlog is written
	encoder encoder
	trends  trends
}

// Create makes the directory dir, with its parents, and the files of a run in it. A directory that
// already holds a journal is refused: a run is evidence and is never written over.
func Create(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create run directory: %w", err)
	}
	w := &Writer{dir: dir}
	for _, file := range []struct {
		name string
		to   **appender
	}{{JournalFile, &w.journal}, {WindowsFile, &w.windows}, {HistogramFile, &w.hlog}, {SamplesFile, &w.samples}} {
		f, err := os.OpenFile(filepath.Join(dir, file.name), os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644) // read by CopyTo
		if err != nil {
			_ = w.Close()
			if errors.Is(err, fs.ErrExist) {
				return nil, fmt.Errorf("create run directory %s: it already holds a run (%s): choose another with --out, or move it away", dir, file.name)
			}
			return nil, fmt.Errorf("create run directory %s: %w", dir, err)
		}
		*file.to = &appender{file: f}
	}
	// The names must survive a power cut too, or a durable event would be in a file without a name.
	if err := syncDir(dir); err != nil {
		_ = w.Close()
		return nil, err
	}
	return w, nil
}

// ErrTakenAway means that the files of the run are not in their place any more.
var ErrTakenAway = errors.New("the run directory was taken away")

// files are those of the run; nil where one could not be made.
func (w *Writer) files() []*appender {
	all := []*appender{w.journal, w.windows, w.hlog, w.samples}
	if late := w.asked.opened(); late != nil {
		all = append(all, late)
	}
	return all
}

// lateFile is a file that is made when there is something to write into it.
type lateFile struct {
	mu   sync.Mutex
	file *appender
}

func (l *lateFile) opened() *appender {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file
}

// open makes the file, once.
func (l *lateFile) open(path string) (*appender, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
		if err != nil {
			return nil, err
		}
		l.file = &appender{file: f}
	}
	return l.file, nil
}

// Check reports whether the files are still in their place. What is written goes into the open files all the same,
// and can be saved by CopyTo.
func (w *Writer) Check() error {
	for _, a := range w.files() {
		written := a.size()
		here, err := a.file.Stat()
		if err != nil {
			return fmt.Errorf("look for %s: %w", a.file.Name(), err)
		}
		there, err := os.Lstat(a.file.Name())
		if err != nil || !os.SameFile(here, there) {
			return fmt.Errorf("%w: %s is not there any more", ErrTakenAway, a.file.Name())
		}
		if left := here.Size(); left < written {
			return fmt.Errorf("%w: %s has been cut short: %d of %d bytes are left", ErrTakenAway, a.file.Name(), left, written)
		}
	}
	return nil
}

// CopyTo copies what was written so far into another directory, from the open files. Only before Close.
func (w *Writer) CopyTo(dir string) error {
	for _, a := range w.files() {
		if err := a.copyTo(filepath.Join(dir, filepath.Base(a.file.Name()))); err != nil {
			return fmt.Errorf("save the run to %s: %w", dir, err)
		}
	}
	return nil
}

// AppendEvent appends one line to the journal of a run whose writer is gone, and flushes it to the disk. A line that the
// writer was cut off in stays a line of its own.
func AppendEvent(dir string, e event.Event) (err error) {
	file, err := os.OpenFile(filepath.Join(dir, JournalFile), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	journal := &appender{file: file}
	defer func() { err = errors.Join(err, journal.close()) }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	if last := make([]byte, 1); info.Size() > 0 {
		if _, err := file.ReadAt(last, info.Size()-1); err != nil {
			return fmt.Errorf("append to journal: %w", err)
		}
		journal.torn = last[0] != '\n'
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.Kind(), err)
	}
	return journal.append(append(line, '\n'), true)
}

// Event appends one line to the journal. One of a durable kind is on the disk when Event returns, so
// that what it announces may be done; others may be lost by a power cut, but not by a kill.
func (w *Writer) Event(e event.Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.Kind(), err)
	}
	return w.journal.append(append(line, '\n'), e.Durable())
}

// Second appends one closed window: its histograms first, then its line in windows.jsonl, so that
// a second which the reader finds there has all of its histograms. Trends are kept back until there are ten seconds
// of them: nothing is told of a single second of them.
func (w *Writer) Second(s Second, obs metric.Observation) error {
	line, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode second %.0f: %w", s.At, err)
	}
	w.seconds.Lock()
	defer w.seconds.Unlock()
	var lines []byte
	if !w.header {
		start := obs.Window.Start.Add(-time.Duration(s.At * float64(time.Second)))
		lines = appendHistogramHeader(lines, start)
	}
	if lines, err = w.encoder.appendHistograms(lines, s, obs); err != nil {
		return err
	}
	w.trends.add(s, obs)
	if w.trends.length >= trendInterval {
		if lines, err = w.trends.flush(&w.encoder, lines); err != nil {
			return err
		}
	}
	if err := w.hlog.append(lines, false); err != nil {
		return err
	}
	w.header = true
	return w.windows.append(append(line, '\n'), false)
}

// Flush writes what is kept back, see [Writer.Second].
func (w *Writer) Flush() error {
	w.seconds.Lock()
	defer w.seconds.Unlock()
	lines, err := w.trends.flush(&w.encoder, nil)
	if err != nil {
		return err
	}
	return w.hlog.append(lines, false)
}

// Close flushes the files to the disk and closes them. It may be called more than once.
func (w *Writer) Close() error {
	var errs []error
	if w.hlog != nil && !w.hlog.closed() {
		errs = append(errs, w.Flush())
	}
	for _, a := range w.files() {
		if a != nil {
			errs = append(errs, a.close())
		}
	}
	return errors.Join(errs...)
}

// appender adds whole lines to the end of a file.
type appender struct {
	mu   sync.Mutex
	file *os.File
	torn bool // the last write stopped short, so the next line needs a fresh start
	done bool

	written int64 // bytes
}

func (a *appender) size() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.written
}

// append writes lines, which end in a newline, by one call.
func (a *appender) append(lines []byte, durable bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	if a.torn {
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := a.file.Write(lines)
	a.written += int64(n)
	if n > 0 {
		a.torn = n < len(lines)
	}
	if err != nil {
		return fmt.Errorf("append to run directory: %w", err)
	}
	if !durable {
		return nil
	}
	if err := a.file.Sync(); err != nil {
		return fmt.Errorf("flush run directory to disk: %w", err)
	}
	return nil
}

func (a *appender) copyTo(path string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(a.file, 0, info.Size()))
	return errors.Join(err, to.Close())
}

func (a *appender) closed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}

func (a *appender) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return nil
	}
	a.done = true
	if err := errors.Join(a.file.Sync(), a.file.Close()); err != nil {
		return fmt.Errorf("close run directory: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := inputfile.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("create run directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("flush run directory to disk: %w", err)
	}
	return nil
}
