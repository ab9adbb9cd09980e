package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// LockFile marks a run directory as belonging to a living session.
const LockFile = "lock"

// Actors of what no person asked for.
var (
	squall     = event.By(event.RoleSquall)
	objectives = event.By(event.RoleObjectives)
	scheduled  = event.By(event.RoleSchedule)
	cluster    = event.By(event.RoleKubernetes)
)

// Session is one run. Commands go in by Do; what they lead to is an event in the journal, and visible
// in the next Snapshot. It is safe for concurrent use.
type Session struct {
	config   Config
	gen      Generator
	journal  *journal
	captured capturedOutput
	ledger   *chaos.Ledger
	engine   *chaos.Engine
	outcomes *outcomes
	effects  *effects
	platform *platformConditions
	watches  []*slo.StopRuleEvaluator // of the rules on what squall measures; used by the goroutine of the windows, and at the end
	monitor  *monitor
	lock     *flock.Flock
	started  time.Time

	commands    sync.Mutex // one command at a time, so that the journal tells them in order
	settings    load.Settings
	spikeFactor float64 // of spikes to come, as the operator last set it
	closed      bool    // the journal is closed

	mu   sync.Mutex // what screens see; never held across a write to the disk
	view view

	abort   context.CancelFunc // cuts draining short
	ctx     context.Context    //nolint:containedctx // the life of the session, ended by Abort
	ending  sync.Once
	endedBy event.RunEnded
	ender   event.Actor
	done    chan struct{}
	work    sync.WaitGroup // goroutines of the session
	telling sync.WaitGroup // its outlets
	hush    context.CancelFunc
	err     error // what went wrong besides the platform; set before done closes
}

// view is what a Snapshot is made of beside the generator's own and the journal's.
type view struct {
	status  Status
	halted  bool
	flows   []load.FlowState
	live    []slo.Result
	overall []slo.Result
	shares  load.Weights
	report  string
	failure string
	lost    int      // seconds that could not be written
	refused []string // faults of the schedule that were not injected, and why

	phases []PhaseStats
}

