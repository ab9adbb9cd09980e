package config

import (
	"reflect"
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
)

// here is a platform with Toxiproxy and without a cluster: Redis goes through its proxy.
func here() (on map[string][]chaos.Param, off map[string]string) {
	rows := builtIn()
	on = map[string][]chaos.Param{
		"llm_latency": rows["llm_latency"], "redis_outage": rows["redis_outage"][3:], "channel_spike": rows["channel_spike"],
		"slow_crm": {chaos.TTLParam(customLasts, "")},
	}
	return on, map[string]string{"qdrant_throttle": "--namespace"}
}

func TestSettle(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets: {a: {faults: {llm_latency: {for: 1m}, redis_outage: {way: scale, for: 30s}, qdrant_throttle: {loss: much}}}}")
	r := mustParse(t, basics("LATENCY_MS", "100", "STATEFULSET", "two words", "LOSS_PERCENT", "many"),
		"--target", "a", "-e", "LATENCY_MS=200", "--fault", "slow_crm@10s,for=1m", "--fault", "llm_latency,latency=1s")
	f, err := r.ValidateFaults(here())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]chaos.Params{"llm_latency": {"for": "1m", "latency": "200ms"}, "redis_outage": {"for": "30s"}}
	if !reflect.DeepEqual(f.Given, want) {
		t.Errorf("given %v, want %v", f.Given, want)
	}
	if len(f.Inject) != 2 || len(r.Faults.Given["qdrant_throttle"]) == 0 {
		t.Errorf("inject %v; before %v", f.Inject, r.Faults.Given)
	}
}

func TestValidateFaultsRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets:\n  a:\n    faults:\n      llm_latency:\n        latency: fast\n"+
		"  own: {faults: {crash: {type: delete, workload: deployment/x}, slow: {type: toxic, proxy: p, toxic: latency}, slow_crm: {type: toxic, proxy: p, toxic: latency}}}\n")
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		want    []string
	}{
		"file":        {basics(), []string{"--target", "a"}, []string{`squall.yaml:5: llm_latency: latency is "fast": must be a duration such as 3s or 500ms`}},
		"env":         {basics("UPTIME_SECONDS", "0"), nil, []string{`env UPTIME_SECONDS: llm_latency: for is "0s": must be a duration such as 3s or 500ms from 1s to 6h`}},
		"-e":          {basics(), []string{"-e", "DURATION=long"}, []string{`-e DURATION: channel_spike: for is "long"`}},
		"-e idle":     {basics(), []string{"-e", "LOSS_PERCENT=5"}, []string{"-e LOSS_PERCENT: no fault that can run here reads it: qdrant_throttle needs --namespace"}},
		"-e another":  {basics(), []string{"-e", "STATEFULSET=r"}, []string{"-e STATEFULSET: no fault that can run here reads it: redis_outage runs without it here"}},
		"unknown":     {basics(), []string{"--fault", "llm"}, []string{"--fault llm: there is no such fault: must be one of channel_spike, llm_latency, redis_outage, slow_crm, qdrant_throttle (needs --namespace)"}},
		"own":         {basics(), []string{"--target", "own", "--fault", "crash", "--fault", "slow"}, []string{"--fault crash: this fault is off: it needs --namespace;", "--fault slow: this fault is off: it needs --toxiproxy;"}},
		"off":         {basics(), []string{"--fault", "qdrant_throttle@1m"}, []string{"--fault qdrant_throttle@1m: this fault is off: it needs --namespace; faults that can run here are channel_spike, llm_latency"}},
		"parameter":   {basics(), []string{"--fault", "slow_crm,latency=1s"}, []string{"--fault slow_crm,latency=1s: latency is no parameter of this fault: parameters are for"}},
		"value":       {basics(), []string{"--fault", "llm_latency,for=1d,toxicity=2"}, []string{`--fault llm_latency,for=1d,toxicity=2: for is "1d": must be`, `; toxicity is "2": must be a number from 0 to 1`}},
		"objective":   {basics(), []string{"--objective", "http_reqs: count>1 during llm"}, []string{"--objective http_reqs: count>1 during llm: llm: there is no such fault: must be one of channel_spike, llm_latency"}},
		"all at once": {basics("UPTIME_SECONDS", "0"), []string{"--fault", "x", "--fault", "y"}, []string{"UPTIME_SECONDS", "--fault x", "--fault y"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mustParse(t, c.environ, c.args...).ValidateFaults(here())
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is\n%v\nwant it to say %q", err, want)
				}
			}
		})
	}
}
