package load

import (
	"fmt"
	"strings"
)

// Channel is a kind of gateway message. Its value indexes [Weights] and the channel table.
type Channel uint8

// The channels of the workload mix. Automation travels as a webchat message whose
// metadata.channel is "automation"; it is a channel of the mix, not of the gateway.
const (
	Webchat Channel = iota
	Instagram
	Telegram
	WhatsApp
	AutomationMessage
	NumChannels = iota
)

// Algorithm names how a message is authenticated.
type Algorithm string

// The algorithms a channel may be configured with. Token sends the secret itself, no digest.
const (
	HMACSHA256 Algorithm = "hmac-sha256"
	HMACSHA1   Algorithm = "hmac-sha1"
	Token      Algorithm = "token"
)

// Encoding names how a digest is written into the header.
type Encoding string

// The encodings of a digest: lower-case hexadecimal, or standard Base64 with padding.
const (
	Hex    Encoding = "hex"
	Base64 Encoding = "base64"
)

// ChannelSpec describes how messages of one channel look on the wire. The zero value of a field in an
// override means "as the default has it".
type ChannelSpec struct {
	Name      string    // as the mix of a workload file calls it
	Path      string    // route at the gateway
	Header    string    // header that carries the signature or token
	Algorithm Algorithm // how it is computed over the raw body
	Encoding  Encoding  // of the digest; ignored for Token
	Prefix    string    // written before the digest, such as "sha256="
	TextField string    // JSON field of the message text
	TimeField string    // JSON field of the time of sending
	Metadata  string    // value of metadata.channel
	SecretOf  Channel   // whose secret signs it: automation borrows webchat's
}

// channels is the default table, one row per channel, indexed by [Channel]. A new channel is one row here and
// one constant above.
var channels = [NumChannels]ChannelSpec{
	Webchat: {
		Name: "webchat", Path: "/webchat/webhook", Header: "X-Webchat-Signature",
		Algorithm: HMACSHA256, Encoding: Hex,
		TextField: "message", TimeField: "occurred_at", Metadata: "webchat", SecretOf: Webchat,
	},
	Instagram: {
		Name: "instagram", Path: "/instagram/webhook", Header: "X-Hub-Signature",
		Algorithm: HMACSHA1, Encoding: Hex, Prefix: "sha1=",
		TextField: "message", TimeField: "occurred_at", Metadata: "instagram", SecretOf: Instagram,
	},
	Telegram: {
		Name: "telegram", Path: "/telegram/webhook", Header: "X-Telegram-Secret-Token",
		Algorithm: Token,
		TextField: "text", TimeField: "date", Metadata: "telegram", SecretOf: Telegram,
	},
	WhatsApp: {
		Name: "whatsapp", Path: "/whatsapp/webhook", Header: "X-WHATSAPP-SIGNATURE",
		Algorithm: HMACSHA256, Encoding: Hex,
		TextField: "message", TimeField: "timestamp", Metadata: "whatsapp", SecretOf: WhatsApp,
	},
	AutomationMessage: {
		Name: "automation", Path: "/webchat/webhook", Header: "X-Webchat-Signature",
		Algorithm: HMACSHA256, Encoding: Hex,
		TextField: "message", TimeField: "occurred_at", Metadata: "automation", SecretOf: Webchat,
	},
}

// Channels returns a copy of the default table of channels, indexed by [Channel].
func Channels() [NumChannels]ChannelSpec { return channels }

// String is the channel's name in workload files and on screen.
func (c Channel) String() string {
	if int(c) >= NumChannels {
		return fmt.Sprintf("channel %d", uint8(c))
	}
	return channels[c].Name
}

// ParseChannel finds a channel by name.
func ParseChannel(name string) (Channel, error) {
	for c, spec := range channels {
		if spec.Name == name {
			return Channel(c), nil
		}
	}
	var known []string
	for _, spec := range channels {
		known = append(known, spec.Name)
	}
	return 0, fmt.Errorf("unknown channel %q (one of %s)", name, strings.Join(known, ", "))
}
