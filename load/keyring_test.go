package load

import (
	"math"
	"strings"
	"sync"
	"testing"
)

func TestKeyringRefuses(t *testing.T) {
	k := new(Keyring)
	if err := k.Set(Telegram, Key{Current: "first-secret"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  Key
		want string
	}{
		"too much": {Key{Current: "a", Next: "b", Share: 1.1}, "set share of the next secret of telegram to 1.1: must be 0 to 1"},
		"negative": {Key{Current: "a", Next: "b", Share: -0.1}, "must be 0 to 1"},
		"NaN":      {Key{Current: "a", Next: "b", Share: math.NaN()}, "must be 0 to 1"},
		"no next":  {Key{Current: "a", Share: 0.5}, "there is no next secret"},
	} {
		if err := k.Set(Telegram, c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if got := k.Key(Telegram); got != (Key{Current: "first-secret"}) {
		t.Errorf("a refused change has left %+v", got)
	}
}

// The redactor follows the keyring, and does not forget what was dropped.
func TestRedactorFollowsTheKeyring(t *testing.T) {
	k := new(Keyring)
	all := []string{"first-secret", "first-secret-and-more", "second-secret", "token-of-admin", "token-of-later"}
	set := func(key Key) {
		if err := k.Set(Webchat, key); err != nil {
			t.Fatal(err)
		}
	}
	set(Key{Current: all[0], Next: all[1], Share: 0.5})
	set(Key{Current: all[1], Next: all[2]})
	set(Key{Current: all[2]})
	k.SetToken(all[3])
	k.SetToken(all[4])
	if err := k.Set(Telegram, Key{Current: "abc"}); err != nil { // too short to be one
		t.Fatal(err)
	}
	got := k.Redact(strings.Join(all, " ") + " abcd")
	if want := strings.Repeat("(secret) ", len(all)) + "abcd"; got != want {
		t.Errorf("redacted to %q, want %q", got, want)
	}
}

func TestKeyringChangesWhileItIsRead(t *testing.T) {
	k := new(Keyring)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 1000 {
				if key := k.Key(Webchat); key.Current != key.Next && key.Next != "" {
					t.Errorf("half of a change is seen: %+v", key)
				}
				_ = k.Redact("some text")
			}
		})
	}
	for i := range 1000 {
		secret := strings.Repeat("x", 4+i%7)
		if err := k.Set(Webchat, Key{Current: secret, Next: secret, Share: 1}); err != nil {
			t.Error(err)
		}
		k.SetToken(secret)
	}
	work.Wait()
	if held := k.newest().held; len(held) != 7 {
		t.Errorf("%d secrets are kept, want 7", len(held))
	}
}
