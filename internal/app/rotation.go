package app

import (
	"slices"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

// RotatableChannels are those whose secrets a run could rotate.
func RotatableChannels(r config.Resolved) []load.Channel {
	return session.Rotatable(session.Config{Options: r.Options, Settings: r.Settings})
}

// rotationOf is how the rotation of webhook secrets is followed: as the configuration says, with what the embedded platform offers.
func rotationOf(r config.Resolved, offered session.Rotation) session.Rotation {
	c := r.Rotation
	offered.Sources = slices.Concat(c.Sources, offered.Sources)
	offered.Armed, offered.Signing, offered.Share = c.Armed, c.Signing, c.Share
	if len(c.Replicas) > 0 {
		offered.Replicas = c.Replicas
	}
	offered.Rate, offered.Limits, offered.TolerateForged = c.Rate, c.Limits, c.TolerateForged
	return offered
}
