package grafana

import (
	"encoding/json"

	"xinbot.ir/squall/internal/evidence"
)

// look is what a panel says of its values: today's fields, and those of the graph panel of before.
type look struct {
	Fields     json.RawMessage `json:"fieldConfig"`
	Thresholds json.RawMessage `json:"thresholds"`
	Axes       json.RawMessage `json:"yaxes"`
}

type fieldConfig struct {
	Defaults struct {
		Unit       text `json:"unit"`
		Thresholds struct {
			Mode  text        `json:"mode"`
			Steps []threshold `json:"steps"`
		} `json:"thresholds"`
		Custom struct {
			Style struct {
				Mode text `json:"mode"`
			} `json:"thresholdsStyle"`
		} `json:"custom"`
	} `json:"defaults"`
}

type threshold struct {
	Value *float64 `json:"value"`
}

// grafanaUnits are Grafana's names of the units that are known here. Values of others are numbers.
var grafanaUnits = map[text]evidence.Unit{
	"s": evidence.Seconds, "ms": evidence.Milliseconds, "percent": evidence.Percent, "percentunit": evidence.Ratio, "bytes": evidence.Bytes, "decbytes": evidence.Bytes,
	"reqps": evidence.PerSecond, "rps": evidence.PerSecond, "ops": evidence.PerSecond, "cps": evidence.PerSecond, "wps": evidence.PerSecond, "iops": evidence.PerSecond,
}

// fields reads what can be read: a look that is odd is no reason not to run a panel's queries.
func (l look) fields() (f fieldConfig) {
	if len(l.Fields) > 0 {
		_ = json.Unmarshal(l.Fields, &f)
	}
	return f
}

// unit is that of the panel's values.
func (l look) unit() evidence.Unit {
	if unit := l.fields().Defaults.Unit; unit != "" {
		return grafanaUnits[unit]
	}
	var axes []struct {
		Format text `json:"format"`
	}
	if len(l.Axes) > 0 && json.Unmarshal(l.Axes, &axes) == nil && len(axes) > 0 {
		return grafanaUnits[axes[0].Format]
	}
	return evidence.Count
}

// mostThresholds is how many of them are drawn.
const mostThresholds = 10

// lines are the thresholds that Grafana draws. Those that only colour values are none.
func (l look) lines() (lines []evidence.Line) {
	var steps []threshold
	f := l.fields().Defaults
	if style := f.Custom.Style.Mode; style != "" && style != "off" && f.Thresholds.Mode != "percentage" {
		steps = f.Thresholds.Steps
	}
	if len(l.Thresholds) > 0 {
		var old []threshold
		if json.Unmarshal(l.Thresholds, &old) == nil {
			steps = append(steps, old...)
		}
	}
	for _, s := range steps {
		if s.Value != nil && len(lines) < mostThresholds {
			lines = append(lines, evidence.Line{Value: *s.Value, Text: "threshold"})
		}
	}
	return lines
}
