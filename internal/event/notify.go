package event

import (
	"strings"

	"xinbot.ir/squall/internal/units"
)

// Notified is a message to people outside of squall: what they were told, or why they were not.
type Notified struct {
	To      string `json:"to"`    // Slack
	About   Kind   `json:"about"` // the kind of event that it tells of
	Message string `json:"message"`
	Failed  string `json:"failed,omitempty"` // why it could not be sent; "" when it was
}

func (d Notified) text() string {
	if d.Failed != "" {
		return d.To + " was not told, " + d.Failed + ": " + d.Message
	}
	return d.To + " was told: " + d.Message
}

// notifiedLook points out what was not told.
func notifiedLook(d Notified) Look {
	if d.Failed != "" {
		return warnLook
	}
	return Look{Sign: '✎', Record: true}
}

// NotificationsDropped are messages that were not sent: those before them took too long.
type NotificationsDropped struct {
	To    string           `json:"to"`
	Count int              `json:"count"`
	First []DroppedMessage `json:"first,omitempty"` // of them
}

// DroppedMessage is what a message would have told of.
type DroppedMessage struct {
	About Kind    `json:"about"`
	At    float64 `json:"at"` // when that happened, seconds since the start
}

func (d NotificationsDropped) text() string {
	text := units.Int(d.Count) + " messages to " + d.To + " were dropped: those before them took too long"
	if d.Count == 1 {
		text = "1 message to " + d.To + " was dropped: those before it took too long"
	}
	var which []string
	for _, m := range d.First {
		which = append(which, strings.ReplaceAll(string(m.About), "_", " ")+" at "+units.Clock(duration(m.At)))
	}
	if more := d.Count - len(d.First); more > 0 && len(which) > 0 {
		which = append(which, "and "+units.Int(more)+" more")
	}
	return with(text, strings.Join(which, ", "))
}
