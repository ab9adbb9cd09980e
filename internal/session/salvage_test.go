package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
)

// A run that was killed has the evidence that can be made of what was read; one that goes on or has evidence is left alone.
func TestSalvage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	fired := event.AlertChanged{Source: "prometheus", Alert: "A", Labels: map[string]string{"severity": "page"}, Summary: "slow", State: event.AlertFiring, FiredAt: at(8), FiredExact: true}
	started := event.RunStarted{Panels: []event.Panel{
		{Name: "depth", Title: "Depth", Unit: "s", Lines: []event.PanelLine{{Value: 50, Text: "page"}}}, {Name: "never", Title: "Never"},
	}}
	for _, e := range []event.Event{
		event.Make(began, 0, squall, started),
		event.Make(at(9), 9, event.BySource("prometheus"), fired),
		event.Make(at(12), 12, event.BySource("prometheus"), event.SourceGap{Source: "prometheus", Reason: "nothing answers"}),
		event.Make(at(13), 13, event.BySource("receiver"), event.SourceGap{Source: "receiver", Reason: "it is away"}),
	} {
		err = errors.Join(err, w.Event(e))
	}
	err = errors.Join(err, w.Samples([]rundir.Sample{
		{At: 1, Source: "prometheus", Panel: "depth", Labels: map[string]string{"a": "b"}, Value: 7}, {At: 6.5, Source: "prometheus", Panel: "depth", Value: 8.5},
	}), w.Close())
	if err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, rundir.EvidenceDir, rundir.EvidenceFile)
	lock := flock.New(filepath.Join(dir, LockFile))
	if held, err := lock.TryLock(); !held {
		t.Fatal(err)
	}
	if err := Salvage(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(index); err == nil {
		t.Error("evidence of a run that goes on was written")
	}
	if err := errors.Join(lock.Unlock(), Salvage(dir)); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, rundir.EvidenceDir, name))
		if err != nil {
			t.Error(err)
		}
		return string(raw)
	}
	if got, want := read("panel-depth.csv"), "time,series,value\n2026-01-02T03:04:06.000Z,\"{a=\"\"b\"\"}\",7\n2026-01-02T03:04:11.500Z,,8.5\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := read("alerts-prometheus.csv"), "\nprometheus,A,\"{severity=\"\"page\"\"}\",firing,,2026-01-02T03:04:13.000Z,,true,false,slow\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	all, err := rundir.LoadEvidence(dir)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	p := all[0]
	if p.Panel != "depth" || p.Unit != "s" || p.Rows != 2 || !p.Salvaged || len(p.Lines) != 1 || len(p.Gaps) != 1 || p.Gaps[0] != (rundir.EvidenceGap{From: 12, Until: 13, Reason: "nothing answers"}) {
		t.Errorf("%+v", p)
	}
	before := read(rundir.EvidenceFile)
	if err := os.Remove(filepath.Join(dir, rundir.EvidenceDir, "panel-depth.csv")); err != nil {
		t.Fatal(err)
	}
	if err := Salvage(dir); err != nil || read(rundir.EvidenceFile) != before {
		t.Errorf("%v: evidence that is there was written again", err)
	}
	if _, err := os.Stat(filepath.Join(dir, rundir.EvidenceDir, "panel-depth.csv")); err == nil {
		t.Error("evidence that is there was written again")
	}
}
