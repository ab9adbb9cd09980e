package grafana

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// value is what a variable stands for.
type value struct {
	texts   []string
	multi   bool   // several can be chosen: it is written as a regular expression
	literal bool   // it is written as it is, whatever the format
	kind    string // of a data source
}

// environment is what the variables of a dashboard stand for. It is not changed once it was made.
type environment struct {
	values  map[string]value
	missing map[string]string // why variables have none
}

// with is the environment with other values for some variables.
func (e environment) with(values map[string]value) environment {
	e.values = maps.Clone(e.values)
	maps.Copy(e.values, values)
	return e
}

// scoped is the environment of a panel that is repeated.
func (e environment) scoped(scope map[string][]string) environment {
	values := map[string]value{}
	for name, texts := range scope {
		v := e.values[name]
		values[name] = value{texts: texts, multi: v.multi, kind: v.kind}
	}
	return e.with(values)
}

// variableName is where a text names a variable: $name, ${name.field:format}, [[name:format]].
var variableName = regexp.MustCompile(`\$(?P<plain>\w+)|\$\{(?P<name>\w+)(?:\.(?P<field>[^:}]+))?(?::(?P<format>[^}]+))?\}|\[\[(?P<old>\w+)(?::(?P<oldformat>\w+))?\]\]`)

// unfilledError is a variable that has no value.
type unfilledError struct{ name, why string }

func (e unfilledError) Error() string {
	if e.why == "" {
		return fmt.Sprintf("variable %s is not defined", e.name)
	}
	return fmt.Sprintf("variable %s: %s", e.name, e.why)
}

// fill puts the values of variables into a text: in a query as Grafana writes them for Prometheus, elsewhere as they
// are. The error names the first variable that has no value. $1 is no variable, but part of label_replace.
func (e environment) fill(text string, inQuery bool) (filled string, err error) {
	var b strings.Builder
	end := 0
	for _, at := range variableName.FindAllStringSubmatchIndex(text, -1) {
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return text[at[2*n]:at[2*n+1]]
		}
		name, field, format := group(1)+group(2)+group(5), group(3), group(4)+group(6)
		if name[0] >= '0' && name[0] <= '9' {
			continue
		}
		written, problem := e.written(name, field, format, inQuery)
		if problem != nil {
			return "", problem
		}
		b.WriteString(text[end:at[0]])
		b.WriteString(written)
		end = at[1]
	}
	b.WriteString(text[end:])
	return b.String(), nil
}

func (e environment) written(name, field, format string, inQuery bool) (string, error) {
	v, known := e.values[name]
	if strings.HasPrefix("$"+name, autoValue) {
		v, known = e.values["__interval"]
	}
	switch {
	case !known:
		return "", unfilledError{name, e.missing[name]}
	case field != "" && field != "text" && field != "value" && name != "__dashboard":
		return "", unfilledError{name, "its field " + field + " is not known"}
	case format == "" && inQuery && !v.literal:
		return v.inQuery(), nil
	case format == "" || v.literal:
		return strings.Join(v.texts, ","), nil
	}
	write, known := formats[format]
	if !known {
		return "", unfilledError{name, "its format " + format + " is not known"}
	}
	return write(v.texts), nil
}

// inQuery is how a value stands in PromQL, between quotation marks as a rule.
func (v value) inQuery() string {
	if !v.multi {
		return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(strings.Join(v.texts, ","))
	}
	escaped := make([]string, len(v.texts))
	for i, text := range v.texts {
		escaped[i] = strings.ReplaceAll(regexp.QuoteMeta(text), `\`, `\\`)
	}
	return anyOf(escaped)
}

func anyOf(texts []string) string {
	if len(texts) == 1 {
		return texts[0]
	}
	return "(" + strings.Join(texts, "|") + ")"
}

// formats are the ways to write values that a dashboard may ask for.
var formats = map[string]func([]string) string{
	"raw":  func(texts []string) string { return strings.Join(texts, ",") },
	"csv":  func(texts []string) string { return strings.Join(texts, ",") },
	"pipe": func(texts []string) string { return strings.Join(texts, "|") },
	"text": func(texts []string) string { return strings.Join(texts, " + ") },
	"glob": func(texts []string) string {
		if len(texts) == 1 {
			return texts[0]
		}
		return "{" + strings.Join(texts, ",") + "}"
	},
	"regex": func(texts []string) string {
		quoted := make([]string, len(texts))
		for i, text := range texts {
			quoted[i] = regexp.QuoteMeta(text)
		}
		return anyOf(quoted)
	},
	"doublequote": func(texts []string) string { return quotedBy(texts, `"`) },
	"singlequote": func(texts []string) string { return quotedBy(texts, `'`) },
	"json": func(texts []string) string {
		raw, _ := json.Marshal(texts) // texts can always be written
		return string(raw)
	},
	"date:seconds": func(texts []string) string { // of $__from and $__to, which are milliseconds
		ms, err := strconv.ParseInt(strings.Join(texts, ""), 10, 64)
		if err != nil {
			return strings.Join(texts, ",")
		}
		return strconv.FormatInt(ms/1000, 10)
	},
}

func quotedBy(texts []string, mark string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = mark + strings.ReplaceAll(text, mark, `\`+mark) + mark
	}
	return strings.Join(all, ",")
}

// times are the variables that follow from a range, the step at which it is read, and how often its source scrapes.
func times(from, to time.Time, step, scrape time.Duration) map[string]value {
	length := to.Sub(from)
	// Grafana's own definition: long enough for the rate of a counter whose last scrape failed.
	rate := max(step+scrape, 4*scrape)
	of := func(text string) value { return value{texts: []string{text}, literal: true} }
	count := func(n int64) value { return of(strconv.FormatInt(n, 10)) }
	plain := func(n int64) value { return value{texts: []string{strconv.FormatInt(n, 10)}} } // has formats
	return map[string]value{
		"__interval": of(promDuration(step)), "__interval_ms": count(step.Milliseconds()),
		"__rate_interval": of(promDuration(rate)), "__rate_interval_ms": count(rate.Milliseconds()),
		"__range": of(promDuration(length.Round(time.Second))), "__range_s": count(int64(length.Round(time.Second).Seconds())), "__range_ms": count(length.Milliseconds()),
		"__from": plain(from.UnixMilli()), "__to": plain(to.UnixMilli()),
	}
}

// promDuration is a length of time as PromQL has it.
func promDuration(d time.Duration) string {
	if d%time.Second != 0 {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// legendLabel is a label in a legend: {{label}}.
var legendLabel = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// autoLegend leaves the name to Grafana, which takes the labels.
const autoLegend = "__auto"

// names gives the series of a panel names: as the legend has it, or the labels. One that is taken by another series has
// the query and the labels, too.
type names struct {
	taken map[string]string // by name: the series
	of    map[string]string // by series: the name
}

func newNames() *names { return &names{taken: map[string]string{}, of: map[string]string{}} }

func (n *names) name(query, legend string, several bool, labels map[string]string, written string) string {
	series := query + written
	if name, is := n.of[series]; is {
		return name
	}
	name := written
	switch {
	case legend != "" && legend != autoLegend:
		name = legendLabel.ReplaceAllStringFunc(legend, func(m string) string { return labels[legendLabel.FindStringSubmatch(m)[1]] })
	case several:
		name = strings.TrimSpace(query + " " + written)
	}
	if other, is := n.taken[name]; is && other != series {
		name = strings.TrimSpace(name + " " + query + " " + written)
	}
	n.taken[name], n.of[series] = series, name
	return name
}
