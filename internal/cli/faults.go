package cli

import (
	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/session"
)

// salvage is what recovering needs.
func (a *app) salvage(r config.Resolved, decide func(*chaos.MovedOn) chaos.Decision) session.Salvage {
	return session.Salvage{Options: r.Options, How: chaos.Recovery{Decide: decide}}
}
