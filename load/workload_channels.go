package load

import (
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"xinbot.ir/squall/internal/strictyaml"
)

// ChannelOverrides are changes to the channel table, as a workload file or a target gives them.
type ChannelOverrides [NumChannels][]func(*ChannelSpec)

// ReadChannelOverrides reads a mapping of channel name to overrides.
func ReadChannelOverrides(v strictyaml.Value) ChannelOverrides {
	var overrides ChannelOverrides
	fields := strictyaml.Fields{}
	for c, spec := range channels {
		fields[spec.Name] = func(v strictyaml.Value) { overrides[c] = readChannel(v) }
	}
	v.Object(fields)
	for _, spec := range overrides.Apply(channels) {
		if spec.TextField == spec.TimeField {
			v.Problem("text_field and time_field of %s are both %q: give them different names", spec.Name, spec.TextField)
		}
	}
	return overrides
}

// Apply returns the table with the overrides merged in. A channel that signs with another's secret
// travels as that other, so it takes over its overrides before its own: what is said of webchat
// holds for automation.
func (o ChannelOverrides) Apply(table [NumChannels]ChannelSpec) [NumChannels]ChannelSpec {
	for c := range table {
		if lender := table[c].SecretOf; lender != Channel(c) {
			for _, change := range o[lender] {
				change(&table[c])
			}
		}
		for _, change := range o[c] {
			change(&table[c])
		}
	}
	return table
}

func readChannel(v strictyaml.Value) (changes []func(*ChannelSpec)) {
	change := func(f func(*ChannelSpec)) { changes = append(changes, f) }
	v.Object(strictyaml.Fields{
		"path": func(v strictyaml.Value) {
			path := readPath(v)
			change(func(s *ChannelSpec) { s.Path = path })
		},
		"header": func(v strictyaml.Value) {
			name := readHeaderName(v)
			change(func(s *ChannelSpec) { s.Header = name })
		},
		"algorithm": func(v strictyaml.Value) {
			algorithm := readOneOf(v, HMACSHA256, HMACSHA1, Token)
			change(func(s *ChannelSpec) { s.Algorithm = algorithm })
		},
		"encoding": func(v strictyaml.Value) {
			encoding := readOneOf(v, Hex, Base64)
			change(func(s *ChannelSpec) { s.Encoding = encoding })
		},
		"prefix": func(v strictyaml.Value) {
			prefix := readHeaderValue(v)
			change(func(s *ChannelSpec) { s.Prefix = prefix })
		},
		"text_field": func(v strictyaml.Value) {
			name := readFieldName(v)
			change(func(s *ChannelSpec) { s.TextField = name })
		},
		"time_field": func(v strictyaml.Value) {
			name := readFieldName(v)
			change(func(s *ChannelSpec) { s.TimeField = name })
		},
	})
	return changes
}

func readPath(v strictyaml.Value) string {
	path := v.Text()
	if path != "" && (path[0] != '/' || strings.ContainsAny(path, "?# \t\r\n")) {
		v.Problem("is %q: must be a path such as /webchat/webhook, without query", path)
	}
	return path
}

func readHeaderName(v strictyaml.Value) string {
	name := v.Text()
	if name != "" && !httpguts.ValidHeaderFieldName(name) {
		v.Problem("is %q: must be a header name such as X-Hub-Signature-256", name)
	}
	return name
}

// messageFields are the JSON fields that every message has.
var messageFields = []string{
	"event_id", "tenant_id", "brand_id", "channel_id", "sender_id",
	"conversation_id", "locale", "metadata", "attachments",
}

func readFieldName(v strictyaml.Value) string {
	name := v.Text()
	if slices.Contains(messageFields, name) {
		v.Problem("is %q, which every message has already: choose another name", name)
	}
	return name
}

func readOneOf[T ~string](v strictyaml.Value, accepted ...T) T {
	text := T(v.TextOrEmpty())
	if v.IsText() && !slices.Contains(accepted, text) {
		v.Problem("is %q: must be one of %s", text, wordList(accepted))
	}
	return text
}

func wordList[T ~string](names []T) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = string(name)
	}
	return strings.Join(words, ", ")
}
