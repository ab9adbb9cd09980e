package panel

import (
	"math"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Secrets says of each channel which secret the gateway accepts, and what the rotation costs.
type Secrets struct{ base }

// Title is the rule's word.
func (p *Secrets) Title() string { return "SECRETS" }

// secretColumns are where the columns of a row begin, and what stands above them.
var secretColumns = []struct {
	x    int
	head string
}{{0, "channel"}, {11, "state"}, {25, "old secret"}, {40, "next secret"}, {55, "lost"}, {69, "signed"}}

// Sync draws one row per channel.
func (p *Secrets) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	r := s.Now.Rotation
	switch {
	case s.Now.Started.IsZero():
		p.g.Text(0, 0, w, "not known yet", st.Dim)
		return
	case r == nil:
		p.g.Text(0, 0, w, "no channel of the mix has a secret", st.Dim)
		return
	}
	for _, c := range secretColumns {
		p.g.Text(c.x, 0, w-c.x, c.head, st.Dim)
	}
	for y := 1; y < h && y <= len(r.Channels); y++ {
		p.row(y, &r.Channels[y-1], r.Armed, st)
	}
	if y := len(r.Channels) + 1; y < h {
		p.g.Text(0, y, w, clockOf(s, r), st.Dim)
	}
}

// clockOf is how long ago the first change was seen, or what to do.
func clockOf(s *view.State, r *session.RotationState) string {
	first := -1.0
	for _, c := range r.Channels {
		if c.Since != nil && (first < 0 || *c.Since < first) {
			first = *c.Since
		}
	}
	switch {
	case first >= 0:
		return "first change " + units.Clock(s.Clock.Sub(s.Now.Started)-view.Since(first)) + " ago, at " + clockAt(s, first)
	case r.Armed:
		return "armed " + units.Clock(max(s.Clock.Sub(r.Since), 0).Truncate(time.Second)) + " ago, nothing has changed yet"
	case len(r.Kinds) > 0:
		return "no rotation is armed: press k to let the demo rotate its secrets"
	}
	return "no rotation is armed: press k"
}

// row draws one channel.
func (p *Secrets) row(y int, c *session.ChannelRotation, armed bool, st *theme.Styles) {
	text := func(column int, text string, style grid.Style) {
		x, end := secretColumns[column].x, p.g.Width()
		if column+1 < len(secretColumns) {
			end = min(end, secretColumns[column+1].x-1)
		}
		p.g.Text(x, y, end-x, text, style)
	}
	text(0, c.Channel, st.Text)
	if c.State == "" {
		text(1, "○ not armed", st.Dim)
	} else {
		sign, style := rotationSign(c.State, st)
		state := sign + " " + string(c.State)
		if share, known := c.Acceptance[event.SignedNext].Share(); known && c.State == rotation.Mixed && share > 0 && share < 1 {
			state += " " + strings.TrimSpace(wholePercent(share))
		}
		text(1, state, style)
	}
	text(2, c.Old+" "+acceptedText(c.Acceptance[event.SignedOld]), st.Text)
	next := "not known yet"
	if c.Next != "" {
		next = c.Next + " " + acceptedText(c.Acceptance[event.SignedNext])
	} else if !armed {
		next = absentSign
	}
	text(3, next, st.Text)
	lost := st.Text
	if c.Traffic.Lost > 0 {
		lost = st.Accent
	}
	if armed || c.Traffic.Sent > 0 {
		text(4, units.CountShort(c.Traffic.Lost)+" of "+units.CountShort(c.Traffic.Sent), lost)
	}
	text(5, signedText(c, p.g.Width()-secretColumns[5].x), st.Dim)
}

// absentSign stands for what there is none of.
const absentSign = "–"

// acceptedText is how many of the probes of the last seconds were accepted.
func acceptedText(a rotation.Acceptance) string {
	share, known := a.Share()
	switch {
	case !known && a.Asked > 0:
		return "away"
	case !known:
		return absentSign
	}
	return wholePercent(share)
}

// wholePercent is a share in whole percent, and 0 and 100 only when it is all or nothing.
func wholePercent(share float64) string {
	percent := math.Round(100 * share)
	switch {
	case share > 0 && percent == 0:
		percent = 1
	case share < 1 && percent == 100:
		percent = 99
	}
	return padLeft(strconv.Itoa(int(percent))+" %", 5)
}

// signedText is what the channel's messages are signed with, in so many columns.
func signedText(c *session.ChannelRotation, room int) string {
	switch {
	case c.Signing == event.FollowGateway && room < len("follow: next"):
		return "follow"
	case c.Signing == event.FollowGateway && c.Share == 1:
		return "follow: next"
	case c.Signing == event.FollowGateway:
		return "follow: old"
	case c.Signing == event.SignShare:
		return strings.TrimSpace(wholePercent(c.Share)) + " next"
	case c.Signing == event.SignNext && c.Next == "":
		return "old, no next"
	}
	return string(c.Signing)
}

// rotationSign is how the state of a channel looks: a shape first, then a colour.
func rotationSign(state rotation.State, st *theme.Styles) (sign string, style grid.Style) {
	switch state {
	case rotation.Mixed:
		return "◐", st.Accent
	case rotation.Switched:
		return "■", st.Text
	case rotation.OldRefused:
		return "●", st.Text
	case rotation.Done:
		return "✓", st.Good
	case rotation.Open:
		return "✗", st.Bad
	case rotation.Away:
		return "–", st.Accent
	case rotation.Armed:
	}
	return "○", st.Dim
}
