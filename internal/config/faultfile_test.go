package config

import (
	"strings"
	"testing"
)

// TestFaultFileProblems checks that mistakes below faults are named with line and key.
func TestFaultFileProblems(t *testing.T) {
	for text, want := range map[string]string{
		"[]":                                            "is a list: must be a mapping",
		"{x: 5}":                                        "faults.x: is the number 5: must be a mapping",
		"{X: {}}":                                       "faults.X: is no name for a fault: a lower-case letter",
		"{x: {latency: [1]}}":                           "faults.x.latency: is a list: must be the value of a parameter such as 3s",
		"{x: {latency: }}":                              "faults.x.latency: is empty",
		"{x: {latency: ''}}":                            "faults.x.latency: is empty",
		"{x: {latency: '${L}'}}":                        "faults.x.latency: holds ${..}, which is accepted for secrets only",
		"{x: {type: kill}}":                             `faults.x.type: is "kill": must be one of toxic, evict, delete, scale`,
		"{x: {type: [evict]}}":                          "faults.x.type: is a list: must be one of toxic",
		"{x: {type: toxic}}":                            "faults.x.proxy: is missing",
		"{x: {type: toxic, proxy: p}}":                  "faults.x.toxic: is missing",
		"{x: {type: toxic, workload: a}}":               "faults.x.workload: unknown key: accepted here are attributes, for, proxy, stream, title, toxic, toxicity and type",
		"{x: {type: evict, replicas: 1}}":               "faults.x.replicas: unknown key: accepted here are for, namespace, title, type and workload",
		"{x: {type: evict}}":                            "faults.x.workload: is missing",
		"{x: {type: scale, workload: a}}":               "faults.x.replicas: is missing",
		"{x: {type: evict, workload: pod}}":             `faults.x.workload: is "pod": must be deployment/NAME or statefulset/NAME`,
		"{x: {type: evict, workload: d/a}}":             `is "d/a": must be deployment/NAME`,
		"{x: {type: evict, namespace: A}}":              `faults.x.namespace: is "A": must be the name of a namespace`,
		"{x: {type: evict, for: soon}}":                 `faults.x.for: is "soon": must be a duration such as 3s or 500ms from 1s to 6h`,
		"{x: {type: evict, for: 7h}}":                   `faults.x.for: is "7h": must be`,
		"{x: {type: evict, title: \"a\\n\"}":            `faults.x.title: is "a\n": must be a title`,
		"{x: {type: scale, replicas: -1}}":              `faults.x.replicas: is "-1": must be a whole number from 0 to 1000`,
		"{x: {type: scale, replicas: 1.5}}":             `faults.x.replicas: is "1.5": must be a whole number`,
		"{x: {type: toxic, stream: up}}":                `faults.x.stream: is "up": must be upstream or downstream`,
		"{x: {type: toxic, toxicity: 2}}":               "faults.x.toxicity: is 2: must be a number from 0 to 1",
		"{x: {type: toxic, proxy: a b}}":                `faults.x.proxy: is "a b": must be the name of a proxy`,
		"{x: {type: toxic, attributes: 5}}":             "faults.x.attributes: is the number 5: must be a mapping",
		"{x: {type: toxic, attributes: {latency: 2s}}}": `faults.x.attributes.latency: is "2s": must be a whole number from 0 to 9007199254740992`,
		"{x: {type: evict, type: evict}}":               "faults.x.type: stands twice",
		"{x: {}, x: {}}":                                "faults.x: stands twice",
		"{x: {type: evict, workload: deployment/" + strings.Repeat("a", 64):         "must be deployment/NAME",
		"{x: {type: evict, workload: deployment/" + strings.Repeat("a.", 130) + "a": "must be deployment/NAME",
	} {
		t.Run(text, func(t *testing.T) {
			text += strings.Repeat("}", strings.Count(text, "{")-strings.Count(text, "}"))
			_, err := parseFile("squall.yaml", []byte("targets:\n  a:\n    faults: "+text+"\n"))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "squall.yaml:3: targets.a.faults") {
				t.Errorf("error is\n%v\nwant it to say %q", err, want)
			}
			if lines := strings.Split(err.Error(), "\n"); lines[0] == lines[len(lines)-1] && len(lines) > 1 {
				t.Errorf("said twice: %v", err)
			}
		})
	}
}

func TestTitles(t *testing.T) {
	for id, want := range map[string]string{"slow_crm": "Slow crm", "x": "X", "redis-crash_2": "Redis crash 2"} {
		if got := titleOf(id); got != want {
			t.Errorf("%s has the title %q, want %q", id, got, want)
		}
	}
}

// FuzzFaults: what is accepted below faults is complete enough for a driver.
func FuzzFaults(f *testing.F) {
	for _, seed := range []string{
		"{}", "{llm_latency: {latency: 3s}}", "{x: {type: toxic, proxy: p, toxic: latency, toxicity: .5, attributes: {latency: 0x10}}}",
		"{x: {type: scale, workload: deployment/q.d, replicas: 0, for: 1m, title: 'a b'}}", "{x: &a {type: evict, workload: statefulset/r}, y: *a}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFile("squall.yaml", []byte("targets: {a: {faults: "+text+"\n}}"))
		if err != nil {
			return
		}
		for _, target := range parsed.targets {
			for _, fault := range target.faults {
				c := fault.custom
				if c == nil {
					continue
				}
				if (c.Toxic == nil) == (c.Workload == nil) || c.Title == "" || c.TTL < 1 || len(fault.params) > 0 {
					t.Errorf("custom fault %+v", c)
				}
				if c.Toxic != nil && (c.Toxic.Proxy == "" || c.Toxic.Type == "" || c.Toxic.Stream == "") {
					t.Errorf("toxic %+v", c.Toxic)
				}
				if c.Workload != nil && (c.Workload.Kind == "" || c.Workload.Name == "" || c.Workload.Replicas < 0) {
					t.Errorf("workload %+v", c.Workload)
				}
			}
		}
	})
}