// Start makes the run directory and begins to send. The context bounds the start, not the run.
func Start(ctx context.Context, config Config) (*Session, error) {
	if config.Options.RunID == "" {
		config.Options.RunID = NewRunID()
	}
	writer, err := rundir.Create(config.Dir)
	if err != nil {
		return nil, err
	}
	s := &Session{
		config: config, journal: newJournal(writer, config.Options.Keys.Redact),
		settings: config.Settings, spikeFactor: config.Settings.SpikeFactor, done: make(chan struct{}),
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return s, nil
}

func (s *Session) begin(ctx context.Context) error {
	s.lock = flock.New(filepath.Join(s.config.Dir, LockFile))
	if held, err := s.lock.TryLock(); err != nil || !held {
		return fmt.Errorf("lock run directory %s: held by another squall (%w)", s.config.Dir, errors.Join(err))
	}
	ledger, err := chaos.OpenLedger(s.config.Dir, s.config.LedgerKey)
	if err != nil {
		return errors.Join(err, s.lock.Unlock())
	}
	s.ledger = ledger
	s.config.Options.Ledger, s.config.Options.OnError = ledger, s.reportInternal
	s.config.Options.Observe = s.observer()
	s.config.Options.OnPanic = s.Panicked
	s.openFaults()
	s.effects = newEffects(func() []PanelState { return s.monitor.state() }, s.work.Go, s.tellEffect)
	s.ctx, s.abort = context.WithCancel(context.WithoutCancel(ctx))
	telling, hush := context.WithCancel(context.WithoutCancel(ctx)) // what is aborted has something to tell, too
	s.hush = hush
	s.view.status = Running
	s.view.flows = load.FlowStates(s.config.Options)

	if s.gen, err = s.config.generator(); err == nil {
		err = s.startGuard() // confirmed before anything can be changed; the run's clock does not wait for it
	}
	if err == nil {
		s.started = time.Now()
		s.journal.started = s.started
		s.monitor = newMonitor(s.config.Monitoring, s.started, s.emit, s.outcomes, s.platform)
		err = s.journal.add(squall, s.config.header())
	}
	if err == nil {
		err = s.gen.Start(s.config.Settings)
	}
	if err != nil {
		s.abort()
		hush()
		return errors.Join(err, ledger.Close(), s.lock.Unlock())
	}
	for _, warning := range s.config.Warnings {
		s.emit(squall, event.Warned{Warning: warning})
	}
	for _, f := range s.view.flows {
		if !f.On {
			s.emit(squall, event.FlowOff{Flow: f.Flow.Name, Title: f.Flow.Does, Reason: f.Reason})
		}
	}
	s.work.Go(s.countRules)
	s.work.Go(s.endAfterDuration)
	s.work.Go(s.watchDirectory)
	s.schedule()
	s.watchScaling()
	s.startMonitoring()
	s.startOutlets(telling)
	return nil
}

// startGuard starts the guard when anything can be changed that would have to be reverted.
func (s *Session) startGuard() error {
	changes := len(s.config.Faults) > 0
	if i := s.flow(load.Rules); i >= 0 {
		changes = changes || s.view.flows[i].On
	}
	if s.config.Guard == nil || s.config.Embedded || !changes {
		return nil
	}
	return s.config.Guard(s.config.Dir, s.config.LedgerKey)
}

// NewRunID draws the name of a run: 8 hexadecimal digits.
func NewRunID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// endAfterDuration ends the run when its planned time is over.
func (s *Session) endAfterDuration() {
	if s.config.Duration <= 0 {
		return
	}
	timer := time.NewTimer(s.config.Duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		s.end(squall, event.RunEnded{Cause: event.EndDuration})
	case <-s.ctx.Done():
	}
}

// directoryInterval is how often the run directory is looked for.
const directoryInterval = 2 * time.Second

// watchDirectory says when somebody takes the run directory away: what is measured would be lost in silence.
func (s *Session) watchDirectory() {
	tick := time.NewTicker(directoryInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.journal.writer.Check(); err != nil {
				s.reportInternal(err)
				s.emit(squall, event.SquallFailed{Error: err.Error(), Meanwhile: "what is measured from then on is saved elsewhere when the run ends"})
				return
			}
			if err := s.ledger.Check(); err != nil {
				s.reportInternal(err)
				s.emit(squall, event.SquallFailed{Error: err.Error(), Meanwhile: "if squall is killed now, nothing reverts what it has changed but squall recover --scan"})
				return
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// countRules finds out whether there is anything to toggle, and says so if there is not.
func (s *Session) countRules() {
	if i := s.flow(load.Rules); i < 0 || !s.Snapshot().Flows[i].On {
		return
	}
	n, err := checkRules(s.ctx, s.gen)
	if s.ctx.Err() != nil || (err == nil && n > 0) {
		return
	}
	reason := "the tenants have no rules"
	if err != nil {
		reason = err.Error()
	}
	s.mu.Lock()
	flows := append([]load.FlowState(nil), s.view.flows...)
	flows[s.flow(load.Rules)] = load.FlowState{Flow: load.Rules, Reason: reason}
	s.view.flows = flows
	s.mu.Unlock()
	s.emit(squall, event.FlowOff{Flow: load.Rules.Name, Title: load.Rules.Does, Reason: reason})
}

// flow is the index of a flow in the list of flows, which keeps its order.
func (s *Session) flow(f *metric.Flow) int {
	for i, state := range load.FlowStates(s.config.Options) {
		if state.Flow == f {
			return i
		}
	}
	return -1
}

// Snapshot is the state of the session now. It never waits for traffic or for the disk.
func (s *Session) Snapshot() Snapshot {
	l := s.gen.Snapshot()
	s.mu.Lock()
	v := s.view
	s.mu.Unlock()
	events, line := s.journal.all()
	snap := Snapshot{
		Target: s.config.Target, Host: s.config.host(), Dir: s.config.Dir,
		Started: s.started, Elapsed: time.Since(s.started), Duration: s.config.Duration,
		Status: v.status, Load: l, Brands: s.config.brands(),
		Mix: load.WantedMix(l.Settings, s.config.Options.Workload), Shares: v.shares,
		Live: v.live, Overall: v.overall, Outside: s.config.BuiltIn && len(line.Injections) > 0, Flows: v.flows, Events: events, Timeline: line,
		Report: v.report, Failure: v.failure,
		Faults: s.faults(), Phases: v.phases, Protected: s.config.Protected, Panels: s.monitor.state(), Alerts: s.config.Monitoring.Alerts,
	}
	for _, r := range s.config.StopRules {
		snap.StopRules = append(snap.StopRules, r.String())
	}
	if v.status == Running {
		switch {
		case v.halted:
			snap.Status = Halted
		case l.Settings.Paused:
			snap.Status = Paused
		}
	}
	return snap
}

// Done is closed when the run has ended and its report is on the disk.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err is what went wrong besides the platform: a panic, a full disk, rules that could not be put
// back (*load.LeftBehind). Only after Done.
func (s *Session) Err() error { return s.err }

// Subscribe yields every event of the session from the first on, and waits for those to come until the
// session has ended or ctx ends. A slow reader misses nothing and delays nobody else.
func (s *Session) Subscribe(ctx context.Context) iter.Seq[event.Event] {
	return s.journal.subscribe(ctx)
}

// emit records an event that is no reason to stop when it cannot be written: readers get it, and the
// screen says that the disk does not have it.
func (s *Session) emit(by event.Actor, data any) {
	if err := s.journal.add(by, data); err != nil {
		s.reportInternal(err)
	}
}

// reportInternal shows what goes wrong in squall itself.
func (s *Session) reportInternal(err error) {
	s.mu.Lock()
	s.view.failure = s.journal.redact(err.Error())
	s.mu.Unlock()
}
