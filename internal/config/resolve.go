package config

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinbot.ir/squall/load"
)

// Resolved is the whole configuration of a run, checked.
type Resolved struct {
	Options    load.Options // Secrets and AdminToken are plain text: never print it
	Settings   load.Settings
	Duration   time.Duration // 0: until stopped
	Objectives []load.Objective
	StopRules  []load.StopRule

	Target        string // the target's name, or the gateway's host
	Out           string // run directory; "" for the default
	Headless      bool
	SummaryExport string // "" for none

	AdminToken Secret
	Origins    []Origin          // every setting, in the table's order
	Secrets    map[string]string // name to fingerprint
	Warnings   []string          // accepted, but likely not meant
}

// Origin is one setting as it was resolved, ready to be shown.
type Origin struct {
	Name   string
	Value  string // a fingerprint for a secret; "" when there is none
	Source string
}

// Resolve settles every setting. The error joins every problem found; each names the source of
// the value and what is accepted. What was given can be shown even then, from Origins.
func Resolve(in Input) (Resolved, error) {
	l, err := collect(in)
	if err != nil {
		return Resolved{}, err
	}
	r := Resolved{
		Duration:      read(l, duration, parseDuration(0)),
		Objectives:    readLines(l, objectives, load.DefaultObjectives(), load.ParseObjectiveLine),
		StopRules:     readLines(l, stopRules, nil, load.ParseStopRule),
		Out:           read(l, outDir, parseText),
		Headless:      read(l, headless, parseBool),
		SummaryExport: read(l, summaryExport, parseText),
		AdminToken:    NewSecret(l.values[adminToken].text()),
	}
	if !l.values[outDir].set() {
		r.Out = ""
	}
	workload, secrets := l.signed(l.workload())
	if read(l, noRules, parseBool) {
		workload.Rules.TogglesPerMinute = 0
	}
	r.Options = l.options(workload)
	r.Options.Secrets = secrets
	r.Options.UserAgent = "squall/" + in.Version
	r.Settings = l.settings(workload)
	r.Target = l.targetName(in, r.Options.Gateway[load.Webchat])
	l.checkProtection()
	r.Origins, r.Secrets = l.origins(r)
	if len(l.problems) == 0 {
		if err := r.Settings.Validate(); err != nil {
			l.problem("%w", err)
		}
	}
	if len(l.problems) > 0 {
		return Resolved{Origins: r.Origins, Secrets: r.Secrets}, errors.Join(l.problems...)
	}
	r.Warnings = l.warnings(r)
	return r, nil
}

// readLines reads a setting that may be given several times.
func readLines[T any](l *layered, name string, defaults []T, parse func(string) (T, error)) []T {
	value := l.values[name]
	if !value.set() {
		return defaults
	}
	var parsed []T
	for _, text := range value.texts {
		one, err := parse(text)
		if err != nil {
			l.problem("%s: %s", describe(name, value.source), unaccepted(find(name), text, err))
			continue
		}
		parsed = append(parsed, one)
	}
	return parsed
}

// workload reads the workload file, or takes the built-in one, and narrows it to one tenant if that
// was asked for.
func (l *layered) workload() load.Workload {
	w := load.DefaultWorkload()
	path := l.inside(Workload, read(l, Workload, parseText))
	if path != "" {
		var err error
		if w, err = load.LoadWorkload(path); err != nil {
			l.problem("%s: %w", describe(Workload, l.values[Workload].source), err)
			return load.DefaultWorkload()
		}
	}
	w.Channels = l.channels().Apply(w.Channels)
	tenant := read(l, Tenant, parseUUID)
	if tenant == "" {
		return w
	}
	if path == "" {
		w.Tenants = w.Tenants[:1]
		w.Tenants[0].ID = tenant
		return w
	}
	var ids []string
	for _, t := range w.Tenants {
		if t.ID == tenant {
			w.Tenants = []load.Tenant{t}
			return w
		}
		ids = append(ids, t.ID)
	}
	l.problem("%s: tenant %s is not in %s: must be one of %s", describe(Tenant, l.values[Tenant].source), tenant, path, strings.Join(ids, ", "))
	return w
}

