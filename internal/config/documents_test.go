package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestDocuments(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		environ map[string]string
		args    []string
		want    []Document
		dir     string
		warns   string
	}{
		"none":               {nil, nil, nil, "", ""},
		"a directory":        {nil, []string{"--out", "d"}, nil, "d", ""},
		"a directory with =": {nil, []string{"--out", "./date=today"}, nil, "./date=today", ""},
		"k6's streams": {
			nil,
			[]string{"--out", "json=a.json", "-o", "csv=b.csv.gz", "--out", "d"},
			[]Document{{"json", "a.json", "--out json"}, {"csv", "b.csv.gz", "--out csv"}},
			"d", "",
		},
		"K6_OUT":               {basics("K6_OUT", "json=a.json,csv=b.csv"), nil, []Document{{"json", "a.json", "env K6_OUT"}, {"csv", "b.csv", "env K6_OUT"}}, "", ""},
		"K6_OUT and a place":   {basics("K6_OUT", "json=a.json"), []string{"--out", "d"}, []Document{{"json", "a.json", "env K6_OUT"}}, "d", ""},
		"--out before K6_OUT":  {basics("K6_OUT", "json=a.json"), []string{"--out", "csv=b"}, []Document{{"csv", "b", "--out csv"}}, "", ""},
		"K6_OUT of k6 alone":   {basics("K6_OUT", "influxdb=http://me:"+secretText+"@h/,json=a"), nil, []Document{{"json", "a", "env K6_OUT"}}, "", "env K6_OUT: the output influxdb has no effect"},
		"K6_OUT to stdout":     {basics("K6_OUT", "json"), nil, nil, "", "env K6_OUT: the output json has no effect"},
		"summary":              {basics("K6_SUMMARY_EXPORT", "s"), nil, []Document{{"summary", "s", "env K6_SUMMARY_EXPORT"}}, "", ""},
		"machine":              {nil, []string{"--summary-export", "s", "--new-machine-readable-summary"}, []Document{{"machine-summary", "s", "--summary-export"}}, "", ""},
		"machine=false":        {nil, []string{"--summary-export", "s", "--new-machine-readable-summary=false"}, []Document{{"summary", "s", "--summary-export"}}, "", ""},
		"machine by variable":  {basics("K6_NEW_MACHINE_READABLE_SUMMARY", "1", "K6_SUMMARY_EXPORT", "s"), nil, []Document{{"machine-summary", "s", "env K6_SUMMARY_EXPORT"}}, "", ""},
		"flag before variable": {basics("K6_NEW_MACHINE_READABLE_SUMMARY", "true"), []string{"--summary-export", "s", "--new-machine-readable-summary=false"}, []Document{{"summary", "s", "--summary-export"}}, "", ""},
		"machine alone":        {nil, []string{"--new-machine-readable-summary"}, nil, "", "--new-machine-readable-summary has no effect without --summary-export FILE"},
		"locust":               {nil, []string{"--csv", "p"}, []Document{{"locust", "p", "--csv"}}, "", ""},
		"locust by variable":   {basics("LOCUST_CSV", "x/p", "LOCUST_CSV_FULL_HISTORY", "true"), nil, []Document{{"locust-full", "x/p", "env LOCUST_CSV"}}, "", ""},
		"history by variable":  {basics("LOCUST_CSV_FULL_HISTORY", "true"), nil, nil, "", ""},
		"by name":              {nil, []string{"--out", "locust=p"}, []Document{{"locust", "p", "--out locust"}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			environ := c.environ
			if environ == nil {
				environ = basics()
			}
			r := mustParse(t, environ, c.args...)
			if !slices.Equal(r.Documents, c.want) || r.Out != c.dir {
				t.Errorf("documents %v in %q, want %v in %q", r.Documents, r.Out, c.want, c.dir)
			}
			warned := strings.Join(r.Warnings, "\n")
			if c.warns == "" && strings.Contains(warned, "no effect") || !strings.Contains(warned, c.warns) || strings.Contains(warned, secretText) {
				t.Errorf("warns of %q, want %q", warned, c.warns)
			}
		})
	}
}

// A run that is there already has documents by flags alone, and no other directory.
func TestDocumentsOfARunThatIsThere(t *testing.T) {
	ask := func(args ...string) ([]Document, error) {
		set := pflag.NewFlagSet("squall", pflag.ContinueOnError)
		flags := BindDocuments(set)
		if err := set.Parse(args); err != nil {
			t.Fatal(err)
		}
		environ := func(string) (string, bool) { return "meant-for-another-run", true }
		return ReadDocuments(Input{Flags: flags.Given(), Documents: documentNames, LookupEnv: environ})
	}
	got, err := ask("--out", "json=a", "--csv", "p", "--csv-full-history", "--summary-export", "s", "--new-machine-readable-summary")
	want := []Document{{"json", "a", "--out json"}, {"machine-summary", "s", "--summary-export"}, {"locust-full", "p", "--csv"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := ask(); err != nil || got != nil {
		t.Errorf("without flags: %v, %v", got, err)
	}
	for said, args := range map[string][]string{
		"--out elsewhere: the report is written into the run directory": {"--out", "elsewhere"},
		"--csv-full-history needs --csv PREFIX":                         {"--csv-full-history"},
		"--out hdr=x.hlog: hdr is none of summary, machine-summary, json, csv, locust and locust-full; a run directory of that name is ./hdr=x.hlog": {"--out", "d", "--out", "hdr=x.hlog"},
		"--out: is an output of k6 that squall does not have": {"--out", "kafka=x"},
		"--out json: needs a file, as in json=FILE":           {"--out", "json"},
		"--out cloud: needs a file":                           {"--out", "cloud"},
	} {
		if _, err := ask(args...); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%v: %v, want %q", args, err, said)
		}
	}
}
