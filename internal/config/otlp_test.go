package config

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// withOTLP resolves a run with a flag --otlp ("" for none) and variables.
func withOTLP(flag string, variables map[string]string) (Resolved, error) {
	all := map[string]string{"GATEWAY_URL": "http://127.0.0.1:1/webchat/webhook", "WEBHOOK_SECRET": "secret"}
	maps.Copy(all, variables)
	in := Input{LookupEnv: func(name string) (string, bool) { text, ok := all[name]; return text, ok }}
	if flag != "" {
		in.Flags = map[string][]string{"otlp": {flag}}
	}
	return Resolve(in)
}

func TestWhereOTLPGoes(t *testing.T) {
	base, whole := "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
	for _, c := range []struct {
		flag      string
		variables map[string]string
		want      string
	}{
		{"", nil, ""},
		{"", map[string]string{base: "http://c:4318", whole: "http://m:4318/x"}, ""}, // meant for other programs
		{"http://c:4318", nil, "http://c:4318/v1/metrics"},
		{"http://c:4318/", nil, "http://c:4318/v1/metrics"},
		{"http://p:9090/api/v1/otlp/v1/metrics", nil, "http://p:9090/api/v1/otlp/v1/metrics"},
		{"http://p:9090/api/v1/otlp", map[string]string{whole: "http://m:4318/x"}, "http://p:9090/api/v1/otlp/v1/metrics"},
		{"env", nil, "http://localhost:4318/v1/metrics"},
		{"env", map[string]string{base: "https://c/prefix/"}, "https://c/prefix/v1/metrics"},
		{"env", map[string]string{base: "https://c", whole: "https://m/as/it/is"}, "https://m/as/it/is"},
	} {
		r, err := withOTLP(c.flag, c.variables)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r.Telemetry.OTLP.URL != nil {
			got = r.Telemetry.OTLP.URL.String()
		}
		if got != c.want {
			t.Errorf("--otlp %q with %v goes to %q, want %q", c.flag, c.variables, got, c.want)
		}
		if all := fmt.Sprint(r.Warnings); strings.Contains(all, "OTLP") {
			t.Errorf("--otlp %q with %v: %v", c.flag, c.variables, all)
		}
	}
}

// The variables mean what OpenTelemetry's specification says: those of metrics override the general ones.
func TestOTLPVariables(t *testing.T) {
	r, err := withOTLP("env", map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "x=general", "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "authorization=Bearer%20hunter2%3D, X-Scope-OrgID = team-a,",
		"OTEL_EXPORTER_OTLP_TIMEOUT": "3000", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "2500", "OTEL_METRIC_EXPORT_INTERVAL": "15000",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf",
		"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=a%2Cb", "OTEL_SERVICE_NAME": "spikes",
	})
	if err != nil {
		t.Fatal(err)
	}
	o := r.Telemetry.OTLP
	if got := fmt.Sprint(o.Headers); got != "map[Authorization:[Bearer hunter2=] X-Scope-Orgid:[team-a]]" {
		t.Errorf("headers are %s", got)
	}
	if o.Timeout != 2500*time.Millisecond || o.Interval != 15*time.Second || !o.Gzip {
		t.Errorf("it is %+v", o)
	}
	if got := fmt.Sprint(o.Resource); got != "map[service.name:spikes team:a,b]" {
		t.Errorf("attributes are %s", got)
	}
	if all := fmt.Sprint(r.Warnings); strings.Contains(all, "OTLP") {
		t.Errorf("warnings: %v", all)
	}
	for _, text := range []string{"Bearer hunter2=", "token hunter2= is none", "authorization=Bearer%20hunter2%3D"} {
		if got := r.Options.Keys.Redact(text); strings.Contains(got, "hunter2") {
			t.Errorf("%s is shown", got)
		}
	}
	for _, origin := range r.Origins {
		if strings.Contains(origin.Value, "hunter2") {
			t.Errorf("%s shows the headers", origin.Name)
		}
	}
}

// What cannot be meant is refused with the place and without a secret, and only of those who asked for it.
func TestWrongOTLPSettings(t *testing.T) {
	for name, wrong := range map[string]struct{ text, says string }{
		"OTEL_EXPORTER_OTLP_ENDPOINT":    {"http://user:hunter2@c:4318", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		"OTEL_EXPORTER_OTLP_HEADERS":     {"hunter2", "OTEL_EXPORTER_OTLP_HEADERS: must be headers such as"},
		"OTEL_EXPORTER_OTLP_TIMEOUT":     {"soon", `OTEL_EXPORTER_OTLP_TIMEOUT: is "soon": must be a duration`},
		"OTEL_METRIC_EXPORT_INTERVAL":    {"100", "must be a duration such as 300s, 20m or 1h30m of 1s or more"},
		"OTEL_EXPORTER_OTLP_COMPRESSION": {"zstd", "must be one of none, gzip"},
		"OTEL_EXPORTER_OTLP_PROTOCOL":    {"grpc", `OTEL_EXPORTER_OTLP_PROTOCOL: is "grpc": must be http/protobuf (squall sends it by HTTP alone, and the port for that is often 4318)`},
		"OTEL_RESOURCE_ATTRIBUTES":       {"team=%zz", "OTEL_RESOURCE_ATTRIBUTES"},
	} {
		_, err := withOTLP("env", map[string]string{name: wrong.text})
		if err == nil || !strings.Contains(err.Error(), wrong.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s=%s: %v", name, wrong.text, err)
		}
		if _, err := withOTLP("", map[string]string{name: wrong.text}); err != nil {
			t.Errorf("%s=%s without --otlp: %v", name, wrong.text, err)
		}
	}
	for _, headers := range []string{"a b=c", "x=a%0d%0ab", "=c"} {
		if _, err := withOTLP("env", map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": headers}); err == nil {
			t.Errorf("headers %q are accepted", headers)
		}
	}
	for _, flag := range []string{"c:4318", "ftp://c", "http://c/?key=hunter2", "Env"} {
		if _, err := withOTLP(flag, nil); err == nil || !strings.Contains(err.Error(), "--otlp: is") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("--otlp %s: %v", flag, err)
		}
	}
}

// Headers that leave this machine in plain text are warned of.
func TestPlainOTLPHeadersAreWarnedOf(t *testing.T) {
	for flag, warned := range map[string]bool{"http://c:4318": true, "https://c": false, "http://127.0.0.1:4318": false} {
		r, err := withOTLP(flag, map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer hunter2"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(r.Warnings, "\n"), "the headers for OTLP travel unencrypted"); got != warned {
			t.Errorf("%s: %v", flag, r.Warnings)
		}
	}
}

func FuzzPairs(f *testing.F) {
	f.Add("Authorization=Bearer%20x,a=b")
	f.Add(",=,%")
	f.Fuzz(func(t *testing.T, text string) {
		pairs, err := parsePairs(text)
		if err != nil {
			return
		}
		for key := range pairs {
			if key == "" || strings.ContainsAny(key, ",=") {
				t.Errorf("%q has the key %q", text, key)
			}
		}
		if _, err := parseHeaders(text); err != nil && len(pairs) == 0 {
			t.Errorf("%q has no pairs, and its headers are refused", text)
		}
	})
}
