package chaos

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
)

// offered is a fault that one driver offers.
type offered struct {
	id, driver string
	params     []Param
}

func (f offered) Info() Info { return Info{ID: f.id, Driver: f.driver, Params: f.params} }

func (f offered) Plan(_ context.Context, p Params) (Plan, error) {
	return Plan{Params: strings.Join(slices.Sorted(maps.Keys(p)), " ")}, nil
}

func (f offered) Summarize(p Params) string { return f.driver + " by " + p[Way] }

func wayParam(ways ...string) Param {
	return Param{Name: Way, Label: "Way", Type: Choice, Choices: ways, Default: ways[0], Live: ways[0] == "refuse", Help: ways[0]}
}

func offers() (pods, proxy, only offered) {
	pods = offered{RedisOutage, "pods", []Param{wayParam("evict", "scale"), {Name: TTL, Type: Duration, Default: "2m", When: "way=scale"}, {Name: "selector", Type: Text, Default: "a"}}}
	proxy = offered{RedisOutage, "proxy", []Param{wayParam("refuse", "slow"), {Name: "latency", Type: Duration, Default: "1s", When: "way=slow"}, {Name: TTL, Type: Duration, Default: "2m"}, {Name: "all", Type: Text, Default: "x"}}}
	only = offered{"custom", "proxy", []Param{{Name: TTL, Type: Duration, Default: "1m"}}}
	return pods, proxy, only
}

func TestCombineJoinsTheWaysOfDrivers(t *testing.T) {
	pods, proxy, only := offers()
	faults := Combine(Offer{Faults: []Fault{only, pods}}, Offer{Faults: []Fault{proxy}})
	if len(faults) != 2 || faults[0].Info().ID != RedisOutage || faults[1].Info().ID != "custom" {
		t.Fatalf("faults %v", faults)
	}
	info := faults[0].Info()
	when := map[string]string{}
	for _, p := range info.Params {
		when[p.Name] = p.When
	}
	want := map[string]string{Way: "", TTL: "way=scale|refuse|slow", "selector": "way=evict|scale", "latency": "way=slow", "all": "way=refuse|slow"}
	if !maps.Equal(when, want) {
		t.Errorf("parameters matter when %v, want %v", when, want)
	}
	if way := info.Params[0]; !slices.Equal(way.Choices, []string{"evict", "scale", "refuse", "slow"}) || way.Default != "evict" || way.Live {
		t.Errorf("ways %+v", way)
	}
	for way, driver := range map[string]string{"evict": "pods", "scale": "pods", "refuse": "proxy", "slow": "proxy"} {
		full, err := Complete(info.Params, Params{Way: way})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := faults[0].Plan(t.Context(), full)
		wantParams := map[string]string{"pods": "for selector way", "proxy": "all for latency way"}[driver]
		if err != nil || plan.Driver != driver || plan.Params != wantParams {
			t.Errorf("way %s: plan by %s with %s, %v; want %s with %s", way, plan.Driver, plan.Params, err, driver, wantParams)
		}
		if got := faults[0].(Summarizer).Summarize(full); got != driver+" by "+way {
			t.Errorf("way %s is summarized as %q", way, got)
		}
	}
}

func TestCombineRefusesWaysOfADriverThatIsNotThere(t *testing.T) {
	pods, proxy, only := offers()
	there, missing := Offer{Faults: []Fault{proxy, only}}, Offer{Faults: []Fault{pods}, Needs: "--namespace"}
	for _, list := range [][]Offer{{there, missing}, {missing, there}} {
		faults := Combine(list...)
		if len(faults) != 2 {
			t.Fatalf("faults %v", faults)
		}
		_, err := Complete(faults[0].Info().Params, Params{Way: "evict"})
		if want := `way is "evict": this needs --namespace; without it, must be one of refuse, slow`; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		full, err := Complete(faults[0].Info().Params, nil)
		if err != nil || full[Way] != "refuse" || !faults[0].Info().Params[0].Live {
			t.Errorf("defaults %v, %v", full, err)
		}
	}
	if got := Missing(there, missing); len(got) != 0 {
		t.Errorf("missing %v", got)
	}
	there.Needs = "--toxiproxy"
	if got, want := Missing(there, missing), map[string]string{RedisOutage: "--toxiproxy or --namespace", "custom": "--toxiproxy"}; !maps.Equal(got, want) {
		t.Errorf("missing %v, want %v", got, want)
	}
	if faults := Combine(there, missing); len(faults) != 0 {
		t.Errorf("faults %v without a driver", faults)
	}
}
