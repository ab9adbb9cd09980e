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

	"xinbot.ir/squall/load/metric"
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
	options   Options
	registry  *metric.Registry
	transfer  *transfer
	gateway   *gateway
	admin     *adminFlows // nil: off
	recorder  *metric.Recorder
	monitor   *selfMonitor
	absences  *absences
	history   *metric.Aggregator
	vus       *vuPool
	openModel *openModel

	plan     atomic.Pointer[plan]
	latest   atomic.Pointer[metric.Summary]
	inFlight atomic.Int64
	finished atomic.Uint64 // requests
	skipped  atomic.Uint64 // sends that fell due while the generator was away

	applying   sync.Mutex // held by Start, Apply and the beginning of Stop
	changed    chan struct{}
	stopping   chan struct{} // closed: no new requests
	drained    chan struct{} // closed: no request is in flight any more
	steering   sync.WaitGroup
	monitoring sync.WaitGroup
	traffic    sync.WaitGroup
	stopOnce   sync.Once
	stopErr    error
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
	if o.Part < 0 || o.Part >= MaxParts {
		return nil, fmt.Errorf("make generator %d of a run: must be 0 to %d", o.Part, MaxParts-1)
	}
	bytes := new(transfer)
	gw, err := newGateway(o, bytes)
	if err != nil {
		return nil, err
	}
	g := &Generator{
		options:  o,
		registry: registry,
		transfer: bytes,
		gateway:  gw,
		recorder: metric.NewRecorder(registry, runtime.GOMAXPROCS(0)),
		changed:  make(chan struct{}, 1),
		stopping: make(chan struct{}),
		drained:  make(chan struct{}),
	}
	g.vus = &vuPool{g: g, nextID: o.firstSender()}
	if g.admin, err = newAdminFlows(g); err != nil {
		return nil, err
	}
	return g, nil
}

// Start begins to send with the given settings. A generator starts once.
func (g *Generator) Start(s Settings) error {
	if err := g.validate(s); err != nil {
		return err
	}
	g.applying.Lock()
	defer g.applying.Unlock()
	if g.plan.Load() != nil || g.ended() {
		return errors.New("start generator: it was started or stopped before")
	}
	now := time.Now()
	g.absences = newAbsences(now)
	g.openModel = newOpenModel(g, now)
	g.history = metric.NewAggregator(g.registry, now)
	g.monitor = newSelfMonitor(now, g.absences)
	// Every run starts from silence, so that the ramp applies to its beginning too.
	silent := &plan{settings: Settings{Rate: s.Rate}, wake: make(chan struct{})}
	g.publish(silent.next(s, g.options.Workload, now), now)

	g.steering.Go(g.guard(g.rampLoop))
	g.monitoring.Go(g.guard(g.closeWindows))
	g.monitoring.Go(g.guard(func() { g.monitor.probe(g.drained) }))
	if g.admin != nil {
		g.spawn(g.admin.run)
	}
	return nil
}

// Apply puts new settings into effect at once, without a pause in the traffic. It refuses settings
// that are out of bounds, and any before the start and after the end, and leaves everything as it
// was.
func (g *Generator) Apply(s Settings) error {
	if err := g.validate(s); err != nil {
		return err
	}
	g.applying.Lock()
	defer g.applying.Unlock()
	old := g.plan.Load()
	if old == nil || g.ended() {
		return errors.New("apply settings: the generator is not running")
	}
	now := time.Now()
	g.publish(old.next(s, g.options.Workload, now), now)
	return nil
}

