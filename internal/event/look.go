package event

// Tone is what an event means to a spectator.
type Tone uint8

// The tones.
const (
	Quiet   Tone = iota // for the record
	Notable             // something was done, or deserves a look
	Good
	Bad
)

// Look is how a timeline shows an event.
type Look struct {
	Sign     rune // one column wide
	Tone     Tone
	Chart    bool // stands on the time axis of charts too
	Boundary bool // something that lasts began or ended
	Observed bool // a consequence, not an action
	Record   bool // for the record only: of no interest to a spectator
}

// Looks that several kinds share.
var (
	quietLook   = Look{Sign: '·', Tone: Quiet}
	settingLook = Look{Sign: '▲', Tone: Notable, Chart: true}
	beginLook   = Look{Sign: '▲', Tone: Notable, Chart: true, Boundary: true}
	endLook     = Look{Sign: '▼', Tone: Notable, Chart: true, Boundary: true}
	warnLook    = Look{Sign: '!', Tone: Notable}
)

// expectationLook is that of a decided expectation.
func expectationLook(d ExpectationDecided) Look {
	switch d.Verdict {
	case ExpectationMet:
		return Look{Sign: '✓', Tone: Good, Chart: true, Observed: true}
	case ExpectationFailed:
		return Look{Sign: '✗', Tone: Notable, Chart: true, Observed: true}
	}
	return Look{Sign: '?', Observed: true, Record: true}
}

// scalingLook points to where the pods go.
func scalingLook(d WorkloadScaled) Look {
	look := Look{Sign: '=', Tone: Quiet, Chart: true, Observed: true}
	switch {
	case d.Ready < d.Wanted:
		look.Sign = '↑'
	case d.Ready > d.Wanted:
		look.Sign = '↓'
	}
	return look
}
