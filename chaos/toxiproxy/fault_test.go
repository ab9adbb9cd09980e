package toxiproxy

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

const ms = time.Millisecond

func custom(kind, stream string, attributes map[string]int64) chaos.Custom {
	return chaos.Custom{
		ID: "slow-crm_2", Title: "Slow CRM", Place: "squall.yaml:12", TTL: time.Minute,
		Toxic: &chaos.CustomToxic{Proxy: "crm", Type: kind, Stream: stream, Toxicity: 1, Attributes: attributes},
	}
}

// trials are every fault in every way, with what its traffic shows.
func trials() map[string]struct {
	fault   string
	given   chaos.Params
	custom  []chaos.Custom
	summary string
	effect  effect
} {
	type trial = struct {
		fault   string
		given   chaos.Params
		custom  []chaos.Custom
		summary string
		effect  effect
	}
	own := func(kind, stream string, attributes map[string]int64) []chaos.Custom {
		return []chaos.Custom{custom(kind, stream, attributes), {ID: "evict", Workload: &chaos.CustomWorkload{}}}
	}
	const llm, redis, qdrant, crm = "llm_latency", "redis_outage", "qdrant_throttle", "slow-crm_2"
	return map[string]trial{
		"llm slow":            {llm, chaos.Params{"latency": "120ms", "jitter": "20ms"}, nil, "120 ms ± 20 ms", takes(100*ms, 10)},
		"llm slow requests":   {llm, chaos.Params{"latency": "100ms", "jitter": "0s", "stream": "upstream"}, nil, "100 ms, on requests", takes(100*ms, 10)},
		"llm slow both ways":  {llm, chaos.Params{"latency": "100ms", "jitter": "0s", "stream": "both"}, nil, "100 ms, both ways", takes(200*ms, 10)},
		"llm slow for nobody": {llm, chaos.Params{"latency": "1m", "toxicity": "0"}, nil, "1 min ± 500 ms, 0 % of connections", passes},
		"llm hangs":           {llm, chaos.Params{"errors": "timeout"}, nil, "no answers", hangs},
		"llm hangs both ways": {llm, chaos.Params{"errors": "timeout", "stream": "both"}, nil, "no answers, both ways", hangs},
		"llm times out":       {llm, chaos.Params{"errors": "timeout", "after": "50ms"}, nil, "no answers, closed after 50 ms", isClosed(50 * ms)},
		"llm resets":          {llm, chaos.Params{"errors": "reset", "latency": "0s"}, nil, "resets", isReset(0)},
		"llm resets late":     {llm, chaos.Params{"errors": "reset", "latency": "50ms", "jitter": "0s", "after": "60ms"}, nil, "50 ms, resets after 60 ms", isReset(110 * ms)},
		"llm resets requests": {llm, chaos.Params{"errors": "reset", "latency": "0s", "stream": "upstream"}, nil, "resets, on requests", isReset(0)},
		"llm refuses":         {llm, chaos.Params{"errors": "refuse"}, nil, "connections refused", isRefused},
		"llm on a thin line":  {llm, chaos.Params{"errors": "bandwidth", "latency": "0s", "rate": "100"}, nil, "100 KB/s", takes(150*ms, 20_000)},
		"llm slow and thin":   {llm, chaos.Params{"errors": "bandwidth", "latency": "2.5s", "jitter": "1ms", "rate": "100", "toxicity": "0"}, nil, "2.5 s ± 1 ms, 100 KB/s, 0 % of connections", passes},
		"llm by another name": {llm, chaos.Params{"proxy": "crm", "latency": "50ms", "jitter": "0s"}, nil, "50 ms", takes(50*ms, 10)},
		"redis refuses":       {redis, nil, nil, "connections refused", isRefused},
		"redis hangs":         {redis, chaos.Params{"way": "hang"}, nil, "hangs", hangs},
		"redis slow":          {redis, chaos.Params{"way": "slow", "latency": "90ms"}, nil, "answers 90 ms late", takes(90*ms, 10)},
		"qdrant slow":         {qdrant, chaos.Params{"latency": "80ms"}, nil, "80 ms", takes(80*ms, 10)},
		"qdrant thin":         {qdrant, chaos.Params{"latency": "0s", "rate": "100"}, nil, "100 KB/s", takes(150*ms, 20_000)},
		"qdrant both":         {qdrant, chaos.Params{"latency": "100ms", "rate": "100", "toxicity": "100"}, nil, "100 ms, 100 KB/s", takes(200*ms, 20_000)},
		"custom latency":      {crm, nil, own("latency", "upstream", map[string]int64{"latency": 70}), "latency, latency 70 ms, on requests", takes(70*ms, 10)},
		"custom, changed":     {crm, chaos.Params{"latency": "110"}, own("latency", "downstream", map[string]int64{"latency": 7, "jitter": 1}), "latency, latency 110 ms, jitter 1 ms", takes(100*ms, 10)},
		"custom bandwidth":    {crm, nil, own("bandwidth", "downstream", map[string]int64{"rate": 100}), "bandwidth, rate 100 KB/s", takes(150*ms, 20_000)},
		"custom slow close":   {crm, nil, own("slow_close", "downstream", map[string]int64{"delay": 80}), "slow_close, delay 80 ms", closesLate(80 * ms)},
		"custom timeout":      {crm, nil, own("timeout", "downstream", nil), "timeout", hangs},
		"custom reset":        {crm, nil, own("reset_peer", "downstream", map[string]int64{"timeout": 40}), "reset_peer, resets after 40 ms", isReset(40 * ms)},
		"custom slicer":       {crm, nil, own("slicer", "downstream", map[string]int64{"average_size": 10, "size_variation": 5, "delay": 10_000}), "slicer, average size 10 bytes, size variation 5 bytes, delay 10000 µs", takes(60*ms, 100)},
		"custom limit":        {crm, chaos.Params{"toxicity": "100"}, own("limit_data", "downstream", map[string]int64{"bytes": 12}), "limit_data, bytes 12 bytes", getsOnly(12)},
	}
}

