package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// rotations follows the rotation of secrets: it sends probes while one is armed, signs the traffic by the chosen policy, and tells
// what became known.
type rotations struct {
	config   Rotation
	options  load.Options
	keys     *load.Keyring
	emit     func(by event.Actor, data any)
	started  time.Time
	forged   func(event.ForgedAccepted) // what follows when a forged message is accepted
	problems func(error)                // of our own
	channels []load.Channel             // whose secrets are rotated

	mu      sync.Mutex
	armed   bool
	since   time.Time
	tracker *rotation.Tracker // nil: it was never armed
	rooms   map[load.Channel]*channelSigning
	unsaved []rundir.Probe
	quit    context.CancelFunc
	work    sync.WaitGroup
}

// channelSigning is how the messages of a channel are signed.
type channelSigning struct {
	signing event.Signing
	source  string
	traffic rotation.Traffic
}

// Rotatable are the channels whose secrets the run signs with, each once.
func Rotatable(c Config) (all []load.Channel) {
	mix := load.WantedMix(c.Settings, c.Options.Workload)
	for ch, share := range mix {
		of := c.Options.Workload.Channels[ch].SecretOf
		if share > 0 && c.Options.Gateway[of] != nil && c.Options.Keys.Key(of).Current != "" && !slices.Contains(all, of) {
			all = append(all, of)
		}
	}
	slices.Sort(all)
	return all
}

func newRotations(c Config, started time.Time, emit func(event.Actor, any), forged func(event.ForgedAccepted), problems func(error)) *rotations {
	r := &rotations{
		config: c.Rotation, options: c.Options, keys: c.Options.Keys, emit: emit, started: started, forged: forged, problems: problems,
		channels: Rotatable(c), rooms: map[load.Channel]*channelSigning{},
	}
	for _, ch := range r.channels {
		r.rooms[ch] = &channelSigning{signing: event.SignOld}
	}
	return r
}

func (r *rotations) names() (names []string) {
	for _, ch := range r.channels {
		names = append(names, ch.String())
	}
	return names
}

var errNotArmed = errors.New("no rotation is armed")

// arm begins to probe, and to watch for next secrets.
func (r *rotations) arm(by event.Actor) error {
	messages := map[string]rotation.Messages{}
	for _, ch := range r.channels {
		m, err := load.NewProbeMessages(r.options, ch)
		if err != nil {
			return err
		}
		messages[ch.String()] = m
	}
	if len(messages) == 0 {
		return errors.New("no channel of the mix has a secret that could be rotated")
	}
	r.mu.Lock()
	if r.armed {
		r.mu.Unlock()
		return errors.New("a rotation is armed already")
	}
	ctx, quit := context.WithCancel(context.Background())
	r.armed, r.since, r.quit, r.tracker = true, time.Now(), quit, rotation.NewTracker(r.names()...)
	l := r.config.Limits
	told := event.RotationArmed{Rate: r.config.Rate, Replicas: r.config.Replicas != nil, MaxLost: l.Lost, MaxGap: l.Gap.Seconds(), RefusedWithin: l.Refused.Seconds()}
	for _, ch := range r.channels {
		key := r.keys.Key(ch)
		r.rooms[ch].traffic = rotation.Traffic{}
		told.Channels = append(told.Channels, event.ArmedChannel{Channel: ch.String(), Old: r.keys.Fingerprint(key.Current), Next: r.keys.Fingerprint(key.Next), Source: r.rooms[ch].source})
	}
	r.mu.Unlock()
	r.emit(by, told)
	if r.config.Signing != "" {
		r.sign(by, command.SetSigning{With: r.config.Signing, Share: r.config.Share})
	}
	for _, source := range r.config.Sources {
		r.work.Go(func() {
			source.Watch(ctx, func(s rotation.Secret) { r.give(event.By(event.RoleSquall), source.Name(), s) }, func(err error) {
				r.emit(event.By(event.RoleSquall), event.SecretRefused{Source: source.Name(), Reason: r.keys.Redact(err.Error())})
			})
		})
	}
	prober := &rotation.Prober{
		Channels: messages, Rate: r.config.Rate, Started: r.started, TLS: r.options.TLS, Proxy: r.options.Proxy, Replicas: r.config.Replicas,
		Keys:     r.pair,
		Answered: r.answered,
		Listed: func(now float64, all []rotation.Replica) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.tracker.Replicas(now, all)
		},
		Trouble: func(what string, err error) {
			r.emit(event.By(event.RoleSquall), event.Warned{Warning: r.keys.Redact(fmt.Sprintf("rotation: %s: %v", what, err))})
		},
	}
	r.work.Go(func() { prober.Run(ctx) })
	return nil
}

