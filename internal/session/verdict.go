package session

import (
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Verdict is what the run would come to if it ended now. The one that counts is made of the run directory at its end.
func (s *Session) Verdict() slo.Verdict {
	snap := s.Snapshot()
	r := slo.Run{Line: snap.Timeline, Policy: s.config.Policy, Requests: snap.Load.All.Requests}
	for _, o := range snap.Overall {
		r.Objectives = append(r.Objectives, slo.Judged{Result: o, Asked: !s.config.BuiltIn, Scope: o.Objective.Scope})
	}
	for _, t := range snap.Load.Totals {
		if t.Series.Flow == load.Gateway {
			r.Answered += t.Latency.Count
		}
	}
	for _, e := range snap.Load.Errors {
		switch {
		case e.Class == metric.LocalLimit:
			r.Unsent += e.Count
		case e.Class == metric.Timeout && e.Series.Flow == load.Gateway: // it has a latency and no answer
			r.Answered -= min(r.Answered, e.Count)
		}
	}
	return r.SoFar()
}
