package config

import (
	"fmt"
	"strings"

	"xinbot.ir/squall/load"
)

// origins lists of every setting what it became and where it came from.
func (l *resolver) origins(r Resolved) (all []Origin, fingerprints map[string]string) {
	fingerprints = map[string]string{}
	derived := l.derived(r)
	for _, row := range Table() {
		if !row.has(ForRuns) {
			continue
		}
		value := l.values[row.Name]
		o := Origin{Name: row.Name, Value: shown(row, r.Options.Keys.Redact(value.text())), Source: value.source}
		switch {
		case row.Secret && value.set():
			o.Value = r.Options.Keys.Fingerprint(value.text())
			fingerprints[row.Name] = o.Value
		case value.set() && row.List:
			o.Value = strings.Join(value.texts, "; ")
		case value.set():
		case row.Default == "" && value.level == fromDefault && value.source == "default":
			o.Source = "not set"
		case row.Default == "":
		default:
			o.Value = row.Default
		}
		if change, ok := derived[row.Name]; ok {
			o.Value, o.Source = change.Value, change.Source
		}
		o.Value = r.Options.Keys.Redact(o.Value)
		all = append(all, o)
	}
	return append(all, r.Faults.origins()...), fingerprints
}

// derived are the settings whose value follows from others.
func (l *resolver) derived(r Resolved) map[string]Origin {
	derived := map[string]Origin{
		targetName: {Value: r.Target, Source: "host of the gateway"},
		Seed:       {Value: fmt.Sprint(r.Options.Seed), Source: "drawn"},
	}
	if value := l.values[Seed]; value.set() {
		derived[Seed] = Origin{Value: value.text(), Source: value.source}
	}
	switch given := l.values[targetName]; {
	case given.set():
		delete(derived, targetName)
	case l.target != nil:
		derived[targetName] = Origin{Value: r.Target, Source: l.file.path + ": default_target"}
	case r.Target == "demo":
		derived[targetName] = Origin{Value: r.Target, Source: "embedded platform"}
	}
	if r.Options.Gateway[load.Webchat] != nil && !l.values[gatewayURL].set() {
		derived[gatewayURL] = Origin{Value: r.Options.Gateway[load.Webchat].String(), Source: "from " + l.values[gatewayHost].source}
	}
	if l.strongest(VUs, usersPerBrand) == usersPerBrand {
		derived[VUs] = Origin{Value: fmt.Sprint(r.Settings.VUs), Source: "from " + l.values[usersPerBrand].source}
	}
	if l.strongest(ramp, spawnRate) == spawnRate {
		derived[ramp] = Origin{Value: r.Settings.Ramp.String(), Source: "from " + l.values[spawnRate].source}
	}
	if !l.values[objectives].set() {
		lines := make([]string, len(r.Objectives))
		for i, o := range r.Objectives {
			lines[i] = o.String()
		}
		derived[objectives] = Origin{Value: strings.Join(lines, "; "), Source: "default"}
	}
	if !l.values[Workload].set() {
		derived[Workload] = Origin{Value: r.Options.Workload.Source, Source: "default"}
	}
	return derived
}
