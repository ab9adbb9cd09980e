package grafana

import (
	"encoding/json"
	"slices"
	"strings"
)

// Values of variables that mean something else than they say.
const (
	allValue  = "$__all"
	autoValue = "$__auto"
	mostAll   = 500 // values that All stands for
)

// variable is one of a dashboard's template variables.
type variable struct {
	name     string
	kind     string // query, custom, constant, interval, datasource, textbox, adhoc
	multi    bool   // several values may be chosen, so that its value is written as a regular expression
	current  []string
	options  []string // values, without All
	all      bool     // All may be chosen
	allText  string   // what All stands for; "": every value
	query    string   // what its values are asked by, or what they are
	regex    string   // that values of a query are picked by
	source   reference
	filtered bool // of adhoc: it has filters, which Grafana puts into every query
}

type variableDocument struct {
	Name       text            `json:"name"`
	Type       text            `json:"type"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   text            `json:"allValue"`
	Query      json.RawMessage `json:"query"`
	Definition text            `json:"definition"`
	Regex      text            `json:"regex"`
	Datasource reference       `json:"datasource"`
	Current    struct {
		Value texts `json:"value"`
	} `json:"current"`
	Options []struct {
		Value    texts `json:"value"`
		Selected bool  `json:"selected"`
	} `json:"options"`
	Filters []json.RawMessage `json:"filters"`
}

// parseVariable reads a variable. One that cannot be read has no value, so that the panels which use it say so.
func parseVariable(raw json.RawMessage) variable {
	var doc variableDocument
	if json.Unmarshal(raw, &doc) != nil {
		var name struct {
			Name text `json:"name"`
		}
		_ = json.Unmarshal(raw, &name)
		return variable{name: string(name.Name)}
	}
	v := variable{
		name: string(doc.Name), kind: string(doc.Type), multi: doc.Multi || doc.IncludeAll, all: doc.IncludeAll, allText: string(doc.AllValue),
		regex: string(doc.Regex), source: doc.Datasource, query: queryText(doc.Query), current: doc.Current.Value, filtered: len(doc.Filters) > 0,
	}
	if v.query == "" {
		v.query = string(doc.Definition)
	}
	var selected []string
	for _, o := range doc.Options {
		for _, value := range o.Value {
			if o.Selected {
				selected = append(selected, value)
			}
			if value != allValue {
				v.options = append(v.options, value)
			}
		}
	}
	if v.kind == "custom" && v.options == nil {
		v.options = listed(v.query)
	}
	if len(v.current) == 0 {
		v.current = selected
	}
	return v
}

// queryText is a variable's query, which is a text, or an object that has one.
func queryText(raw json.RawMessage) string {
	if raw == nil {
		return ""
	}
	var object struct {
		Query text `json:"query"`
	}
	var plain text
	if raw[0] == '{' {
		_ = json.Unmarshal(raw, &object) // what has none is of another data source
		return string(object.Query)
	}
	_ = plain.UnmarshalJSON(raw)
	return string(plain)
}

// listed are the values of a list with commas: "a, b" or "first : a, second : b". A comma after a backslash is part of
// a value.
func listed(list string) (values []string) {
	const escaped = "\x00"
	for _, part := range strings.Split(strings.ReplaceAll(list, `\,`, escaped), ",") {
		part = strings.TrimSpace(strings.ReplaceAll(part, escaped, ","))
		if _, value, is := strings.Cut(part, " : "); is {
			part = strings.TrimSpace(value)
		}
		if part != "" {
			values = append(values, part)
		}
	}
	return values
}

// variable is what an input is to the queries.
func (i input) variable() variable {
	v := variable{name: i.Name, kind: "constant", query: string(i.Value)}
	if i.Type == "datasource" {
		v.kind, v.query = "datasource", i.Plugin
	}
	return v
}

// repeats are the values that something is repeated for, in whose scope its queries are filled in: one scope for each
// value of the variable, where the values are known; else one, the scope around it.
func (d *Dashboard) repeats(name string, scope map[string][]string) (all []map[string][]string) {
	for _, v := range d.variables {
		if v.name != name || name == "" {
			continue
		}
		values := v.current
		if slices.Contains(values, allValue) || len(values) == 0 && v.all {
			values = v.options
		}
		for _, value := range values {
			inner := map[string][]string{name: {value}}
			for outer, values := range scope {
				if outer != name {
					inner[outer] = values
				}
			}
			all = append(all, inner)
			if len(all) == mostPanels {
				return all
			}
		}
	}
	if all == nil {
		return []map[string][]string{scope}
	}
	return all
}

// texts is one text or several.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var several []text
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &several); err != nil {
			return err
		}
	} else {
		var one text
		if err := one.UnmarshalJSON(raw); err != nil {
			return err
		}
		several = []text{one}
	}
	*t = nil
	for _, one := range several {
		if one != "" {
			*t = append(*t, string(one))
		}
	}
	return nil
}
