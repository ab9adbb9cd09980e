package event

import (
	"time"

	"xinbot.ir/squall/internal/units"
)

// TokenRenewed is a new token of the admin API, taken before the old one ended.
type TokenRenewed struct {
	From    string    `json:"from"`    // "command vault"
	Expires time.Time `json:"expires"` // when it ends
}

func (d TokenRenewed) text() string {
	return "New admin token from " + d.From + ", good until " + d.Expires.UTC().Format("15:04:05 MST")
}

// TokenNotRenewed is that no new one could be had.
type TokenNotRenewed struct {
	From    string    `json:"from"`
	Reason  string    `json:"reason"`
	Expires time.Time `json:"expires"` // when the old one ends
}

func (d TokenNotRenewed) text() string {
	return "No new admin token from " + d.From + ": " + d.Reason + "; the present one is good until " + d.Expires.UTC().Format("15:04:05 MST")
}

// TokenEnding is a token that is about to end without another one: automation rules are restored while it is good.
type TokenEnding struct {
	Expires time.Time `json:"expires"`
	Left    float64   `json:"left"` // seconds
}

func (d TokenEnding) text() string {
	if d.Left == 0 {
		return "The admin token has ended"
	}
	return "The admin token ends in " + units.Lasted(duration(d.Left).Round(time.Second)) + ": automation rules are restored and left alone"
}
