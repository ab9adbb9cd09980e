package session

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxyserver "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/toxiproxy"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// evenTraffic is a generator whose windows, fifty in a second, all measure the same.
type evenTraffic struct {
	*load.Generator // of which nothing is started
	observe         func(metric.Observation)
	stop            chan struct{}
	once            sync.Once
	done            sync.WaitGroup

	mu      sync.Mutex
	windows int
}

const evenWindow = 20 * time.Millisecond

func (g *evenTraffic) Start(load.Settings) error {
	g.done.Go(func() {
		tick := time.NewTicker(evenWindow)
		defer tick.Stop()
		for {
			select {
			case <-g.stop:
				return
			case now := <-tick.C:
				g.observe(evenSecond(now.Add(-evenWindow)))
				g.mu.Lock()
				g.windows++
				g.mu.Unlock()
			}
		}
	})
	return nil
}

func (g *evenTraffic) Stop(context.Context) error {
	g.once.Do(func() { close(g.stop) })
	g.done.Wait()
	return nil
}

// measured waits for so many windows more.
func (g *evenTraffic) measured(t *testing.T, more int) {
	t.Helper()
	seen := func() int {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.windows
	}
	from := seen()
	until(t, "windows", func() bool { return seen() >= from+more })
}

// evenSecond has a hundred answers between 10 and 109 ms.
func evenSecond(start time.Time) metric.Observation {
	o := load.Registry().NewObservation()
	o.Window.Start, o.Window.Length, o.Window.WantedVUs = start, evenWindow, 10
	id, h := load.Gateway.Series("webchat"), metric.NewHistogram()
	for i := range 100 {
		_ = h.RecordValue(int64(1000 * (10 + i))) // within the bounds
	}
	o.Latency[id], o.Window.Series[id] = h, metric.Counts{Count: 100}
	o.Window.Flows[load.Gateway.ID()] = metric.Statistics(h)
	o.Recent, o.Total = o.Totals(), o.Totals()
	return o
}

// A fault of a real Toxiproxy on a proxy that nothing uses changes nothing, and is not called a pass: not by the snapshot
// that the console draws, and not by the journal.
func TestFaultOnAProxyThatNothingUses(t *testing.T) {
	server := toxiproxyserver.NewServer(toxiproxyserver.NewMetricsContainer(nil), zerolog.Nop())
	api := httptest.NewServer(server.Routes())
	t.Cleanup(func() {
		api.Close()
		if err := server.Collection.Clear(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Collection.Add(toxiproxyserver.NewProxy(server, "idle", "127.0.0.1:0", "127.0.0.1:1"), true); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, platform(t))
	c.Options.RunID = NewRunID()
	driver := toxiproxy.New(toxiproxy.Config{URL: address, Session: c.Options.RunID})
	c.Faults, c.Undoers = driver.Faults(), toxiproxy.Undoers(address, 5*time.Second)
	g := &evenTraffic{stop: make(chan struct{})}
	c.NewGenerator = func(o load.Options) (Generator, error) {
		g.observe = o.Observe
		inner, err := load.New(o)
		g.Generator = inner
		return g, err
	}
	s := start(t, c)
	g.measured(t, 30)
	if err := give(s, command.Inject{Fault: chaos.LLMLatency, Params: chaos.Params{"proxy": "idle"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "active", func() bool { return stateOf(s, chaos.LLMLatency).State == chaos.Active })
	g.measured(t, 30)
	if err := give(s, command.Revert{Fault: chaos.LLMLatency}); err != nil {
		t.Fatal(err)
	}
	until(t, "the answer", func() bool { return stateOf(s, chaos.LLMLatency).Effect != nil })
	if d := stateOf(s, chaos.LLMLatency).Effect; d.Effect != event.NoEffect || !strings.HasPrefix(d.Explain(), "no effect seen: nothing that was measured moved by more than 5 % for certain, in ") {
		t.Errorf("answer: %s", d.Explain())
	}
	recovers := func() event.Finding { f := stateOf(s, chaos.LLMLatency).Findings; return f[len(f)-1] }
	until(t, "a verdict", func() bool { return recovers().Verdict != event.ExpectationPending })
	if f := recovers(); f.Signal != event.Recovers || f.Verdict != event.ExpectationUnknown || !strings.HasPrefix(f.Reason, "no effect seen") {
		t.Errorf("finding %+v", f)
	}
	finish(s)
	<-s.Done()
	if i := s.Snapshot().Timeline.Injections; len(i) != 1 || !i[0].NoEffect() {
		t.Errorf("injections %+v", i)
	}
}
