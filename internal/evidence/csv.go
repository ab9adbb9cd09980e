package evidence

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"xinbot.ir/squall/internal/printable"
)

// TimeFormat is how exports write times: UTC, to the millisecond.
const TimeFormat = "2006-01-02T15:04:05.000Z07:00"

// SampleWriter writes samples as CSV: time, series, value. NaN is an empty value: what stood there is worth nothing.
type SampleWriter struct {
	out  *csv.Writer
	rows int
}

// NewSampleWriter writes the header.
func NewSampleWriter(w io.Writer) (*SampleWriter, error) {
	out := csv.NewWriter(w)
	return &SampleWriter{out: out}, out.Write([]string{"time", "series", "value"})
}

// Write writes one sample.
func (w *SampleWriter) Write(at time.Time, labels Labels, value float64) error {
	return w.WriteNamed(at, labels.String(), value)
}

// WriteNamed writes one sample of a series that has a name.
func (w *SampleWriter) WriteNamed(at time.Time, series string, value float64) error {
	w.rows++
	written := ""
	if !math.IsNaN(value) {
		written = strconv.FormatFloat(value, 'g', -1, 64)
	}
	return w.out.Write([]string{at.UTC().Format(TimeFormat), printable.Cell(series), written})
}

// Close writes out what is buffered, and returns how many samples there were.
func (w *SampleWriter) Close() (rows int, err error) {
	w.out.Flush()
	return w.rows, w.out.Error()
}

// WriteAlertsCSV writes alerts, a line each. A time that is not known is empty.
func WriteAlertsCSV(w io.Writer, alerts []Alert) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"source", "alert", "labels", "state", "active_at", "fired_at", "resolved_at", "fired_exact", "resolved_exact", "summary"})
	for _, a := range alerts {
		err = errors.Join(err, out.Write([]string{
			a.Source, printable.Cell(a.Name), printable.Cell(a.Labels.Without("alertname").String()), string(a.State), moment(a.ActiveAt), moment(a.FiredAt), moment(a.ResolvedAt),
			strconv.FormatBool(a.FiredExact), strconv.FormatBool(a.ResolvedExact), printable.Cell(a.Annotations["summary"]),
		}))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(TimeFormat)
}

// ExportAlerts writes alerts as JSON and as CSV: alerts-SOURCE.json, alerts-SOURCE.csv.
func ExportAlerts(dir, source string, alerts []Alert) ([]File, error) {
	if alerts == nil {
		alerts = []Alert{}
	}
	title := "Alerts, as " + source + " knows them"
	name := "alerts-" + source
	formats := []struct {
		ending string
		write  func(io.Writer) error
	}{
		{".json", func(w io.Writer) error {
			out := json.NewEncoder(w)
			out.SetIndent("", "  ")
			return out.Encode(alerts)
		}},
		{".csv", func(w io.Writer) error { return WriteAlertsCSV(w, alerts) }},
	}
	var files []File
	var errs []error
	for _, f := range formats {
		err := WriteFile(dir, name+f.ending, f.write)
		if err == nil {
			files = append(files, File{Name: name + f.ending, Title: title, Rows: len(alerts)})
		}
		errs = append(errs, err)
	}
	return files, errors.Join(errs...)
}

// WriteFile writes a file of an export, whole or not at all.
func WriteFile(dir, name string, write func(io.Writer) error) error {
	temporary, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	err = write(temporary)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(temporary.Name()))
	}
	return nil
}
