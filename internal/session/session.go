package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// LockFile marks a run directory as belonging to a living session.
const LockFile = "lock"

// Who did something, as the timeline has it.
const (
	operator   = "operator"
	squall     = "squall"
	objectives = "objectives"
	stopRule   = "stop rule"
	scheduled  = "schedule"
	faults     = "faults"
	autoscaler = "Kubernetes"
)

// Session is one run. Its commands may be called from any goroutine; each is carried out, written
// to the journal, and visible in the next Snapshot.
type Session struct {
	config  Config
	gen     *load.Generator
	writer  *rundir.Writer
	ledger  *chaos.Ledger
	engine  *chaos.Engine
	lock    *flock.Flock
	started time.Time

	discreet *strings.Replacer // takes secrets out of what people and errors say

	commands sync.Mutex // one command at a time, so that the journal tells them in order
	settings load.Settings

	mu   sync.Mutex // what screens see; never held across a write to the disk
	view view

	abort   context.CancelFunc // cuts draining short
	ctx     context.Context    //nolint:containedctx // the life of the session, ended by Abort
	ending  sync.Once
	endedBy rundir.End
	done    chan struct{}
	work    sync.WaitGroup // goroutines of the session
	err     error          // what went wrong besides the platform; set before done closes
}

// view is what a Snapshot is made of beside the generator's own.
type view struct {
	phase   Phase
	halted  bool
	events  []rundir.Event
	flows   []FlowState
	live    []load.Verdict
	overall []load.Verdict
	shares  load.Weights
	report  string
	end     *rundir.End
	failure string
	chaos   uint64   // spikes and faults set off
	refused []string // faults of the schedule that were not injected, and why

	phases  []PhaseStats
	follow  map[string]*following // what became of each fault's last injection
	scaling []Scaling
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
	s := &Session{config: config, writer: writer, settings: config.Settings, discreet: config.discreet(), done: make(chan struct{})}
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
	ledger, err := chaos.OpenLedger(s.config.Dir)
	if err != nil {
		return errors.Join(err, s.lock.Unlock())
	}
	s.ledger = ledger
	s.config.Options.Ledger = ruleLedger{ledger, s.suffer}
	s.config.Options.Observe = s.observer()
	s.config.Options.OnPanic = s.panicked
	s.engine = s.newEngine()
	s.ctx, s.abort = context.WithCancel(context.WithoutCancel(ctx))
	s.view.phase = Running
	s.view.flows = s.config.flows()

	if s.gen, err = load.New(s.config.Options); err == nil {
		s.started = time.Now()
		err = s.record(rundir.Started, squall, s.opening(), s.config.meta(), true)
	}
	if err == nil {
		err = s.gen.Start(s.config.Settings)
	}
	if err != nil {
		s.abort()
		return errors.Join(err, ledger.Release(), s.lock.Unlock())
	}
	for _, warning := range s.config.Warnings {
		s.say(rundir.Warning, squall, warning, nil)
	}
	for _, f := range s.view.flows {
		if !f.On {
			s.say(rundir.FlowOff, squall, fmt.Sprintf("%s off: %s", words(f.Flow), f.Reason), nil)
		}
	}
	s.work.Go(s.lookForRules)
	s.work.Go(s.runOut)
	s.schedule()
	s.watchScaling()
	return nil
}

// NewRunID draws the name of a run: 8 hexadecimal digits.
func NewRunID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

func (s *Session) opening() string {
	c := s.config
	until := "until stopped"
	if c.Duration > 0 {
		until = "for " + duration(c.Duration)
	}
	if c.Settings.Open() {
		return fmt.Sprintf("Started on %s: %s requests/s, %s", c.Target, number(c.Settings.Rate), until)
	}
	return fmt.Sprintf("Started on %s: %s VUs, think time %s, %s", c.Target, count(c.Settings.VUs), c.Settings.Think, until)
}

// runOut ends the run when its time is up.
func (s *Session) runOut() {
	if s.config.Duration <= 0 {
		return
	}
	timer := time.NewTimer(s.config.Duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		s.Finish("duration")
	case <-s.ctx.Done():
	}
}

// lookForRules finds out whether there is anything to toggle, and says so if there is not.
func (s *Session) lookForRules() {
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
	flows := append([]FlowState(nil), s.view.flows...)
	flows[s.flow(load.Rules)] = FlowState{Flow: load.Rules, Reason: reason}
	s.view.flows = flows
	s.mu.Unlock()
	s.say(rundir.FlowOff, squall, fmt.Sprintf("%s off: %s", words(load.Rules), reason), nil)
}

// flow is the index of a flow in the list of flows, which keeps its order.
func (s *Session) flow(f load.Flow) int {
	for i, state := range s.config.flows() {
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
	snap := Snapshot{
		Target: s.config.Target, Host: s.config.host(), Dir: s.config.Dir,
		Started: s.started, Elapsed: time.Since(s.started), Duration: s.config.Duration,
		Phase: v.phase, Load: l, Brands: s.config.brands(),
		Mix: load.WantedMix(l.Settings, s.config.Options.Workload), Shares: v.shares,
		Live: v.live, Overall: v.overall, Flows: v.flows, Events: v.events,
		Report: v.report, End: v.end, Failure: v.failure,
		Faults: s.faults(), Phases: v.phases, Scaling: v.scaling, Protected: s.config.Protected,
	}
	for _, r := range s.config.StopRules {
		snap.StopRules = append(snap.StopRules, r.String())
	}
	if v.phase == Running {
		switch {
		case v.halted:
			snap.Phase = Halted
		case l.Settings.Paused:
			snap.Phase = Paused
		}
	}
	return snap
}

// Done is closed when the run has ended and its report is on the disk.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err is what went wrong besides the platform: a panic, a full disk, rules that could not be put
// back (*load.LeftBehind). Only after Done.
func (s *Session) Err() error { return s.err }

// record appends an event to the journal and to the timeline. A durable event is on the disk when
// record returns.
func (s *Session) record(kind rundir.Kind, by, text string, data any, durable bool) error {
	e, err := s.event(kind, by, text, data)
	if err != nil {
		return err
	}
	err = s.writer.Event(e, durable)
	s.mu.Lock()
	s.view.events = append(s.view.events, e)
	s.mu.Unlock()
	return err
}

// event makes an event of now, without secrets.
func (s *Session) event(kind rundir.Kind, by, text string, data any) (rundir.Event, error) {
	now := time.Now()
	e := rundir.Event{Time: now.UTC(), At: now.Sub(s.started).Seconds(), Kind: kind, By: by, Text: s.discreet.Replace(text)}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return e, fmt.Errorf("record %s: %w", kind, err)
		}
		e.Data = json.RawMessage(s.discreet.Replace(string(raw)))
	}
	return e, nil
}

// say records an event that is no reason to stop when it cannot be written: the timeline has it,
// and the screen says that the disk does not.
func (s *Session) say(kind rundir.Kind, by, text string, data any) {
	if err := s.record(kind, by, text, data, false); err != nil {
		s.suffer(err)
	}
}

// suffer shows what squall itself suffers from.
func (s *Session) suffer(err error) {
	s.mu.Lock()
	s.view.failure = s.discreet.Replace(err.Error())
	s.mu.Unlock()
}
