package app

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/kube"
	"xinbot.ir/squall/chaos/toxiproxy"
)

// A drill is described once: whoever carries it out, its parameters of one name mean the same, and its condition is a
// way or nothing, so that the ways of drivers can be joined.
func TestDriversDescribeADrillAlike(t *testing.T) {
	type shared struct {
		param  chaos.Param
		driver string
	}
	infos := map[string]chaos.Info{}
	params := map[string]shared{}
	for _, f := range slices.Concat(kube.BuiltIn(), toxiproxy.BuiltIn()) {
		info := f.Info()
		before, twice := infos[info.ID]
		if !twice {
			infos[info.ID] = info
		} else if before.Title != info.Title || before.Summary != info.Summary || !reflect.DeepEqual(before.Expect, info.Expect) {
			t.Errorf("%s is described in two ways: %+v and %+v", info.ID, before, info)
		}
		for _, p := range info.Params {
			if twice && p.When != "" && !strings.HasPrefix(p.When, chaos.Way+"=") {
				t.Errorf("%s: %s depends on %s", info.ID, p.Name, p.When)
			}
			if p.Name == chaos.Way {
				continue
			}
			p.When = ""
			key := info.ID + "." + p.Name
			if other, ok := params[key]; ok && !reflect.DeepEqual(other.param, p) {
				t.Errorf("%s by %s is %+v, by %s %+v", key, info.Driver, p, other.driver, other.param)
			}
			params[key] = shared{p, info.Driver}
		}
	}
}

// Wherever a fault runs, the same parameters can be configured.
func TestBuiltInFaultsHaveTheParametersOfAllWays(t *testing.T) {
	rows := BuiltInFaults()
	names := func(id string) (all []string) {
		for _, p := range rows[id] {
			all = append(all, p.Name)
		}
		return all
	}
	if got, want := names(chaos.RedisOutage), []string{"way", "for", "statefulset", "selector", "pods", "proxy", "latency"}; !slices.Equal(got, want) {
		t.Errorf("redis_outage has %v, want %v", got, want)
	}
	if got, want := rows[chaos.QdrantThrottle][0].Choices, []string{"shape", "scale", "proxy"}; !slices.Equal(got, want) {
		t.Errorf("ways of qdrant_throttle %v, want %v", got, want)
	}
}
