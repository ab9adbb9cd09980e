package demo

import (
	"encoding/json"
	"strings"
	"testing"
)

func channelOf(name string) *channel {
	for _, c := range channels() {
		if c.name == name {
			return &c
		}
	}
	return nil
}

func TestMessageFields(t *testing.T) {
	webchat := channelOf("webchat")
	for _, c := range []struct{ name, old, with, want string }{
		{"as it is", "", "", ""},
		{"escaped text", "When does", `\u0633\"`, ""},
		{"basic offset", "+00:00", "+0330", ""},
		{"zulu", "+00:00", "Z", ""},
		{"null options", `"locale":"en"`, `"locale":null,"attachments":null,"conversation_id":null`, ""},
		{"unknown field", `"locale":"en"`, `"extra":{"a":[1,-2.5e3,true]}`, ""},
		{"event id", eventA, "7", "event_id must be a UUID"},
		{"tenant id", tenantA, strings.ToUpper(tenantA) + "0", "tenant_id must be a UUID"},
		{"brand id", brandA, "g2222222-2222-4222-8222-222222222222", "brand_id must be a UUID"},
		{"channel id", `"channel_id"`, `"channel"`, "channel_id must be a UUID"},
		{"conversation id", `"locale":"en"`, `"conversation_id":"x"`, "conversation_id must be a UUID"},
		{"sender", `"user-1"`, `7`, "sender_id must be a string"},
		{"no text", `"message"`, `"text"`, "message must be a string"},
		{"empty text", "When does my order arrive?", "", "message must be a string"},
		{"no offset", "+00:00", "", "occurred_at must be an ISO 8601 time"},
		{"no time", `"occurred_at"`, `"timestamp"`, "occurred_at must be an ISO 8601 time"},
		{"metadata", `{"channel":"webchat"}`, `"webchat"`, "metadata must be an object"},
		{"locale", `"en"`, `5`, "locale must be a string"},
		{"attachments", `"locale":"en"`, `"attachments":{}`, "attachments must be an array"},
		{"not JSON", `{"event_id"`, `{event_id`, "not a JSON object"},
		{"trailing", `"webchat"}}`, `"webchat"}}}`, "not a JSON object"},
	} {
		body := webchatBody
		if c.old != "" {
			body = strings.Replace(body, c.old, c.with, 1)
		}
		_, err := parseMessage(webchat, []byte(body))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestAutomationIsAWebchatMessage(t *testing.T) {
	for _, c := range []struct {
		metadata string
		want     bool
	}{{`{"channel":"automation"}`, true}, {`{"channel":"webchat"}`, false}, {`{"a":{"channel":"automation"}}`, false}, {`null`, false}} {
		m, err := parseMessage(channelOf("webchat"), []byte(strings.Replace(webchatBody, `{"channel":"webchat"}`, c.metadata, 1)))
		if err != nil || m.automate != c.want {
			t.Errorf("%s: %v, %v", c.metadata, m.automate, err)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(webchatBody), "webchat")
	f.Add([]byte(strings.NewReplacer(`"message"`, `"text"`, `"occurred_at"`, `"date"`).Replace(webchatBody)), "telegram")
	f.Add([]byte(`{"tenant_id":"\u0031"}`), "instagram")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		c := channelOf(name)
		if c == nil {
			return
		}
		m, err := parseMessage(c, body)
		if err != nil {
			return
		}
		var plain map[string]any
		if err := json.Unmarshal(body, &plain); err != nil {
			t.Fatalf("%q was accepted, and is not JSON: %v", body, err)
		}
		if plain["tenant_id"] != string(m.tenantID) || plain["event_id"] != string(m.eventID) {
			t.Fatalf("%q: read tenant %q and event %q", body, m.tenantID, m.eventID)
		}
	})
}