// A proxy that another session has changed is refused, with whose it is.
func TestProxyOfAnotherSession(t *testing.T) {
	for name, c := range trials() {
		w := newWorld(t)
		d := w.driver(c.custom...)
		proxy := strings.TrimPrefix(plan(t, d, c.fault, c.given).Scope, "proxy ")
		w.theirs(proxy, "squall-other000-llm_latency-latency-downstream")
		refused := plan(t, d, c.fault, c.given).Refused()
		if len(refused) != 1 || !strings.Contains(refused[0].Reason, "squall-other000-llm_latency") || !strings.Contains(refused[0].Reason, "wait until that session has ended") {
			t.Errorf("%s: refused %+v", name, refused)
		}
	}
}

func TestEveryFaultTakesAndIsTakenBack(t *testing.T) {
	for name, c := range trials() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.driver(c.custom...)
			proxy := strings.TrimPrefix(plan(t, d, c.fault, c.given).Scope, "proxy ")
			w.theirs(proxy, "theirs")
			before := w.state()
			address := w.listen(proxy)

			p := plan(t, d, c.fault, c.given)
			if !reflect.DeepEqual(w.state(), before) {
				t.Error("the plan changed something")
			}
			if p.Params != c.summary {
				t.Errorf("summary %q, want %q", p.Params, c.summary)
			}
			if want := []string{"toxiproxy http://" + w.address + "/proxies/" + proxy}; !slices.Equal(p.Objects, want) {
				t.Errorf("objects %q, want %q", p.Objects, want)
			}
			w.theirs(proxy, "squall-other000-llm_latency-latency-downstream") // comes between plan and injection, and stays
			before = w.state()
			apply(t, p)
			changed := w.state()
			apply(t, p) // what is applied already is fine
			if !reflect.DeepEqual(w.state(), changed) || reflect.DeepEqual(changed, before) {
				t.Errorf("after applying again %v, after applying %v", w.state(), changed)
			}
			c.effect(t, address)

			for range 2 {
				if errs := undo(t, p); len(errs) > 0 {
					t.Fatal(errs)
				}
				if after := w.state(); !reflect.DeepEqual(after, before) {
					t.Errorf("after undo\n%v, before\n%v", after, before)
				}
				passes(t, address)
			}
		})
	}
}

