package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"xinbot.ir/squall/internal/strictyaml"
)

// Document is one that was asked for beside those of the run directory.
type Document struct {
	Name   string // which; see Input.Documents
	Path   string // of its file, or what the names of its files begin with
	Source string // who asks for it: "--summary-export"
}

// The documents that have a flag of their own, by their names.
const (
	k6Summary        = "summary"
	k6MachineSummary = "machine-summary"
	locustCSV        = "locust"
	locustFullCSV    = "locust-full"
)

// k6Outputs are the kinds of k6's --out, which is no directory.
var k6Outputs = []string{"cloud", "csv", "datadog", "dashboard", "influxdb", "json", "kafka", "opentelemetry", "prometheus-rw", "statsd", "timescaledb", "web-dashboard"}

// BindDocuments defines those flags alone that ask for documents.
func BindDocuments(set *pflag.FlagSet) *Flags {
	f := &Flags{given: map[string][]string{}}
	rows := slices.DeleteFunc(Table(), func(row Setting) bool { return !slices.Contains(documentSettings, row.Name) })
	for i := range rows {
		if rows[i].Name == outDir {
			rows[i].Argument, rows[i].Default, rows[i].Help = "NAME=FILE", "", "a further document, as with k6; may be given several times: json, csv, locust, and others of docs/report.md"
		}
	}
	f.bind(set, rows, nil)
	return f
}

// documentSettings are the settings that ask for documents.
var documentSettings = []string{outDir, summaryExport, machineSummary, csvPrefix, csvHistory}

// ReadDocuments settles what flags alone ask for, for a run that is there already: the environment may hold what was
// meant for another one, and a run directory cannot be chosen.
func ReadDocuments(in Input) ([]Document, error) {
	in.LookupEnv = func(string) (string, bool) { return "", false }
	l := newResolver(in)
	for _, row := range Table() {
		if slices.Contains(documentSettings, row.Name) {
			l.values[row.Name] = l.layer(in, row)
		}
	}
	documents, dir := l.documents()
	if dir != "" {
		l.problem("--out %s: the report is written into the run directory: give a document such as json=FILE", dir)
	}
	return documents, l.joined()
}

// documents are those that were asked for, and the run directory, which --out gives, too; "" for the default.
func (l *resolver) documents() (all []Document, dir string) {
	out := l.values[outDir]
	for _, text := range out.texts {
		switch document, is := l.output(text, out.source); {
		case is:
			all = append(all, document)
		default:
			dir = text // the last, as of every flag
		}
	}
	if len(all) == 0 {
		all = l.outputsOfTheEnvironment()
	}
	if value := l.values[summaryExport]; value.set() {
		name := k6Summary
		if read(l, machineSummary, parseBool) {
			name = k6MachineSummary
		}
		all = append(all, Document{name, value.text(), value.source})
	}
	full, prefix := read(l, csvHistory, parseBool), l.values[csvPrefix]
	switch {
	case prefix.set() && full:
		all = append(all, Document{locustFullCSV, prefix.text(), prefix.source})
	case prefix.set():
		all = append(all, Document{locustCSV, prefix.text(), prefix.source})
	case full && l.values[csvHistory].level >= fromVariable: // the environment may hold it for another command
		l.problem("%s needs --csv PREFIX, which says where the files go", l.values[csvHistory].source)
	}
	places := all
	if zip := l.values[zipFile]; zip.set() {
		places = append(slices.Clone(all), Document{"zip", zip.text(), zip.source})
	}
	l.checkPaths(places)
	return all, dir
}

// output reads NAME=FILE. Anything else is a directory, unless it is an output of k6 that squall does not have.
func (l *resolver) output(text, source string) (Document, bool) {
	name, path, given := strings.Cut(text, "=")
	switch {
	case !given && (slices.Contains(l.known, text) || slices.Contains(k6Outputs, text)):
		l.problem("%s %s: needs a file, as in %s=FILE; a run directory of that name is ./%s", source, text, text, text)
		return Document{}, true
	case !given:
		return Document{}, false
	case !slices.Contains(l.known, name):
		if slices.Contains(k6Outputs, strings.TrimPrefix(name, "experimental-")) {
			l.problem("%s: is an output of k6 that squall does not have, %s: it has NAME=FILE with %s; windows.jsonl of the run directory has one line per second",
				source, name, strictyaml.Choice(l.known))
			return Document{}, true
		}
		if variable.MatchString(name) {
			l.problem("%s: %s is a variable, and neither a run directory nor one of %s: write -e %s=VALUE", source, name, strictyaml.Choice(l.known), name)
			return Document{}, true
		}
		if word.MatchString(name) {
			l.problem("%s %s: %s is none of %s; a run directory of that name is ./%s", source, withoutSecrets(text), name, strictyaml.Choice(l.known), withoutSecrets(text))
			return Document{}, true
		}
		return Document{}, false
	case path == "" || path == "-":
		l.problem("%s %s: needs a file, as in %s=FILE: the summary is what standard output has", source, text, name)
	case hasK6Options(path):
		l.problem("%s %s: takes the name of a file alone: write %s=FILE", source, withoutSecrets(text), name)
	}
	return Document{name, path, source + " " + name}, true
}

// variable is the name of a variable of the environment.
var variable = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)

// word is what the name of a document could be.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// hasK6Options reports whether a path is rather the options that k6's csv output takes.
func hasK6Options(path string) bool {
	key, _, given := strings.Cut(path, "=")
	return given && slices.Contains([]string{"fileName", "saveInterval", "timeFormat"}, key)
}

// outputsOfTheEnvironment are those of K6_OUT. It may be meant for k6 alone: what squall does not have is warned of.
func (l *resolver) outputsOfTheEnvironment() (all []Document) {
	value := l.values[outputs]
	for _, text := range strings.Split(value.text(), ",") {
		name, path, _ := strings.Cut(text, "=")
		switch {
		case text == "":
		case !slices.Contains(l.known, name) || path == "" || path == "-" || hasK6Options(path):
			l.unused = append(l.unused, fmt.Sprintf("%s: the output %s has no effect: squall has NAME=FILE with %s", value.source, name, strictyaml.Choice(l.known)))
		default:
			all = append(all, Document{name, path, value.source})
		}
	}
	return all
}

// checkPaths refuses two documents in one place: the later would be written over the earlier.
func (l *resolver) checkPaths(all []Document) {
	for i, d := range all {
		for _, other := range all[:i] {
			if filepath.Clean(d.Path) == filepath.Clean(other.Path) && d != other {
				l.problem("%s and %s ask for the same file, %s: give each its own", other.Source, d.Source, d.Path)
			}
		}
	}
}
