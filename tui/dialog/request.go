package dialog

import "xinbot.ir/squall/internal/command"

// Kinds of command; a waiting one is replaced by a newer one of its kind.
const (
	KindLevel  = "level"
	kindMix    = "mix"
	KindSpike  = "spike"
	KindPause  = "pause"
	KindHold   = "hold"
	KindExport = "export"
)

// Request is a command of the operator's on its way to the session.
type Request struct {
	Command command.Command
	Kind    string // a waiting request of the same kind is replaced: a held key never piles up
	Then    string // what to say when it is done; "" says nothing more
	From    Dialog // receives the answer and shows an error while it is open; may be nil
}
