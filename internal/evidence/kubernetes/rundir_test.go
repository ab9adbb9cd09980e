package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/rundir"
)

// The report reads these tables by rundir: what is written here has to be read there.
func TestTablesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, rundir.EvidenceDir)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	h := newHistory("staging")
	h.losePods("", second(0))
	h.set(deployment, "gateway", replicas{4, 3, 2}, second(1))
	h.seePod(podOf("gateway", "a", 1), second(2))
	h.lose(deployment, "deployments: away", second(3))
	var table bytes.Buffer
	if _, err := h.write(&table, second(3), strings.TrimSpace); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "pods-staging.csv"), table.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ := stageOf(func(context.Context, string, string, string, bool) (string, error) { return "bye", nil })
	d.see(t.Context(), podWith("u", "redis-0", 0), second(1))
	d.see(t.Context(), evicted(podWith("u", "redis-0", 0)), second(2))
	d.tasks.Wait()
	if err := d.write(folder, func(evidence.File) {}); err != nil {
		t.Fatal(err)
	}
	r := &rundir.Run{Dir: dir}
	var got []string
	if err := r.EachReplicas(func(p rundir.Replicas) {
		got = append(got, fmt.Sprint(p.At.Sub(second(0)), " ", p.Namespace, " ", p.Workload, " ", p.Known, " ", p.Desired, p.Current, p.Ready, " ", p.Counted, " ", p.Restarts, " ", p.Gap))
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.EachGonePod(func(p rundir.GonePod) {
		got = append(got, fmt.Sprint(p.Seen.Sub(second(0)), " ", p.Gone.IsZero(), " ", p.Namespace, "/", p.Pod, " ", p.Workload, ": ", p.How, ", ", p.File))
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1s staging deployment gateway true 4 3 2 true 0 ",
		"3s staging deployment gateway false 0 0 0 true 0 deployments: away",
		"2s true staging/redis-0 statefulset redis: deleted (EvictionByEvictionAPI), pod-staging-redis-0.txt",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(r.Warnings) > 0 {
		t.Errorf("read\n%s\nwarnings %q", strings.Join(got, "\n"), r.Warnings)
	}
}
