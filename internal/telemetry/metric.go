package telemetry

import (
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
)

// Run is the run that is told of.
type Run interface {
	Snapshot() session.Snapshot
	Verdict() slo.Verdict // if it ended now
}

// State is a run at one moment.
type State struct {
	session.Snapshot
	Verdict slo.Verdict
	Reading Reading
}

// Read reads the state of a run. It waits neither for traffic nor for the disk.
func Read(r Run, m *Meter) State { return State{r.Snapshot(), r.Verdict(), m.Read()} }

// Kind is how a metric behaves.
type Kind uint8

// The kinds.
const (
	Gauge Kind = iota
	Counter
	Histogram
)

// Unit is the unit of a metric as UCUM writes it, which OpenTelemetry asks for.
type Unit string

// The units. Without one a number counts what its name says.
const (
	Seconds   Unit = "s"
	Bytes     Unit = "By"
	PerSecond Unit = "1/s"
	Ratio     Unit = "1"
)

// suffixes are how Prometheus writes a unit at the end of a name, and what it makes of OpenTelemetry's metrics.
var suffixes = map[Unit]string{Seconds: "_seconds", Bytes: "_bytes", PerSecond: "_per_second", Ratio: "_ratio"}

// Metric is one metric.
type Metric struct {
	Name   string // without the suffixes of its unit and kind
	Help   string
	Unit   Unit
	Kind   Kind
	Labels []string

	read func(s State, to sink)
}

// PrometheusName is its name there, which says unit and kind: squall_sent_bytes_total.
func (m Metric) PrometheusName() string {
	name := m.Name + suffixes[m.Unit]
	if m.Kind == Counter {
		name += "_total"
	}
	return name
}

// Point is one value of a metric.
type Point struct {
	Labels       []string // values, in the order of the metric's labels
	Value        float64
	Distribution Distribution // of a histogram, in place of the value
}

// Points are the values of the metric.
func (m Metric) Points(s State) (all []Point) {
	m.read(s, func(p Point) { all = append(all, p) })
	return all
}

// sink takes values of a metric.
type sink func(Point)

func (to sink) number(value float64, labels ...string) { to(Point{Labels: labels, Value: value}) }

func (to sink) count(n uint64, labels ...string) { to.number(float64(n), labels...) }

// flag is 1 where something is so, else 0.
func (to sink) flag(is bool, labels ...string) {
	value := 0.
	if is {
		value = 1
	}
	to.number(value, labels...)
}
