package load

import (
	"crypto/hmac"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Key is what the messages of a channel are signed with.
type Key struct {
	Current string
	Next    string  // "" when no rotation is under way
	Share   float64 // of the messages that are signed with Next, 0 to 1
}

// Keyring is the home of a run's secrets: a [Key] per channel and the token of the admin API. They may
// change while the run goes on: every message reads the newest without a lock. What a keyring has ever held
// is taken out of texts by Redact, so no text can be older than its redactor.
type Keyring struct {
	changing sync.Mutex
	salted   sync.Once
	salt     [32]byte // of fingerprints
	keys     atomic.Pointer[keys]
}

// keys is the state of a keyring. It never changes after it was published.
type keys struct {
	channels [NumChannels]Key
	token    string
	held     []string // every secret so far
	redactor *redactor
}

// noKeys is what an empty keyring holds.
var noKeys = &keys{redactor: newRedactor(nil)}

// newest is the state of the keyring now. One that is nil is empty.
func (k *Keyring) newest() *keys {
	if k != nil {
		if newest := k.keys.Load(); newest != nil {
			return newest
		}
	}
	return noKeys
}

// Key is what a channel's messages are signed with now; automation messages have webchat's.
func (k *Keyring) Key(c Channel) Key { return k.newest().channels[c] }

// Token is the bearer token of the admin API; "" when there is none.
func (k *Keyring) Token() string { return k.newest().token }

// Set changes a channel's key, from the next message on. It refuses a share that is none, and one of a secret
// that is not there.
func (k *Keyring) Set(c Channel, key Key) error {
	switch {
	case key.Share < 0 || key.Share > 1 || math.IsNaN(key.Share):
		return fmt.Errorf("set share of the next secret of %s to %v: must be 0 to 1", c, key.Share)
	case key.Share > 0 && key.Next == "":
		return fmt.Errorf("set share of the next secret of %s to %v: there is no next secret", c, key.Share)
	}
	k.change(func(next *keys) { next.channels[c] = key }, key.Current, key.Next)
	return nil
}

// SetToken changes the token of the admin API, from the next call on.
func (k *Keyring) SetToken(token string) {
	k.change(func(next *keys) { next.token = token }, token)
}

// Hide takes further secrets out of texts, which squall itself has no use for: the password of a proxy, the token of a
// kubeconfig. One that is hidden already costs no lock.
func (k *Keyring) Hide(secrets ...string) {
	held := k.newest().held
	if slices.ContainsFunc(secrets, func(s string) bool { return !slices.Contains(held, s) }) {
		k.change(func(*keys) {}, secrets...)
	}
}

func (k *Keyring) change(edit func(*keys), secrets ...string) {
	k.changing.Lock()
	defer k.changing.Unlock()
	next := *k.newest()
	edit(&next)
	next.held = slices.Clone(next.held)
	for _, secret := range secrets {
		if !slices.Contains(next.held, secret) {
			next.held = append(next.held, secret)
		}
	}
	next.redactor = newRedactor(next.held)
	k.keys.Store(&next)
}

// Fingerprint tells secrets apart and gives none away: the first four bytes of their HMAC-SHA256 with a key that the keyring draws
// and nobody else has, in hexadecimal. So the same secret has another one in another run, and a short one cannot be guessed from
// it. It is "" for none.
func (k *Keyring) Fingerprint(secret string) string {
	if secret == "" || k == nil {
		return ""
	}
	k.salted.Do(func() { _, _ = cryptorand.Read(k.salt[:]) }) // never fails
	mac := hmac.New(sha256.New, k.salt[:])
	mac.Write([]byte(secret))
	return hex.EncodeToString(mac.Sum(nil)[:4])
}

// Redact takes every secret that the keyring holds or has held out of a text, such as a note or an error.
func (k *Keyring) Redact(text string) string { return k.newest().redactor.redact(text) }
