package config

import (
	"slices"

	"golang.org/x/net/http/httpguts"

	"xinbot.ir/squall/load"
)

// checkHeaderValues refuses secrets that go into a header as they are and cannot stand there.
func (l *resolver) checkHeaderValues(w load.Workload) {
	sent := []string{adminToken}
	for _, spec := range w.Channels {
		if name := secretName(spec.SecretOf); spec.Algorithm == load.Token && !slices.Contains(sent, name) {
			sent = append(sent, name)
		}
	}
	for _, name := range sent {
		value := l.values[name]
		if !httpguts.ValidHeaderFieldValue(value.text()) {
			l.problem("%s %s: a header cannot hold it", describe(name, value.source), load.Doubt(value.text()))
		}
	}
}

// doubts warns of every secret that looks as if it were not what was meant.
func (l *resolver) doubts(warn func(string, ...any)) {
	for _, row := range Table() {
		value := l.values[row.Name]
		if !row.Secret || !value.set() || row.Name == otlpHeaders { // those are no secret as they stand: they hold some
			continue
		}
		if doubt := load.Doubt(value.text()); doubt != "" {
			warn("%s %s: it is used as it stands", describe(row.Name, value.source), doubt)
		}
	}
}
