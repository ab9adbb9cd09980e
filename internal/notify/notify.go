// Package notify tells people of a run while it goes on, in Slack.
package notify

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
)

// Bounds of what telling can cost.
const (
	mostWaiting  = 32              // messages that wait to be sent
	flushTimeout = 5 * time.Second // for those that are left when the run has ended
)

// Run is the run that is told of.
type Run interface {
	Subscribe(ctx context.Context) iter.Seq[event.Event]
	Record(data any)
}

// Config is what a notifier is made of.
type Config struct {
	Send    func(ctx context.Context, text string) error // bounded in time
	To      string                                       // who is told: "Slack"
	Target  string                                       // of the run
	Verdict func() (slo.Verdict, error)                  // asked once, when the run has ended
	Redact  func(string) string
}

// signs are the kinds of events that people are told of, each with the sign that its message begins with.
var signs = map[event.Kind]string{
	"run_started":         "▶",
	"fault_active":        "▲",
	"fault_refused":       "!",
	"fault_reverted":      "▼",
	"effect_judged":       "!",
	"platform_recovered":  "✓",
	"fault_not_reverted":  "✗",
	"change_not_reverted": "✗",
	"halted":              "■",
	"halt_released":       "▶",
	"stop_rule_met":       "■",
	"squall_failed":       "✗",
	"run_ended":           "■",
}

// message is one that waits.
type message struct {
	about event.Kind
	at    float64 // when that happened, seconds since the start
	text  string
}

// Notifier tells of one run.
type Notifier struct {
	config Config
	flush  time.Duration

	mu      sync.Mutex
	dropped event.NotificationsDropped // since it was last said
}

// New returns a notifier. Nothing is sent yet.
func New(c Config) *Notifier { return &Notifier{config: c, flush: flushTimeout} }

// Run tells until the run has ended, or ctx has. What was sent, what failed and what was dropped is recorded.
func (n *Notifier) Run(ctx context.Context, run Run) {
	queue := make(chan message, mostWaiting)
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var sender sync.WaitGroup
	sender.Go(func() { n.send(sending, run, queue) })
	for e := range run.Subscribe(ctx) {
		for _, m := range n.messages(e) {
			n.enqueue(queue, m)
		}
		if _, over := e.Data.(event.RunEnded); over {
			break
		}
	}
	close(queue)
	timer := time.AfterFunc(n.flush, cancel)
	defer timer.Stop()
	sender.Wait()
}

// messages are what an event makes people be told of.
func (n *Notifier) messages(e event.Event) []message {
	sign, told := signs[e.Kind()]
	switch d := e.Data.(type) {
	case event.EffectJudged:
		told = d.Effect == event.NoEffect // any other is what a fault is for
	case event.PlatformRecovered:
		told = !d.NoEffect
	}
	if !told {
		return nil
	}
	text := fmt.Sprintf("%s %s: %s", sign, n.config.Target, e.Text())
	if e.By.Role != event.RoleSquall {
		text += " (" + e.By.String() + ")"
	}
	all := []message{{e.Kind(), e.At, text}}
	if end, over := e.Data.(event.RunEnded); over {
		for _, left := range end.NotReverted {
			all = append(all, message{e.Kind(), e.At, fmt.Sprintf("✗ %s: left behind: %s", n.config.Target, left)})
		}
		all = append(all, message{e.Kind(), e.At, n.verdict()})
	}
	return all
}

// mostReasons is how many reasons of a verdict are told.
const mostReasons = 5

// verdict is the end of the run in words.
func (n *Notifier) verdict() string {
	v, err := n.config.Verdict()
	if err != nil {
		return n.config.Redact(fmt.Sprintf("? %s: the verdict is not known: %v", n.config.Target, err))
	}
	sign := map[slo.Answer]string{slo.Passed: "✓", slo.Failed: "✗", slo.NotJudged: "?"}[v.Answer]
	text := fmt.Sprintf("%s %s: verdict: %s (exit code %d)", sign, n.config.Target, v.Answer, v.Exit)
	for i, reason := range v.Reasons {
		if i == mostReasons {
			text += fmt.Sprintf("\nand %d more", len(v.Reasons)-i)
			break
		}
		text += "\n" + reason.About
		if reason.Detail != "" {
			text += ": " + reason.Detail
		}
	}
	return n.config.Redact(text)
}

// enqueue never waits: of a full queue the new message is dropped.
func (n *Notifier) enqueue(queue chan<- message, m message) {
	select {
	case queue <- m:
	default:
		n.drop(m)
	}
}

// mostNamed is how many messages that were dropped are named.
const mostNamed = 5

func (n *Notifier) drop(m message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dropped.Count++; len(n.dropped.First) < mostNamed {
		n.dropped.First = append(n.dropped.First, event.DroppedMessage{About: m.about, At: m.at})
	}
}

// send sends one message after the other, and says what was dropped meanwhile. When ctx has ended the rest is dropped.
func (n *Notifier) send(ctx context.Context, run Run, queue <-chan message) {
	for m := range queue {
		if ctx.Err() != nil {
			n.drop(m)
			continue
		}
		told := event.Notified{To: n.config.To, About: m.about, Message: m.text}
		if err := n.config.Send(ctx, m.text); err != nil {
			told.Failed = n.config.Redact(err.Error())
		}
		run.Record(told)
		n.sayDropped(run)
	}
	n.sayDropped(run)
}

func (n *Notifier) sayDropped(run Run) {
	n.mu.Lock()
	dropped := n.dropped
	n.dropped = event.NotificationsDropped{}
	n.mu.Unlock()
	if dropped.Count > 0 {
		dropped.To = n.config.To
		run.Record(dropped)
	}
}
