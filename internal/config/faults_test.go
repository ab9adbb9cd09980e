package config

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
)

// builtIn are parameters as the drivers have them; the Redis fault has two drivers.
func builtIn() map[string][]chaos.Param {
	return map[string][]chaos.Param{
		"llm_latency": {
			{Name: "proxy", Type: chaos.Text, Default: "llm-upstream", Env: "PROXY_NAME"},
			{Name: "latency", Type: chaos.Duration, Default: "3s", Env: "LATENCY_MS", EnvUnit: "ms"},
			{Name: "toxicity", Type: chaos.Number, Default: "1", Max: 1},
			chaos.TTLParam(10*time.Minute, "UPTIME_SECONDS"),
		},
		"redis_outage": {
			{Name: "way", Type: chaos.Choice, Choices: []string{"evict", "scale"}, Default: "evict"},
			{Name: "statefulset", Type: chaos.Text, Default: "redis", Env: "STATEFULSET"},
			chaos.TTLParam(2*time.Minute, "DISRUPTION_SECONDS"),
			{Name: "proxy", Type: chaos.Text, Default: "redis"},
			chaos.TTLParam(2*time.Minute, "OUTAGE_SECONDS"),
		},
		"qdrant_throttle": {
			{Name: "latency", Type: chaos.Duration, Default: "800ms", Env: "LATENCY_MS", EnvUnit: "ms"},
			{Name: "loss", Type: chaos.Percent, Default: "5", Env: "LOSS_PERCENT"},
			chaos.TTLParam(5*time.Minute, "DURATION_SECONDS"),
		},
		"channel_spike": {chaos.TTLParam(5*time.Minute, "DURATION")},
	}
}

const staging = `targets:
  staging:
    gateway: {url: "https://gw.example.org/webchat/webhook"}
    secrets: {webchat: x, instagram: x, telegram: x, whatsapp: x}
    toxiproxy: {url: "http://toxiproxy.example.org:8474/api/"}
    kubernetes:
      kubeconfig: kube/config
      context: staging
      namespace: xin-staging
      allow: [xin-staging, xin-extra]
    chaos: {steady_state: refuse}
    faults:
      llm_latency: {latency: 2500ms, toxicity: 0.5}
      slow_crm:
        type: toxic
        title: Slow CRM
        proxy: crm-upstream
        toxic: latency
        stream: upstream
        toxicity: 0.5
        attributes: {latency: 2000, jitter: 0}
        for: 90s
      gateway-eviction: {type: evict, workload: deployment/gateway}
      redis_crash: {type: delete, workload: statefulset/redis, namespace: xin-extra}
      no_qdrant: {type: scale, workload: deployment/qdrant, replicas: 0, for: 1h}
`

// inStaging writes squall.yaml into a new working directory.
func inStaging(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", staging)
	writeFile(t, "config", "")
}

func TestFaultsAreOffByDefault(t *testing.T) {
	t.Chdir(t.TempDir())
	r := mustParse(t, basics("KUBECONFIG", "/somewhere/config"))
	f := r.Faults
	if f.Toxiproxy != nil || f.Kubernetes.Namespace != "" || f.Kubernetes.Allow != nil || f.DryRun || f.Inject != nil || f.Custom != nil || len(f.Given) != 0 {
		t.Errorf("faults %+v", f)
	}
	if f.SteadyState != SteadyWarn || f.Kubernetes.Kubeconfig != "/somewhere/config" {
		t.Errorf("steady state %q, kubeconfig %q", f.SteadyState, f.Kubernetes.Kubeconfig)
	}
	if got := len(r.Warnings); got != 1 { // about secrets
		t.Errorf("warnings %q", r.Warnings)
	}
}

