package cli

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// measuredRun writes a run of a minute on a platform that answers in about so many ms.
func measuredRun(t *testing.T, dir, target string, seed uint64, ms float64) {
	t.Helper()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 7, 30, 9, int(seed), 0, 0, time.UTC)
	write := func(at float64, data any) {
		if err := w.Event(event.Make(began.Add(time.Duration(at*float64(time.Second))), at, event.By(event.RoleSquall), data)); err != nil {
			t.Fatal(err)
		}
	}
	write(0, event.RunStarted{RunID: dir, Target: target, Embedded: true, Model: "closed", VUs: 10})
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range 60 {
		obs := load.Registry().NewObservation()
		obs.Window.Start, obs.Window.Length = began.Add(time.Duration(i)*time.Second), time.Second
		obs.Window.VUs, obs.Window.WantedVUs = 10, 10
		obs.Latency[0], obs.Window.Series[0].Count = metric.NewHistogram(), 50
		for range 50 {
			if err := obs.Latency[0].RecordValue(int64(1000 * ms * math.Exp(0.2*random.NormFloat64()))); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Second(rundir.NewSecond(float64(i), obs), obs); err != nil {
			t.Fatal(err)
		}
	}
	write(60, event.RunEnded{Cause: event.EndDuration})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCompare(t *testing.T) {
	t.Chdir(t.TempDir())
	for n, run := range []struct {
		name, target string
		ms           float64
	}{
		{"a1", "staging", 50},
		{"a2", "staging", 50},
		{"a3", "staging", 50},
		{"a4", "staging", 50},
		{"b1", "staging", 60},
		{"b2", "staging", 60},
		{"b3", "staging", 60},
		{"b4", "staging", 60},
		{"other", "production", 60},
		{"x@1s-2s", "staging", 50},
	} {
		measuredRun(t, run.name, run.target, uint64(n+1), run.ms)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"a1 a2", 0, "NO DIFFERENCE SHOWN"},
		{"a1 b1", 99, "✗ WORSE. B is worse than A, and chance does not explain it: Gateway p"},
		{"b1 a1", 0, "✓ BETTER"},
		{"a1 b1 --tolerance 50%", 0, "NO DIFFERENCE SHOWN"},
		{"a1 a2 b1", 99, "A and C"},
		{"a1 other", 98, "--accept target compares them all the same"},
		{"a1 other --accept target", 99, "WORSE"},
		{"a1 a2 other", 98, "NOT COMPARABLE"},
		{"a1 a2 a3 a4 --with b1 b2 b3 b4", 99, "Mann-Whitney"},
		{"--tolerance 5% a1 a2 a3 a4 --with b1 b2 b3 b4 --seed 3", 99, "B4"},
		{"a1 a2 a3 --with b1 b2 b3", 98, "at least 4 a side"},
		{"a1 --with b1", 99, "block bootstrap"},
		{"a1@0s-30s a1@30s-", 0, "a1@30s-"},
		{"a1@0s-5s a1@30s-", 98, "No number has enough"},
		{"a1 x@1s-2s", 0, "NO DIFFERENCE SHOWN"},
		{"a1 missing", 1, "missing"},
		{"a1", 2, "two run directories or more"},
		{"--with a1 b1", 2, "--with stands between"},
		{"a1 b1 --with", 2, "--with stands between"},
		{"a1 --with b1 --with b2", 2, "once"},
		{"a1 b1 --tolerance 5", 2, "write a percentage"},
		{"a1 b1 --tolerance -5%", 2, "write a percentage"},
		{"a1 b1 --accept wind", 2, "there are target, model, load, mix, faults, generator, data"},
		{"a1 b1 --format pdf", 2, "terminal, markdown, html"},
		{"a1 b1 --out c.pdf", 2, "must end in .md, .html or .json"},
		{"a1 b1 --resamples 5", 2, "from 100"},
		{"a1 b1 --seed 0", 2, "above 0"},
		{"a1 b1@5m", 2, "RUN@FROM-TO"},
		{"a1 b1@soon-", 2, "write it as 30s"},
		{"a1 b1@10s-5s", 2, "ends before it begins"},
	} {
		code, out, errs := try(t, nil, append([]string{"compare"}, strings.Fields(c.args)...)...)
		if text := strings.Join(strings.Fields(out+errs), " "); code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("squall compare %s: code %d, want %d with %q:\n%s%s", c.args, code, c.code, c.says, out, errs)
		}
	}
}

func TestCompareWritesDocuments(t *testing.T) {
	t.Chdir(t.TempDir())
	measuredRun(t, "a", "staging", 1, 50)
	measuredRun(t, "b", "staging", 2, 60)
	code, out, errs := try(t, nil, "compare", "a", "b", "--format", "json", "--out", "c.md", "--out", "c.html")
	var doc struct {
		Verdict string `json:"verdict"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 99 || doc.Verdict != "worse" {
		t.Errorf("code %d, verdict %q, %v: %s", code, doc.Verdict, err, errs)
	}
	for _, name := range []string{"c.md", "c.html"} {
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), "WORSE") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if code, _, errs := try(t, nil, "compare", "a", "b", "--out", filepath.Join("nowhere", "c.md")); code != 1 || !strings.Contains(errs, "write c.md") {
		t.Errorf("a folder that is not there: code %d, %s", code, errs)
	}
}

func FuzzStretch(f *testing.F) {
	for _, arg := range []string{"runs/x", "runs/x@30s-5m", "runs/x@-5m", "x@1h-", "x@", "@-", "x@5m-30s", "x@-1s-2s", "a@b@1s-2s"} {
		f.Add(arg)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		dir, within, err := stretchOf(arg)
		if err != nil {
			return
		}
		if !strings.HasPrefix(arg, dir) || within.From < 0 || within.To < 0 || within.To != 0 && within.To <= within.From {
			t.Errorf("%q is %q from %v to %v", arg, dir, within.From, within.To)
		}
	})
}

func FuzzShare(f *testing.F) {
	for _, text := range []string{"5%", "2.5 %", "0", "0%", "5", "-1%", "NaN%", "Inf%", "1e400%", "%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := parseShare(text); err == nil && !(v >= 0 && v < 10) {
			t.Errorf("%q is a share of %v", text, v)
		}
	})
}
