package load

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestVirtualUsersComeAndGo(t *testing.T) {
	o := pipeOptions()
	o.Timeout = time.Minute
	inBubble(t, &pipeGateway{answer: func(int) time.Duration { return 50 * time.Millisecond }}, o, func(e *engine) {
		e.begin(Settings{VUs: 50})
		for _, n := range []int{50, 10, 0, 30, 31, 0} {
			e.change(func(s *Settings) { s.VUs = n })
			elapse(time.Second) // those who leave finish the request they are in
			if s := e.Snapshot(); s.VUs != n || s.InFlight > n {
				t.Errorf("%d virtual users with %d requests in flight, want %d", s.VUs, s.InFlight, n)
			}
			before := e.count()
			elapse(time.Second)
			if got := e.count() - before; math.Abs(float64(got-n*20)) > float64(n) {
				t.Errorf("%d virtual users made %d requests in a second, want %d", n, got, n*20)
			}
		}
		e.stop()
		if got := e.recorded(); got != uint64(e.count()) {
			t.Errorf("recorded %d, gateway saw %d", got, e.count())
		}
	})
}

func TestRampOfVirtualUsersIsNotBegunAnew(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{VUs: 100, Ramp: 10 * time.Second, Think: Think{time.Second, time.Second}})
		for second := 1; second <= 10; second++ {
			elapse(time.Second)
			e.change(func(s *Settings) { s.Mix = Weights{Webchat: float64(second)} })
			if s := e.Snapshot(); s.WantedVUs != second*10 || s.VUs != second*10 {
				t.Errorf("after %d s: %d wanted and %d running, want %d", second, s.WantedVUs, s.VUs, second*10)
			}
		}
		e.change(func(s *Settings) { s.VUs = 0 })
		elapse(5 * time.Second)
		e.change(func(s *Settings) { s.Ramp = 0 }) // a new ramp time takes effect at once
		if s := e.Snapshot(); s.VUs != 0 {
			t.Errorf("%d virtual users left", s.VUs)
		}
	})
}

func TestPauseHoldsEverybodyAndResumeIsNoHerd(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{VUs: 200, Think: Think{0, 2 * time.Second}})
		elapse(5 * time.Second)
		e.change(func(s *Settings) { s.Paused = true })
		before := e.count()
		elapse(time.Minute)
		if got := e.count() - before; got != 0 {
			t.Errorf("%d requests while paused", got)
		}
		if got := e.Snapshot().VUs; got != 200 {
			t.Errorf("%d virtual users while paused, want 200", got)
		}
		resumed := time.Now()
		e.change(func(s *Settings) { s.Paused = false })
		elapse(2 * time.Second)
		if got := e.between(resumed, resumed.Add(20*time.Millisecond)); got > 40 {
			t.Errorf("%d of 200 sent within 20 ms of resuming", got)
		}
		if got := e.between(resumed, resumed.Add(2*time.Second)); got < 200 {
			t.Errorf("%d requests in the longest think time after resuming, want at least one each", got)
		}
	})
}

func TestChangeOfThinkTimeWakesThoseWhoThink(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{VUs: 100, Think: Think{MaxThink, MaxThink}})
		elapse(time.Minute)
		before := e.count()
		changed := time.Now()
		e.change(func(s *Settings) { s.Think = Think{time.Second, time.Second} })
		elapse(time.Second + time.Millisecond)
		if got := e.count() - before; got != 100 {
			t.Errorf("%d requests in the first second of a think time of 1 s, want 100", got)
		}
		if got := e.between(changed, changed.Add(100*time.Millisecond)); got > 25 {
			t.Errorf("%d of 100 sent within 100 ms of the change", got)
		}
	})
}

func TestSpikeAndHold(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		think := Think{time.Second, time.Second}
		e.begin(Settings{VUs: 10, Think: think, SpikeFactor: 3})
		level := func(what string, want int) {
			t.Helper()
			if s := e.Snapshot(); s.WantedVUs != want || s.VUs != want {
				t.Errorf("%s: %d wanted and %d running, want %d", what, s.WantedVUs, s.VUs, want)
			}
		}
		spike := func(on bool) { e.change(func(s *Settings) { s.Spike = on }) }
		hold := func(on bool) { e.change(func(s *Settings) { s.Hold = on }) }
		spike(true)
		level("spike", 30)
		hold(true)
		spike(false)
		level("spike ended on hold", 10)
		spike(true)
		level("spike begun on hold", 10)
		hold(false)
		level("released", 30)
		e.change(func(s *Settings) { s.Ramp, s.VUs = 10*time.Second, 100 })
		elapse(5 * time.Second)
		hold(true)
		level("frozen halfway from 30 to 300", 165)
		e.change(func(s *Settings) { s.VUs = 200 })
		elapse(20 * time.Second)
		level("more on hold", 165)
		e.change(func(s *Settings) { s.Ramp, s.VUs = 0, 20 })
		level("less on hold", 60)
		hold(false)
		e.change(func(s *Settings) { s.Ramp, s.VUs = 10*time.Second, 0 })
		elapse(5 * time.Second)
		hold(true)
		e.change(func(s *Settings) { s.Mix = Weights{Webchat: 1} })
		elapse(20 * time.Second)
		level("frozen on the way down", 30)
	})
}