// TestEveryFaultSaysWhatItIs holds the rows to the contract: names, defaults, variables, expectations.
func TestEveryFaultSaysWhatItIs(t *testing.T) {
	type row struct{ def, env, unit string }
	want := map[string]map[string]row{
		"llm_latency": {
			"proxy": {"llm-upstream", "PROXY_NAME", ""}, "latency": {"3s", "LATENCY_MS", "ms"}, "jitter": {"500ms", "JITTER_MS", "ms"},
			"errors": {def: "none"}, "after": {def: "0s"}, "rate": {def: "10"}, "stream": {def: "downstream"}, "toxicity": {def: "100"}, "for": {"10m", "UPTIME_SECONDS", "s"},
		},
		"redis_outage":    {"proxy": {def: "redis"}, "way": {def: "refuse"}, "latency": {def: "1s"}, "for": {"2m", "DISRUPTION_SECONDS", "s"}},
		"qdrant_throttle": {"way": {def: "proxy"}, "proxy": {def: "qdrant"}, "latency": {"800ms", "LATENCY_MS", "ms"}, "rate": {def: "0"}, "toxicity": {def: "100"}, "for": {"5m", "DURATION_SECONDS", "s"}},
		"slow-crm_2":      {"latency": {def: "5"}, "jitter": {def: "0"}, "toxicity": {def: "100"}, "for": {def: "1m"}},
	}
	faults := New(Config{Custom: []chaos.Custom{custom("latency", "downstream", map[string]int64{"latency": 5})}}).Faults()
	found := map[string]bool{}
	for _, f := range faults {
		info := f.Info()
		found[info.ID] = true
		got := map[string]row{}
		for _, p := range info.Params {
			got[p.Name] = row{p.Default, p.Env, p.EnvUnit}
			if want[info.ID] != nil && p.Live == (p.Name == "proxy") {
				t.Errorf("%s of %s: live %t", p.Name, info.ID, p.Live)
			}
			if p.Label == "" || p.Help == "" {
				t.Errorf("%s of %s has no label or help", p.Name, info.ID)
			}
		}
		if rows := want[info.ID]; rows != nil && !maps.Equal(got, rows) {
			t.Errorf("%s\n%v, want\n%v", info.ID, got, want[info.ID])
		}
		if _, err := chaos.Complete(info.Params, nil); err != nil {
			t.Errorf("defaults of %s: %v", info.ID, err)
		}
		if len(info.Expect) == 0 {
			t.Errorf("%s expects nothing, not even that the platform recovers", info.ID)
			continue
		}
		last := info.Expect[len(info.Expect)-1]
		if info.Driver != "Toxiproxy" || last.Signal != event.Recovers || last.Within != 2*time.Minute {
			t.Errorf("%+v", info)
		}
		for _, e := range info.Expect {
			if e.Text == "" {
				t.Errorf("an expectation of %s has no text: %+v", info.ID, e)
			}
		}
	}
	for id := range want {
		if !found[id] {
			t.Errorf("there is no fault %s", id)
		}
	}
	if _, err := faults[0].Plan(t.Context(), chaos.Params{"proxy": "x"}); err == nil {
		t.Error("planned without an address")
	}
}

// Conditions name parameters and choices that there are.
func TestConditionsOfParameters(t *testing.T) {
	for _, f := range New(Config{}).Faults() {
		rows := f.Info().Params
		for _, p := range rows {
			name, values, conditional := strings.Cut(p.When, "=")
			if !conditional {
				continue
			}
			i := slices.IndexFunc(rows, func(r chaos.Param) bool { return r.Name == name })
			if i < 0 {
				t.Fatalf("%s depends on %s", p.Name, name)
			}
			for _, v := range strings.Split(values, "|") {
				if !slices.Contains(rows[i].Choices, v) {
					t.Errorf("%s depends on %s=%s", p.Name, name, v)
				}
			}
		}
	}
}
