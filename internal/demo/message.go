package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// message is what the platform needs of a channel message.
type message struct {
	EventID   string
	TenantID  string
	Text      string
	Automates bool // metadata.channel is automation
}

// wireMessage is every field of a channel message as it travels.
type wireMessage struct {
	EventID        string            `json:"event_id"`
	TenantID       string            `json:"tenant_id"`
	BrandID        string            `json:"brand_id"`
	ChannelID      string            `json:"channel_id"`
	SenderID       string            `json:"sender_id"`
	ConversationID *string           `json:"conversation_id"`
	Locale         *string           `json:"locale"`
	Metadata       *messageMetadata  `json:"metadata"`
	Attachments    []json.RawMessage `json:"attachments"`
	Message        *string           `json:"message"`
	Text           *string           `json:"text"`
	OccurredAt     *string           `json:"occurred_at"`
	Timestamp      *string           `json:"timestamp"`
	Date           *string           `json:"date"`
}

type messageMetadata struct {
	Channel any `json:"channel"`
}

// parseMessage reads and checks one message of a channel. The error says which
// field is wrong.
func parseMessage(c channel, body []byte) (message, error) {
	var w wireMessage
	if err := json.Unmarshal(body, &w); err != nil {
		return message{}, fmt.Errorf("body is not a valid message: %w", err)
	}
	for _, id := range [...]struct{ field, value string }{
		{"event_id", w.EventID}, {"tenant_id", w.TenantID}, {"brand_id", w.BrandID}, {"channel_id", w.ChannelID},
	} {
		if !isUUID(id.value) {
			return message{}, fmt.Errorf("%s must be a UUID", id.field)
		}
	}
	if w.ConversationID != nil && !isUUID(*w.ConversationID) {
		return message{}, errors.New("conversation_id must be a UUID")
	}
	if w.SenderID == "" {
		return message{}, errors.New("sender_id is missing")
	}
	text := map[string]*string{"message": w.Message, "text": w.Text}[c.textField]
	if text == nil || *text == "" {
		return message{}, fmt.Errorf("%s is missing", c.textField)
	}
	at := map[string]*string{"occurred_at": w.OccurredAt, "timestamp": w.Timestamp, "date": w.Date}[c.timeField]
	if at == nil || !isTime(*at) {
		return message{}, fmt.Errorf("%s must be an ISO 8601 time with an offset", c.timeField)
	}
	automates := w.Metadata != nil && w.Metadata.Channel == "automation"
	return message{EventID: w.EventID, TenantID: w.TenantID, Text: *text, Automates: automates}, nil
}

// isTime accepts the ISO 8601 date and time with an offset, with or without a
// colon in it.
func isTime(s string) bool {
	if _, err := time.Parse(time.RFC3339, s); err == nil {
		return true
	}
	_, err := time.Parse("2006-01-02T15:04:05Z0700", s)
	return err == nil
}

// isUUID accepts the canonical form of 36 characters, in either case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
