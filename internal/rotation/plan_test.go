package rotation

import (
	"testing"
	"time"
)

func TestPlan(t *testing.T) {
	p := Plan{Wait: time.Minute, Settle: 30 * time.Second, Verify: 10 * time.Second}
	seen := 1.0
	armed := []ChannelState{{State: Armed}, {State: Armed}}
	mixed := []ChannelState{{State: Mixed, Since: &seen}, {State: Armed}}
	half := []ChannelState{{State: Done, Since: &seen}, {State: Switched, Since: &seen}}
	over := []ChannelState{{State: Done, Since: &seen}, {State: OldRefused, Since: &seen}}
	type moment struct {
		at     time.Duration
		states []ChannelState
		want   Step
	}
	for name, steps := range map[string][]moment{
		"as it should be": {{0, armed, Waiting}, {50 * time.Second, armed, Waiting}, {55 * time.Second, mixed, Following}, {70 * time.Second, half, Following}, {75 * time.Second, over, Verifying}, {80 * time.Second, over, Verifying}, {86 * time.Second, over, Finished}, {99 * time.Second, armed, Finished}},
		"never begun":     {{0, armed, Waiting}, {61 * time.Second, armed, GivenUp}},
		"never ended":     {{0, mixed, Following}, {29 * time.Second, half, Following}, {30 * time.Second, half, GivenUp}},
		"taken back":      {{0, mixed, Following}, {1 * time.Second, over, Verifying}, {5 * time.Second, half, Following}, {10 * time.Second, over, Verifying}, {21 * time.Second, over, Finished}},
		"no channel":      {{0, nil, Waiting}, {61 * time.Second, nil, GivenUp}},
	} {
		t.Run(name, func(t *testing.T) {
			start, now := time.Unix(0, 0), Progress{}
			for _, m := range steps {
				if now = p.Next(now, start.Add(m.at), m.states); now.Step != m.want {
					t.Fatalf("after %s: %s (%s), want %s", m.at, now.Step, now.Why, m.want)
				}
			}
			if (now.Step == GivenUp) != (now.Why != "") {
				t.Errorf("%s because %q", now.Step, now.Why)
			}
		})
	}
}