func parseUUID(text string) (string, error) {
	id, err := uuid.Parse(text)
	return plain(id.String(), err == nil && len(text) == 36)
}

func (l *layered) options(w load.Workload) load.Options {
	o := load.Options{
		Workload:     w,
		Gateway:      l.gateways(w.Channels),
		Orchestrator: read(l, orchestrator, parseURL),
		AdminToken:   l.values[adminToken].text(),
		Knowledge:    read(l, knowledge, parseBool),
		Timeout:      read(l, timeout, parseDuration(time.Millisecond)),
		Drain:        read(l, drain, parseDuration(0)),
		MaxConns:     read(l, maxConns, parseWhole(0, math.MaxInt32)),
		MaxInFlight:  read(l, maxInFlight, parseWhole(1, math.MaxInt32)),
		KeepAlive:    !read(l, noKeepAlive, parseBool),
		TLS:          l.tlsConfig(),
		Proxy:        l.proxy(),
		Seed:         rand.Uint64(),
	}
	if l.values[Seed].set() {
		o.Seed = read(l, Seed, parseSeed)
	}
	return o
}

func (l *layered) settings(w load.Workload) load.Settings {
	s := load.Settings{
		Think:       read(l, think, parseThink),
		Ramp:        read(l, ramp, parseDuration(0)),
		SpikeFactor: read(l, spikeFactor, parseNumber(1, load.MaxSpikeFactor)),
	}
	whole := parseWhole(0, load.MaxVUs)
	if l.strongest(VUs, usersPerBrand) == usersPerBrand {
		brands := 0
		for _, t := range w.Tenants {
			brands += len(t.Brands)
		}
		s.VUs = read(l, usersPerBrand, whole) * brands
	} else {
		s.VUs = read(l, VUs, whole)
	}
	if l.strongest(rate, VUs, usersPerBrand) == rate {
		s.Rate = read(l, rate, parseRate)
	}
	if l.strongest(ramp, spawnRate) == spawnRate {
		perSecond := read(l, spawnRate, parseNumber(math.SmallestNonzeroFloat64, load.MaxVUs))
		if perSecond > 0 {
			s.Ramp = time.Duration(float64(s.VUs) / perSecond * float64(time.Second)).Round(time.Millisecond)
		}
	}
	return s
}

func (l *layered) targetName(in Input, gateway *url.URL) string {
	switch {
	case in.Fixed != nil:
		return "demo"
	case l.target != nil:
		return l.target.name
	case gateway != nil:
		return gateway.Hostname()
	}
	return ""
}

// checkProtection asks for the name of a protected target to be said twice.
func (l *layered) checkProtection() {
	if l.admin || l.target == nil || !read(l, protected, parseBool) {
		return // without load there is nothing to protect it from, and undoing is always allowed
	}
	switch given := l.values[confirm].text(); given {
	case l.target.name:
	case "":
		l.problem("target %s is protected: add --confirm %s if you mean it", l.target.name, l.target.name)
	default:
		l.problem("--confirm %s: the target is %s, which is protected", given, l.target.name)
	}
}

// origins says of every setting what it became and where it came from.
func (l *layered) origins(r Resolved) (all []Origin, fingerprints map[string]string) {
	fingerprints = map[string]string{}
	derived := l.derived(r)
	for _, row := range Table() {
		value := l.values[row.Name]
		o := Origin{Name: row.Name, Value: withoutSecrets(value.text()), Source: value.source}
		switch {
		case row.Secret && value.set():
			o.Value = NewSecret(value.text()).Fingerprint()
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
		all = append(all, o)
	}
	return all, fingerprints
}

// derived are the settings whose value follows from others.
func (l *layered) derived(r Resolved) map[string]Origin {
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
