package tui

import (
	"context"
	"runtime/debug"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/dialog"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// pullEvery is how often a snapshot is pulled: ten frames a second.
const pullEvery = 100 * time.Millisecond

// Model is the console's one bubbletea model.
type Model struct {
	session Session
	options Options

	keys           []keyRow
	pages          []pageRow
	page           int // that is shown
	areas          []area
	zoomed         *zoomView     // the detail view; nil: the whole screen
	dialog         dialog.Dialog // nil: keys go to the console
	state          view.State
	queue          queue
	debounce       time.Duration // without a key before an edited fault is checked again
	fault          string        // the last one that was looked at
	pendingLevel   pendingLevel
	pendingToggles pendingToggles

	layout    layoutID
	fits      bool
	pulling   bool
	exporting bool
	ending    bool // the operator has asked for the end
	quitting  bool
	stale     bool // the last frame no longer shows what is
	frame     grid.Grid
	text      []byte
	last      string // the last frame, should drawing fail
	err       error

	suspension *suspension // nil: not on a terminal
	typing     func(bool)  // is told whether keys are text; nil: not on a terminal
}

// pendingToggle is an on-off that was asked for a moment ago and that the newest snapshot may not show yet:
// a second press means the other way.
type pendingToggle struct {
	on     bool
	expiry time.Time
}

// now is the state that the operator knows of.
func (t pendingToggle) now(clock time.Time, shown bool) bool {
	if clock.Before(t.expiry) {
		return t.on
	}
	return shown
}

// pendingToggles are the on-offs of the console.
type pendingToggles struct {
	spike, pause, hold pendingToggle
	reverted           map[string]time.Time // faults asked to be reverted, and until when that counts
}

// pendingLevel is a value asked for a moment ago that the newest snapshot may not show yet, so that a
// held key counts on from the last press.
type pendingLevel struct {
	vus    int
	rate   float64
	open   bool
	expiry time.Time
}

// note remembers the level that a command asks for.
func (i *pendingLevel) note(ask command.Command, expiry time.Time) {
	switch c := ask.(type) {
	case command.SetVUs:
		*i = pendingLevel{vus: c.VUs, expiry: expiry}
	case command.SetRate:
		*i = pendingLevel{} // back to the virtual users that the session shows
		if c.PerSecond > 0 {
			*i = pendingLevel{rate: c.PerSecond, open: true, expiry: expiry}
		}
	}
}

// New returns the console of a session. It prints nothing and starts nothing.
func New(s Session, opts Options) *Model {
	opts = opts.withDefaults()
	keys := keymap()
	m := &Model{session: s, options: opts, keys: keys, pages: pages(keys), debounce: dialog.CheckDebounce}
	m.queue.do = m.do
	m.state.Styles = theme.NewStyles(opts.Renderer, *opts.Dark, opts.NoColor, opts.ASCII)
	m.state.Zone = opts.Location
	m.state.TimeRange = view.TimeRanges()[1]
	m.state.Now.Timeline = new(timeline.Timeline) // the size may come before the first snapshot
	return m
}

// do sends a command of the operator's to the session.
func (m *Model) do(c command.Command) error {
	return m.session.Do(context.Background(), event.By(event.RoleOperator), c)
}

// Init asks for the first snapshot.
func (m *Model) Init() tea.Cmd {
	m.pulling = true
	return tea.Batch(m.pull(), tick())
}

func tick() tea.Cmd {
	return tea.Tick(pullEvery, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// pull fetches a snapshot off the screen's goroutine.
func (m *Model) pull() tea.Cmd {
	s := m.session
	return guard(func() tea.Msg { return snapshotMsg{s.Snapshot()} })
}

// Update handles a message. A panic in it becomes the program's error.
func (m *Model) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer func() {
		if value := recover(); value != nil {
			next, cmd = m, m.fail(&PanicError{value, debug.Stack()})
		}
	}()
	if m.err != nil {
		return m, m.quit()
	}
	cmd = m.handle(msg)
	if _, isTick := msg.(tickMsg); !isTick {
		m.stale = true
	}
	m.render()
	if m.typing != nil {
		m.typing(m.dialog != nil && m.dialog.Typing())
	}
	return m, cmd
}

// handle carries out a message.
func (m *Model) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
		return m.tell(dialog.ShownMsg{})
	case tea.KeyMsg:
		return m.input(msg)
	case tickMsg:
		return m.tick()
	case snapshotMsg:
		m.pulling = false
		m.show(msg.snapshot)
		return m.tell(dialog.ShownMsg{})
	case doneMsg:
		return m.done(msg)
	case panicMsg:
		return m.fail(msg.err)
	case droppedKeysMsg:
		m.Say(units.Counted(uint64(msg), "key", "keys")+" came at once, as from a paste, and were dropped: press keys one by one", true)
		return nil
	case suspendedMsg:
		m.Say("take the terminal back: "+msg.err.Error(), true)
		return nil
	default:
		return m.tell(msg)
	}
}

