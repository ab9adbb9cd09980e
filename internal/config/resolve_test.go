package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
)

// parse resolves a command line in an environment, in an empty directory unless the test chose one.
func parse(t *testing.T, environ map[string]string, args ...string) (Resolved, error) {
	t.Helper()
	set := pflag.NewFlagSet("squall", pflag.ContinueOnError)
	flags := Bind(set, ForRuns, nil)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Resolve(Input{
		Flags: flags.Given(), Variables: flags.Variables(), Version: "test", FaultParams: builtIn(), Documents: documentNames,
		LookupEnv: func(name string) (string, bool) { v, ok := environ[name]; return v, ok },
	})
}

// documentNames are those that the tests know.
var documentNames = []string{"summary", "machine-summary", "json", "csv", "locust", "locust-full"}

func mustParse(t *testing.T, environ map[string]string, args ...string) Resolved {
	t.Helper()
	r, err := parse(t, environ, args...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r Resolved) origin(name string) Origin {
	for _, o := range r.Origins {
		if o.Name == name {
			return o
		}
	}
	return Origin{}
}

const secretText = "s3cret-of-the-web"

// basics is the least that a run needs.
func basics(more ...string) map[string]string {
	environ := map[string]string{"GATEWAY_URL": "https://gw.example.org/webchat/webhook", "WEBHOOK_SECRET": secretText}
	for i := 0; i+1 < len(more); i += 2 {
		environ[more[i]] = more[i+1]
	}
	return environ
}

func TestTheSeedsK6CommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	workload := filepath.Join(t.TempDir(), "tmp.x1")
	writeFile(t, workload, `{"tenants":[{"id":"11111111-1111-4111-8111-111111111115","brands":[{"brand_id":"22222222-2222-4222-8222-222222222221","channel_id":"33333333-3333-4333-8333-333333333331"}]}]}`)
	r := mustParse(t, nil,
		"--vus", "250", "--duration", "15m",
		"-e", "GATEWAY_URL=https://gateway.xinbot.ir/webchat/webhook",
		"-e", "ORCHESTRATOR_URL=https://api.xinbot.ir",
		"-e", "ADMIN_TOKEN=a.b.c", "-e", "WEBHOOK_SECRET="+secretText,
		"-e", "WORKLOAD_FILE="+workload, "--summary-export", "perf-summary.json")
	if r.Settings.VUs != 250 || r.Duration != 15*time.Minute || !slices.Equal(r.Documents, []Document{{"summary", "perf-summary.json", "--summary-export"}}) {
		t.Errorf("vus %d, duration %s, documents %v", r.Settings.VUs, r.Duration, r.Documents)
	}
	// One secret, as in the seed: everything is sent as webchat with it, as the script does, and that is said.
	for c, spec := range load.Channels() {
		if got, want := r.Options.Gateway[c].String(), "https://gateway.xinbot.ir/webchat/webhook"; got != want {
			t.Errorf("%s goes to %s, want %s", spec.Name, got, want)
		}
		sent, webchat := r.Options.Workload.Channels[c], load.Channels()[load.Webchat]
		if webchat.Name, webchat.Metadata = spec.Name, spec.Metadata; sent != webchat {
			t.Errorf("%s is sent as %+v, want %+v", spec.Name, sent, webchat)
		}
	}
	if got := r.Options.Workload.Tenants[0].Brands[0].Channels; got != load.DefaultMix() {
		t.Errorf("channels %v, want the default mix", got)
	}
	if got, want := strings.Join(r.Warnings, " "), "instagram, telegram and whatsapp have no secret and are sent as webchat with the channel in the metadata (--signing per-channel leaves them out): set WEBHOOK_SECRET_INSTAGRAM, WEBHOOK_SECRET_TELEGRAM and WEBHOOK_SECRET_WHATSAPP"; got != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
	if r.Options.Orchestrator.String() != "https://api.xinbot.ir" || r.Options.Keys.Token() != "a.b.c" {
		t.Errorf("admin API %v", r.Options.Orchestrator)
	}
	if r.Options.Workload.Tenants[0].ID != "11111111-1111-4111-8111-111111111115" {
		t.Errorf("workload %+v", r.Options.Workload.Tenants)
	}
	if r.Options.Keys.Key(load.Webchat).Current != secretText || r.Options.Keys.Key(load.AutomationMessage).Current != secretText {
		t.Error("WEBHOOK_SECRET does not sign webchat and automation")
	}
	if o := r.origin("secrets.telegram"); o.Source != "not set: telegram is sent as webchat" {
		t.Errorf("origin of telegram's secret: %+v", o)
	}
	// Or what it does not sign is left out.
	r = mustParse(t, map[string]string{"GATEWAY_URL": "https://gw/webchat/webhook", "WEBHOOK_SECRET": secretText}, "--signing", "per-channel", "--tenant", "11111111-1111-4111-8111-111111111115")
	if got, want := r.Options.Workload.Tenants[0].Brands[0].Channels, (load.Weights{load.Webchat: 0.4, load.AutomationMessage: 0.1}); got != want {
		t.Errorf("channels %v, want webchat and automation alone", got)
	}
	if got, want := strings.Join(r.Warnings, " "), "instagram, telegram and whatsapp have no secret and are left out of the traffic: set WEBHOOK_SECRET_INSTAGRAM, WEBHOOK_SECRET_TELEGRAM and WEBHOOK_SECRET_WHATSAPP"; got != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
	if r.Target != "gw" {
		t.Errorf("target = %q", r.Target)
	}
	if got := len(r.Objectives); got != len(slo.DefaultObjectives()) {
		t.Errorf("%d objectives", got)
	}
	if s := r.Settings; s.Think != (load.Think{Max: 1500 * time.Millisecond}) || s.SpikeFactor != 5 || s.Rate != 0 || s.Ramp != 0 {
		t.Errorf("defaults: %+v", s)
	}
	if o := r.Options; o.Timeout != 10*time.Second || o.Drain != 5*time.Second || !o.KeepAlive || o.MaxInFlight != 10000 || o.UserAgent != "squall/test" {
		t.Errorf("defaults: %+v", o)
	}
}

func TestTheSeedsLocustCommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	const tenant = "99999999-9999-4999-8999-999999999999"
	r := mustParse(t, map[string]string{"LOCUST_TENANT_ID": tenant, "GATEWAY_WEBHOOK_SECRET": secretText},
		"--host", "https://gateway.xinbot.ir", "--users", "500", "--spawn-rate", "100", "--run-time", "5m", "--headless")
	if r.Settings.VUs != 500 || r.Settings.Ramp != 5*time.Second || r.Duration != 5*time.Minute || !r.Headless {
		t.Errorf("users %d, ramp %s, duration %s, headless %v", r.Settings.VUs, r.Settings.Ramp, r.Duration, r.Headless)
	}
	if got := r.Options.Gateway[load.Webchat].String(); got != "https://gateway.xinbot.ir/webchat/webhook" {
		t.Errorf("webchat goes to %s", got)
	}
	if w := r.Options.Workload; len(w.Tenants) != 1 || w.Tenants[0].ID != tenant {
		t.Errorf("tenants %+v", w.Tenants)
	}
	if r.Options.Orchestrator != nil || r.AdminToken.Set() {
		t.Error("admin flows are on")
	}
}

func TestGatewayURLs(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		environ            map[string]string
		args               []string
		webchat, instagram string
	}{
		"full":              {map[string]string{"GATEWAY_URL": "http://127.0.0.1:8080/webchat/webhook"}, nil, "http://127.0.0.1:8080/webchat/webhook", "http://127.0.0.1:8080/instagram/webhook"},
		"below a prefix":    {map[string]string{"GATEWAY_URL": "https://gw/x/y/webchat/webhook"}, nil, "https://gw/x/y/webchat/webhook", "https://gw/x/y/instagram/webhook"},
		"a path of its own": {map[string]string{"GATEWAY_URL": "https://gw/hooks/web"}, nil, "https://gw/hooks/web", "https://gw/instagram/webhook"},
		"no path":           {map[string]string{"GATEWAY_URL": "https://gw"}, nil, "https://gw/webchat/webhook", "https://gw/instagram/webhook"},
		"slash":             {map[string]string{"GATEWAY_URL": "https://gw/"}, nil, "https://gw/webchat/webhook", "https://gw/instagram/webhook"},
		"host":              {nil, []string{"-H", "https://gw/"}, "https://gw/webchat/webhook", "https://gw/instagram/webhook"},
		"host and path":     {map[string]string{"GATEWAY_WEBHOOK_PATH": "/web"}, []string{"--host", "https://gw"}, "https://gw/web", "https://gw/instagram/webhook"},
		"LOCUST_HOST":       {map[string]string{"LOCUST_HOST": "https://gw"}, nil, "https://gw/webchat/webhook", "https://gw/instagram/webhook"},
		"flag beats env":    {map[string]string{"GATEWAY_URL": "https://a/webchat/webhook"}, []string{"--host", "https://b"}, "https://b/webchat/webhook", "https://b/instagram/webhook"},
		"-e beats env":      {map[string]string{"LOCUST_HOST": "https://a"}, []string{"-e", "GATEWAY_URL=https://b/webchat/webhook"}, "https://b/webchat/webhook", "https://b/instagram/webhook"},
		"URL beats host":    {map[string]string{"GATEWAY_URL": "https://a/webchat/webhook", "LOCUST_HOST": "https://b"}, nil, "https://a/webchat/webhook", "https://a/instagram/webhook"},
		"empty -e unsets":   {map[string]string{"GATEWAY_URL": "https://a/webchat/webhook", "LOCUST_HOST": "https://b"}, []string{"-e", "GATEWAY_URL="}, "https://b/webchat/webhook", "https://b/instagram/webhook"},
	} {
		t.Run(name, func(t *testing.T) {
			environ := map[string]string{"WEBHOOK_SECRET": secretText, "WEBHOOK_SECRET_INSTAGRAM": secretText, "WEBHOOK_SECRET_TELEGRAM": secretText, "WEBHOOK_SECRET_WHATSAPP": secretText}
			for k, v := range c.environ {
				environ[k] = v
			}
			r := mustParse(t, environ, c.args...)
			if got := r.Options.Gateway[load.Webchat].String(); got != c.webchat {
				t.Errorf("webchat goes to %s, want %s", got, c.webchat)
			}
			if got := r.Options.Gateway[load.AutomationMessage].String(); got != c.webchat {
				t.Errorf("automation goes to %s, want %s", got, c.webchat)
			}
			if got := r.Options.Gateway[load.Instagram].String(); got != c.instagram {
				t.Errorf("instagram goes to %s, want %s", got, c.instagram)
			}
			if got := r.origin(gatewayURL).Value; got == "" {
				t.Error("doctor does not see the gateway")
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets:\n  staging:\n    load:\n      vus: 40\n      duration: 1m\n")
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		vus     int
		source  string
	}{
		"default":                  {nil, nil, 10, "default"},
		"file":                     {nil, []string{"--target", "staging"}, 40, "squall.yaml:4"},
		"env over file":            {map[string]string{"LOCUST_USERS": "50"}, []string{"--target", "staging"}, 50, "env LOCUST_USERS"},
		"k6 before Locust":         {map[string]string{"LOCUST_USERS": "50", "K6_VUS": "60"}, nil, 60, "env K6_VUS"},
		"-e over env":              {map[string]string{"K6_VUS": "60"}, []string{"-e", "LOCUST_USERS=70"}, 70, "-e LOCUST_USERS"},
		"flag over -e":             {nil, []string{"-e", "K6_VUS=70", "-u", "80"}, 80, "--vus"},
		"vus before users":         {nil, []string{"--users", "90", "--vus", "80"}, 80, "--vus"},
		"the last of one flag":     {nil, []string{"--vus", "1", "--vus", "2"}, 2, "--vus"},
		"per brand":                {map[string]string{"TARGET_USERS_PER_BRAND": "15"}, nil, 45, "from env TARGET_USERS_PER_BRAND"},
		"total before per brand":   {map[string]string{"TARGET_USERS_PER_BRAND": "15", "K6_VUS": "7"}, nil, 7, "env K6_VUS"},
		"per brand over file":      {map[string]string{"TARGET_USERS_PER_BRAND": "15"}, []string{"--target", "staging"}, 45, "from env TARGET_USERS_PER_BRAND"},
		"empty -e over env":        {map[string]string{"K6_VUS": "60", "LOCUST_USERS": "50"}, []string{"-e", "K6_VUS="}, 50, "env LOCUST_USERS"},
		"an empty variable is not": {map[string]string{"K6_VUS": ""}, nil, 10, "default"},
	} {
		t.Run(name, func(t *testing.T) {
			environ := basics()
			for k, v := range c.environ {
				environ[k] = v
			}
			r := mustParse(t, environ, c.args...)
			if r.Settings.VUs != c.vus {
				t.Errorf("vus = %d, want %d", r.Settings.VUs, c.vus)
			}
			if o := r.origin(VUs); o.Source != c.source || o.Value != fmt.Sprint(c.vus) {
				t.Errorf("origin = %+v, want %s", o, c.source)
			}
		})
	}
}

func TestModels(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets: {fast: {load: {rate: 500/s}}}")
	for name, c := range map[string]struct {
		args []string
		rate float64
	}{
		"per second":              {[]string{"--rate", "500/s"}, 500},
		"per minute":              {[]string{"--rate", "30000/m"}, 500},
		"rate before vus":         {[]string{"--rate", "500/s", "--vus", "5"}, 500},
		"from the file":           {[]string{"--target", "fast"}, 500},
		"vus flag over file rate": {[]string{"--target", "fast", "--vus", "5"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if r := mustParse(t, basics(), c.args...); r.Settings.Rate != c.rate {
				t.Errorf("rate = %v, want %v", r.Settings.Rate, c.rate)
			}
		})
	}
}

// TestRefusals checks that what cannot be used is named with its source and what is accepted, and
// that nothing secret is repeated.
func TestRefusals(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets: {prod-like: {protected: true}, odd: {load: {vus: many}}}")
	writeFile(t, "workload.yaml", "tenants: []\nextra: 1\n")
	writeFile(t, "not.pem", "hello")
	writeFile(t, "instagram.yaml", "tenants: [{id: 11111111-1111-4111-8111-111111111111, brands: [{name: Gram, brand_id: 22222222-2222-4222-8222-222222222222, channel_id: 33333333-3333-4333-8333-333333333333, channels: {instagram: 1}}]}]")
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		want    []string
	}{
		"no gateway":       {map[string]string{"WEBHOOK_SECRET": "x"}, nil, []string{"no gateway: set GATEWAY_URL", "--target: prod-like, odd"}},
		"no secret":        {map[string]string{"GATEWAY_URL": "https://gw"}, nil, []string{"no secret for webchat, instagram, telegram and whatsapp: set WEBHOOK_SECRET, WEBHOOK_SECRET_INSTAGRAM, WEBHOOK_SECRET_TELEGRAM and WEBHOOK_SECRET_WHATSAPP"}},
		"no own secret":    {map[string]string{"GATEWAY_URL": "https://gw", "WEBHOOK_SECRET_INSTAGRAM": "x"}, nil, []string{"no secret for webchat, telegram and whatsapp: set WEBHOOK_SECRET, "}},
		"one forgotten":    {basics("WEBHOOK_SECRET_INSTAGRAM", "x", "WEBHOOK_SECRET_WHATSAPP", "x"), nil, []string{"no secret for telegram: set WEBHOOK_SECRET_TELEGRAM"}},
		"nothing left":     {basics("WORKLOAD_FILE", "instagram.yaml"), []string{"--signing", "per-channel"}, []string{"no secret for any channel of brand Gram: set WEBHOOK_SECRET_INSTAGRAM"}},
		"env number":       {basics("K6_VUS", "many"), nil, []string{`env K6_VUS: is "many": must be a whole number from 0 to 200000`}},
		"-e number":        {basics(), []string{"-e", "K6_VUS=-1"}, []string{`-e K6_VUS: is "-1": must be a whole number`}},
		"file number":      {basics(), []string{"--target", "odd"}, []string{`squall.yaml:1: load.vus: is "many": must be a whole number`}},
		"k6 duration":      {basics("K6_DURATION", "900"), nil, []string{`env K6_DURATION: is "900": must be a duration such as 300s, 20m or 1h30m`}},
		"negative":         {basics(), []string{"--duration", "-1s"}, []string{"--duration"}},
		"rate":             {basics(), []string{"--rate", "500/x"}, []string{`--rate: is "500/x": must be a rate such as 500/s`}},
		"no unit":          {basics(), []string{"--duration", "5"}, []string{`--duration: is "5": must be a duration`, "write 5s for seconds"}},
		"output of k6":     {basics(), []string{"--out", "influxdb=http://me:" + secretText + "@db/k6"}, []string{`--out: is an output of k6 that squall does not have, influxdb: it has NAME=FILE with summary, `}},
		"k6's stdout":      {basics(), []string{"--out", "json=-"}, []string{"--out json=-: needs a file, as in json=FILE"}},
		"k6's csv options": {basics(), []string{"--out", "csv=fileName=x.csv,timeFormat=rfc3339"}, []string{"takes the name of a file alone: write csv=FILE"}},
		"one file for two": {basics(), []string{"--out", "json=x", "-o", "csv=./x"}, []string{"--out json and --out csv ask for the same file, ./x"}},
		"history alone":    {basics(), []string{"--csv-full-history"}, []string{"--csv-full-history needs --csv PREFIX"}},
		"zero rate":        {basics(), []string{"--rate", "0/s"}, []string{"--rate"}},
		"think":            {basics(), []string{"--think", "2s-1s"}, []string{`--think: is "2s-1s": must be a duration such as 1s, a range`}},
		"objective":        {basics(), []string{"--objective", "speed: p(95)<1"}, []string{`--objective: is "speed: p(95)<1"`, "unknown metric"}},
		"stop rule":        {basics(), []string{"--stop-rule", "gateway_latency: p(95)>1"}, []string{"--stop-rule", "for 10s"}},
		"spike factor":     {basics(), []string{"--spike-factor", "0.5"}, []string{"--spike-factor"}},
		"NaN":              {basics(), []string{"--spike-factor", "NaN"}, []string{"--spike-factor"}},
		"spawn rate":       {basics(), []string{"--spawn-rate", "0"}, []string{"--spawn-rate"}},
		"headless":         {basics("LOCUST_HEADLESS", "maybe"), nil, []string{`env LOCUST_HEADLESS: is "maybe": must be true or false`}},
		"scheme":           {basics("GATEWAY_URL", "gateway.example.org"), nil, []string{`env GATEWAY_URL: is "gateway.example.org": must be an http or https URL`}},
		"user in URL":      {basics("GATEWAY_URL", "https://me:"+secretText+"@gw"), nil, []string{"env GATEWAY_URL", "without user"}},
		"query in URL":     {basics("ORCHESTRATOR_URL", "https://api/?token="+secretText), nil, []string{"env ORCHESTRATOR_URL"}},
		"port":             {basics("GATEWAY_URL", "https://gw:99999"), nil, []string{"env GATEWAY_URL"}},
		"path":             {map[string]string{"LOCUST_HOST": "https://gw", "WEBHOOK_SECRET": "x", "GATEWAY_WEBHOOK_PATH": "web"}, nil, []string{`env GATEWAY_WEBHOOK_PATH: is "web": must be a path`}},
		"variable":         {basics(), []string{"-e", "GATWAY_URL=https://gw"}, []string{"-e GATWAY_URL: squall reads no such variable: must be one of GATEWAY_URL"}},
		"no variable":      {basics(), []string{"-e", secretText}, []string{"-e: must be followed by NAME=VALUE"}},
		"workload":         {basics("WORKLOAD_FILE", "workload.yaml"), nil, []string{"env WORKLOAD_FILE: workload.yaml:1: tenants: has no tenant", "workload.yaml:2: extra: unknown key"}},
		"no workload":      {basics(), []string{"--workload", "none.yaml"}, []string{"--workload: read workload"}},
		"tenant":           {basics("LOCUST_TENANT_ID", "five"), nil, []string{`env LOCUST_TENANT_ID: is "five": must be a UUID`}},
		"no target":        {basics(), []string{"--target", "moon"}, []string{"--target moon: squall.yaml has no such target: must be one of prod-like and odd"}},
		"no file":          {basics(), []string{"--config", "none.yaml"}, []string{"read configuration"}},
		"protected":        {basics(), []string{"--target", "prod-like"}, []string{"target prod-like is protected: add --confirm prod-like"}},
		"wrong confirm":    {basics(), []string{"--target", "prod-like", "--confirm", "prod"}, []string{"--confirm prod: the target is prod-like"}},
		"ca":               {basics(), []string{"--ca", "not.pem"}, []string{"--ca", "holds no certificate"}},
		"no ca":            {basics(), []string{"--ca", "none.pem"}, []string{"--ca: read certificate authorities"}},
		"cert without key": {basics(), []string{"--cert", "not.pem"}, []string{"needs both --cert and --key"}},
		"cert":             {basics(), []string{"--cert", "not.pem", "--key", "not.pem"}, []string{"--cert: read client certificate"}},
		"proxy":            {basics("HTTPS_PROXY", "ftp://me:"+secretText+"@proxy"), nil, []string{"env HTTPS_PROXY", "must be a proxy URL"}},
		"several at once":  {map[string]string{"K6_VUS": "x"}, []string{"--rate", "y"}, []string{"K6_VUS", "--rate", "no gateway"}},
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

func TestTenantOfAWorkloadFile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository(t), "examples", "workload_mix.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeFile(t, "w.yaml", string(data))
	r := mustParse(t, basics("LOCUST_TENANT_ID", "11111111-1111-4111-8111-111111111112"), "--workload", "w.yaml")
	if w := r.Options.Workload; len(w.Tenants) != 1 || w.Tenants[0].Brands[0].Name != "Turquoise" {
		t.Errorf("tenants %+v", w.Tenants)
	}
	if _, err := parse(t, basics("LOCUST_TENANT_ID", "11111111-1111-4111-8111-111111111119"), "--workload", "w.yaml"); err == nil || !strings.Contains(err.Error(), "is not in w.yaml") {
		t.Errorf("error = %v", err)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Chdir(t.TempDir())
	const token = "token-of-the-admin"
	r := mustParse(t, basics("WEBHOOK_SECRET_TELEGRAM", "telegrams-own", "WEBHOOK_SECRET_INSTAGRAM", "x", "WEBHOOK_SECRET_WHATSAPP", "y", "ADMIN_TOKEN", token, "HTTPS_PROXY", "http://me:"+secretText+"@proxy:3128"))
	if r.Options.Keys.Key(load.Telegram).Current != "telegrams-own" || r.Options.Keys.Key(load.AutomationMessage).Current != secretText {
		t.Error("a secret is not where it should be")
	}
	shown := fmt.Sprintf("%v %+v %#v %v %+v %#v", r.Origins, r.Secrets, r.Origins, r.AdminToken, r.AdminToken, r.AdminToken)
	shown += asJSON(t, r.Origins) + asJSON(t, r.AdminToken) + asJSON(t, struct{ S Secret }{r.AdminToken})
	shown += fmt.Sprintf("%v %+v", struct{ s Secret }{r.AdminToken}, struct{ S *Secret }{&r.AdminToken})
	text, err := yaml.Marshal(r.AdminToken)
	if err != nil {
		t.Fatal(err)
	}
	shown += string(text)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", r.AdminToken)
	shown += log.String() + strings.Join(r.Warnings, "\n")
	for _, secret := range []string{secretText, "telegrams-own", token} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is shown in %s", secret, shown)
		}
	}
	if got, want := r.Secrets["admin_token"], r.Options.Keys.Fingerprint(token); got != want || len(got) != len("01234567") {
		t.Errorf("fingerprint %q, want %q", got, want)
	}
	if NewSecret("").Set() || NewSecret("").String() != "" {
		t.Error("an empty secret is set")
	}
}

func TestWarnings(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "targets: {staging: {gateway: {url: 'https://staging'}}}")
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		want    string
	}{
		"other gateway":   {basics(), []string{"--target", "staging"}, "env GATEWAY_URL overrides the gateway of target staging: the load goes to gw.example.org"},
		"skip verify":     {basics(), []string{"--insecure-skip-verify"}, "server certificates are not checked (--insecure-skip-verify)"},
		"plain":           {basics("GATEWAY_URL", "http://gw"), nil, "secrets travel unencrypted to gw"},
		"rate and vus":    {basics(), []string{"--rate", "1/s", "--vus", "2"}, "both --rate and --vus are given: --rate counts"},
		"k6 and Locust":   {basics("K6_VUS", "3", "LOCUST_USERS", "4"), nil, "both env K6_VUS and env LOCUST_USERS are given: env K6_VUS counts"},
		"alike":           {basics("K6_VUS", "3", "LOCUST_USERS", "3"), nil, ""},
		"two flags":       {basics(), []string{"--users", "4", "--vus", "3"}, "both --vus and --users are given: --vus counts"},
		"URL and host":    {basics(), []string{"--host", "https://b"}, "both env GATEWAY_URL and --host are given: --host counts"},
		"plain, loopback": {basics("GATEWAY_URL", "http://127.0.0.1:80"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, channel := range []string{"INSTAGRAM", "TELEGRAM", "WHATSAPP"} {
				c.environ["WEBHOOK_SECRET_"+channel] = "x"
			}
			got := strings.Join(mustParse(t, c.environ, c.args...).Warnings, "\n")
			if got != c.want {
				t.Errorf("warnings %q, want %q", got, c.want)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		want   string
	}{
		"good":           {jwt.MapClaims{"role": "platform_admin", "exp": now.Add(time.Hour).Unix()}, ""},
		"several roles":  {jwt.MapClaims{"roles": []string{"viewer", "platform_admin"}}, ""},
		"expired":        {jwt.MapClaims{"role": "platform_admin", "exp": now.Add(-90 * time.Minute).Unix()}, "admin token expired 1 h 30 min ago"},
		"no role":        {jwt.MapClaims{}, "admin token has no role platform_admin (it has: none)"},
		"another's role": {jwt.MapClaims{"role": "viewer"}, "admin token has no role platform_admin (it has: viewer)"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c.claims).SignedString([]byte("key"))
			if err != nil {
				t.Fatal(err)
			}
			token, err := ReadToken(NewSecret(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := token.Problem(now); got != c.want {
				t.Errorf("trouble = %q, want %q", got, c.want)
			}
		})
	}
	if _, err := ReadToken(NewSecret(secretText)); err == nil || strings.Contains(err.Error(), secretText) {
		t.Errorf("error = %v", err)
	}
}

func TestFixedSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "squall.yaml", "no: [good")
	in := Input{
		Fixed:   map[string]string{gatewayURL: "http://127.0.0.1:9/webchat/webhook", secretName(load.Webchat): "dev"},
		FixedBy: "embedded platform",
		LookupEnv: func(name string) (string, bool) {
			return map[string]string{"GATEWAY_URL": "https://real", "K6_VUS": "3"}[name], true
		},
	}
	r, err := Resolve(in)
	if err != nil {
		t.Fatal(err)
	}
	if r.Options.Gateway[load.Webchat].Host != "127.0.0.1:9" || r.Settings.VUs != 3 || r.Target != "demo" {
		t.Errorf("gateway %s, vus %d, target %s", r.Options.Gateway[load.Webchat], r.Settings.VUs, r.Target)
	}
	in.Flags = map[string][]string{"gateway": {"https://real"}}
	if _, err := Resolve(in); err == nil || !strings.Contains(err.Error(), "--gateway: the embedded platform has its own") {
		t.Errorf("error = %v", err)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutSecrets(t *testing.T) {
	const fingerprint = "0a1b2c3d"
	args := []string{
		"run", "-e", "WEBHOOK_SECRET=" + secretText, "-eADMIN_TOKEN=" + secretText, "--env=GATEWAY_WEBHOOK_SECRET=" + secretText,
		"-e=WEBHOOK_SECRET_TELEGRAM=" + secretText, "--vus", "5", "-e", "HTTPS_PROXY=http://me:" + secretText + "@proxy",
	}
	want := []string{
		"run", "-e", "WEBHOOK_SECRET=" + fingerprint, "-eADMIN_TOKEN=" + fingerprint, "--env=GATEWAY_WEBHOOK_SECRET=" + fingerprint,
		"-e=WEBHOOK_SECRET_TELEGRAM=" + fingerprint, "--vus", "5", "-e", "HTTPS_PROXY=http://***@proxy",
	}
	if got := WithoutSecrets(args, func(string) string { return fingerprint }); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("shown as\n%q\nwant\n%q", got, want)
	}
	if args[2] != "WEBHOOK_SECRET="+secretText {
		t.Error("the arguments themselves were changed")
	}
}
