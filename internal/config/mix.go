package config

import (
	"fmt"

	"xinbot.ir/squall/load"
)

// Mix is the configuration of squall mix, checked.
type Mix struct {
	Workload load.Workload // whose tenants and brands get other weights; the target's channel table is merged in
	Base     []byte        // text of its file; nil: it is the built-in one
}

// ResolveMix settles the settings of squall mix.
func ResolveMix(in Input) (Mix, error) {
	in.Command = ForMix
	l, err := collect(in)
	if err != nil {
		return Mix{}, err
	}
	m := Mix{Workload: l.workload()}
	if path := l.inside(Workload, l.values[Workload].text()); path != "" {
		if m.Base, err = l.files.Read(path); err != nil && len(l.problems) == 0 {
			l.problem("%s: %w", describe(Workload, l.values[Workload].source), fmt.Errorf("read workload: %w", err))
		}
	}
	return m, l.joined()
}