// by sender, the requests of a run.
func conversations(e *engine) map[string][]string {
	said := map[string][]string{}
	for _, a := range e.all() {
		sender, _ := a.message(e.tb)
		said[sender] = append(said[sender], a.path+" "+a.body)
	}
	return said
}

func TestSeedRepeatsEveryChoice(t *testing.T) {
	run := func(edit func(*Options)) (said map[string][]string) {
		o := pipeOptions()
		edit(&o)
		inBubble(t, &pipeGateway{}, o, func(e *engine) {
			e.begin(Settings{VUs: 20, Think: Think{0, time.Second}})
			elapse(10 * time.Second)
			said = conversations(e)
		})
		return said
	}
	same := func(a, b map[string][]string) bool { return maps.EqualFunc(a, b, slices.Equal) }
	first := run(func(*Options) {})
	if len(first) != 20 {
		t.Fatalf("%d senders, want 20", len(first))
	}
	if !same(first, run(func(*Options) {})) {
		t.Error("the same seed made other choices")
	}
	if same(first, run(func(o *Options) { o.Seed++ })) {
		t.Error("another seed made the same choices")
	}
	// Another run with the same seed must not look like the same messages once more.
	ids := func(said map[string][]string) map[string]bool {
		all := map[string]bool{}
		for _, list := range said {
			for _, one := range list {
				_, id, _ := strings.Cut(one, `"event_id":"`)
				all[id[:36]] = true
			}
		}
		return all
	}
	before := ids(first)
	for id := range ids(run(func(o *Options) { o.RunID = "another" })) {
		if before[id] {
			t.Fatalf("event id %s in two runs", id)
		}
	}
}

func TestMixIsDrawnAsSetPerRunAndPerBrandAndLive(t *testing.T) {
	o := pipeOptions()
	brands := []string{o.Workload.Tenants[0].Brands[0].BrandID, o.Workload.Tenants[1].Brands[0].BrandID}
	paths := map[string]Channel{}
	for c, spec := range o.Workload.Channels {
		spec.Path = "/" + spec.Name
		o.Workload.Channels[c] = spec
		o.Gateway[c] = GatewayURL(o.Gateway[c], spec.Path)
		paths[spec.Path] = Channel(c)
	}
	inBubble(t, &pipeGateway{}, o, func(e *engine) {
		seen := 0
		check := func(what string, want ...Weights) {
			t.Helper()
			synctest.Wait()
			seen = e.count()
			elapse(30 * time.Second)
			counts := map[string]*[NumChannels]float64{}
			total := map[string]float64{}
			for _, a := range e.all()[seen:] {
				_, brand := a.message(t)
				if counts[brand] == nil {
					counts[brand] = new([NumChannels]float64)
				}
				counts[brand][paths[a.path]]++
				total[brand]++
			}
			for i, brand := range brands {
				if total[brand] < 1000 {
					t.Fatalf("%s: brand %d has %v requests only", what, i, total[brand])
				}
				for c, share := range want[i].Normalised() {
					got := counts[brand][c] / total[brand]
					// Five standard deviations of a share of n draws; none at all may be off at share 0.
					allowed := 5 * math.Sqrt(share*(1-share)/total[brand])
					if math.Abs(got-share) > allowed {
						t.Errorf("%s: brand %d sent %.3f of %s, want %.3f ± %.3f", what, i, got, Channel(c), share, allowed)
					}
				}
			}
		}
		e.begin(Settings{VUs: 150, Think: Think{time.Second, time.Second}})
		check("as the workload has it", DefaultMix(), DefaultMix())
		run := Weights{Telegram: 3, WhatsApp: 1}
		e.change(func(s *Settings) { s.Mix = run })
		check("mix of the run", run, run)
		own := Weights{Instagram: 1, AutomationMessage: 1}
		e.change(func(s *Settings) { s.BrandMix = map[string]Weights{brands[1]: own} })
		check("mix of a brand over the run's", run, own)
		e.change(func(s *Settings) { s.Mix = Weights{} })
		check("mix of a brand alone", DefaultMix(), own)
	})
}

// A crowd that starts at once sends at its steady rate from the first moment: N users with a mean
// think time of m make N/m sends a second in any stretch of time, the first included.
func TestFirstThinkTimesAreThoseOfASettledCrowd(t *testing.T) {
	for _, think := range []Think{{0, 1500 * time.Millisecond}, {time.Second, 3 * time.Second}, {2 * time.Second, 2 * time.Second}} {
		const users = 200_000
		rng := rand.New(rand.NewPCG(1, 2))
		stretch := think.Max / 10
		sends := 0
		for range users {
			at := think.initialDelay(rng)
			if at < 0 || at > think.Max {
				t.Fatalf("think %s: first send after %s", think, at)
			}
			for ; at < stretch; at += max(think.draw(rng), time.Nanosecond) {
				sends++
			}
		}
		mean := (think.Min + think.Max).Seconds() / 2
		want := users / mean * stretch.Seconds()
		if got := float64(sends); got < 0.98*want || got > 1.02*want {
			t.Errorf("think %s: %.0f sends in the first %s, want %.0f", think, got, stretch, want)
		}
	}
}
