package cli_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
)

// stalls is how often squall, or the server, stands still in one run, and stall for how long: longer than an answer
// takes on a machine that is busy with other tests.
const (
	stalls = 15
	stall  = time.Second
)

// stallingGateway answers after 20 ms, and not at all while it is held.
func stallingGateway(t *testing.T) (address string, hold *sync.RWMutex) {
	t.Helper()
	hold = new(sync.RWMutex)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		hold.RLock()
		defer hold.RUnlock()
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprint(w, `{"status":"accepted"}`)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/webchat/webhook", hold
}

// TestAStallOfOursIsNotThePlatforms: whoever stands still, squall says which of the two it was, and an objective fails
// only for the platform's.
func TestAStallOfOursIsNotThePlatforms(t *testing.T) {
	endToEnd(t)
	for model, load := range map[string][]string{
		"closed": {"--vus", "20", "--think", "0s"},
		"open":   {"--rate", "200/s"},
	} {
		for _, ours := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s model, ours %t", model, ours), func(t *testing.T) {
				t.Parallel()
				address, server := stallingGateway(t)
				args := append([]string{
					"run", "--headless", "--duration", "10m", "--ramp", "0s", "--objective", "gateway_latency: p(99)<800",
					"--objective", "dropped_iterations: count==0",
				}, load...)
				p := start(t, environment{"GATEWAY_URL=" + address, "WEBHOOK_SECRET=s3cret"}, args...).measured(t)
				var stood time.Duration
				rng := rand.New(rand.NewPCG(1, 2))
				for range stalls {
					time.Sleep(time.Duration(50+rng.IntN(200)) * time.Millisecond) // at any moment of a second
					if !ours {
						server.Lock()
						time.Sleep(stall)
						server.Unlock()
						continue
					}
					p.signal(t, syscall.SIGSTOP)
					from := time.Now()
					time.Sleep(stall)
					p.signal(t, syscall.SIGCONT)
					stood += time.Since(from)
				}
				p.signal(t, syscall.SIGINT)
				if ours {
					p.expect(t, 0)
				} else {
					p.expect(t, 99)
				}
				run, err := rundir.Open(p.dir)
				if err != nil {
					t.Fatal(err)
				}
				said, away := 0, 0.0
				for _, e := range run.Events {
					if d, ok := e.Data.(event.GeneratorAway); ok {
						said, away = said+1, away+d.Lasted
					}
				}
				switch {
				case !ours && said > 0:
					t.Errorf("%d stalls of the server are called squall's own", said)
				case ours && (away < 0.95*stood.Seconds() || away > 1.2*stood.Seconds()):
					t.Errorf("away for %.1f s in %d events, want %.1f s", away, said, stood.Seconds())
				}
			})
		}
	}
}
