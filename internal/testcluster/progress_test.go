package testcluster

import (
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := &progress{total: 900, start: start}
	for range 3 {
		if _, err := p.Write([]byte("k8s.io/api/core/v1\n")); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := p.line(start.Add(90*time.Second)), "testcluster: 3 of at most 900 packages compiled after 1m30s"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}
