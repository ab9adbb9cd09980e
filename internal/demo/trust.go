package demo

import "slices"

// secretSet is one secret for each channel, with what checks signatures by it. It never changes.
type secretSet struct {
	secrets   map[string]string // by channel
	verifiers []verifier        // in the order of channels
}

func newSecretSet(secrets map[string]string) *secretSet {
	s := &secretSet{secrets: secrets}
	for _, c := range channels() {
		s.verifiers = append(s.verifiers, c.scheme(secrets[c.name]))
	}
	return s
}

// trust is what a replica accepts: what is signed with a secret of one of the sets, or, if open, everything. It never
// changes; a replica is given another one.
type trust struct {
	open bool
	sets []*secretSet
}

func trustIn(sets ...*secretSet) *trust { return &trust{sets: sets} }

// accepts checks a message of the channel with that index in channels.
func (t *trust) accepts(channel int, signature, body []byte) bool {
	for _, s := range t.sets {
		if s.verifiers[channel](signature, body) {
			return true
		}
	}
	return t.open
}

func (t *trust) includes(s *secretSet) bool { return t.open || slices.Contains(t.sets, s) }
