package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// message is what the platform needs of a channel message. Its bytes are those
// of the request's body, and live no longer.
type message struct {
	eventID  []byte
	tenantID []byte
	text     []byte
	automate bool // metadata.channel is automation
}

// parseMessage reads and checks one message of a channel. The error says which
// field is wrong, and what it must be.
func parseMessage(c *channel, body []byte) (message, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields == nil {
		return message{}, errors.New("body is not a JSON object")
	}
	m := message{
		eventID: text(fields["event_id"]), tenantID: text(fields["tenant_id"]), text: text(fields[c.textField]),
		automate: isAutomation(fields["metadata"]),
	}
	conversation, locale, attachments, metadata := fields["conversation_id"], fields["locale"], fields["attachments"], fields["metadata"]
	switch {
	case !isUUID(m.eventID):
		return message{}, errors.New("event_id must be a UUID")
	case !isUUID(m.tenantID):
		return message{}, errors.New("tenant_id must be a UUID")
	case !isUUID(text(fields["brand_id"])):
		return message{}, errors.New("brand_id must be a UUID")
	case !isUUID(text(fields["channel_id"])):
		return message{}, errors.New("channel_id must be a UUID")
	case len(text(fields["sender_id"])) == 0:
		return message{}, errors.New("sender_id must be a string, and not empty")
	case len(m.text) == 0:
		return message{}, fmt.Errorf("%s must be a string, and not empty", c.textField)
	case !isTime(text(fields[c.timeField])):
		return message{}, fmt.Errorf("%s must be an ISO 8601 time with an offset", c.timeField)
	case len(conversation) > 0 && !isNull(conversation) && !isUUID(text(conversation)):
		return message{}, errors.New("conversation_id must be a UUID")
	case !isOptional(locale, '"'):
		return message{}, errors.New("locale must be a string")
	case !isOptional(attachments, '['):
		return message{}, errors.New("attachments must be an array")
	case !isOptional(metadata, '{'):
		return message{}, errors.New("metadata must be an object")
	}
	return m, nil
}

func isNull(value []byte) bool { return string(value) == "null" }

// isOptional accepts a raw value that is missing, null, or begins with the given byte.
func isOptional(value []byte, first byte) bool {
	return len(value) == 0 || isNull(value) || value[0] == first
}

// isAutomation looks for channel: automation in the message's metadata.
func isAutomation(metadata []byte) bool {
	var fields struct {
		Channel json.RawMessage `json:"channel"`
	}
	return json.Unmarshal(metadata, &fields) == nil && string(text(fields.Channel)) == "automation"
}

// text decodes a raw JSON string; it is nil if value is something else.
func text(value []byte) []byte {
	switch {
	case len(value) < 2 || value[0] != '"':
		return nil
	case !bytes.ContainsRune(value, '\\'): // most need no decoding
		return value[1 : len(value)-1]
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return nil
	}
	return []byte(s)
}

// isTime accepts the ISO 8601 date and time with an offset, with or without a
// colon in it.
func isTime(b []byte) bool {
	if _, err := time.Parse(time.RFC3339, string(b)); err == nil {
		return true
	}
	_, err := time.Parse("2006-01-02T15:04:05Z0700", string(b))
	return err == nil
}

// isUUID accepts the canonical form of 36 characters, in either case.
func isUUID[T []byte | string](s T) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
}