func TestFaultsOfATarget(t *testing.T) {
	inStaging(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "squall.yaml")
	writeFile(t, path, strings.ReplaceAll(staging, "kube/config", "missing:kube.config"))
	writeFile(t, filepath.Join(dir, "kube.config"), "")
	r := mustParse(t, nil, "--config", path, "--target", "staging")
	f := r.Faults
	if got := f.Toxiproxy.String(); got != "http://toxiproxy.example.org:8474/api" {
		t.Errorf("toxiproxy at %s", got)
	}
	want := Kubernetes{
		Kubeconfig: filepath.Join(dir, "missing") + ":" + filepath.Join(dir, "kube.config"), Context: "staging",
		Namespace: "xin-staging", Allow: []string{"xin-staging", "xin-extra"},
	}
	if !reflect.DeepEqual(f.Kubernetes, want) {
		t.Errorf("kubernetes %+v, want %+v", f.Kubernetes, want)
	}
	if f.SteadyState != SteadyRefuse {
		t.Errorf("steady state %q", f.SteadyState)
	}
	custom := []chaos.Custom{
		{
			ID: "slow_crm", Title: "Slow CRM", Place: path + ":14", TTL: 90 * time.Second,
			Toxic: &chaos.CustomToxic{Proxy: "crm-upstream", Type: "latency", Stream: "upstream", Toxicity: 0.5, Attributes: map[string]int64{"latency": 2000, "jitter": 0}},
		},
		{ID: "gateway-eviction", Title: "Gateway eviction", Place: path + ":23", TTL: 5 * time.Minute, Workload: &chaos.CustomWorkload{Way: "evict", Kind: "deployment", Name: "gateway"}},
		{ID: "redis_crash", Title: "Redis crash", Place: path + ":24", TTL: 5 * time.Minute, Workload: &chaos.CustomWorkload{Way: "delete", Kind: "statefulset", Name: "redis", Namespace: "xin-extra"}},
		{ID: "no_qdrant", Title: "No qdrant", Place: path + ":25", TTL: time.Hour, Workload: &chaos.CustomWorkload{Way: "scale", Kind: "deployment", Name: "qdrant"}},
	}
	if !reflect.DeepEqual(f.Custom, custom) {
		t.Errorf("custom faults\n%+v\nwant\n%+v", f.Custom, custom)
	}
	if want := (chaos.Params{"latency": "2.5s", "toxicity": "0.5"}); !reflect.DeepEqual(f.Given["llm_latency"], want) {
		t.Errorf("llm_latency %v, want %v", f.Given, want)
	}
	for name, want := range map[string]Origin{
		"faults.llm_latency.latency": {Value: "2.5s", Source: path + ":13"},
		"faults.slow_crm":            {Value: "latency on proxy crm-upstream", Source: path + ":14"},
		"faults.no_qdrant":           {Value: "scale deployment/qdrant to 0", Source: path + ":25"},
		"faults.redis_crash":         {Value: "delete statefulset/redis", Source: path + ":24"},
		"kubernetes.allow":           {Value: "xin-staging; xin-extra", Source: path + ":10"},
		"chaos.inject":               {Value: "none", Source: "default"},
	} {
		want.Name = name
		if got := r.origin(name); got != want {
			t.Errorf("origin %+v, want %+v", got, want)
		}
	}
}

func TestFaultParametersHaveOneSource(t *testing.T) {
	inStaging(t)
	target := []string{"--target", "staging", "--kubeconfig", "config"}
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		origins map[string]Origin // by parameter of llm_latency
	}{
		"file":           {nil, nil, map[string]Origin{"latency": {Value: "2.5s", Source: "squall.yaml:13"}}},
		"env over file":  {map[string]string{"LATENCY_MS": "2000"}, nil, map[string]Origin{"latency": {Value: "2s", Source: "env LATENCY_MS"}, "toxicity": {Value: "0.5", Source: "squall.yaml:13"}}},
		"-e over env":    {map[string]string{"LATENCY_MS": "2000"}, []string{"-e", "LATENCY_MS=1500"}, map[string]Origin{"latency": {Value: "1.5s", Source: "-e LATENCY_MS"}}},
		"own unit":       {map[string]string{"LATENCY_MS": "1s"}, nil, map[string]Origin{"latency": {Value: "1s", Source: "env LATENCY_MS"}}},
		"fraction":       {map[string]string{"LATENCY_MS": " 2.5 "}, nil, map[string]Origin{"latency": {Value: "2.5ms", Source: "env LATENCY_MS"}}},
		"seconds":        {nil, []string{"-e", "UPTIME_SECONDS=600"}, map[string]Origin{"for": {Value: "10m", Source: "-e UPTIME_SECONDS"}}},
		"empty":          {map[string]string{"LATENCY_MS": ""}, nil, map[string]Origin{"latency": {Value: "2.5s", Source: "squall.yaml:13"}}},
		"without a unit": {nil, []string{"-e", "PROXY_NAME=5"}, map[string]Origin{"proxy": {Value: "5", Source: "-e PROXY_NAME"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustParse(t, c.environ, append(target, c.args...)...)
			for param, want := range c.origins {
				want.Name = "faults.llm_latency." + param
				if got := r.origin(want.Name); got != want {
					t.Errorf("origin %+v, want %+v", got, want)
				}
				if got := r.Faults.Given["llm_latency"][param]; got != want.Value {
					t.Errorf("%s = %q, want %q", param, got, want.Value)
				}
			}
		})
	}
	r := mustParse(t, map[string]string{"LATENCY_MS": "2000", "DISRUPTION_SECONDS": "7", "OUTAGE_SECONDS": "8"}, target...)
	if got := r.Faults.Given["qdrant_throttle"]["latency"]; got != "2s" {
		t.Errorf("a variable that two faults read gives the second %q", got)
	}
	if got := r.origin("faults.redis_outage.for"); got.Value != "7s" || got.Source != "env DISRUPTION_SECONDS" {
		t.Errorf("of two variables for one parameter the first counts, not %+v", got)
	}
}

func TestFaultFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	r := mustParse(t, basics("TOXIPROXY_URL", "http://127.0.0.1:8474", "NAMESPACE", "xin-prod"),
		"--allow-namespace", "xin-staging", "--allow-namespace", "xin-prod", "--context", "prod", "--steady-state", "off",
		"--fault", "llm_latency@30s,latency=2s,for=1m", "--fault", "redis_outage")
	f := r.Faults
	if f.Toxiproxy.Host != "127.0.0.1:8474" || f.Kubernetes.Namespace != "xin-prod" || f.Kubernetes.Context != "prod" || f.SteadyState != SteadyOff {
		t.Errorf("faults %+v", f)
	}
	want := []chaos.ScheduledFault{{Fault: "llm_latency", At: 30 * time.Second, Params: chaos.Params{"latency": "2s", "for": "1m"}}, {Fault: "redis_outage"}}
	if !reflect.DeepEqual(f.Inject, want) {
		t.Errorf("inject %+v, want %+v", f.Inject, want)
	}
	if o := r.origin(injections); o.Value != "llm_latency@30s,latency=2s,for=1m; redis_outage" || o.Source != "--fault" {
		t.Errorf("origin %+v", o)
	}
	if r.Protected {
		t.Error("protected")
	}
}

// TestFaultRefusals checks that what cannot be used is named with its source and a remedy.
func TestFaultRefusals(t *testing.T) {
	inStaging(t)
	writeFile(t, "own.yaml", "targets: {a: {kubernetes: {allow: [b]}, faults: {llm: {latency: 1s}, llm_latency: {latncy: 1s}, redis_outage: {type: evict, workload: deployment/x, namespace: c}}}}")
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		want    []string
	}{
		"toxiproxy":          {basics("TOXIPROXY_URL", "localhost:8474"), nil, []string{`env TOXIPROXY_URL: is "localhost:8474": must be an http or https URL`}},
		"user in URL":        {basics(), []string{"--toxiproxy", "http://me:" + secretText + "@toxiproxy"}, []string{`--toxiproxy: is "http://***@toxiproxy"`, "without user"}},
		"namespace":          {basics(), []string{"--namespace", "Xin"}, []string{`--namespace: is "Xin": must be the name of a namespace such as xin-staging`}},
		"pattern":            {basics(), []string{"--namespace", "x", "--allow-namespace", "*"}, []string{`--allow-namespace: is "*": must be the name of a namespace`}},
		"nothing allowed":    {basics(), []string{"--namespace", "xin-prod"}, []string{`--namespace: is "xin-prod", and faults may touch no namespace: list it below kubernetes.allow of the target in squall.yaml, or add --allow-namespace xin-prod`}},
		"-e":                 {basics(), []string{"-e", "NAMESPACE=xin-prod"}, []string{"-e NAMESPACE", "add --allow-namespace xin-prod"}},
		"meant by a fault":   {basics("NAMESPACE", "xin-prod"), []string{"--fault", "redis_outage"}, []string{"env NAMESPACE", "add --allow-namespace xin-prod"}},
		"not allowed":        {basics("NAMESPACE", "xin-prod"), []string{"--target", "staging"}, []string{`env NAMESPACE: is "xin-prod", which faults may not touch: must be one of xin-staging and xin-extra (squall.yaml:10), or be added with --allow-namespace`}},
		"flag narrows":       {basics(), []string{"--target", "staging", "--allow-namespace", "xin-staging"}, []string{`squall.yaml:24: faults.redis_crash.namespace: is "xin-extra", which faults may not touch: must be one of xin-staging (--allow-namespace)`}},
		"no kubeconfig":      {basics("KUBECONFIG", "none:no"), []string{"--namespace", "x", "--allow-namespace", "x"}, []string{"env KUBECONFIG: there is no none:no: must be a file"}},
		"steady state":       {basics(), []string{"--steady-state", "maybe"}, []string{`--steady-state: is "maybe": must be one of warn, refuse, off`}},
		"fault":              {basics(), []string{"--fault", "llm_latency@soon"}, []string{`--fault: is "llm_latency@soon": must be NAME[@START][,param=value...] such as`, `start is "soon": must be a duration`}},
		"after the run":      {basics(), []string{"--fault", "llm_latency@5m", "--duration", "5m"}, []string{"--fault llm_latency@5m: would begin after the run, which ends at 5m0s (--duration)"}},
		"twice":              {basics(), []string{"--fault", "a,for=1m", "--fault", "b", "--fault", "a"}, []string{"--fault a: another one begins this fault at the same time: give one of them another start, such as a@1m"}},
		"overlap":            {basics(), []string{"--fault", "llm_latency@13s,for=10s", "--fault", "llm_latency@23s,for=1s", "--fault", "llm_latency@22s"}, []string{"--fault llm_latency@22s: begins while the one of 13 s is still on, which ends at 23 s"}},
		"overlap by default": {basics(), []string{"--fault", "llm_latency", "--fault", "llm_latency@1m"}, []string{"--fault llm_latency@1m: begins while the one of 0 s is still on"}},
		"dry run of none":    {basics(), []string{"--dry-run"}, []string{"--dry-run: no fault is given: name what to look at with --fault NAME"}},
		"variable":           {basics(), []string{"-e", "LATENCY=5"}, []string{"-e LATENCY: squall reads no such variable", "LOCUST_CSV_FULL_HISTORY, DISRUPTION_SECONDS, DURATION, DURATION_SECONDS, LATENCY_MS, LOSS_PERCENT, OUTAGE_SECONDS, PROXY_NAME"}},
		"own file": {basics(), []string{"--config", "own.yaml", "--target", "a"}, []string{
			"own.yaml:1: faults.llm: is no built-in fault: must be one of channel_spike, llm_latency, qdrant_throttle, redis_outage; a fault of your own needs a type, one of toxic, evict, delete, scale",
			"own.yaml:1: faults.llm_latency.latncy: is no parameter of this fault: parameters are proxy, latency, toxicity, for",
			"own.yaml:1: faults.redis_outage: is a built-in fault: give yours another name",
			`own.yaml:1: faults.redis_outage.namespace: is "c", which faults may not touch: must be one of b`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.environ, c.args...)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is\n%v\nwant it to say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), secretText) {
				t.Errorf("error repeats a secret: %v", err)
			}
		})
	}
}