func (m *Model) fail(err error) tea.Cmd {
	m.err = err
	return m.quit()
}

func (m *Model) quit() tea.Cmd {
	m.quitting = true
	m.close()
	return tea.Quit
}

// tick pulls the next snapshot, unless the last one is still on its way, and notices the end.
func (m *Model) tick() tea.Cmd {
	select {
	case <-m.session.Done():
		return m.quit()
	default:
	}
	m.state.Clock = m.options.Clock()
	if text := m.state.Message.Text; text != "" && !m.state.Clock.Before(m.state.Message.Until) {
		m.state.Message, m.stale = view.FooterMessage{}, true
	}
	if m.pulling {
		return tick()
	}
	m.pulling = true
	return tea.Batch(m.pull(), tick())
}

// show makes a snapshot the one that is drawn. Numbers follow once a second.
func (m *Model) show(snap session.Snapshot) {
	s := &m.state
	first := s.Now.Started.IsZero()
	monitored := len(snap.Panels) > 0 != (len(s.Now.Panels) > 0)
	s.Clock = m.options.Clock()
	s.Now = snap
	if monitored {
		m.resize(s.Width, s.Height)
	}
	newest, shown := view.LastWindow(&snap), view.LastWindow(&s.LastSecond)
	judged := !slices.Equal(snap.Live, s.LastSecond.Live)
	if first || snap.Status != s.LastSecond.Status || newest != nil && (shown == nil || !newest.Start.Equal(shown.Start)) {
		s.LastSecond = snap
	}
	if judged { // a moment after the second has closed: the verdicts on it belong to its numbers
		s.LastSecond.Live, s.LastSecond.Overall = snap.Live, snap.Overall
		s.VerdictVersion++
	}
	s.Progress = 0
	if newest != nil {
		open := snap.Elapsed - newest.Start.Add(newest.Length).Sub(snap.Started)
		s.Progress = min(max(int(open*10/time.Second), 0), 9)
	}
	if snap.Status == session.Draining || snap.Status == session.Finished {
		m.ending = true
	}
}

// done takes the answer of a command and starts the next.
func (m *Model) done(msg doneMsg) tea.Cmd {
	if msg.queued {
		m.queue.busy = false
	}
	if msg.request.Kind == dialog.KindExport {
		m.exporting = false
		if msg.err == nil {
			msg.request.Then = "report written: " + m.session.Snapshot().Report
		}
	}
	var followed tea.Cmd
	shown := msg.request.From != nil && msg.request.From == m.dialog
	if shown {
		followed = m.tell(dialog.AnsweredMsg{Err: msg.err})
	}
	if msg.err != nil {
		m.pendingLevel, m.pendingToggles = pendingLevel{}, pendingToggles{}
		if !shown {
			m.Say(msg.err.Error(), true)
		}
	} else if msg.request.Then != "" {
		m.Say(msg.request.Then, false)
	}
	next := tea.Batch(followed, m.queue.next())
	if m.pulling {
		return next
	}
	m.pulling = true
	return tea.Batch(next, m.pull())
}

// State is what dialogs draw from.
func (m *Model) State() *view.State { return &m.state }

// Ending reports whether the operator has asked for the end, or it has come.
func (m *Model) Ending() bool { return m.ending }

// Send queues a command and says at once what was asked.
func (m *Model) Send(echo string, r dialog.Request) tea.Cmd {
	m.pendingLevel.note(r.Command, m.options.Clock().Add(intentTime))
	m.Say(echo, false)
	return m.queue.add(r)
}

// Say shows a line in the footer for some seconds.
func (m *Model) Say(text string, bad bool) {
	m.state.Clock = m.options.Clock()
	m.state.Message = view.FooterMessage{Text: text, Bad: bad, Until: m.state.Clock.Add(messageTime(bad))}
}

// resize lays the screen out anew.
func (m *Model) resize(w, h int) {
	m.state.Width, m.state.Height = w, h
	m.layout, m.fits = choose(w, h, len(m.state.Now.Panels) > 0)
	m.frame.Resize(w, h)
	if !m.fits {
		return
	}
	m.areas = m.pages[m.page].arrange(m.layout, w, h)
	for _, s := range m.areas {
		s.panel.SetSize(s.w, s.h)
	}
	if m.zoomed != nil {
		m.zoomed.resize(w, h)
	}
}

// messageTime is how long a message stays.
func messageTime(bad bool) time.Duration {
	if bad {
		return 8 * time.Second
	}
	return 3 * time.Second
}
