package slo

import (
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/load"
)

func TestPlatformRule(t *testing.T) {
	for _, c := range []struct {
		line, query, operator string
		bound                 float64
		span                  time.Duration
		written               string
	}{
		{"prometheus: max(automation_queue_depth) > 50 for 30s", "max(automation_queue_depth)", ">", 50, 30 * time.Second, "prometheus: max(automation_queue_depth) > 50 for 30s"},
		{"  prometheus:up==0 for 1m", "up", "==", 0, time.Minute, "prometheus: up == 0 for 1m"},
		{"prometheus: a - b >= -2.5e3 for 1h", "a - b", ">=", -2500, time.Hour, "prometheus: a - b >= -2500 for 1h"},
		{"prometheus: count(a > 5 and b < 3) > 0 for 10s", "count(a > 5 and b < 3)", ">", 0, 10 * time.Second, "prometheus: count(a > 5 and b < 3) > 0 for 10s"},
		{`prometheus: x{path="/a for 5s>1", q='}'} != 1 for 5s`, `x{path="/a for 5s>1", q='}'}`, "!=", 1, 5 * time.Second, `prometheus: x{path="/a for 5s>1", q='}'} != 1 for 5s`},
	} {
		rule, err := ParseStopRule(load.Registry(), c.line)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		if want := (StopRule{Platform: PlatformCondition{c.query, c.operator, c.bound}, For: c.span}); rule != want {
			t.Errorf("%s is read as %+v, want %+v", c.line, rule, want)
		}
		if rule.String() != c.written || rule.Title()+" for" != strings.TrimPrefix(c.written[:strings.LastIndex(c.written, "for")+3], "prometheus: ") {
			t.Errorf("%s is written as %s, for people %s", c.line, rule, rule.Title())
		}
		if again, err := ParseStopRule(load.Registry(), rule.String()); err != nil || again != rule {
			t.Errorf("%s: written as %s it is read as %+v (%v)", c.line, rule, again, err)
		}
	}
}

func TestPlatformRuleErrors(t *testing.T) {
	for line, want := range map[string]string{
		"prometheus: up == 0":                 `expected a time at the end, such as "for 30s"`,
		"prometheus: up == 0 for 0s":          `expected whole seconds from 1s to 1h behind "for", not "0s"`,
		"prometheus: up == 0 for 2h":          `expected whole seconds from 1s to 1h`,
		"prometheus: up == 0 for 1500ms":      `expected whole seconds`,
		"prometheus: up for 10s":              `expected a comparison with a number behind the query, such as "> 50"`,
		"prometheus: up >bool 1 for 10s":      `expected a comparison with a number`,
		"prometheus: up > 1.2.3 for 10s":      `expected a number behind ">", not "1.2.3"`,
		"prometheus: up > 1e999 for 10s":      `expected a number`,
		"prometheus: > 1 for 10s":             `expected a query before ">", such as "max(automation_queue_depth)"`,
		"prometheus: max(up > 1 for 10s":      `the query lacks a ")": max(up`,
		"prometheus: up) > 1 for 10s":         `the query has a ")" too many`,
		`prometheus: up{a="b} > 1 for 10s`:    `the query has a string without its closing "`,
		"prometheus: histogram(x] > 1 for 5s": `the query has a "]" too many`,
	} {
		_, err := ParseStopRule(load.Registry(), line)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "stop rule ") {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

func TestSteadyCondition(t *testing.T) {
	for line, want := range map[string]SteadyCondition{
		"prometheus: max(q) < 50":         {PlatformCondition{"max(q)", "<", 50}, 0},
		"prometheus: max(q) < 50 for 30s": {PlatformCondition{"max(q)", "<", 50}, 30 * time.Second},
	} {
		c, err := ParseSteadyCondition(line)
		if err != nil || c != want || c.String() != line {
			t.Errorf("%s is read as %+v, written %s (%v)", line, c, c, err)
		}
	}
	if _, err := ParseSteadyCondition("max(q) < 50"); err == nil || !strings.Contains(err.Error(), `expected "prometheus:" and a query`) {
		t.Error(err)
	}
}

// Each series waits for itself, and a reading that does not meet the condition or is missing starts its wait again.
func TestPlatformEvaluator(t *testing.T) {
	type reading map[string]float64
	at := func(i int) time.Time { return time.Unix(int64(5*i), 0) }
	for name, c := range map[string]struct {
		readings []reading // every 5 s; nil: a reading of nothing
		held     map[string]time.Duration
		worst    string
		holds    bool
	}{
		"holds from the first reading": {[]reading{{"a": 51}, {"a": 51}, {"a": 60}}, map[string]time.Duration{"a": 10 * time.Second}, "a", true},
		"equal is not above":           {[]reading{{"a": 51}, {"a": 50}}, map[string]time.Duration{"a": 0}, "a", false},
		"one reading is below":         {[]reading{{"a": 51}, {"a": 3}, {"a": 60}, {"a": 60}}, map[string]time.Duration{"a": 5 * time.Second}, "a", true},
		"series take turns":            {[]reading{{"a": 51, "b": 1}, {"a": 1, "b": 51}, {"a": 51, "b": 1}}, map[string]time.Duration{"a": 0, "b": 0}, "b", false},
		"a series is away for once":    {[]reading{{"a": 51, "b": 51}, {"b": 51}, {"a": 51, "b": 51}}, map[string]time.Duration{"a": 0, "b": 10 * time.Second}, "a", true},
		"a series is gone":             {[]reading{{"a": 1, "b": 51}, {"b": 51}, {"b": 51}}, map[string]time.Duration{"b": 10 * time.Second}, "b", true},
	} {
		t.Run(name, func(t *testing.T) {
			e := NewPlatformEvaluator(PlatformCondition{"q", ">", 50})
			last := map[string]PlatformValue{}
			for i, r := range c.readings {
				for series, value := range r {
					last[series] = e.Observe(series, at(i), value)
				}
			}
			for series, want := range c.held {
				if last[series].Held != want {
					t.Errorf("%s: %+v, want %v", series, last[series], want)
				}
			}
			worst, ok := e.Worst()
			if !ok || worst.Series != c.worst || worst.Holds != c.holds {
				t.Errorf("the worst is %+v (%t), want %s, %t", worst, ok, c.worst, c.holds)
			}
			e.Reset()
			if worst, ok := e.Worst(); ok {
				t.Errorf("after a reset there is %+v", worst)
			}
			if again := e.Observe("a", at(99), 70); !again.Holds || again.Held != 0 {
				t.Errorf("after a reset the wait is %+v", again)
			}
		})
	}
}

func FuzzPlatformRule(f *testing.F) {
	for _, line := range []string{"prometheus: max(q) > 50 for 30s", `prometheus: x{a="\"}"} != 1e-3 for 1h`, "prometheus: for 5s < 1 for 5s", "prometheus:"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !OnPlatform(line) {
			return
		}
		rule, err := ParseStopRule(load.Registry(), line)
		if err != nil {
			return
		}
		if again, err := ParseStopRule(load.Registry(), rule.String()); err != nil || again != rule {
			t.Errorf("%q is read as %+v; written as %q it is read as %+v (%v)", line, rule, rule, again, err)
		}
	})
}
