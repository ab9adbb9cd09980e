package toxiproxy

import (
	"testing"

	"xinbot.ir/squall/chaos"
)

func TestCustomToxicsAreChecked(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		toxic  chaos.Custom
		given  chaos.Params
		reason string
	}{
		"type":      {custom("latancy", "downstream", nil), nil, `squall.yaml:12: toxic is "latancy": must be one of latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data`},
		"stream":    {custom("latency", "sideways", map[string]int64{"latency": 1}), nil, `squall.yaml:12: stream is "sideways": must be upstream or downstream`},
		"attribute": {custom("latency", "downstream", map[string]int64{"latency": 1, "jiter": 2}), nil, "squall.yaml:12: attributes.jiter is none of a latency toxic: it has latency, jitter"},
		"missing":   {custom("bandwidth", "downstream", nil), nil, "squall.yaml:12: attributes.rate is missing: must be a whole number from 1 to 1048576 (KB/s)"},
		"bounds":    {custom("bandwidth", "downstream", map[string]int64{"rate": 0}), nil, "squall.yaml:12: attributes.rate is 0: must be"},
		"too long":  {custom("reset_peer", "downstream", map[string]int64{"timeout": 1 << 50}), nil, "must be a whole number from 0 to 20000 (ms)"},
		"slices":    {custom("slicer", "downstream", map[string]int64{"average_size": 10, "size_variation": 10}), nil, "size_variation is 10: must be less than average_size, which is 10"},
		"changed":   {custom("slicer", "downstream", map[string]int64{"average_size": 10}), chaos.Params{"size_variation": "11"}, "size_variation is 11"},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, w.driver(c.toxic), c.toxic.ID, c.given)
			contains(t, said(p, chaos.Refuses), c.reason)
		})
	}
}

func TestCustomToxicity(t *testing.T) {
	w := newWorld(t)
	c := custom("timeout", "downstream", nil)
	c.Toxic.Toxicity = 0.29
	p := plan(t, w.driver(c), c.ID, nil)
	if p.Params != "timeout, 29 % of connections" {
		t.Errorf("summary %q", p.Params)
	}
	apply(t, p)
	if got := w.client("crm").ActiveToxics[0].Toxicity; got != 0.29 {
		t.Errorf("toxicity %v", got)
	}
	for _, param := range findFault(t, w.driver(custom("slicer", "downstream", map[string]int64{"average_size": 1})), c.ID).Info().Params {
		if slicing := param.Unit != ""; param.Live == slicing {
			t.Errorf("%s of a slicer is live: %t", param.Name, param.Live)
		}
	}
}
