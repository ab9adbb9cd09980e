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
	"xinbot.ir/squall/tui/grid"
)

// pullEvery is how often a snapshot is pulled: ten frames a second.
const pullEvery = 100 * time.Millisecond

// Model is the console's one bubbletea model.
type Model struct {
	session Session
	options Options

	keys   []keyRow
	panels []panelRow
	slots  []slot
	focus  *focusView // the detail view; nil: the whole screen
	dialog dialog     // nil: keys go to the console
	scene  scene
	queue  queue
	lull   time.Duration // without a key before an edited fault is checked again
	fault  string        // the last one that was looked at
	intent intent
	asked  toggles

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
}

// toggle is an on-off that was asked for a moment ago and that the newest snapshot may not show yet:
// a second press means the other way.
type toggle struct {
	on     bool
	expiry time.Time
}

// now is the state that the operator knows of.
func (t toggle) now(clock time.Time, shown bool) bool {
	if clock.Before(t.expiry) {
		return t.on
	}
	return shown
}

// toggles are the on-offs of the console.
type toggles struct {
	spike, pause, hold toggle
	reverted           map[string]time.Time // faults asked to be reverted, and until when that counts
}

// intent is a value asked for a moment ago that the newest snapshot may not show yet, so that a
// held key counts on from the last press.
type intent struct {
	vus    int
	rate   float64
	open   bool
	expiry time.Time
}

// note remembers the level that a command asks for.
func (i *intent) note(ask command.Command, expiry time.Time) {
	switch c := ask.(type) {
	case command.SetVUs:
		*i = intent{vus: c.VUs, expiry: expiry}
	case command.SetRate:
		*i = intent{} // back to the virtual users that the session shows
		if c.PerSecond > 0 {
			*i = intent{rate: c.PerSecond, open: true, expiry: expiry}
		}
	}
}

// New returns the console of a session. It prints nothing and starts nothing.
func New(s Session, opts Options) *Model {
	opts = opts.withDefaults()
	keys := keymap()
	m := &Model{session: s, options: opts, keys: keys, panels: panels(keys), lull: checkLull}
	m.queue.do = m.do
	m.scene.styles = newStyles(opts.Renderer, *opts.Dark, opts.NoColor, opts.ASCII)
	m.scene.zone = opts.Location
	m.scene.span = timeRanges()[1]
	m.scene.tables = newTables()
	m.scene.now.Timeline = new(timeline.Timeline) // the size may come before the first snapshot
	return m
}

// do gives a command of the operator's to the session.
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

// Update takes a message. A panic in it becomes the program's error.
func (m *Model) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer func() {
		if value := recover(); value != nil {
			next, cmd = m, m.fail(&PanicError{value, debug.Stack()})
		}
	}()
	if m.err != nil {
		return m, m.quit()
	}
	cmd = m.take(msg)
	if _, isTick := msg.(tickMsg); !isTick {
		m.stale = true
	}
	m.render()
	return m, cmd
}

// take carries out a message.
func (m *Model) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
		return m.tell(shownMsg{})
	case tea.KeyMsg:
		return m.input(msg)
	case tickMsg:
		return m.tick()
	case snapshotMsg:
		m.pulling = false
		m.show(msg.snapshot)
		return m.tell(shownMsg{})
	case doneMsg:
		return m.done(msg)
	case panicMsg:
		return m.fail(msg.err)
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
	m.scene.clock = m.options.Clock()
	if text := m.scene.message.text; text != "" && !m.scene.clock.Before(m.scene.message.until) {
		m.scene.message, m.stale = footerMessage{}, true
	}
	if m.pulling {
		return tick()
	}
	m.pulling = true
	return tea.Batch(m.pull(), tick())
}

// show makes a snapshot the one that is drawn. Numbers follow once a second.
func (m *Model) show(snap session.Snapshot) {
	s := &m.scene
	first := s.now.Started.IsZero()
	s.clock = m.options.Clock()
	s.now = snap
	newest, shown := lastWindow(&snap), lastWindow(&s.calm)
	judged := !slices.Equal(snap.Live, s.calm.Live)
	if first || snap.Status != s.calm.Status || newest != nil && (shown == nil || !newest.Start.Equal(shown.Start)) {
		s.calm = snap
	}
	if judged { // a moment after the second has closed: the verdicts on it belong to its numbers
		s.calm.Live, s.calm.Overall = snap.Live, snap.Overall
		s.judged++
	}
	s.beat = 0
	if newest != nil {
		open := snap.Elapsed - newest.Start.Add(newest.Length).Sub(snap.Started)
		s.beat = min(max(int(open*10/time.Second), 0), 9)
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
	if msg.request.kind == kindExport {
		m.exporting = false
		if msg.err == nil {
			msg.request.then = "report written: " + m.session.Snapshot().Report
		}
	}
	var followed tea.Cmd
	shown := msg.request.from != nil && msg.request.from == m.dialog
	if shown {
		followed = m.tell(answeredMsg{msg.err})
	}
	if msg.err != nil {
		m.intent, m.asked = intent{}, toggles{}
		if !shown {
			m.Say(msg.err.Error(), true)
		}
	} else if msg.request.then != "" {
		m.Say(msg.request.then, false)
	}
	next := tea.Batch(followed, m.queue.next())
	if m.pulling {
		return next
	}
	m.pulling = true
	return tea.Batch(next, m.pull())
}

// State is what dialogs draw from.
func (m *Model) State() *scene { return &m.scene }

// Ending tells whether the operator has asked for the end, or it has come.
func (m *Model) Ending() bool { return m.ending }

// Send queues a command and says at once what was asked.
func (m *Model) Send(echo string, r request) tea.Cmd {
	m.intent.note(r.ask, m.options.Clock().Add(intentTime))
	m.Say(echo, false)
	return m.queue.add(r)
}

// Say shows a line in the footer for some seconds.
func (m *Model) Say(text string, bad bool) {
	m.scene.clock = m.options.Clock()
	m.scene.message = footerMessage{text: text, bad: bad, until: m.scene.clock.Add(messageTime(bad))}
}

// resize lays the screen out anew.
func (m *Model) resize(w, h int) {
	m.scene.width, m.scene.height = w, h
	m.layout, m.fits = choose(w, h)
	m.frame.Resize(w, h)
	if !m.fits {
		return
	}
	m.slots = arrange(m.layout, m.panels, w, h)
	for _, s := range m.slots {
		s.panel.SetSize(s.w, s.h)
	}
	if m.focus != nil {
		m.focus.resize(w, h)
	}
}
