package scrape

import (
	"math"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

// Telling a restart from another process. A service that restarts begins to count anew, and its numbers are good as soon
// as that is known. Behind an address that several processes share, each answer may be another's: differences between
// them mean nothing, and a number made of them would be wrong.
//
// A process that says when it was started is known by it. If the time is another than before and lies after the last
// answer, it is a restart; if it lies before, that process was there already. One that does not say is found out only by
// a counter that falls: then no number is given until a few answers in a row have not fallen, and if one falls again,
// they are several processes.
const (
	clockSlack      = 2 * time.Second // by which a service's clocks, of a whole second each, may be off
	sameStart       = 1e-3            // seconds by which start times of one process may differ
	settleReadings  = 3               // answers that do not fall, after one that did, until numbers are given
	suspectReadings = 20              // in which a second fall means several processes
	soleReadings    = 30              // answers of one process in a row after which it is the only one
)

// verdict is what an answer can be used for.
type verdict uint8

const (
	usable    verdict = iota
	fromAnew          // counting has begun anew: what was counted before is another's, or lost
	unsettled         // a counter fell, and why is not known yet
	others            // several processes answer
)

// process follows who answers at one address. Its zero value has seen nobody.
type process struct {
	born      float64   // of who answered last; 0: it did not say
	seen      time.Time // of the last answer, by the service's clock if it has one
	answers   int       // so far
	sole      int       // in a row, by the same process
	several   bool
	sinceFall int // answers since a counter fell, that one included; 0: none has
}

// answered judges an answer; fell says that a counter which is of use is lower than in the last one.
func (p *process) answered(pg *page, at time.Time, fell bool) verdict {
	born, clock := pg.born(), at
	if !pg.served.IsZero() {
		clock = pg.served
	}
	before := *p
	p.born, p.seen = born, clock
	p.answers++
	if before.answers == 0 {
		return usable
	}
	if math.Abs(born-before.born) > sameStart {
		p.sinceFall, p.sole = 0, 0
		started := time.UnixMilli(int64(born * 1000))
		restarted := born > 0 && !started.Before(before.seen.Add(-clockSlack))
		if p.several = p.several || !restarted; p.several {
			return others
		}
		return fromAnew
	}
	p.sole++
	if p.several && fell {
		p.sole = 0
	}
	switch {
	case p.several && p.sole < soleReadings:
		return others
	case p.several:
		p.several, p.sinceFall = false, 0
		return fromAnew
	case fell && before.sinceFall > 0:
		p.several, p.sole = true, 0
		return others
	case fell:
		p.sinceFall = 1
		return unsettled
	case before.sinceFall == 0:
		return usable
	}
	p.sinceFall++
	switch {
	case p.sinceFall <= settleReadings+1:
		return unsettled
	case p.sinceFall == settleReadings+2:
		return fromAnew
	case p.sinceFall > suspectReadings:
		p.sinceFall = 0
	}
	return usable
}

// problem is what a verdict means for the panels.
func (v verdict) problem() *evidence.Problem {
	switch v {
	case unsettled:
		return &evidence.Problem{Cause: evidence.CounterReset}
	case others:
		return &evidence.Problem{Cause: evidence.SeveralProcesses}
	case usable, fromAnew:
	}
	return nil
}
