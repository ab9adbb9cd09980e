package testcluster

import (
	"context"
	"sync"
	"testing"
)

// Shared is one cluster for all tests of a package, started by the first test
// that asks. Tests keep out of each other's way with [Cluster.Namespace]. The
// package's TestMain ends it:
//
//	var shared = testcluster.NewShared()
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		shared.Close()
//		os.Exit(code)
//	}
type Shared struct {
	start func() (*Cluster, error)
	mu    sync.Mutex
	made  *Cluster
}

// NewShared prepares a cluster and starts nothing.
func NewShared(options ...Option) *Shared {
	s := &Shared{}
	s.start = sync.OnceValues(func() (*Cluster, error) {
		c, err := Run(context.Background(), options...)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.made = c
		return c, err
	})
	return s
}

// Cluster starts the cluster or returns the one that runs. It skips the test as
// [Start] does.
func (s *Shared) Cluster(t testing.TB) *Cluster {
	t.Helper()
	skip(t)
	c, err := s.start()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Close ends the cluster if one was started.
func (s *Shared) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made != nil {
		s.made.Close()
	}
}
