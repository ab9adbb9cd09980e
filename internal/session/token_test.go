package session

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// tokenEvents are those about tokens, and warnings about them, in their order.
func tokenEvents(s *Session) (all []any) {
	for _, e := range s.Snapshot().Events {
		switch d := e.Data.(type) {
		case event.TokenRenewed, event.TokenNotRenewed, event.TokenEnding:
			all = append(all, d)
		case event.Warned:
			if strings.Contains(d.Warning, "admin token") {
				all = append(all, d)
			}
		}
	}
	return all
}

// Before a token ends another one is taken from where it came from, and what it signs goes on.
func TestTokenIsRenewed(t *testing.T) {
	c := config(t, platform(t))
	first := c.Options.Keys.Token()
	ends := time.Now().Add(2 * time.Second)
	var asked atomic.Int32
	c.Duration = time.Minute
	c.Token = Token{
		From: "command vault",
		Renew: func(context.Context) (string, error) {
			switch asked.Add(1) {
			case 1:
				return first, nil // the same one is no new one
			default:
				return "", errors.New("run vault: it ended with exit code 2")
			}
		},
		Expires: func(token string) time.Time {
			if token == first {
				return ends
			}
			return ends.Add(time.Hour)
		},
	}
	s := start(t, c)
	until(t, "the end of the token", func() bool { return len(tokenEvents(s)) > 0 })
	if d, is := tokenEvents(s)[0].(event.TokenEnding); !is || d.Left <= 0 || d.Left > 2 {
		t.Errorf("events %+v", tokenEvents(s))
	}
	if !s.Snapshot().Load.Settings.FreezeRules {
		t.Error("rules go on being toggled with a token that ends")
	}
}

func TestTokenIsTakenFromItsSource(t *testing.T) {
	c := config(t, platform(t))
	first := c.Options.Keys.Token()
	ends := time.Now().Add(2 * time.Second)
	c.Token = Token{
		From: "file /run/token", Renew: func(context.Context) (string, error) { return "canary-token", nil },
		Expires: func(token string) time.Time {
			if token == first {
				return ends
			}
			return ends.Add(time.Hour)
		},
	}
	s := start(t, c)
	until(t, "the new token", func() bool { return c.Options.Keys.Token() == "canary-token" })
	finish(s)
	<-s.Done()
	events := tokenEvents(s)
	if len(events) != 1 {
		t.Fatalf("events %+v", events)
	}
	if d, is := events[0].(event.TokenRenewed); !is || d.From != "file /run/token" || !d.Expires.Equal(ends.Add(time.Hour)) {
		t.Errorf("event %+v", events[0])
	}
	if s.Snapshot().Load.Settings.FreezeRules {
		t.Error("rules are left alone")
	}
	noSecrets(t, s.config.Dir, "canary-token")
}

// A run that outlives its token says so at the start, and restores rules while the token is good.
func TestTokenThatEndsBeforeTheRun(t *testing.T) {
	c := config(t, platform(t))
	ends := time.Now().Add(2 * time.Second)
	c.Token, c.Duration = Token{Expires: func(string) time.Time { return ends }}, time.Minute
	s := start(t, c)
	until(t, "the end of the token", func() bool { return len(tokenEvents(s)) == 2 })
	warned, first := tokenEvents(s)[0].(event.Warned)
	_, second := tokenEvents(s)[1].(event.TokenEnding)
	if !first || !second || !strings.Contains(warned.Warning, "the admin token ends in ") || !strings.Contains(warned.Warning, "--token-command") {
		t.Errorf("events %+v", tokenEvents(s))
	}
	if !s.Snapshot().Load.Settings.FreezeRules {
		t.Error("rules go on being toggled")
	}
}

// One that lasts is no matter.
func TestTokenThatLasts(t *testing.T) {
	c := config(t, platform(t))
	c.Token, c.Duration = Token{Expires: func(string) time.Time { return time.Now().Add(time.Hour) }}, time.Minute
	s := start(t, c)
	until(t, "traffic", func() bool { return s.Snapshot().Load.Sent > 10 })
	if events := tokenEvents(s); len(events) > 0 {
		t.Errorf("events %+v", events)
	}
}
