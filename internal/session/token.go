package session

import (
	"context"
	"fmt"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

// Token is where the token of the admin API comes from, and how long one lasts.
type Token struct {
	From    string                                // "command vault", "file /run/token"; "" when there is nowhere to take another one from
	Renew   func(context.Context) (string, error) // takes the newest one; nil: there is nowhere
	Expires func(token string) time.Time          // when it ends; zero: never, or not known
}

// Times around the end of a token.
const (
	tokenNotice = 5 * time.Minute  // before it ends, another one is taken, or people are told
	tokenRetry  = 15 * time.Second // between two tries to take another one
	tokenSafe   = time.Minute      // before it ends without another one, rules are restored: afterwards nobody could
)

// watchToken takes a new token of the admin API before the old one ends. When there is none, no automation rule is left as it was
// not found: with a token that has ended nobody could restore it.
func (s *Session) watchToken() {
	t, keys := s.config.Token, s.config.Options.Keys
	if t.Expires == nil || keys.Token() == "" {
		return
	}
	s.tellTokenEnd(t.Expires(keys.Token()))
	frozen := false
	for {
		ends := t.Expires(keys.Token())
		if ends.IsZero() {
			return
		}
		if !s.sleepUntil(ends.Add(-s.tokenNotice(ends))) {
			return
		}
		if t.Renew != nil {
			fresh, err := t.Renew(s.ctx)
			switch {
			case err != nil:
				s.emit(squall, event.TokenNotRenewed{From: t.From, Reason: keys.Redact(err.Error()), Expires: ends})
			case t.Expires(fresh).After(ends):
				keys.SetToken(fresh)
				s.emit(squall, event.TokenRenewed{From: t.From, Expires: t.Expires(fresh)})
				if frozen {
					frozen = false
					s.freezeRules(false)
				}
				continue
			}
		}
		if left := time.Until(ends); left <= tokenSafe && !frozen {
			frozen = true
			s.emit(squall, event.TokenEnding{Expires: ends, Left: max(left, 0).Seconds()})
			s.freezeRules(true)
		}
		if t.Renew == nil && frozen {
			return
		}
		pause := tokenRetry
		if t.Renew == nil {
			pause = max(time.Until(ends.Add(-tokenSafe)), time.Second)
		}
		if !s.sleepUntil(time.Now().Add(pause)) {
			return
		}
	}
}

// tokenNotice is how long before its end another token is taken: of one that lasts for a few minutes alone, half of its time.
func (s *Session) tokenNotice(ends time.Time) time.Duration {
	return min(tokenNotice, ends.Sub(s.started)/2)
}

// tellTokenEnd says at the start that a token ends before the run does, or when it does if the run has no end.
func (s *Session) tellTokenEnd(ends time.Time) {
	if ends.IsZero() || s.config.Token.Renew != nil || s.config.Duration > 0 && ends.After(s.started.Add(s.config.Duration)) {
		return
	}
	left := max(time.Until(ends), 0).Round(time.Second)
	s.emit(squall, event.Warned{Warning: fmt.Sprintf(
		"the admin token ends in %s, at %s, and there is nowhere to take another one from (--admin-token-file, --token-command): rules are restored a minute before, and uploads and automation fail then",
		units.Duration(left), ends.UTC().Format("15:04:05 MST"))})
}

// freezeRules lets automation rules be, and restores those that are toggled; or toggles them again.
func (s *Session) freezeRules(on bool) {
	err := s.change(squall, func(next *load.Settings) { next.FreezeRules = on || s.halted() }, func(load.Settings, load.Settings) any { return nil })
	if err != nil && !s.ended() {
		s.reportInternal(err)
	}
}

// sleepUntil reports whether the moment came before the session's end.
func (s *Session) sleepUntil(moment time.Time) bool {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
