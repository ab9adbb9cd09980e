package event

import "xinbot.ir/squall/internal/units"

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
	To    string `json:"to"`
	Count int    `json:"count"`
}

func (d NotificationsDropped) text() string {
	if d.Count == 1 {
		return "1 message to " + d.To + " was dropped: those before it took too long"
	}
	return units.Int(d.Count) + " messages to " + d.To + " were dropped: those before them took too long"
}
