package demo

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// Steps of rotations under test are told apart by their length; none of them passes by the clock.
var testTimes = rotationTimes{restart: 1, minReady: 2, overlap: 3, lag: 4, grace: time.Minute}

// stepper stops a rotation at each of its pauses.
type stepper struct {
	reached chan time.Duration
	goOn    chan struct{}
}

func (s *stepper) pause(ctx context.Context, t time.Duration) error {
	select {
	case s.reached <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-s.goOn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next waits for a pause and returns its length; proceed ends it.
func (s *stepper) next(t *testing.T) time.Duration {
	t.Helper()
	select {
	case pause := <-s.reached:
		return pause
	case <-time.After(15 * time.Second):
		t.Fatal("the rotation does not pause")
		return 0
	}
}

func (s *stepper) proceed() { s.goOn <- struct{}{} }

func startStepped(t *testing.T, cfg Config) (*running, *stepper) {
	t.Helper()
	p := startTest(t, cfg, undisturbed, func(b *behaviour) { b.rotation, b.queueWait = testTimes, time.Minute })
	s := &stepper{make(chan time.Duration), make(chan struct{})}
	p.Platform.gateway.rotator.pause = s.pause
	return p, s
}

// signatureOf is computed apart from the verifiers.
var signatureOf = map[string]func(secret, body string) string{
	"webchat": sign, "whatsapp": sign, "instagram": signSHA1,
	"telegram": func(secret, _ string) string { return secret },
}

// signed sends a new message of a channel over a connection of its own and returns the status, or 0 without an answer.
func (r *running) signed(host string, c channel, secret string) int {
	r.t.Helper()
	body := strings.NewReplacer(eventA, uuid.NewString(), "occurred_at", c.timeField, `"message"`, `"`+c.textField+`"`).Replace(webchatBody)
	req, err := http.NewRequest(http.MethodPost, "http://"+host+c.path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if secret != "" {
		req.Header.Set(c.header, signatureOf[c.name](secret, body))
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// seen is what happened to messages signed with each secret, and unsigned ones: x refused with 401, + accepted, . no answer;
// several of them if the answers differ.
type seen struct{ old, next, wrong, unsigned string }

const (
	refused  = "x"
	accepts  = "+"
	noAnswer = "."
)

var (
	onlyOld  = seen{accepts, refused, refused, refused}
	onlyNext = seen{refused, accepts, refused, refused}
	both     = seen{accepts, accepts, refused, refused}
	anything = seen{accepts, accepts, accepts, accepts}
	away     = seen{noAnswer, noAnswer, noAnswer, noAnswer}
	disagree = seen{accepts + refused, accepts + refused, refused, refused}
)

// look sends messages of a channel to a host, of each kind so many.
func (r *running) look(host string, c channel, old, next map[string]string, each int) seen {
	r.t.Helper()
	try := func(secret string) string {
		var signs []string
		for range each {
			switch status := r.signed(host, c, secret); status {
			case http.StatusAccepted:
				signs = append(signs, accepts)
			case http.StatusUnauthorized:
				signs = append(signs, refused)
			case 0:
				signs = append(signs, noAnswer)
			default:
				r.t.Errorf("%s %s answered %d", host, c.name, status)
			}
		}
		slices.Sort(signs)
		return strings.Join(slices.Compact(signs), "")
	}
	return seen{try(old[c.name]), try(next[c.name]), try("some other secret"), try("")}
}

// logged is what the last entry of the log says of a replica and channel.
func logged(t *testing.T, log []Acceptance, replica, channel string) seen {
	t.Helper()
	for _, a := range slices.Backward(log) {
		if a.Replica != replica || a.Channel != channel {
			continue
		}
		if !a.Old && !a.Next && !a.Wrong {
			return away
		}
		sign := map[bool]string{true: accepts, false: refused}
		return seen{sign[a.Old], sign[a.Next], sign[a.Wrong], sign[a.Wrong]}
	}
	t.Errorf("no entry of %s, %s", replica, channel)
	return seen{}
}

// stage is where a rotation pauses, and what is accepted then.
type stage struct {
	pauses   []time.Duration // those that are under way; none when the rotation has ended
	replicas []seen
	gateway  seen
}

// follow goes through a rotation stage by stage, and checks at each that messages fare as expected, and that the log says
// so, with a time within the stage.
func follow(t *testing.T, p *running, s *stepper, kind string, stages []stage) {
	t.Helper()
	old, next, before := p.Secrets(), p.NextSecrets(), time.Now()
	entries := len(p.RotationLog())
	if err := p.Rotate(kind); err != nil {
		t.Fatal(err)
	}
	number := len(p.Rotations())
	for i, at := range stages {
		for _, want := range at.pauses {
			if got := s.next(t); got != want {
				t.Fatalf("%s, stage %d: pauses for %d, want %d", kind, i, got, want)
			}
		}
		if len(at.pauses) == 0 {
			eventually(t, "the end of the rotation", func() bool { return !p.Rotations()[number-1].Ended.IsZero() })
		} else if err := p.Rotate(kind); !errors.Is(err, ErrRotating) {
			t.Errorf("%s, stage %d: another rotation: %v", kind, i, err)
		}
		log := p.RotationLog()
		for _, a := range log[entries:] {
			if a.At.Before(before) || a.At.After(time.Now()) || a.Rotation != number {
				t.Errorf("%s, stage %d: entry %+v is not of the stage, which began %s", kind, i, a, before)
			}
		}
		entries = len(log)
		for j, r := range p.Replicas() {
			if ready := at.replicas[j] != away; r.Ready != ready {
				t.Errorf("%s, stage %d: %s is ready: %v", kind, i, r.Name, r.Ready)
			}
			for _, c := range channels() {
				if got := p.look(r.Address, c, old, next, 1); got != at.replicas[j] {
					t.Errorf("%s, stage %d: %s, %s: %v, want %v", kind, i, r.Name, c.name, got, at.replicas[j])
				}
				if got := logged(t, log, r.Name, c.name); got != at.replicas[j] {
					t.Errorf("%s, stage %d: %s, %s: the log says %v, want %v", kind, i, r.Name, c.name, got, at.replicas[j])
				}
			}
		}
		if got := p.look(p.Platform.gateway.addr(), channels()[0], old, next, 2*len(at.replicas)); got != at.gateway {
			t.Errorf("%s, stage %d: the gateway: %v, want %v", kind, i, got, at.gateway)
		}
		before = time.Now()
		for range at.pauses {
			s.proceed()
		}
	}
	if !maps.Equal(p.Secrets(), next) {
		t.Errorf("%s: the secrets are not the next ones of before", kind)
	}
	if maps.Equal(p.NextSecrets(), next) {
		t.Errorf("%s: the next secrets are those of before", kind)
	}
	if r := p.Rotations()[number-1]; r.Kind != kind || r.Number != number || r.Ended.Before(r.Began) {
		t.Errorf("%+v", r)
	}
}

// stagesOf is how each kind goes with two replicas.
func stagesOf() map[string][]stage {
	const restart, minReady, overlap, lag = 1, 2, 3, 4
	switched := stage{nil, []seen{onlyNext, onlyNext}, onlyNext}
	return map[string][]stage{
		"hard": {
			{[]time.Duration{restart, restart}, []seen{away, away}, away},
			switched,
		},
		"overlap": {
			{[]time.Duration{overlap}, []seen{both, both}, both},
			switched,
		},
		"rolling": {
			{[]time.Duration{restart}, []seen{away, onlyOld}, onlyOld},
			{[]time.Duration{minReady}, []seen{onlyNext, onlyOld}, disagree},
			{[]time.Duration{restart}, []seen{onlyNext, away}, onlyNext},
			switched,
		},
		"lagging": {
			{[]time.Duration{restart}, []seen{away, onlyOld}, onlyOld},
			{[]time.Duration{lag}, []seen{onlyNext, onlyOld}, disagree},
			{[]time.Duration{restart}, []seen{onlyNext, away}, onlyNext},
			switched,
		},
		"open": {
			{nil, []seen{anything, anything}, anything},
		},
	}
}

func TestRotations(t *testing.T) {
	kinds := RotationKinds()
	if len(kinds) != len(stagesOf()) {
		t.Errorf("%d kinds, %d are tested", len(kinds), len(stagesOf()))
	}
	for _, kind := range kinds {
		t.Run(kind.Name, func(t *testing.T) {
			p, s := startStepped(t, Config{Seed: 7})
			follow(t, p, s, kind.Name, stagesOf()[kind.Name])
			if kind.Name != "open" { // the old ones are what was next
				follow(t, p, s, "overlap", stagesOf()["overlap"])
			}
		})
	}
}

// A gateway that accepts everything checks again as its replicas take part in the next rotation.
func TestTheRotationAfterAnOpenOneChecksAgain(t *testing.T) {
	const restart, minReady = 1, 2
	mixed := seen{accepts + refused, accepts, accepts + refused, accepts + refused}
	switched := stage{nil, []seen{onlyNext, onlyNext}, onlyNext}
	for kind, stages := range map[string][]stage{
		"hard":    stagesOf()["hard"],
		"overlap": stagesOf()["overlap"],
		"rolling": {
			{[]time.Duration{restart}, []seen{away, anything}, anything},
			{[]time.Duration{minReady}, []seen{onlyNext, anything}, mixed},
			{[]time.Duration{restart}, []seen{onlyNext, away}, onlyNext},
			switched,
		},
	} {
		t.Run(kind, func(t *testing.T) {
			p, s := startStepped(t, Config{})
			follow(t, p, s, "open", stagesOf()["open"])
			follow(t, p, s, kind, stages)
		})
	}
}

// With one replica a rolling rotation is a hard one, and a lagging one keeps the old secret for long.
func TestRotationsOfOneReplica(t *testing.T) {
	const restart, lag = 1, 4
	gone := stage{[]time.Duration{restart}, []seen{away}, away}
	switched := stage{nil, []seen{onlyNext}, onlyNext}
	for kind, stages := range map[string][]stage{
		"rolling": {gone, switched},
		"lagging": {{[]time.Duration{lag}, []seen{onlyOld}, onlyOld}, gone, switched},
	} {
		p, s := startStepped(t, Config{Replicas: 1})
		follow(t, p, s, kind, stages)
	}
}

func TestARestartedReplicaHasANewStartTime(t *testing.T) {
	p, s := startStepped(t, Config{})
	before := p.Replicas()
	if err := p.Rotate("lagging"); err != nil {
		t.Fatal(err)
	}
	s.next(t)
	s.proceed()
	s.next(t) // gateway-1 is back, gateway-2 lags
	after := p.Replicas()
	if !after[0].Started.After(before[0].Started) || after[1] != before[1] {
		t.Errorf("%+v, before %+v", after, before)
	}
}

func TestAMessageInFlightIsAnsweredInARestart(t *testing.T) {
	p, s := startStepped(t, Config{Capacity: 1})
	slots := p.Platform.gateway.slots
	if err := slots.acquire(); err != nil {
		t.Fatal(err)
	}
	got := make(chan int)
	go func() { got <- p.signed(p.Platform.gateway.addr(), channels()[0], "dev-web") }()
	eventually(t, "the message", func() bool { return slots.waiting.Load() == 1 })
	if err := p.Rotate("hard"); err != nil {
		t.Fatal(err)
	}
	s.next(t) // the replica without the message does not wait for it
	eventually(t, "the end of the other's readiness", func() bool { return !p.Replicas()[0].Ready && !p.Replicas()[1].Ready })
	slots.release()
	if status := <-got; status != http.StatusAccepted {
		t.Errorf("the message in flight was answered %d", status)
	}
	s.next(t)
}

func TestCloseEndsARotation(t *testing.T) {
	p, s := startStepped(t, Config{})
	if err := p.Rotate("rolling"); err != nil {
		t.Fatal(err)
	}
	s.next(t)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Rotate("hard"); !errors.Is(err, errGatewayClosed) {
		t.Errorf("rotated a closed platform: %v", err)
	}
	if last := p.Rotations(); len(last) != 1 || !last[0].Ended.IsZero() {
		t.Errorf("%+v, want one that has not ended", last)
	}
	goleak.VerifyNone(t, fasthttpDate())
}

func TestUnknownKindsAreRefused(t *testing.T) {
	p := startTest(t, Config{})
	err := p.Rotate("fast")
	if !errors.Is(err, errUnknownKind) || !strings.Contains(err.Error(), "hard, overlap, rolling, lagging, open") {
		t.Errorf("%v, want the kinds", err)
	}
	if len(p.Rotations()) != 0 || len(p.RotationLog()) != 0 {
		t.Error("what was refused is in the log")
	}
}

func TestNextSecretsFollowFromTheSeed(t *testing.T) {
	first := seededSecrets(7, 1)
	for channel, secret := range first {
		if len(secret) != 32 || strings.Trim(secret, "0123456789abcdef") != "" {
			t.Errorf("%s: %q is not 32 hexadecimal digits", channel, secret)
		}
		if secret == seededSecrets(7, 2)[channel] || secret == seededSecrets(8, 1)[channel] {
			t.Errorf("%s: another rotation or seed has the same secret", channel)
		}
	}
	// printf 'next secret/webchat/1' | openssl dgst -sha256 -hmac 7, the first half
	if got := first["webchat"]; got != "49188ab75fd91b89d7687981d837dc9d" {
		t.Errorf("webchat's is %s", got)
	}
	if distinct := slices.Compact(slices.Sorted(maps.Values(first))); len(distinct) != len(channels()) {
		t.Errorf("%d secrets of %d channels", len(distinct), len(channels()))
	}
	a, b := startTest(t, Config{Seed: 7}), startTest(t, Config{Seed: 7, NextSecrets: map[string]string{"telegram": "given"}})
	if got := a.NextSecrets(); !maps.Equal(got, first) {
		t.Errorf("%v, want %v", got, first)
	}
	first["telegram"] = "given"
	if got := b.NextSecrets(); !maps.Equal(got, first) {
		t.Errorf("%v, want %v", got, first)
	}
}

func TestTheLogIsBounded(t *testing.T) {
	var list []int
	for i := range 10 {
		list = appendBounded(list, 3, i)
	}
	if !slices.Equal(list, []int{7, 8, 9}) {
		t.Errorf("%v", list)
	}
	p := startTest(t, Config{Replicas: MaxReplicas}, undisturbed)
	for range 100 {
		if err := p.Rotate("open"); err != nil {
			t.Fatal(err)
		}
		p.Platform.gateway.rotator.wait()
	}
	log, all := p.RotationLog(), p.Rotations()
	if len(log) != acceptancesKept || log[len(log)-1].Rotation != 100 || all[99].Number != 100 {
		t.Errorf("%d entries are kept of %d rotations", len(log), len(all))
	}
}
