package rundir

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/load/metric"
)

// latency.hlog is an HdrHistogram interval log, format version 1.3, as the HdrHistogram tools read
// and write it (http://hdrhistogram.org). A tag is a series; latencies count from the time a send
// was due. In the open model a second tag, with [ServiceSuffix], counts from the time it was sent. The other tags are
// trends, see [metric.Trend], over ten seconds.
//
// The lines are written here rather than by hdrhistogram-go's log writer because that one cannot
// be told the ratio for Interval_Max (its option is not exported) and cuts times to whole seconds.
// The header is the same, and so is the payload (codec.go).

// ServiceSuffix ends the tag of a service-time histogram.
const ServiceSuffix = "/service"

// microsPerUnit is the ratio between recorded values (microseconds) and Interval_Max
// (milliseconds).
const microsPerUnit = 1000

// appendHistogramHeader writes the head of a log. Interval times count from start.
func appendHistogramHeader(b []byte, start time.Time) []byte {
	seconds := float64(start.UnixMilli()) / 1000
	b = fmt.Appendf(b, "#[Histogram log format version %s]\n", hdr.HISTOGRAM_LOG_FORMAT_VERSION)
	b = fmt.Appendf(b, "#[StartTime: %.3f (seconds since epoch), %s]\n", seconds, start.UTC().Format(time.RFC3339))
	b = fmt.Appendf(b, "#[BaseTime: %.3f (seconds since epoch)]\n", seconds)
	b = append(b, "#[Values are microseconds, Interval_Max is milliseconds]\n"...)
	return append(b, `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`+"\n"...)
}

// appendHistograms writes one line per histogram of the observation that has samples.
func (e *encoder) appendHistograms(b []byte, s Second, obs metric.Observation) ([]byte, error) {
	for id, series := range obs.Registry.Series() {
		for _, kind := range []struct {
			suffix string
			h      *hdr.Histogram
		}{{"", obs.Latency[id]}, {ServiceSuffix, obs.Service[id]}} {
			if kind.h == nil || kind.h.TotalCount() == 0 {
				continue
			}
			var err error
			if b, err = e.appendInterval(b, series.String()+kind.suffix, s.At, s.Length, kind.h); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// appendInterval writes one line.
func (e *encoder) appendInterval(b []byte, tag string, at, length float64, h *hdr.Histogram) ([]byte, error) {
	// The 100th percentile is the maximum, and found much faster than by Max.
	highest := float64(h.ValueAtPercentile(100)) / microsPerUnit
	b = fmt.Appendf(b, "Tag=%s,%.3f,%.3f,%.3f,", tag, at, length, highest)
	b, err := e.append(b, h)
	if err != nil {
		return nil, fmt.Errorf("write histogram %s of second %.0f: %w", tag, at, err)
	}
	return append(b, '\n'), nil
}

// interval is one parsed line of a histogram log.
type interval struct {
	tag        string
	at, length float64
	payload    []byte
}

var errNoInterval = errors.New("not a histogram line")

// parseInterval reads one line, without its newline. A header, comment or empty line answers ok
// false and no error.
func parseInterval(line []byte) (iv interval, ok bool, err error) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if len(line) == 0 || line[0] == '#' || line[0] == '"' {
		return interval{}, false, nil
	}
	if rest, tagged := bytes.CutPrefix(line, []byte("Tag=")); tagged {
		tag, rest, found := bytes.Cut(rest, []byte{','})
		if !found {
			return interval{}, false, errNoInterval
		}
		iv.tag, line = string(tag), rest
	}
	fields := bytes.Split(line, []byte{','})
	if len(fields) != 4 {
		return interval{}, false, errNoInterval
	}
	for i, to := range []*float64{&iv.at, &iv.length} {
		v, err := strconv.ParseFloat(string(fields[i]), 64)
		if err != nil || !believable(v) {
			return interval{}, false, fmt.Errorf("%w: bad time %q", errNoInterval, clip(string(fields[i])))
		}
		*to = v
	}
	iv.payload = fields[3]
	return iv, true, nil
}

// maxSeconds bounds times that a reader believes, so that a damaged line cannot stretch a chart
// over centuries: ten years.
const maxSeconds = 10 * 365 * 24 * 3600

// clip shortens text of a damaged file for an error message.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + ".."
	}
	return s
}
