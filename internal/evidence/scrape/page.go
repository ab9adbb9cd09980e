package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"

	"xinbot.ir/squall/internal/evidence"
)

// accept asks for the format that has native histograms, then for the plainest.
const accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," +
	"text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"

// startMetric says when a process was started, in Unix time.
const startMetric = "process_start_time_seconds"

// page is what a service showed at one time.
type page struct {
	families map[string]*dto.MetricFamily
	served   time.Time // by the service's clock; zero: not known
}

// parsePage reads an answer in any of the formats.
func parsePage(header http.Header, body []byte) (*page, error) {
	families, err := parse(header.Get("Content-Type"), body)
	if err != nil {
		return nil, &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(err.Error())}
	}
	if len(families) == 0 {
		return nil, &evidence.Problem{Cause: evidence.Empty, Detail: "it has no metrics"}
	}
	p := &page{families: families}
	if served, err := http.ParseTime(header.Get("Date")); err == nil {
		p.served = served
	}
	return p, nil
}

func parse(contentType string, body []byte) (map[string]*dto.MetricFamily, error) {
	kind, _, _ := mime.ParseMediaType(contentType) // an unknown one is taken for text
	switch kind {
	case expfmt.ProtoType:
		return parseProtobuf(body)
	case expfmt.OpenMetricsType:
		plain, err := plainText(body)
		if err != nil {
			return nil, err
		}
		body = plain
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(body))
}

// parseProtobuf reads families, each behind its length. The library's own decoder takes the memory for a family before
// it has seen whether there is so much.
func parseProtobuf(body []byte) (map[string]*dto.MetricFamily, error) {
	families := map[string]*dto.MetricFamily{}
	from := bytes.NewReader(body)
	for {
		family := &dto.MetricFamily{}
		err := protodelim.UnmarshalOptions{MaxSize: int64(len(body))}.UnmarshalFrom(from, family)
		if errors.Is(err, io.EOF) {
			return families, nil
		}
		if err != nil {
			return nil, err
		}
		families[family.GetName()] = family
	}
}

// plainText makes the older text format of OpenMetrics, as far as it matters: types that the older does not know, units,
// timestamps and exemplars are left out.
func plainText(body []byte) ([]byte, error) {
	var out bytes.Buffer
	ended := false
	for line := range strings.Lines(string(body)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case ended:
			return nil, errors.New("there is text after # EOF")
		case line == "# EOF":
			ended = true
		case strings.HasPrefix(line, "#"):
			if fields := strings.Fields(line); len(fields) == 4 && fields[1] == "TYPE" && fields[3] == "histogram" {
				out.WriteString(line + "\n")
			}
		case strings.TrimSpace(line) != "":
			sample, err := withoutExtras(line)
			if err != nil {
				return nil, err
			}
			out.WriteString(sample + "\n")
		}
	}
	if !ended {
		return nil, errors.New("it was cut off: # EOF is missing")
	}
	return out.Bytes(), nil
}

// withoutExtras is a sample's name, labels and value.
func withoutExtras(line string) (string, error) {
	var end int
	inQuotes := false
	if brace := strings.IndexByte(line, '{'); brace >= 0 && !strings.ContainsAny(line[:brace], " \t") {
		end = -1
		for i := brace; i < len(line); i++ {
			switch c := line[i]; {
			case inQuotes && c == '\\':
				i++
			case c == '"':
				inQuotes = !inQuotes
			case c == '}' && !inQuotes:
				end = i + 1
			}
			if end > 0 {
				break
			}
		}
		if end < 0 {
			return "", fmt.Errorf("labels do not end: %s", line)
		}
	} else if end = strings.IndexAny(line, " \t"); end < 0 {
		return "", fmt.Errorf("there is no value: %s", line)
	}
	fields := strings.Fields(line[end:])
	if len(fields) == 0 {
		return "", fmt.Errorf("there is no value: %s", line)
	}
	return line[:end] + " " + fields[0], nil
}

// series is one series of a metric.
type series struct {
	labels  evidence.Labels
	value   float64       // of all but histograms
	counts  *distribution // of histograms
	created float64       // when it began to count, in Unix time; 0: not known
}

// find returns the series of a metric that match, in the order in which they were shown.
func (p *page) find(metric string, match evidence.Labels) (found []series) {
	family := p.families[metric]
	if family == nil {
		family = p.families[metric+"_total"] // OpenMetrics adds it to a counter's name
	}
	for _, m := range family.GetMetric() {
		s := series{labels: labelsOf(m)}
		if !s.labels.Match(match) {
			continue
		}
		switch {
		case m.Histogram != nil:
			s.counts = distributionOf(m.Histogram)
			s.created = unix(m.Histogram.CreatedTimestamp)
		case m.Counter != nil:
			s.value, s.created = m.Counter.GetValue(), unix(m.Counter.CreatedTimestamp)
		case m.Gauge != nil:
			s.value = m.Gauge.GetValue()
		case m.Untyped != nil:
			s.value = m.Untyped.GetValue()
		default:
			continue
		}
		if s.created == 0 {
			s.created = p.created(metric, s.labels)
		}
		found = append(found, s)
	}
	return found
}

// created is what the series NAME_created says, which some libraries show beside each counter.
func (p *page) created(metric string, labels evidence.Labels) float64 {
	family := p.families[strings.TrimSuffix(metric, "_total")+"_created"]
	for _, m := range family.GetMetric() {
		if labelsOf(m).String() == labels.String() {
			return plainValue(m)
		}
	}
	return 0
}

func plainValue(m *dto.Metric) float64 {
	if m.Gauge != nil {
		return m.Gauge.GetValue()
	}
	return m.GetUntyped().GetValue()
}

func labelsOf(m *dto.Metric) evidence.Labels {
	if len(m.GetLabel()) == 0 {
		return nil
	}
	labels := make(evidence.Labels, len(m.GetLabel()))
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// stamp is the part of a protobuf timestamp that matters here.
type stamp interface {
	GetSeconds() int64
	GetNanos() int32
}

func unix(t stamp) float64 { return float64(t.GetSeconds()) + float64(t.GetNanos())/1e9 }

// born is when the process that answered began to count; 0: it does not say. It tells processes apart.
func (p *page) born() float64 {
	for _, m := range p.families[startMetric].GetMetric() {
		if v := plainValue(m); v > 0 && !math.IsInf(v, 0) {
			return v
		}
	}
	first := 0.0
	note := func(at float64) {
		if at > 0 && (first == 0 || at < first) {
			first = at
		}
	}
	for name, family := range p.families {
		made := strings.HasSuffix(name, "_created")
		for _, m := range family.GetMetric() {
			note(unix(m.GetCounter().GetCreatedTimestamp()))
			note(unix(m.GetHistogram().GetCreatedTimestamp()))
			if made {
				note(plainValue(m))
			}
		}
	}
	return first
}
