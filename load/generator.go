package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of [Options].
const (
	DefaultTimeout     = 10 * time.Second
	DefaultDrain       = 5 * time.Second
	DefaultMaxInFlight = 10_000
)

// rampStep is how often a ramp is brought to its intended level.
const rampStep = 20 * time.Millisecond

// Generator makes the traffic of one run. Make it with [New], begin with Start, change it with
// Apply, look at it with Snapshot, end it with Stop.
type Generator struct {
	options  Options
	gateway  *gateway
	admin    *adminFlows // nil: off
	recorder *recorder
	watch    *watch
	history  *history
	crowd    *crowd
	arrivals *arrivals

	plan     atomic.Pointer[plan]
	latest   atomic.Pointer[Snapshot]
	inFlight atomic.Int64
	ended    atomic.Uint64

	applying sync.Mutex
	changed  chan struct{}
	stopping chan struct{} // closed: no new requests
	control  sync.WaitGroup
	traffic  sync.WaitGroup
	stopOnce sync.Once
	stopErr  error
}

// New checks the options and prepares a generator. It touches no network.
func New(o Options) (*Generator, error) {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Drain == 0 {
		o.Drain = DefaultDrain
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = DefaultMaxInFlight
	}
	gw, err := newGateway(o)
	if err != nil {
		return nil, err
	}
	g := &Generator{
		options:  o,
		gateway:  gw,
		recorder: newRecorder(runtime.GOMAXPROCS(0)),
		changed:  make(chan struct{}, 1),
		stopping: make(chan struct{}),
	}
	g.crowd = &crowd{g: g}
	if g.admin, err = newAdminFlows(g); err != nil {
		return nil, err
	}
	return g, nil
}

// Start begins to send with the given settings.
func (g *Generator) Start(s Settings) error {
	if err := g.validate(s); err != nil {
		return err
	}
	now := time.Now()
	g.arrivals = newArrivals(g, now)
	g.history = newHistory(now)
	g.watch = newWatch(now)
	// Every run starts from silence, so that the ramp applies to its beginning too.
	silent := &plan{since: now, wake: make(chan struct{})}
	g.publish(silent.next(s, g.options.Workload, now), now)

	g.control.Go(g.guard(g.steer))
	g.control.Go(g.guard(g.closeWindows))
	g.control.Go(g.guard(func() { g.watch.probe(g.stopping) }))
	if g.admin != nil {
		g.spawn(g.admin.run)
	}
	return nil
}

// Apply puts new settings into effect at once, without a pause in the traffic. It refuses settings
// that are out of bounds and leaves everything as it was.
func (g *Generator) Apply(s Settings) error {
	if err := g.validate(s); err != nil {
		return err
	}
	g.applying.Lock()
	defer g.applying.Unlock()
	now := time.Now()
	old := g.plan.Load()
	g.publish(old.next(s, g.options.Workload, now), now)
	return nil
}

func (g *Generator) validate(s Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	for i, share := range shares(s, g.options.Workload) {
		for c := range share {
			has := share[c] > 0 && (c == 0 || share[c] > share[c-1])
			if has && g.options.Gateway[c] == nil {
				return fmt.Errorf("set channel mix of brand %d: channel %s has a share but no gateway address", i+1, Channel(c))
			}
		}
	}
	return nil
}

// publish makes a plan the one in force, wakes whoever waits on what it changes, and tells steer.
func (g *Generator) publish(p *plan, now time.Time) {
	old := g.plan.Load()
	if old != nil && wakes(old.settings, p.settings) {
		p.wake = make(chan struct{})
		defer close(old.wake)
	}
	g.plan.Store(p)
	g.arrivals.change(p.wantedRate(g.arrivals.rate(now)), p.rateRamp(), now)
	select {
	case g.changed <- struct{}{}:
	default: // steer has not yet looked at the last change and will see this one too
	}
}

// wakes tells whether a change concerns those who wait.
func wakes(old, now Settings) bool {
	return old.Think != now.Think || old.Paused != now.Paused || old.QuietRules != now.QuietRules
}

// wantedRate is the open model's target: none in the closed model or while paused, and the rate
// reached so far while on hold.
func (p *plan) wantedRate(now float64) float64 {
	switch {
	case p.settings.Paused || !p.settings.Open():
		return 0
	case p.settings.Hold:
		return now
	}
	return p.settings.WantedRate()
}

// rateRamp is the time a change of rate takes. Pausing does not wait for a ramp.
func (p *plan) rateRamp() time.Duration {
	if p.settings.Paused || !p.settings.Open() || p.settings.Hold {
		return 0
	}
	return p.over
}

