package session

import (
	"slices"

	"xinbot.ir/squall/chaos"
)

// What the engine asks of a target comes to the screen past the journal, with the words of an API in it. These take the
// secrets out.

func (s *Session) redactPlan(p chaos.Plan) chaos.Plan {
	p.Facts = slices.Clone(p.Facts)
	for i := range p.Facts {
		p.Facts[i].Text = s.journal.redact(p.Facts[i].Text)
	}
	p.Checks = s.redactChecks(p.Checks)
	return p
}

func (s *Session) redactChecks(checks []chaos.Check) []chaos.Check {
	checks = slices.Clone(checks)
	for i := range checks {
		checks[i].Text, checks[i].Reason = s.journal.redact(checks[i].Text), s.journal.redact(checks[i].Reason)
	}
	return checks
}

// redactedError is an error whose text has no secrets.
type redactedError struct {
	text string
	err  error
}

func (e redactedError) Error() string { return e.text }
func (e redactedError) Unwrap() error { return e.err }

func (s *Session) redactError(err error) error {
	if err == nil {
		return nil
	}
	if text := s.journal.redact(err.Error()); text != err.Error() {
		return redactedError{text, err}
	}
	return err
}
