package demo

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"sync"
	"time"
)

// Rotation is one change of all channels' secrets.
type Rotation struct {
	Number int       `json:"number"` // from 1
	Kind   string    `json:"kind"`
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended,omitzero"` // zero while it is under way
}

// Acceptance is an entry of the gateway's own log: what a replica accepts of a channel from a moment on, until its next
// entry. Each rotation begins with an entry of every replica and channel, because its old secret is the next one of the
// rotation before; after these there is one whenever something changes.
type Acceptance struct {
	At       time.Time `json:"at"`
	Rotation int       `json:"rotation"` // whose old and next secrets are meant
	Replica  string    `json:"replica"`
	Channel  string    `json:"channel"`
	Old      bool      `json:"old"`   // signed with the secret before this rotation
	Next     bool      `json:"next"`  // signed with that after it
	Wrong    bool      `json:"wrong"` // signed with any other, or not at all
}

// ErrRotating is reported while a rotation is under way: the next begins when it has ended.
var ErrRotating = errors.New("a rotation is under way")

var (
	errUnknownKind   = errors.New("unknown kind of rotation")
	errGatewayClosed = errors.New("the gateway is closed")
)

// Entries kept. A rotation makes at most three for each replica and channel.
const (
	acceptancesKept = 3 * 4 * MaxReplicas * 20
	rotationsKept   = 1000
)

// rotationTimes are how long the steps of rotations take.
type rotationTimes struct {
	restart  time.Duration // that a replica is away, when its requests in flight have ended
	grace    time.Duration // that these have, as terminationGracePeriodSeconds
	minReady time.Duration // from one replica's return to the next one's restart, as minReadySeconds
	overlap  time.Duration // with both secrets
	lag      time.Duration // of the last replica behind the others
}

// rotator changes the secrets that the replicas trust, one rotation at a time, and keeps the log of that.
type rotator struct {
	times    rotationTimes
	replicas []*replica
	secrets  func(rotation int) *secretSet              // the next ones of a rotation
	pause    func(context.Context, time.Duration) error // ends early, with its error, when the context does
	logger   *log.Logger

	ctx    context.Context // ends with the gateway
	cancel context.CancelFunc
	done   sync.WaitGroup // the rotation under way

	mu        sync.Mutex
	rotations []Rotation
	log       []Acceptance
	// Written between two rotations only, so that the one under way may read them without the lock.
	old, next *secretSet
}

func newRotator(times rotationTimes, replicas []*replica, current, next *secretSet, secrets func(int) *secretSet, logger *log.Logger) *rotator {
	ctx, cancel := context.WithCancel(context.Background())
	r := &rotator{
		times: times, replicas: replicas, secrets: secrets, pause: pause, logger: logger,
		ctx: ctx, cancel: cancel, old: current, next: next,
	}
	for _, each := range replicas {
		each.trust.Store(trustIn(current))
	}
	return r
}

// rotate begins a rotation. It reports ErrRotating, or what is wrong with the kind.
func (r *rotator) rotate(kind string) error {
	plan, err := rotationPlanOf(kind)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.rotations)
	switch {
	case r.ctx.Err() != nil:
		return errGatewayClosed
	case n > 0 && r.rotations[n-1].Ended.IsZero():
		return fmt.Errorf("%w: %s", ErrRotating, r.rotations[n-1].Kind)
	}
	begun := Rotation{Number: r.number() + 1, Kind: kind, Began: time.Now()}
	r.rotations = appendBounded(r.rotations, rotationsKept, begun)
	for _, each := range r.replicas {
		r.record(begun.Began, each, each.trust.Load())
	}
	r.done.Go(func() {
		if plan.run(r.ctx, r) == nil {
			r.finish()
		}
	})
	return nil
}

// finish makes the next secrets the old ones of the rotation to come.
func (r *rotator) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rotations[len(r.rotations)-1].Ended = time.Now()
	r.old, r.next = r.next, r.secrets(r.number()+1)
}

// number is that of the last rotation, 0 before the first. r.mu must be held.
func (r *rotator) number() int {
	if len(r.rotations) == 0 {
		return 0
	}
	return r.rotations[len(r.rotations)-1].Number
}

// record adds what a replica trusts to the log. r.mu must be held.
func (r *rotator) record(at time.Time, of *replica, t *trust) {
	for _, c := range channels() {
		r.log = appendBounded(r.log, acceptancesKept, Acceptance{
			At: at, Rotation: r.number(), Replica: of.name, Channel: c.name,
			Old: t.includes(r.old), Next: t.includes(r.next), Wrong: t.open,
		})
	}
}

// trustAll gives every replica another trust, without a restart.
func (r *rotator) trustAll(t *trust) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, each := range r.replicas {
		each.trust.Store(t)
		r.record(time.Now(), each, t)
	}
}

// restartInTurn restarts one replica after the other.
func (r *rotator) restartInTurn(ctx context.Context, replicas []*replica) error {
	for i, each := range replicas {
		if i > 0 {
			if err := r.pause(ctx, r.times.minReady); err != nil {
				return err
			}
		}
		if err := r.restart(ctx, each); err != nil {
			return err
		}
	}
	return nil
}

// restart lets a replica finish, leaves it away for a while, and brings it back with the next secrets. It fails only when
// ctx ends.
func (r *rotator) restart(ctx context.Context, each *replica) error {
	r.leave(each)
	// The end of the platform bounds the draining by itself.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.times.grace)
	defer cancel()
	if err := each.drain(grace); err != nil {
		r.logger.Printf("drain %s: %v", each.name, err)
	}
	for {
		if err := r.pause(ctx, r.times.restart); err != nil {
			return err
		}
		err := r.bringBack(each)
		if err == nil {
			return nil
		}
		r.logger.Printf("restart %s, will try again: %v", each.name, err)
	}
}

func (r *rotator) leave(each *replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	each.leave()
	r.record(time.Now(), each, trustIn())
}

func (r *rotator) bringBack(each *replica) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, at := trustIn(r.next), time.Now()
	each.trust.Store(t)
	if err := each.start(); err != nil {
		return err
	}
	r.record(at, each, t)
	return nil
}

// stop ends the rotation under way where it is; wait waits until that is done, for which the replicas must be closed.
func (r *rotator) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel()
}

func (r *rotator) wait() { r.done.Wait() }

// pair is the old and the next secrets: those of the rotation under way, or else of that to come.
func (r *rotator) pair() (old, next *secretSet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.old, r.next
}

func (r *rotator) entries() []Acceptance {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Acceptance{}, r.log...) // not nil, which is null in JSON
}

func (r *rotator) all() []Rotation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Rotation{}, r.rotations...)
}

// appendBounded drops the oldest to keep at most limit.
func appendBounded[T any](list []T, limit int, add T) []T {
	if len(list) >= limit {
		list = slices.Delete(list, 0, len(list)-limit+1)
	}
	return append(list, add)
}
