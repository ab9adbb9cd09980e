package annotate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// board is a Grafana that does as it is told.
type board struct {
	mu    sync.Mutex
	calls []string
	fail  func(call string) error
	hang  bool
}

func (b *board) call(ctx context.Context, text string) error {
	b.mu.Lock()
	b.calls = append(b.calls, text)
	fail, hang := b.fail, b.hang
	b.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if fail != nil {
		return fail(text)
	}
	return nil
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Sub(began).String()
}

func (b *board) Add(ctx context.Context, text string, tags []string, from, to time.Time) (int64, error) {
	err := b.call(ctx, fmt.Sprintf("add %s [%s] %s %s", text, strings.Join(tags, " "), clock(from), clock(to)))
	b.mu.Lock()
	defer b.mu.Unlock()
	return int64(len(b.calls)), err
}

func (b *board) End(ctx context.Context, id int64, to time.Time) error {
	return b.call(ctx, fmt.Sprintf("end %d %s", id, clock(to)))
}

func (b *board) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.calls, "\n")
}

// run gives events as a test sends them.
type run struct {
	events   chan event.Event
	recorded []string
	mu       sync.Mutex
}

func (r *run) Subscribe(ctx context.Context) iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		for {
			select {
			case e, open := <-r.events:
				if !open || !yield(e) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (r *run) Record(data any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorded = append(r.recorded, data.(event.Warned).Warning)
}

func (r *run) warnings() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.recorded, "\n")
}

var began = time.Date(2026, 7, 30, 9, 0, 0, 0, time.UTC)

func at(seconds float64, data any) event.Event {
	by := event.Actor{Role: event.RoleOperator}
	return event.Event{At: seconds, Time: began.Add(time.Duration(seconds * float64(time.Second))), By: by, Data: data}
}

var fault = event.Injection{Run: 1, Fault: "llm_latency", Title: "LLM latency"}

func story() []event.Event {
	alert := event.AlertChanged{Source: "prometheus", Alert: "HighLatencyLLM", Labels: map[string]string{"severity": "page"}, State: "firing", FiredAt: began.Add(20 * time.Second)}
	same, resolved := alert, alert
	same.Source = "alertmanager"
	resolved.State, resolved.ResolvedAt = "resolved", began.Add(40*time.Second)
	return []event.Event{
		at(0, event.RunStarted{RunID: "run-1", Target: "staging"}),
		at(5, event.FaultStarted{Injection: fault}),
		at(6, event.FaultActive{Injection: fault}),
		at(21, alert),
		at(22, same),
		at(30, event.FaultReverted{Injection: fault}),
		at(41, resolved),
		at(60, event.RunEnded{}),
	}
}

func annotator(t *testing.T, b *board) (*Annotator, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), File)
	return New(Config{Board: b, Where: "http://grafana", File: file, Redact: func(s string) string { return strings.ReplaceAll(s, "secret", "*") }}), file
}

// The session, a fault and an alert are marked when they begin, and made stretches when they are over. An alert that two
// sources know is marked once.
func TestMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := &board{}, &run{events: make(chan event.Event)}
		a, file := annotator(t, b)
		done := make(chan struct{})
		go func() { a.Run(t.Context(), r); close(done) }()
		for _, e := range story() {
			r.events <- e
			synctest.Wait()
		}
		<-done
		const want = `add Run run-1 of squall on staging [squall run-1 session] 0s -
add LLM latency (llm_latency), by operator [squall run-1 fault] 6s -
add HighLatencyLLM (severity page) [squall run-1 alert] 20s -
end 2 30s
end 3 40s
end 1 1m0s`
		if got := b.said(); got != want {
			t.Errorf("called\n%s\nwant\n%s", got, want)
		}
		written, err := ReadWritten(file)
		if err != nil || len(written) != 3 || written[1] != (Written{"http://grafana", 2, "fault", "LLM latency (llm_latency), by operator"}) {
			t.Errorf("%+v, %v", written, err)
		}
		if r.warnings() != "" {
			t.Error(r.warnings())
		}
	})
}

// A Grafana that fails for a while gets whole stretches at the end; what it never takes is said once while the run goes
// on and counted at its end, without secrets.
func TestAGrafanaThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		until string // the event after which it works; "": never
		want  string // the last calls
		says  string
	}{
		"for a while": {"fault_reverted", "add LLM latency (llm_latency), by operator [squall run-1 fault] 6s 30s", "annotations cannot be written into Grafana: it does not accept * credentials"},
		"for good":    {"", "add Run run-1 of squall on staging [squall run-1 session] 0s 1m0s", "annotations cannot be written into Grafana: it does not accept * credentials\n3 of 3 annotations are not in Grafana, or without their end: it does not accept * credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, r := &board{fail: func(string) error { return errors.New("it does not accept secret credentials") }}, &run{events: make(chan event.Event)}
				a, _ := annotator(t, b)
				done := make(chan struct{})
				go func() { a.Run(t.Context(), r); close(done) }()
				for _, e := range story() {
					if string(e.Kind()) == c.until {
						b.mu.Lock()
						b.fail = nil
						b.mu.Unlock()
					}
					r.events <- e
					synctest.Wait()
				}
				<-done
				if !strings.Contains(b.said(), c.want) || r.warnings() != c.says {
					t.Errorf("called\n%s\nsaid\n%s", b.said(), r.warnings())
				}
			})
		})
	}
}

// A Grafana that hangs holds up neither the events nor, for longer than a bound, the end of the run.
func TestAGrafanaThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := &board{hang: true}, &run{events: make(chan event.Event)}
		a, file := annotator(t, b)
		done := make(chan struct{})
		begin := time.Now()
		go func() { a.Run(t.Context(), r); close(done) }()
		for _, e := range story() {
			r.events <- e
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("events waited for %s", took)
		}
		<-done
		if took := time.Since(begin); took != flushTimeout {
			t.Errorf("the end took %s", took)
		}
		if !strings.Contains(r.warnings(), "3 of 3 annotations are not in Grafana") {
			t.Error(r.warnings())
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("ids are written of what is not there")
		}
	})
}

// There is a bound, and beyond it marks are counted.
func TestManyMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := &board{}, &run{events: make(chan event.Event)}
		a, _ := annotator(t, b)
		done := make(chan struct{})
		go func() { a.Run(t.Context(), r); close(done) }()
		r.events <- at(0, event.RunStarted{RunID: "run-1", Target: "staging"})
		for n := range mostMarks + 4 {
			r.events <- at(1, event.AlertChanged{Source: "prometheus", Alert: fmt.Sprintf("A%d", n), State: "firing", FiredAt: began.Add(time.Second)})
		}
		r.events <- at(60, event.RunEnded{})
		<-done
		if !strings.Contains(r.warnings(), "5 of 1005 annotations are not in Grafana, or without their end: there are more than are written") {
			t.Error(r.warnings())
		}
	})
}

// A line that was cut off is left out, and a file that is too large is refused.
func TestReadWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), File)
	if all, err := ReadWritten(file); all != nil || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	if err := os.WriteFile(file, []byte("{\"where\":\"http://g\",\"id\":7,\"kind\":\"fault\"}\n{\"id\":-1}\nwhat\n{\"where\":\"http"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := ReadWritten(file); err != nil || len(all) != 1 || all[0].ID != 7 {
		t.Errorf("%v, %v", all, err)
	}
	if err := os.Truncate(file, mostFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadWritten(file); err == nil {
		t.Error("a file that is too large is read")
	}
}
