// Package evidencetest has what tests of sources share.
package evidencetest

import (
	"os"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/stack"
)

// Sink keeps everything.
type Sink struct {
	mu      sync.Mutex
	samples []evidence.Sample
	alerts  []evidence.Alert
	gaps    []evidence.Gap
}

// Sample implements evidence.Sink.
func (s *Sink) Sample(x evidence.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, x)
}

// Alert implements evidence.Sink.
func (s *Sink) Alert(x evidence.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alerts = append(s.alerts, x)
}

// Gap implements evidence.Sink.
func (s *Sink) Gap(x evidence.Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gaps = append(s.gaps, x)
}

// Samples are those of a panel so far.
func (s *Sink) Samples(panel string) (all []evidence.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.samples {
		if x.Panel == panel {
			all = append(all, x)
		}
	}
	return all
}

// Alerts are the changes of an alert so far.
func (s *Sink) Alerts(name string) (all []evidence.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.alerts {
		if x.Name == name {
			all = append(all, x)
		}
	}
	return all
}

// Gaps are those of a panel so far, beginnings and ends.
func (s *Sink) Gaps(panel string) (all []evidence.Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.gaps {
		if x.Panel == panel {
			all = append(all, x)
		}
	}
	return all
}

// Eventually waits for what other goroutines and processes bring about.
func Eventually(t testing.TB, what string, within time.Duration, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within %s", what, within)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Programs are Prometheus and Alertmanager. Without them the test is skipped; in CI it fails.
func Programs(t testing.TB) stack.Programs {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Prometheus and Alertmanager: not with -short")
	}
	found, err := stack.Find()
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	return found
}