// steer brings the crowd to the intended number of virtual users: at once after a change, and in
// small steps along a ramp.
func (g *Generator) steer() {
	step := time.NewTicker(rampStep)
	defer step.Stop()
	for {
		now := time.Now()
		p := g.plan.Load()
		g.crowd.resize(int(p.vus(now) + 0.5))
		tick := step.C
		if !p.ramping(now) {
			tick = nil
		}
		select {
		case <-g.stopping:
			g.crowd.resize(0)
			return
		case <-g.changed:
		case <-tick:
		}
	}
}

// closeWindows closes a window every second, and a last one when traffic has drained.
func (g *Generator) closeWindows() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-g.stopping:
			return
		case <-second.C:
			g.closeWindow()
			g.gateway.sweep(time.Now())
		}
	}
}

func (g *Generator) closeWindow() {
	now := time.Now()
	p := g.plan.Load()
	g.recorder.drain(g.history.window)
	observation := g.history.close(now, g.watch, Window{
		WantedVUs: int(p.vus(now) + 0.5),
		VUs:       int(g.crowd.running.Load()),
		Rate:      g.arrivals.rate(now),
		Missed:    g.missed(),
		InFlight:  int(g.inFlight.Load()),
	})
	snapshot := g.history.snapshot()
	g.latest.Store(&snapshot)
	if g.options.Observe != nil {
		g.options.Observe(observation)
	}
}

func (g *Generator) missed() uint64 {
	n := g.arrivals.missed.Load()
	if g.admin != nil {
		n += g.admin.missed.Load()
	}
	return n
}

// Snapshot is the state of the generator now: counters are live, statistics are those of the last
// closed window. It is cheap and never waits for traffic.
func (g *Generator) Snapshot() Snapshot {
	var s Snapshot
	if last := g.latest.Load(); last != nil {
		s = *last
	}
	p := g.plan.Load()
	if p == nil {
		return s
	}
	now := time.Now()
	s.At = now
	s.Settings = p.settings
	s.WantedVUs = int(p.vus(now) + 0.5)
	s.VUs = int(g.crowd.running.Load())
	s.Rate = g.arrivals.rate(now)
	s.InFlight = int(g.inFlight.Load())
	s.Sent = g.ended.Load()
	s.Missed = g.missed()
	s.Conns = g.gateway.conns.count()
	return s
}

// Recycle makes every virtual user open new connections, as after a change of DNS or certificates.
func (g *Generator) Recycle() error {
	if err := g.gateway.recycle(); err != nil {
		return fmt.Errorf("recycle connections: %w", err)
	}
	return nil
}

// Stop ends the traffic: no new requests, then a wait for those in flight, at most Options.Drain
// or until the context ends. What is still in flight then is interrupted and counted as such, so
// no sample is lost. Automation rules are put back. It is safe to call twice.
func (g *Generator) Stop(ctx context.Context) error {
	g.stopOnce.Do(func() { g.stopErr = g.stop(ctx) })
	return g.stopErr
}

func (g *Generator) stop(ctx context.Context) error {
	if g.arrivals == nil {
		return nil // never started
	}
	close(g.stopping)
	close(g.arrivals.stop)
	g.control.Wait()

	drained := make(chan struct{})
	go func() {
		g.traffic.Wait()
		close(drained)
	}()
	limit := time.NewTimer(g.options.Drain)
	defer limit.Stop()
	select {
	case <-drained:
	case <-limit.C:
	case <-ctx.Done():
	}
	errs := []error{g.gateway.abort()}
	if g.admin != nil {
		g.admin.abort()
	}
	<-drained // every request ends now: its connection is closed, or its own timeout is near
	if g.admin != nil {
		errs = append(errs, g.admin.restoreRules())
	}
	g.arrivals.settle(time.Now())
	g.closeWindow()
	return errors.Join(errs...)
}

// spawn starts a goroutine of the traffic; Stop waits for it.
func (g *Generator) spawn(f func()) { g.traffic.Go(g.guard(f)) }

// guard hands a panic to Options.OnPanic, so that the program can leave the terminal sane and
// write its report; without a handler the panic goes on.
func (g *Generator) guard(f func()) func() {
	return func() {
		defer func() {
			if g.options.OnPanic == nil {
				return
			}
			if value := recover(); value != nil {
				g.options.OnPanic(value, debug.Stack())
			}
		}()
		f()
	}
}