func TestFaultWarnings(t *testing.T) {
	inStaging(t)
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		want    string
	}{
		"ambient namespace":  {basics("NAMESPACE", "team-a"), nil, "env NAMESPACE is team-a, which is not an allowed namespace: Kubernetes faults are off; --allow-namespace team-a switches them on"},
		"ambient kubeconfig": {basics("KUBECONFIG", "config"), nil, ""},
		"allowed":            {basics("NAMESPACE", "team-a"), []string{"--allow-namespace", "team-a"}, ""},
		"context alone":      {basics(), []string{"--context", "staging"}, "--context without a namespace: Kubernetes faults are off; add --namespace to switch them on"},
		"another namespace":  {map[string]string{"NAMESPACE": "xin-extra", "KUBECONFIG": "config"}, []string{"--target", "staging"}, "env NAMESPACE overrides the namespace of target staging: Kubernetes faults go to xin-extra"},
		"the same namespace": {map[string]string{"NAMESPACE": "xin-staging", "KUBECONFIG": "config"}, []string{"--target", "staging"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, channel := range []string{"INSTAGRAM", "TELEGRAM", "WHATSAPP"} {
				c.environ["WEBHOOK_SECRET_"+channel] = "x"
			}
			r := mustParse(t, c.environ, c.args...)
			if got := strings.Join(r.Warnings, "\n"); got != c.want {
				t.Errorf("warnings %q, want %q", got, c.want)
			}
		})
	}
	r := mustParse(t, basics("NAMESPACE", "team-a"))
	if o := r.origin(kubeNamespace); r.Faults.Kubernetes.Namespace != "" || o.Value != "" || o.Source != "not used: env NAMESPACE is not allowed" {
		t.Errorf("namespace %q, origin %+v", r.Faults.Kubernetes.Namespace, o)
	}
}

