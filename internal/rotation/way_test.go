package rotation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// A way that fails for a while is told once for each replica, and once for all when it concerns all.
func TestWaysAreToldOnce(t *testing.T) {
	one, all := &WayError{Err: errors.New("no such pod")}, &WayError{All: true, Err: errors.New("no right")}
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var w ways
	for i, step := range []struct {
		replica string
		failed  *WayError // nil: it was asked
		after   time.Duration
		tell    bool
	}{
		{"a", one, 0, false}, // it may be about to go
		{"a", one, 2 * time.Second, false},
		{"a", nil, 2 * time.Second, false},
		{"a", one, 3 * time.Second, false}, // begins anew
		{"a", one, 6 * time.Second, true},
		{"a", one, 7 * time.Second, false},
		{"a", nil, 8 * time.Second, false},
		{"a", one, 20 * time.Second, false}, // told once
		{"b", one, 20 * time.Second, false},
		{"b", one, 24 * time.Second, true},
		{"a", all, 24 * time.Second, true},
		{"b", all, 25 * time.Second, false},
	} {
		if step.failed == nil {
			w.open(step.replica)
			continue
		}
		if got := w.tell(step.replica, step.failed, start.Add(step.after)); got != step.tell {
			t.Errorf("step %d: told %v, want %v", i, got, step.tell)
		}
	}
}

// closedWay lists replicas that cannot be reached.
type closedWay struct{}

func (closedWay) List(context.Context) ([]Replica, error) {
	return []Replica{{Name: "gateway-a"}, {Name: "gateway-b"}}, nil
}

func (closedWay) Dial(_ context.Context, name string) (net.Conn, error) {
	return nil, fmt.Errorf("dial %s: %w", name, &WayError{All: true, Err: errors.New("no right to port-forward")})
}

// message is an empty one.
type message string

func (m message) Request(ctx context.Context, _ string, _ bool) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodPost, string(m), http.NoBody)
}

// A replica that cannot be asked has not answered, and why is told once; the gateway's address is asked all the same.
func TestReplicaThatCannotBeAskedHasNotAnswered(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer gateway.Close()
	var mu sync.Mutex
	var probes []Probe
	var troubles []string
	enough := make(chan struct{}, 1000)
	p := &Prober{
		Channels: map[string]Messages{"webchat": message(gateway.URL)}, Keys: func(string) (string, string) { return "old", "next" },
		Rate: MaxRate, Started: time.Now(), Replicas: closedWay{},
		Answered: func(p Probe) {
			mu.Lock()
			defer mu.Unlock()
			probes = append(probes, p)
			enough <- struct{}{}
		},
		Listed: func(float64, []Replica) {},
		Trouble: func(what string, err error) {
			mu.Lock()
			defer mu.Unlock()
			troubles = append(troubles, what+": "+err.Error())
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	for range 10 * len(event.Signatures()) {
		<-enough
	}
	cancel()
	running.Wait()
	if n := slices.IndexFunc(probes, func(p Probe) bool { return p.Replica != "" || p.Answer != Accepted }); n >= 0 {
		t.Errorf("probe %+v", probes[n])
	}
	if want := []string{"ask the replicas of the gateway by themselves: no right to port-forward"}; !slices.Equal(troubles, want) {
		t.Errorf("told %q, want %q", troubles, want)
	}
}
