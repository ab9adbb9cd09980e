package report

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// strictSummary has the fields of k6's schema and no others.
type strictSummary struct {
	Config struct {
		Duration  float64
		Execution string
		Script    *string
	}
	Metadata struct {
		GeneratedAt time.Time
		K6Version   string
	}
	Results struct {
		Checks *struct {
			Metrics []strictMetric
			Results []struct {
				Fails, Passes int64
				Name          string
			}
		}
		Metrics []strictMetric
	}
	Version string
}

type strictMetric struct {
	Contains, Name, Type string
	Values               map[string]float64
}

// semVer is the pattern of semantic versioning 2.0.0.
var semVer = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// The machine-readable summary is strict, and says what perf-summary.json says.
func TestMachineSummary(t *testing.T) {
	keys := map[string][]string{
		"counter": {"count"}, "gauge": {"max", "min", "value"}, "rate": {"matches", "rate", "total"}, "trend": {"avg", "max", "med", "min", "p(90)", "p(95)"},
	}
	for name, s := range cases() {
		t.Run(name, func(t *testing.T) {
			run := loaded(t, s)
			var b strings.Builder
			if err := writeK6MachineSummary(&b, run); err != nil {
				t.Fatal(err)
			}
			var doc strictSummary
			read := json.NewDecoder(strings.NewReader(b.String()))
			read.DisallowUnknownFields()
			if err := read.Decode(&doc); err != nil {
				t.Fatalf("%v in\n%s", err, b.String())
			}
			if doc.Version != "1.0.0" || doc.Config.Execution != "local" || doc.Config.Duration != run.length || !semVer.MatchString(doc.Metadata.K6Version) || !doc.Metadata.GeneratedAt.Equal(run.wallClock(run.length)) {
				t.Errorf("version %q, config %+v, metadata %+v", doc.Version, doc.Config, doc.Metadata)
			}
			flat := map[string]k6Metric{}
			for metric, values := range k6Metrics(run) {
				if delete(values, "thresholds"); len(values) > 0 {
					flat[metric] = values
				}
			}
			var names []string
			for _, m := range append(slices.Clone(doc.Results.Metrics), doc.Results.Checks.Metrics...) {
				names = append(names, m.Name)
				if got := sortedKeys(m.Values); !reflect.DeepEqual(got, keys[m.Type]) {
					t.Errorf("%s has %v, want %v", m.Name, got, keys[m.Type])
				}
				for value, is := range m.Values {
					if want, there := flat[m.Name][value].(float64); there && is != want {
						t.Errorf("%s: %s is %v, in perf-summary.json %v", m.Name, value, is, want)
					}
				}
			}
			for metric := range flat {
				if metric != "checks" && !slices.Contains(names, metric) {
					t.Errorf("%s is in perf-summary.json alone", metric)
				}
			}
			if n := len(flat) - 1 + 3; len(names) != n {
				t.Errorf("%d metrics, want %d: %v", len(names), n, names)
			}
		})
	}
}

func TestFormOfK6(t *testing.T) {
	for version, want := range map[string]string{"": "1.8.1+squall", "devel": "1.8.1+squall.devel", "v0.3.0-12-gab_c (dirty)": "1.8.1+squall.v0-3-0-12-gab-c-dirty-"} {
		if got := k6Form(version); got != want || !semVer.MatchString(got) {
			t.Errorf("squall %q writes the form %s, want %s", version, got, want)
		}
	}
}