// pair are the secrets of a channel.
func (r *rotations) pair(name string) (old, next string) {
	ch, err := load.ParseChannel(name)
	if err != nil {
		return "", ""
	}
	key := r.keys.Key(ch)
	return key.Current, key.Next
}

// answered takes the answer to a probe.
func (r *rotations) answered(p rotation.Probe) {
	r.mu.Lock()
	if !r.armed {
		r.mu.Unlock()
		return
	}
	r.unsaved = append(r.unsaved, rundir.Probe{At: p.At, Channel: p.Channel, Replica: p.Replica, Signed: string(p.Signature), Answer: string(p.Answer), Status: p.Status})
	news := r.tracker.Add(p)
	r.mu.Unlock()
	for _, data := range news {
		r.emit(event.By(event.RoleSquall), data)
		if forged, is := data.(event.ForgedAccepted); is {
			r.forged(forged)
		}
	}
}

// give takes a next secret, unless it is not what was meant.
func (r *rotations) give(by event.Actor, source string, s rotation.Secret) {
	r.keys.Hide(s.Value)
	for _, ch := range r.channels {
		if s.Channel != "" && s.Channel != ch.String() {
			continue
		}
		if doubt := load.Doubt(s.Value); doubt != "" {
			r.emit(by, event.SecretRefused{Channel: ch.String(), Source: source, Reason: "it " + doubt + ": write it without, or change it where the gateway has it from"})
			continue
		}
		r.mu.Lock()
		key := r.keys.Key(ch)
		told := event.SecretChanged{Channel: ch.String(), Next: r.keys.Fingerprint(s.Value), Source: source, Version: s.Version, Refreshed: s.Refreshed, Deployed: s.Deployed, Unchanged: s.Value == key.Current}
		known := s.Value == key.Next
		if !told.Unchanged {
			key.Next = s.Value
			key.Share = shareOf(r.rooms[ch].signing, key.Share)
			r.rooms[ch].source = source
			if err := r.keys.Set(ch, key); err != nil {
				r.problems(err)
			}
		}
		r.mu.Unlock()
		switch {
		case told.Unchanged && s.Deployed: // not rotated yet
		case known && !s.Deployed: // no news
		default:
			r.emit(by, told)
		}
	}
}

// shareOf is the part of a channel's messages that a policy signs with the next secret; had is the part until now.
func shareOf(signing event.Signing, had float64) float64 {
	switch signing {
	case event.SignOld:
		return 0
	case event.SignNext:
		return 1
	case event.SignShare, event.FollowGateway:
	}
	return had
}

// sign changes the policy of a channel, or of all.
func (r *rotations) sign(by event.Actor, c command.SetSigning) {
	for _, ch := range r.channels {
		if c.Channel != "" && c.Channel != ch.String() {
			continue
		}
		r.mu.Lock()
		room, key := r.rooms[ch], r.keys.Key(ch)
		told := event.SigningSet{Channel: ch.String(), From: room.signing, To: c.With, FromShare: key.Share}
		room.signing = c.With
		if c.With == event.SignShare {
			key.Share = c.Share
		}
		key.Share = shareOf(c.With, key.Share)
		told.Share = key.Share
		var err error
		if key.Next != "" || key.Share == 0 {
			err = r.keys.Set(ch, key)
		}
		r.mu.Unlock()
		if err != nil {
			r.problems(err)
		}
		if told.From != told.To || told.FromShare != told.Share {
			r.emit(by, told)
		}
	}
}

