package demo

import (
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
	var m message
	var brand, channelID, sender, at []byte
	var wrong string // the first optional field of the wrong kind
	err := scanObject(body, func(name, value []byte) {
		switch string(name) {
		case "event_id":
			m.eventID = text(value)
		case "tenant_id":
			m.tenantID = text(value)
		case "brand_id":
			brand = text(value)
		case "channel_id":
			channelID = text(value)
		case "sender_id":
			sender = text(value)
		case "conversation_id":
			if !isNull(value) && !isUUID(text(value)) {
				wrong = "conversation_id must be a UUID"
			}
		case "locale":
			if !isNull(value) && value[0] != '"' {
				wrong = "locale must be a string"
			}
		case "attachments":
			if !isNull(value) && value[0] != '[' {
				wrong = "attachments must be an array"
			}
		case "metadata":
			if isNull(value) {
				return
			}
			if value[0] != '{' {
				wrong = "metadata must be an object"
				return
			}
			m.automate = isAutomation(value)
		case c.textField:
			m.text = text(value)
		case c.timeField:
			at = text(value)
		}
	})
	switch {
	case err != nil:
		return message{}, err
	case !isUUID(m.eventID):
		return message{}, errors.New("event_id must be a UUID")
	case !isUUID(m.tenantID):
		return message{}, errors.New("tenant_id must be a UUID")
	case !isUUID(brand):
		return message{}, errors.New("brand_id must be a UUID")
	case !isUUID(channelID):
		return message{}, errors.New("channel_id must be a UUID")
	case len(sender) == 0:
		return message{}, errors.New("sender_id must be a string, and not empty")
	case len(m.text) == 0:
		return message{}, fmt.Errorf("%s must be a string, and not empty", c.textField)
	case !isTime(at):
		return message{}, fmt.Errorf("%s must be an ISO 8601 time with an offset", c.timeField)
	case wrong != "":
		return message{}, errors.New(wrong)
	}
	return m, nil
}

func isNull(value []byte) bool { return string(value) == "null" }

// isAutomation looks for channel: automation in the message's metadata.
func isAutomation(metadata []byte) (found bool) {
	_ = scanObject(metadata, func(name, value []byte) { // it was checked before
		if string(name) == "channel" {
			found = string(text(value)) == "automation"
		}
	})
	return found
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
