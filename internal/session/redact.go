package session

import (
	"slices"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/errtree"
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

func (s *Session) redactError(err error) error { return errtree.Redact(err, s.journal.redact) }