// TestDryRunNeedsNoLoad: nothing is sent, so nothing that sending needs has to be there.
func TestDryRunNeedsNoLoad(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets: {prod: {protected: true, kubernetes: {namespace: xin-prod, allow: [xin-prod]}}}")
	r := mustParse(t, nil, "--target", "prod", "--dry-run", "--fault", "redis_outage", "--fault", "redis_outage@1h", "--duration", "5m")
	if !r.Faults.DryRun || !r.Protected || len(r.Faults.Inject) != 2 {
		t.Errorf("faults %+v, protected %v", r.Faults, r.Protected)
	}
	if _, err := parse(t, nil, "--target", "prod", "--dry-run", "--fault", "x", "--namespace", "other"); err == nil || !strings.Contains(err.Error(), "which faults may not touch") {
		t.Errorf("error = %v", err)
	}
}

// TestUndoingNeedsNoPermission: recover gets its way to the platform whatever is allowed now.
func TestUndoingNeedsNoPermission(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets: {prod: {protected: true, kubernetes: {namespace: xin-prod, allow: [other]}, faults: {x: {type: evict, workload: deployment/x, namespace: y}}}}")
	r, err := Resolve(Input{
		AdminOnly: true, Flags: map[string][]string{"target": {"prod"}, "dry-run": {"true"}, "kubeconfig": {"none"}},
		LookupEnv: func(name string) (string, bool) { return map[string]string{"TOXIPROXY_URL": "http://t"}[name], true },
	})
	f := r.Faults
	if err != nil || f.Kubernetes.Namespace != "xin-prod" || f.Kubernetes.Kubeconfig != "none" || f.Toxiproxy == nil || f.DryRun || !r.Protected {
		t.Errorf("faults %+v, error %v", f, err)
	}
	r, err = Resolve(Input{
		AdminOnly: true, Flags: map[string][]string{"kubeconfig": {"none"}, "context": {"x"}},
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	if err != nil || len(r.Warnings) > 0 || r.Faults.Kubernetes.Context != "x" {
		t.Errorf("faults %+v, warnings %q, error %v", r.Faults, r.Warnings, err)
	}
}

func TestEmbeddedHasNoCluster(t *testing.T) {
	t.Chdir(t.TempDir())
	in := Input{
		Fixed:       Embedded(Platform{Gateway: "http://127.0.0.1:9/webchat/webhook", API: "http://127.0.0.1:8", Toxiproxy: "http://127.0.0.1:7", Token: "token", Secrets: map[string]string{"webchat": "dev"}}),
		FixedBy:     "embedded platform",
		FaultParams: builtIn(),
		Variables:   []string{"LATENCY_MS=100"},
		LookupEnv: func(name string) (string, bool) {
			return map[string]string{"NAMESPACE": "xin-prod", "KUBECONFIG": "/x", "TOXIPROXY_URL": "http://real"}[name], true
		},
	}
	r, err := Resolve(in)
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Faults; f.Toxiproxy.Host != "127.0.0.1:7" || !reflect.DeepEqual(f.Kubernetes, Kubernetes{}) || f.Given["llm_latency"]["latency"] != "100ms" {
		t.Errorf("faults %+v", f)
	}
	in.Flags = map[string][]string{"toxiproxy": {"http://real"}, "namespace": {"x"}, "allow-namespace": {"x"}, "context": {"x"}, "kubeconfig": {"x"}}
	in.Variables = []string{"NAMESPACE=x"}
	_, err = Resolve(in)
	for _, want := range []string{"--toxiproxy", "--namespace", "--allow-namespace", "--context", "--kubeconfig", "-e NAMESPACE"} {
		if err == nil || !strings.Contains(err.Error(), want+": the embedded platform has its own") {
			t.Errorf("error = %v, want it to refuse %s", err, want)
		}
	}
}
