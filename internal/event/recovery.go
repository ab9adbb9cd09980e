package event

import "time"

// Recovery is how the platform came back after a fault. Screens, reports and events have their words from here, so that one
// recovery has one name.
type Recovery struct {
	Kind RecoveryKind
	Took time.Duration // from the verified revert to the first green second
}

// RecoveryKind is what there was to recover from.
type RecoveryKind uint8

// The kinds.
const (
	Unbroken RecoveryKind = iota // no objective ever broke
	AtOnce                       // within the second that is the finest that can be told
	Measured
)

// RecoveryAfter is a recovery that took so long.
func RecoveryAfter(took time.Duration, unbroken bool) Recovery {
	r := Recovery{Measured, took}
	switch {
	case unbroken:
		r.Kind = Unbroken
	case took < time.Second:
		r.Kind = AtOnce
	}
	return r
}

// String is "no objective broke", "within a second", or how long it took: "12 s".
func (r Recovery) String() string {
	switch r.Kind {
	case Unbroken:
		return "no objective broke"
	case AtOnce:
		return "within a second"
	default:
		return seconds(r.Took.Seconds())
	}
}
