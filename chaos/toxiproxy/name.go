package toxiproxy

import "strings"

// Streams as Toxiproxy names them: towards the upstream is upstream.
const (
	upstream   = "upstream"
	downstream = "downstream"
)

// offKind is the kind of the toxic without effect that a proxy has which squall switched off.
const offKind = "off"

// toxicName identifies the session and fault that a toxic belongs to, and what it does. A session holds no hyphens and a kind none either,
// so that the name can be read back although the id of a fault may hold some.
type toxicName struct {
	session, fault string
	kind, stream   string // kind: a type of toxic, or offKind
}

// String is the name in Toxiproxy.
func (n toxicName) String() string {
	return strings.Join([]string{"squall", n.session, n.fault, n.kind, n.stream}, "-")
}

// parseName reads a name that squall gave. It is false for every other name.
func parseName(text string) (n toxicName, ours bool) {
	parts := strings.Split(text, "-")
	last := len(parts) - 1
	if last < 4 || parts[0] != "squall" {
		return toxicName{}, false
	}
	n = toxicName{parts[1], strings.Join(parts[2:last-1], "-"), parts[last-1], parts[last]}
	const word = "abcdefghijklmnopqrstuvwxyz0123456789"
	ours = n.session != "" && strings.Trim(n.session, word) == "" && n.fault != "" &&
		n.kind != "" && strings.Trim(n.kind, word+"_") == "" && (n.stream == upstream || n.stream == downstream)
	if !ours {
		return toxicName{}, false
	}
	return n, true
}
