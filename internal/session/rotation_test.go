package session

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// checkingGateway checks signatures of every channel by itself, with secrets that can be changed.
type checkingGateway struct {
	mu      sync.Mutex
	secrets map[string][]string // by path: those that it accepts
	open    bool                // it accepts anything
	probes  int                 // messages that say that they are probes
	server  *httptest.Server
}

func newCheckingGateway(t *testing.T) *checkingGateway {
	t.Helper()
	g := &checkingGateway{secrets: map[string][]string{}}
	for _, spec := range load.Channels() {
		g.secrets[spec.Path] = []string{"old-" + spec.SecretOf.String()}
	}
	g.server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.server.Close)
	return g
}

func (g *checkingGateway) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	sign := func(digest func() hash.Hash, secret string) string {
		mac := hmac.New(digest, []byte(secret))
		mac.Write(body)
		return hex.EncodeToString(mac.Sum(nil))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if strings.Contains(string(body), `"source":"squall-probe"`) && strings.Contains(string(body), `"sender_id":"squall-probe-`) {
		g.probes++
	}
	accepted := g.open
	for _, secret := range g.secrets[r.URL.Path] {
		switch r.URL.Path {
		case "/webchat/webhook":
			accepted = accepted || r.Header.Get("X-Webchat-Signature") == sign(sha256.New, secret)
		case "/instagram/webhook":
			accepted = accepted || r.Header.Get("X-Hub-Signature") == "sha1="+sign(sha1.New, secret)
		case "/whatsapp/webhook":
			accepted = accepted || r.Header.Get("X-Whatsapp-Signature") == sign(sha256.New, secret)
		case "/telegram/webhook":
			accepted = accepted || r.Header.Get("X-Telegram-Secret-Token") == secret
		}
	}
	if !accepted {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"detail":"signature mismatch"}`)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"accepted"}`)
}

// rotate makes every channel accept the next secret, and no other if the old one is to go.
func (g *checkingGateway) rotate(keepOld bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, spec := range load.Channels() {
		accepted := []string{"next-" + spec.SecretOf.String()}
		if keepOld {
			accepted = append(accepted, "old-"+spec.SecretOf.String())
		}
		g.secrets[spec.Path] = accepted
	}
}

func (g *checkingGateway) acceptAnything() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
}