// second takes a closed second: what became of the traffic, and where it follows the gateway.
func (r *rotations) second(o metric.Observation) {
	for _, d := range r.count(o) {
		r.emit(event.By(event.RoleSquall), d)
	}
}

// count adds up the traffic of a second, and lets channels follow the gateway.
func (r *rotations) count(o metric.Observation) (followed []event.ChannelFollowed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.armed {
		return nil
	}
	table := r.options.Workload.Channels
	for ch := range load.Channel(load.NumChannels) {
		if room := r.rooms[table[ch].SecretOf]; room != nil {
			room.traffic.Sent += o.Window.Series[load.Gateway.Series(ch.String())].Count
		}
	}
	for _, e := range o.Errors {
		if e.Series.Flow != load.Gateway || e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden {
			continue
		}
		if ch, err := load.ParseChannel(e.Series.Channel); err == nil && r.rooms[table[ch].SecretOf] != nil {
			r.rooms[table[ch].SecretOf].traffic.Lost += e.Count
		}
	}
	now := time.Since(r.started).Seconds()
	for _, ch := range r.channels {
		key := r.keys.Key(ch)
		if r.rooms[ch].signing != event.FollowGateway || key.Next == "" {
			continue
		}
		current := event.SignedOld
		if key.Share == 1 {
			current = event.SignedNext
		}
		best, known := r.tracker.Accepts(ch.String(), now, current)
		share := map[event.Signature]float64{event.SignedNext: 1}[best]
		if !known || share == key.Share {
			continue
		}
		key.Share = share
		if err := r.keys.Set(ch, key); err == nil {
			followed = append(followed, event.ChannelFollowed{Channel: ch.String(), To: best})
		}
	}
	return followed
}

// takeUnsaved hands out the probes that the disk does not have yet.
func (r *rotations) takeUnsaved() (unsaved []rundir.Probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unsaved, r.unsaved = r.unsaved, nil
	return unsaved
}

// disarm ends the probes and gives the verdict. It reports whether one was armed.
func (r *rotations) disarm(by event.Actor) bool {
	r.mu.Lock()
	if !r.armed {
		r.mu.Unlock()
		return false
	}
	quit := r.quit
	r.mu.Unlock()
	quit()
	r.work.Wait()
	r.mu.Lock()
	traffic := map[string]rotation.Traffic{}
	for ch, room := range r.rooms {
		traffic[ch.String()] = room.traffic
	}
	now := time.Since(r.started).Seconds()
	judged := r.tracker.Judge(now, traffic, r.config.Limits)
	r.promote(now)
	r.armed = false
	r.mu.Unlock()
	r.emit(event.By(event.RoleSquall), judged)
	r.emit(by, event.RotationDisarmed{})
	return true
}

// promote makes the next secret of each channel the one that it has, where the gateway accepts it and the old one no more. r.mu
// must be held.
func (r *rotations) promote(now float64) {
	for _, c := range r.tracker.States(now) {
		ch, err := load.ParseChannel(c.Channel)
		if err != nil || c.State != rotation.OldRefused && c.State != rotation.Done {
			continue
		}
		if err := r.keys.Set(ch, load.Key{Current: r.keys.Key(ch).Next}); err != nil {
			r.problems(err)
		}
		r.rooms[ch].source = ""
	}
}

// over reports whether a rotation is armed and every channel has come to its end.
func (r *rotations) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.armed {
		return false
	}
	return !slices.ContainsFunc(r.tracker.States(time.Since(r.started).Seconds()), func(c rotation.ChannelState) bool {
		return c.State != rotation.OldRefused && c.State != rotation.Done
	})
}
