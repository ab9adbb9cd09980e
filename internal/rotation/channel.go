package rotation

import (
	"cmp"
	"maps"
	"slices"

	"xinbot.ir/squall/internal/event"
)

// channel is what is known of one channel. Its moments are those seen at the gateway's address; replicas are asked
// beside it, to name those that lag.
type channel struct {
	name     string
	address  replica
	replicas map[string]*replica
	disagree disagreement
	neither  outages
	forged   uint64
	probes   uint64
	cells    []Cell
	shown    int // the newest second that somebody holds cells of
}

// replica is one place that is asked: the gateway's address, or one replica behind it.
type replica struct {
	name    string
	started string
	streams map[event.Signature]*stream
	forged  map[event.Signature]bool   // was told
	told    map[event.Milestone]moment // as they were told last
	seen    float64                    // when it was asked last, or listed
	left    moment
}

func newReplica(name string) replica {
	r := replica{name: name, streams: map[event.Signature]*stream{}, forged: map[event.Signature]bool{}, told: map[event.Milestone]moment{}}
	for _, s := range event.Signatures() {
		r.streams[s] = new(stream)
	}
	return r
}

func newChannel(name string) *channel {
	return &channel{name: name, address: newReplica(""), replicas: map[string]*replica{}}
}

// place is where a probe went.
func (c *channel) place(name string) *replica {
	if name == "" {
		return &c.address
	}
	if c.replicas[name] == nil {
		r := newReplica(name)
		c.replicas[name] = &r
	}
	return c.replicas[name]
}

// add takes a probe, and returns what became known by it.
func (c *channel) add(p Probe) (news []any) {
	c.probes++
	at := c.place(p.Replica)
	at.seen, at.left = p.At, moment{}
	s := at.streams[p.Signature]
	flipped := s.add(p.At, p.Answer)
	if p.Signature.Forged() && p.Answer == Accepted {
		c.forged++
		if !at.forged[p.Signature] {
			at.forged[p.Signature] = true
			news = append(news, event.ForgedAccepted{Channel: c.name, Replica: p.Replica, Signature: p.Signature})
		}
	}
	if p.Replica == "" {
		c.cell(p)
	}
	if !p.Signature.Forged() {
		if p.Replica == "" || p.Answer == Accepted { // one replica that accepts is enough, and its refusal says little
			c.neither.add(p)
		}
		if p.Replica == "" && flipped {
			c.disagree.flip(p.At, p.Signature)
		}
	}
	news = append(news, c.disagreed(p.At)...)
	return append(news, c.milestones(at, p.At)...)
}

// milestones are those that a place has come to by now.
func (c *channel) milestones(r *replica, now float64) (news []any) {
	next, old := r.streams[event.SignedNext], r.streams[event.SignedOld]
	reached := []struct {
		milestone event.Milestone
		moment    moment
		wait      bool // until nothing else was seen for a while
	}{
		{event.NextFirstAccepted, next.firstAccepted, false},
		{event.OldFirstRefused, old.firstRejected, false},
		{event.NextFullyAccepted, next.fullSince, true},
		{event.OldLastAccepted, old.over(), true},
	}
	if r.name != "" {
		reached = reached[:1] // of a replica, when it switched: the rest stands in its row
	}
	for _, m := range reached {
		if !m.moment.known || m.wait && now-m.moment.at < Window || r.told[m.milestone] == m.moment {
			continue
		}
		r.told[m.milestone] = m.moment
		news = append(news, event.RotationMilestone{Channel: c.name, Replica: r.name, Milestone: m.milestone, Moment: m.moment.at})
	}
	return news
}

// over is the last acceptance, when a rejection came after it.
func (s *stream) over() moment {
	if s.lastAccepted.known && s.lastRejected.known && s.lastRejected.at > s.lastAccepted.at {
		return s.lastAccepted
	}
	return moment{}
}

// disagreed tells when a disagreement begins and ends.
func (c *channel) disagreed(now float64) (news []any) {
	d := &c.disagree
	old, mixed := c.split(now)
	since, begins := d.begins(now, mixed)
	switch {
	case begins:
		news = append(news, event.ReplicasDisagree{Channel: c.name, Since: since, Old: old})
	default:
		if from, until, ends := d.ends(now, mixed); ends {
			news = append(news, event.ReplicasAgree{Channel: c.name, Until: until, Lasted: until - from})
		}
	}
	return news
}

// fresh is how old the answer of a replica may be to say what it accepts now, in seconds.
const fresh = 3

// split reports whether some replicas accept the next secret and others do not, and names those that accept the old one alone.
func (c *channel) split(now float64) (old []string, mixed bool) {
	switched := 0
	for _, name := range slices.Sorted(maps.Keys(c.replicas)) {
		r := c.replicas[name]
		next := r.streams[event.SignedNext]
		if r.left.known || now-r.seen > fresh || next.last == "" || len(next.recent) == 0 || !next.recent[len(next.recent)-1].answer.decides() {
			continue
		}
		if next.last == Accepted {
			switched++
		} else {
			old = append(old, name)
		}
	}
	return old, switched > 0 && len(old) > 0
}

// Cell is what was answered in one second at the gateway's address.
type Cell struct {
	Second               int // since the start of the run
	Old, Next            Acceptance
	Forged               int // accepted
	ForgedAsked, Unclear int
}

// mostCells bounds what is kept for the screen: two hours.
const mostCells = 7200

// cell counts a probe in its second. Readers hold older slices of the same array: a second that is over does not change.
func (c *channel) cell(p Probe) {
	second := int(p.At)
	n := len(c.cells)
	if n == 0 || c.cells[n-1].Second < second {
		if n == 2*mostCells {
			c.cells = slices.Clone(c.cells[mostCells:])
		}
		c.cells = append(c.cells, Cell{Second: second})
		n = len(c.cells)
	}
	if second <= c.shown { // it took very long to be answered
		c.cells, c.shown = slices.Clone(c.cells), 0
	}
	cell := &c.cells[n-1]
	for i := n - 1; i >= 0 && c.cells[i].Second >= second; i-- { // an answer that took long is of a second before
		cell = &c.cells[i]
	}
	count := func(a *Acceptance) {
		a.Asked++
		switch p.Answer {
		case Accepted:
			a.Accepted++
		case Rejected:
			a.Rejected++
		case Unclear:
			cell.Unclear++
		case Unavailable:
		}
	}
	switch p.Signature {
	case event.SignedOld:
		count(&cell.Old)
	case event.SignedNext:
		count(&cell.Next)
	case event.SignedWrong, event.Unsigned:
		cell.ForgedAsked++
		if p.Answer == Accepted {
			cell.Forged++
		}
	}
}

// closed are the cells of the seconds that are over.
func (c *channel) closed(now float64) []Cell {
	n, _ := slices.BinarySearchFunc(c.cells, int(now)-2, func(cell Cell, second int) int { return cmp.Compare(cell.Second, second) })
	if n > 0 {
		c.shown = c.cells[n-1].Second
	}
	return slices.Clip(c.cells[:n])
}