// rotating is a run against it whose rotation is armed, with a probe of each kind ten times a second.
func rotating(t *testing.T, g *checkingGateway) Config {
	t.Helper()
	c := config(t, platform(t))
	at, err := url.Parse(g.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.Rotation = Rotation{Rate: 10, Limits: rotation.DefaultLimits(), Armed: true, Signing: event.FollowGateway}
	for ch, spec := range c.Options.Workload.Channels {
		c.Options.Gateway[ch] = load.GatewayURL(at, spec.Path)
		if err := c.Options.Keys.Set(load.Channel(ch), load.Key{Current: "old-" + spec.SecretOf.String()}); err != nil {
			t.Fatal(err)
		}
		if spec.SecretOf == load.Channel(ch) {
			c.Rotation.Sources = append(c.Rotation.Sources, rotation.Given{From: "TEST", Secret: rotation.Secret{Channel: spec.Name, Value: "next-" + spec.Name}})
		}
	}
	return c
}

func channelStates(s *Session) map[string]ChannelRotation {
	all := map[string]ChannelRotation{}
	for _, c := range s.Snapshot().Rotation.Channels {
		all[c.Channel] = c
	}
	return all
}

func everyChannel(s *Session, is func(ChannelRotation) bool) bool {
	for _, c := range channelStates(s) {
		if !is(c) {
			return false
		}
	}
	return true
}

// A gateway that accepts both secrets for a while and then the next alone: the traffic follows without a loss, probes are
// counted apart from it, and no file has a secret.
func TestRotationThatTheTrafficFollows(t *testing.T) {
	g := newCheckingGateway(t)
	s := start(t, rotating(t, g))
	until(t, "the next secrets", func() bool {
		return everyChannel(s, func(c ChannelRotation) bool { return c.Next != "" && c.Old != c.Next })
	})
	until(t, "armed channels", func() bool {
		return everyChannel(s, func(c ChannelRotation) bool {
			return c.State == rotation.Armed && c.Share == 0 && c.Acceptance[event.SignedNext].Rejected > 5
		})
	})
	if len(channelStates(s)) != 4 {
		t.Fatalf("channels: %v", channelStates(s))
	}
	g.rotate(true)
	until(t, "traffic that follows", func() bool { return everyChannel(s, func(c ChannelRotation) bool { return c.Share == 1 }) })
	g.rotate(false)
	until(t, "the old secret refused", func() bool {
		return everyChannel(s, func(c ChannelRotation) bool { return c.Acceptance[event.SignedOld].Rejected > 5 })
	})
	finish(s)
	<-s.Done()
	run, err := rundir.Open(s.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	line := timeline.Of(run.Events)
	r := line.Rotated()
	if r == nil || r.Judged == nil || len(r.Judged.Channels) != 4 || len(r.Changes) != 4 {
		t.Fatalf("rotation %+v", r)
	}
	for _, v := range r.Judged.Channels {
		if v.Kind != event.Overlapping && v.Kind != event.HardCut || v.Lost > 0 || v.Sent == 0 || v.Forged > 0 || v.NextFirst == nil || v.OldLast == nil || *v.OldLast < *v.NextFirst {
			t.Errorf("verdict %+v", v)
		}
	}
	for _, f := range r.Judged.Findings {
		if f.Verdict == event.ExpectationFailed || f.Verdict == event.ExpectationPending {
			t.Errorf("finding %+v", f)
		}
	}
	probes := 0
	if err := run.EachProbe(func(rundir.Probe) { probes++ }); err != nil || probes < 100 || len(run.Warnings) > 0 {
		t.Errorf("%d probes are written (%v, %q)", probes, err, run.Warnings)
	}
	if g.probes < probes || g.probes > probes+16 { // those under way at the end
		t.Errorf("%d probes reached the gateway, %d are written", g.probes, probes)
	}
	noSecrets(t, s.config.Dir, channelSecrets()...)
}

// channelSecrets are all secrets of the test.
func channelSecrets() (all []string) {
	for _, spec := range load.Channels() {
		all = append(all, "old-"+spec.SecretOf.String(), "next-"+spec.SecretOf.String())
	}
	return all
}

// noSecrets searches every byte of a run directory.
func noSecrets(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, secret := range secrets {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s has the secret %s", path, secret)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A gateway that accepts anything stops the run, and is its verdict.
func TestGatewayThatAcceptsForgedMessages(t *testing.T) {
	g := newCheckingGateway(t)
	s := start(t, rotating(t, g))
	until(t, "armed channels", func() bool { return everyChannel(s, func(c ChannelRotation) bool { return c.State == rotation.Armed }) })
	g.acceptAnything()
	select {
	case <-s.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the run goes on")
	}
	line := s.Snapshot().Timeline
	r := line.Rotated()
	if len(r.Forged) < 2 || len(line.StopRules) == 0 || r.Judged == nil {
		t.Fatalf("forged %v, stop rules %v", r.Forged, line.StopRules)
	}
	if f := r.Judged.Findings[0]; f.Expect != event.ExpectForged || f.Verdict != event.ExpectationFailed {
		t.Errorf("finding %+v", f)
	}
}

// Secrets that are not what was meant are not sent, and commands at the wrong time are refused.
func TestNextSecretsThatAreRefused(t *testing.T) {
	g := newCheckingGateway(t)
	c := rotating(t, g)
	c.Rotation.Armed, c.Rotation.Sources = false, nil
	s := start(t, c)
	if err := give(s, command.SetSigning{With: event.SignNext}); err == nil {
		t.Error("signing changes before anything is armed")
	}
	if err := give(s, command.ArmRotation{}); err != nil {
		t.Fatal(err)
	}
	if err := give(s, command.ArmRotation{}); err == nil {
		t.Error("armed twice")
	}
	for _, doubtful := range []string{"next-webchat\n", " next-webchat", `"next-webchat"`, "${NEXT}"} {
		if err := give(s, command.GiveSecret{Channel: "webchat", Secret: command.NewSecret(doubtful)}); err != nil {
			t.Fatal(err)
		}
		if got := channelStates(s)["webchat"]; got.Next != "" {
			t.Errorf("%q is taken", doubtful)
		}
	}
	if err := give(s, command.GiveSecret{Channel: "webchat", Secret: command.NewSecret("next-webchat")}); err != nil {
		t.Fatal(err)
	}
	if got := channelStates(s); got["webchat"].Next == "" || got["telegram"].Next != "" || got["webchat"].Source != "typed" {
		t.Errorf("next secrets: %+v", got)
	}
	if err := give(s, command.SetSigning{Channel: "webchat", With: event.SignShare, Share: 0.25}); err != nil {
		t.Fatal(err)
	}
	if got := channelStates(s); got["webchat"].Share != 0.25 || got["telegram"].Share != 0 {
		t.Errorf("shares: %+v", got)
	}
	if err := give(s, command.StageRotation{Kind: "rolling"}); err == nil {
		t.Error("a platform that is no demo rotates")
	}
	if err := give(s, command.DisarmRotation{}); err != nil {
		t.Fatal(err)
	}
	if err := give(s, command.DisarmRotation{}); err == nil {
		t.Error("disarmed twice")
	}
	finish(s)
	<-s.Done()
	noSecrets(t, s.config.Dir, channelSecrets()...)
}
