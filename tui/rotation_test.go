package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/session"
)

// rotatingDay is a rotation by two replicas, of which the second lags: 40 s of the old secret, then a restart of the first.
func rotatingDay(s *fakeSession) {
	channels := []string{"webchat", "instagram", "telegram", "whatsapp"}
	track := rotation.NewTracker(channels...)
	s.event(event.RoleOperator, event.RotationArmed{Channels: []event.ArmedChannel{{Channel: "webchat", Old: "0a1b2c3d"}}})
	s.advance(90)
	replicas := []rotation.Replica{{Name: "gateway-1", Started: s.started.Add(41 * time.Second).Format(time.RFC3339)}, {Name: "gateway-2", Started: s.started.Add(-time.Hour).Format(time.RFC3339)}}
	for half := range 180 {
		at := float64(half) / 2
		track.Replicas(at, replicas)
		for c, name := range channels {
			for _, signature := range event.Signatures() {
				for replica, place := range []string{"", "gateway-1", "gateway-2"} {
					asked := replica
					if place == "" {
						asked = 1 + (half+c)%2
					}
					switched := asked == 1 && at >= 41
					answer := rotation.Rejected
					if signature == event.SignedOld && !switched || signature == event.SignedNext && switched {
						answer = rotation.Accepted
					}
					if asked == 1 && at >= 40 && at < 41 {
						answer = rotation.Unavailable
					}
					for _, data := range track.Add(rotation.Probe{At: at, Channel: name, Replica: place, Signature: signature, Answer: answer}) {
						s.event(event.RoleSquall, data)
					}
				}
			}
		}
	}
	s.rotation = &session.RotationState{Armed: true, Since: s.started, Replicas: true, Kinds: []session.RotationKind{{Name: "rolling", Text: "the secret changes and the replicas restart one after another"}}}
	for i, c := range track.States(90) {
		s.rotation.Channels = append(s.rotation.Channels, session.ChannelRotation{
			ChannelState: c, Old: fmt.Sprintf("0a1b2c3%d", i), Next: fmt.Sprintf("f9e8d7c%d", i), Signing: []event.Signing{event.SignOld, event.SignNext, event.SignShare, event.FollowGateway}[i],
			Share: []float64{0, 1, 0.3, 1}[i], Traffic: rotation.Traffic{Sent: 12_345, Lost: uint64(40 * i)},
		})
	}
}

// secretsPage goes to the page of the secrets.
func secretsPage(m *Model) *Model {
	for m.pages[m.page].name != "secrets" {
		press(m, "g")
	}
	return m
}

func TestGoldenSecrets(t *testing.T) {
	all := looks()
	for _, c := range []struct {
		look look
		size size
	}{{all[0], size{80, 24}}, {all[0], size{120, 36}}, {all[2], size{200, 60}}} {
		t.Run(fmt.Sprintf("%s-%dx%d", c.look.name, c.size.w, c.size.h), func(t *testing.T) {
			s := newFake()
			rotatingDay(s)
			golden.RequireEqual(t, []byte(frame(t, secretsPage(console(s, c.look, c.size.w, c.size.h)), c.size.w, c.size.h)))
		})
	}
}

// Without a rotation the page says how to begin one, in every size.
func TestSecretsBeforeARotation(t *testing.T) {
	for _, size := range sizes() {
		s := newFake()
		s.rotation = &session.RotationState{Channels: []session.ChannelRotation{{ChannelState: rotation.ChannelState{Channel: "webchat"}, Old: "0a1b2c3d"}}}
		s.advance(3)
		text := ansi.Strip(frame(t, secretsPage(console(s, looks()[0], size.w, size.h)), size.w, size.h))
		for _, want := range []string{"not armed", "0a1b2c3d", "no rotation is armed: press k"} {
			if !strings.Contains(text, want) {
				t.Errorf("at %v it lacks %q:\n%s", size, want, text)
			}
		}
	}
}

// Everything that can be done about secrets is done from one dialog, and a typed secret is never shown.
func TestRotationDialog(t *testing.T) {
	s := newFake()
	rotatingDay(s)
	m := console(s, looks()[0], 120, 36)
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"k", "enter"}, "stage rolling"},
		{[]string{"k", "down", "enter"}, "sign  follow 0"},
		{[]string{"k", "down", "down", "tab", "enter"}, "sign webchat next 0"},
		{[]string{"k", "down", "down", "down", "down", "tab", "tab", "tab", "right"}, "sign telegram share 0.4"},
		{[]string{"esc", "k", "down", "down", "down", "down", "down", "down", "enter"}, "disarm"},
	} {
		press(m, c.keys...)
		if n := len(s.calls); n == 0 || s.calls[n-1] != c.want {
			t.Fatalf("%v: calls %q, want %q", c.keys, s.calls, c.want)
		}
	}
	press(m, "k", "down", "down", "down", "down", "down", "tab", "enter")
	for _, letter := range "canary" {
		press(m, string(letter))
		if text := m.View(); strings.Contains(ansi.Strip(text), "cana") {
			t.Fatalf("it is shown:\n%s", ansi.Strip(text))
		}
	}
	if text := ansi.Strip(m.View()); !strings.Contains(text, "••••••") || !strings.Contains(text, "6 characters") {
		t.Errorf("the prompt:\n%s", text)
	}
	press(m, "enter")
	if n := len(s.calls); s.calls[n-1] != "secret webchat canary" {
		t.Errorf("calls %q", s.calls)
	}
	s.rotation.Armed = false
	m.Update(snapshotMsg{s.Snapshot()})
	press(m, "k", "down", "enter")
	if !slices.Contains(s.calls, "arm") {
		t.Errorf("calls %q", s.calls)
	}
}

// While secrets are rotated the gateway's chart has a row per channel under it, on its own time axis.
func TestStripUnderTheGatewaysChart(t *testing.T) {
	for _, size := range []size{{120, 36}, {200, 60}} {
		s := newFake()
		rotatingDay(s)
		m := console(s, looks()[0], size.w, size.h)
		text := ansi.Strip(frame(t, m, size.w, size.h))
		for _, want := range []string{"webchat ", "instagr ", "telegra ", "○○○○◐◐◐"} {
			if !strings.Contains(text, want) {
				t.Errorf("at %v it lacks %q:\n%s", size, want, text)
			}
		}
		s.rotation.Armed = false
		m.Update(snapshotMsg{s.Snapshot()})
		s.advance(1)
		m.Update(snapshotMsg{s.Snapshot()})
		if text := ansi.Strip(frame(t, m, size.w, size.h)); strings.Contains(text, "○○○○◐◐◐") {
			t.Errorf("at %v it is there without a rotation:\n%s", size, text)
		}
	}
}
