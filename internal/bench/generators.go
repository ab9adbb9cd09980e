//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// work is what a generator is told to do.
type work struct {
	url      string
	vus      int
	think    time.Duration // longest; drawn uniformly from 0
	duration time.Duration
	dir      string // for what it writes; does not exist yet
}

// generator is a program that can be told to do work.
type generator struct {
	name string
	note string // how its message differs from squall's
	find func(*lab) (path string, ok bool)
	args func(*lab, work) []string
	env  func(*lab, work) []string
}

// generators returns everything that can be measured here, squall first.
var generators = []generator{squallHeadless(), k6(), wrk(), hey(), locust()}

func squallHeadless() generator {
	g := squallConsole()
	args := g.args
	g.args = func(l *lab, w work) []string { return append(args(l, w), "--headless") }
	return g
}

// squallConsole is the same run with the console drawn.
func squallConsole() generator {
	return generator{
		name: "squall",
		find: func(l *lab) (string, bool) { return l.squall, true },
		args: func(l *lab, w work) []string {
			return []string{
				"run",
				"--vus", strconv.Itoa(w.vus),
				"--think", "0s-" + w.think.String(),
				"--duration", w.duration.String(),
				"--workload", l.path("webchat_only.yaml"),
				"--out", filepath.Join(w.dir, "run"),
				"--summary-export", summaryFile(w),
				"-e", "GATEWAY_URL=" + w.url,
				"-e", "WEBHOOK_SECRET=" + secret,
			}
		},
	}
}

func k6() generator {
	return generator{
		name: "k6",
		find: func(l *lab) (string, bool) { return l.k6, l.k6 != "" },
		args: func(l *lab, w work) []string {
			return []string{
				"run", "--quiet", "--no-usage-report", "--no-color",
				"--vus", strconv.Itoa(w.vus),
				"--duration", w.duration.String(),
				"--summary-export", summaryFile(w),
				"-e", "GATEWAY_URL=" + w.url,
				"-e", "WEBHOOK_SECRET=" + secret,
				"-e", fmt.Sprintf("THINK_MAX=%g", w.think.Seconds()),
				l.path("signed.js"),
			}
		},
	}
}

func wrk() generator {
	return generator{
		name: "wrk",
		note: "constant body, nothing signed",
		find: inPath("wrk"),
		args: func(l *lab, w work) []string {
			return []string{
				"-t1", "-c" + strconv.Itoa(w.vus), "-d" + w.duration.String(),
				"-s", l.path("constant.lua"), w.url,
			}
		},
		env: func(l *lab, _ work) []string {
			return []string{"BODY_FILE=" + l.path("body.json"), "SIGNATURE=" + constantSignature()}
		},
	}
}

func hey() generator {
	return generator{
		name: "hey",
		note: "constant body, nothing signed",
		find: inPath("hey"),
		args: func(l *lab, w work) []string {
			return []string{
				"-z", w.duration.String(), "-c", strconv.Itoa(w.vus), "-cpus", "1",
				"-m", "POST", "-T", "application/json",
				"-H", "X-Webchat-Signature: " + constantSignature(),
				"-D", l.path("body.json"), w.url,
			}
		},
	}
}

func locust() generator {
	return generator{
		name: "Locust",
		find: inPath("locust"),
		args: func(l *lab, w work) []string {
			return []string{
				"-f", l.path("locustfile.py"), "--headless", "--only-summary",
				"--users", strconv.Itoa(w.vus), "--spawn-rate", strconv.Itoa(w.vus),
				"--run-time", w.duration.String(), "--host", hostOf(w.url),
			}
		},
		env: func(_ *lab, w work) []string {
			return []string{"WEBHOOK_SECRET=" + secret, "GATEWAY_PATH=" + pathOf(w.url)}
		},
	}
}

func inPath(name string) func(*lab) (string, bool) {
	return func(*lab) (string, bool) {
		path, err := exec.LookPath(name)
		return path, err == nil
	}
}

// command is what to start for w.
func (g generator) command(l *lab, w work) (command, error) {
	path, ok := g.find(l)
	if !ok {
		return command{}, fmt.Errorf("%s is not installed", g.name)
	}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return command{}, fmt.Errorf("make a directory for %s: %w", g.name, err)
	}
	c := command{core: generatorCore, argv: append([]string{path}, g.args(l, w)...)}
	if g.env != nil {
		c.env = g.env(l, w)
	}
	return c, nil
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.Scheme + "://" + u.Host
}

func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.Path
}

func summaryFile(w work) string { return filepath.Join(w.dir, "summary.json") }

// summary is what squall and k6 both say of a run, in k6's summary format.
type summary struct {
	Metrics struct {
		Requests struct {
			Count int64 `json:"count"`
		} `json:"http_reqs"`
		Duration struct {
			P95 float64 `json:"p(95)"` // milliseconds
			Med float64 `json:"med"`
		} `json:"http_req_duration"`
	} `json:"metrics"`
}

func readSummary(w work) (summary, error) {
	raw, err := os.ReadFile(summaryFile(w))
	if err != nil {
		return summary{}, fmt.Errorf("read the generator's summary: %w", err)
	}
	var s summary
	if err := json.Unmarshal(raw, &s); err != nil {
		return summary{}, fmt.Errorf("read the generator's summary: %w", err)
	}
	return s, nil
}