func (g *Generator) ended() bool {
	select {
	case <-g.stopping:
		return true
	default:
		return false
	}
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

// publish makes a plan the one in force, wakes the goroutines that wait on what it changes, and notifies rampLoop.
func (g *Generator) publish(p *plan, now time.Time) {
	old := g.plan.Load()
	if old != nil && affectsWaiters(old.settings, p.settings) {
		p.wake = make(chan struct{})
		defer close(old.wake)
	}
	g.plan.Store(p)
	g.openModel.setRate(p.arrivalRate(), now)
	notify(g.changed)
	if g.admin != nil {
		notify(g.admin.changed)
	}
}

// notify wakes a goroutine to read again. One that has not yet read since the last time will see
// this change too.
func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// affectsWaiters reports whether a change concerns those who wait.
func affectsWaiters(old, now Settings) bool {
	return old.Think != now.Think || old.Paused != now.Paused || old.FreezeRules != now.FreezeRules
}

// rampLoop sets the number of virtual users to the intended one: at once after a change, and in
// small steps along a ramp.
func (g *Generator) rampLoop() {
	step := time.NewTicker(rampStep)
	defer step.Stop()
	for {
		now := time.Now()
		p := g.plan.Load()
		g.vus.resize(p.wantedVUs(now))
		tick := step.C
		if !p.vus.moving(now) {
			tick = nil
		}
		select {
		case <-g.stopping:
			g.vus.resize(0)
			return
		case <-g.changed:
		case <-tick:
		}
	}
}

// closeWindows closes a window with every second of the wall clock until traffic has drained; Stop closes
// the last one.
func (g *Generator) closeWindows() {
	second := time.NewTimer(Never)
	defer second.Stop()
	for {
		second.Reset(time.Until(g.history.NextClose()))
		select {
		case <-g.drained:
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
	away := g.absences.read(now)
	g.openModel.countOverdue(now)
	observation := g.history.Close(g.recorder, now, metric.Window{
		WantedVUs: p.wantedVUs(now),
		VUs:       int(g.vus.running.Load()),
		Rate:      g.openModel.rate(now),
		Missed:    g.missed(),
		Away:      away,
		Skipped:   g.skipped.Load(),
		InFlight:  int(g.inFlight.Load()),
		Sent:      g.transfer.sent.Load(),
		Received:  g.transfer.received.Load(),
	}, func(w metric.Window, local string) metric.Health {
		return g.monitor.read(now, w.Missed, w.Errors[metric.LocalLimit], local)
	})
	summary := g.history.Summary()
	g.latest.Store(&summary)
	if g.options.Observe != nil {
		g.options.Observe(observation)
	}
}

func (g *Generator) missed() uint64 {
	n := g.openModel.missed.Load()
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
		s.Summary = *last
	}
	p := g.plan.Load()
	if p == nil {
		return s
	}
	now := time.Now()
	s.At = now
	s.Settings = p.settings
	s.WantedVUs = p.wantedVUs(now)
	s.VUs = int(g.vus.running.Load())
	s.Rate = g.openModel.rate(now)
	s.InFlight = int(g.inFlight.Load())
	s.Sent = g.finished.Load()
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
// no sample is lost. Automation rules are restored. It is safe to call twice.
func (g *Generator) Stop(ctx context.Context) error {
	g.stopOnce.Do(func() { g.stopErr = g.stop(ctx) })
	return g.stopErr
}

func (g *Generator) stop(ctx context.Context) error {
	g.applying.Lock()
	stopped := time.Now()
	g.stopPacing(stopped)
	close(g.stopping)
	g.applying.Unlock()
	g.steering.Wait()
	if g.admin != nil {
		g.admin.startDeadline()
	}
	go func() {
		g.traffic.Wait()
		close(g.drained)
	}()
	limit := time.NewTimer(g.options.Drain)
	defer limit.Stop()
	select {
	case <-g.drained:
	case <-limit.C:
	case <-ctx.Done():
	}
	errs := []error{g.gateway.abort()}
	if g.admin != nil {
		g.admin.abort()
	}
	<-g.drained // soon: every request that was in flight is interrupted now
	g.monitoring.Wait()
	if g.plan.Load() != nil {
		g.openModel.countRemaining(stopped)
		g.guard(g.closeWindow)()
	}
	if g.admin != nil {
		errs = append(errs, g.admin.close())
	}
	return errors.Join(errs...)
}

// stopPacing sets virtual users and arrival rate to 0, so that nothing falls due while requests in flight end.
// applying must be held.
func (g *Generator) stopPacing(now time.Time) {
	last := g.plan.Load()
	if last == nil {
		return // never started
	}
	quiet := *last
	quiet.vus, quiet.rate = ramp{}, ramp{}
	g.plan.Store(&quiet)
	g.openModel.setRate(ramp{}, now)
}

// message sends one gateway message and counts what became of it. A new conversation is with the given brand.
func (g *Generator) message(o *metric.Outcome, shard *metric.Shard, s *sender, brand int, open bool) {
	s.next(brand, g.plan.Load().shares, g.options.Conversation)
	g.inFlight.Add(1)
	defer g.inFlight.Add(-1)
	g.gateway.send(o, s)
	o.Iteration = s.iteration(o, open)
	g.record(shard, o, open)
}

// record counts a request that ended.
func (g *Generator) record(s *metric.Shard, o *metric.Outcome, open bool) {
	g.absences.mark(o)
	s.Record(o, open)
	g.finished.Add(1)
}

// spawn starts a goroutine of the traffic; Stop waits for it.
func (g *Generator) spawn(f func()) { g.traffic.Go(g.guard(f)) }

// reportError passes an error to Options.OnError.
func (g *Generator) reportError(err error) {
	if g.options.OnError != nil {
		g.options.OnError(err)
	}
}

// guard passes a panic to Options.OnPanic, so that the program can leave the terminal sane and
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
