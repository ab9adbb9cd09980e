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

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
)

// Resolved is the whole configuration of a run, checked.
type Resolved struct {
	Options    load.Options // Keys has them in plain text: never print it
	Settings   load.Settings
	Duration   time.Duration // 0: until stopped
	Objectives []slo.Objective
	BuiltIn    bool // the objectives are the defaults
	// WarnExpectations leaves expectations that were not met out of the verdict.
	WarnExpectations bool
	Unknown          string // what an objective counts as that could not be judged: fail, pass, or "" for 98 if it was asked for
	StopRules        []slo.StopRule

	Target    string // the target's name, or the gateway's host
	Out       string // run directory; "" for the default
	Headless  bool
	Documents []Document // beside those of the run directory
	Copies    Copies

	Faults     Faults
	Monitoring Monitoring
	Rotation   Rotation
	Telemetry  Telemetry
	Protected  bool // the target asks for its name before it is touched
	Confirmed  bool // its name was given

	// LedgerKey is the file of the key that tells this user's ledgers from others; "" when there is no place for it.
	LedgerKey string

	AdminToken  Secret
	TokenSource TokenSource       // of the admin token
	Origins     []Origin          // every setting, in the table's order; then fault parameters and custom faults
	Secrets     map[string]string // name to fingerprint
	Warnings    []string          // accepted, but likely not meant
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
	token := l.tokenSource(in)
	r := Resolved{
		TokenSource: token,
		Duration:    read(l, duration, parseDuration(0)),
		Objectives:  readLines(l, objectives, slo.DefaultObjectives(), parseObjective),
		BuiltIn:     !l.values[objectives].set() || l.values[objectives].level == fromDefault,
		StopRules:   readLines(l, stopRules, nil, parseStopRule),
		Headless:    read(l, HeadlessRun, parseBool),
		AdminToken:  NewSecret(l.values[adminToken].text()),
	}
	r.Documents, r.Out = l.documents()
	r.Copies = l.copies()
	r.LedgerKey = ledgerKey(in.LookupEnv)
	r.WarnExpectations = read(l, expectations, parseOneOf(expectationRules...)) == "warn"
	if l.values[unknown].set() {
		r.Unknown = read(l, unknown, parseOneOf(unknownRules...))
	}
	r.Faults = l.faults(in)
	r.Monitoring = l.monitoring()
	r.Telemetry = l.telemetry()
	r.Rotation = l.rotation()
	l.noLoad = l.admin || r.Faults.DryRun
	workload, secrets := l.resolveSecrets(l.workload())
	l.checkHeaderValues(workload)
	if read(l, noRules, parseBool) {
		workload.Rules.TogglesPerMinute = 0
	}
	r.Options = l.options(workload)
	r.Options.Keys = l.keyring(secrets)
	r.Options.Keys.Hide(append(l.passwords(), r.Telemetry.secrets()...)...)
	r.Options.UserAgent = "squall/" + in.Version
	r.Settings = l.settings(workload)
	r.Target = l.targetName(in, r.Options.Gateway[load.Webchat])
	r.Protected = l.target != nil && read(l, protected, parseBool)
	r.Confirmed = l.target != nil && l.values[confirm].text() == l.target.name
	l.checkProtection(r.Protected)
	l.checkInjections(in, r)
	r.Origins, r.Secrets = l.origins(r)
	if len(l.problems) == 0 {
		if err := r.Settings.Validate(); err != nil {
			l.problem("%w", err)
		}
	}
	if len(l.problems) > 0 {
		return Resolved{Origins: r.Origins, Secrets: r.Secrets}, errors.Join(withoutKnownSecrets(l.problems, r.Options.Keys.Redact)...)
	}
	r.Warnings = l.warnings(r)
	return r, nil
}

// readLines reads a setting that may be given several times.
func readLines[T any](l *resolver, name string, defaults []T, parse func(string) (T, error)) []T {
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
func (l *resolver) workload() load.Workload {
	w := load.DefaultWorkload()
	path := l.inside(Workload, read(l, Workload, parseText))
	if path != "" {
		data, err := l.files.Read(path)
		if err != nil {
			err = fmt.Errorf("read workload: %w", err)
		} else {
			w, err = load.ParseWorkload(path, data)
		}
		if err != nil {
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
	return orRefused(id.String(), err == nil && len(text) == 36)
}

func (l *resolver) options(w load.Workload) load.Options {
	o := load.Options{
		Workload:     w,
		Gateway:      l.gateways(w.Channels),
		Orchestrator: read(l, orchestrator, parseURL),
		Knowledge:    read(l, knowledge, parseBool),
		Conversation: read(l, conversation, parseConversation),
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

func (l *resolver) settings(w load.Workload) load.Settings {
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

func (l *resolver) targetName(in Input, gateway *url.URL) string {
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
func (l *resolver) checkProtection(isProtected bool) {
	if l.noLoad || !isProtected {
		return // without load there is nothing to protect it from, and undoing asks by itself
	}
	switch given := l.values[confirm].text(); given {
	case l.target.name:
	case "":
		l.problem("target %s is protected: add --confirm %s if you mean it", l.target.name, l.target.name)
	default:
		l.problem("--confirm %s: the target is %s, which is protected", given, l.target.name)
	}
}

func parseObjective(line string) (slo.Objective, error) {
	return slo.ParseObjective(load.Registry(), line)
}

func parseStopRule(line string) (slo.StopRule, error) {
	return slo.ParseStopRule(load.Registry(), line)
}
