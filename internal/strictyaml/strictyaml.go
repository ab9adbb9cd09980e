// Package strictyaml reads YAML or JSON written by people, and complains the way they need it: every
// problem of the file at once, each with file, line, field and what is accepted.
//
// A reader walks the document top down with closures; a [Value] that has the wrong shape reports
// itself and yields a zero value, so that reading goes on to the next problem.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"gopkg.in/yaml.v3"
)

// Problem is one complaint about one place of a file.
type Problem struct {
	File  string
	Line  int    // 1 for the first
	Field string // path such as tenants[0].brands[1].channels.webchat; "" for the document
	Text  string // what is wrong and what is accepted
}

// Error writes the problem as file:line: field: text.
func (p *Problem) Error() string {
	where := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Field != "" {
		where += p.Field + ": "
	}
	return where + p.Text
}

// Value is one node of a document, together with the place it stands at.
type Value struct {
	node     *yaml.Node
	file     string
	line     int // of the key, or of the element of a list
	field    string
	problems *[]error
}

// Read parses one document and hands its root to read, which reports what it does not like. The
// error joins every [Problem] found, in the order of the file's reading; nil means that there are
// none.
func Read(name string, data []byte, read func(Value)) error {
	root, err := parse(name, data)
	if err != nil {
		return err
	}
	var problems []error
	reportTags(name, root, &problems)
	read(Value{node: root, file: name, line: root.Line, problems: &problems})
	if n := len(problems) - mostProblems; n > 0 {
		problems = append(problems[:mostProblems:mostProblems], fmt.Errorf("%s: and %d more problems", name, n))
	}
	return errors.Join(problems...)
}

// mostProblems is how many problems of one file are told.
const mostProblems = 50

// reportTags reports every tag that YAML itself does not have: it would change what a value means, and nothing here
// knows how.
func reportTags(file string, node *yaml.Node, problems *[]error) {
	if tag := node.Tag; strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		*problems = append(*problems, &Problem{File: file, Line: node.Line, Text: fmt.Sprintf("the tag %s means nothing here: leave it out", tag)})
	}
	for _, child := range node.Content {
		reportTags(file, child, problems)
	}
}

func parse(name string, data []byte) (*yaml.Node, error) {
	doc, err := Document(name, data)
	if err != nil {
		return nil, err
	}
	return doc.Content[0], nil
}

// Document parses one document into nodes that can be changed and written again, comments included. The error is a
// [Problem].
func Document(name string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(joinSurrogates(data)))
	var doc, second yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Problem{File: name, Line: 1, Text: "the file is empty"}
	case err != nil:
		return nil, syntaxProblem(name, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &Problem{File: name, Line: second.Line, Text: "a second document begins here: one file holds one document"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxProblem(name, err)
	}
	return &doc, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxProblem takes the line number out of the parser's text.
func syntaxProblem(name string, err error) error {
	text, line := err.Error(), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
		text = strings.TrimPrefix(text, m[0])
	}
	return &Problem{File: name, Line: line, Text: "not YAML or JSON: " + text}
}

var surrogatePair = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)

// joinSurrogates rewrites JSON's escaped surrogate pairs (\ud83d\ude00), which YAML does not know,
// as YAML's eight-digit escape. Lines stay where they are.
func joinSurrogates(data []byte) []byte {
	return surrogatePair.ReplaceAllFunc(data, func(pair []byte) []byte {
		high, _ := strconv.ParseUint(string(pair[2:6]), 16, 32)
		low, _ := strconv.ParseUint(string(pair[8:12]), 16, 32)
		return fmt.Appendf(nil, `\U%08X`, utf16.DecodeRune(rune(high), rune(low)))
	})
}

// Line is where the value stands.
func (v Value) Line() int { return v.line }

// Field is the path of the value in its document.
func (v Value) Field() string { return v.field }

// Problem reports what is wrong with the value.
func (v Value) Problem(format string, args ...any) {
	*v.problems = append(*v.problems, &Problem{
		File: v.file, Line: v.line, Field: v.field, Text: fmt.Sprintf(format, args...),
	})
}

// Problems is how many problems the whole document has so far.
func (v Value) Problems() int { return len(*v.problems) }

// mergeTag is the tag of the key <<, which merges other mappings into its own (YAML 1.1, type "merge").
const mergeTag = "!!merge"

// merged are the keys and values that a mapping takes over from those that it merges, without those it has itself. Of
// several the first that has a key counts. One that was visited adds nothing, so that loops end, and the merging of
// what merges itself twice does not grow without bound.
func (v Value) merged(node *yaml.Node, visited map[*yaml.Node]bool) (pairs []*yaml.Node) {
	visited[node] = true
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		seen[node.Content[i].Value] = true
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].ShortTag() != mergeTag {
			continue
		}
		sources := []*yaml.Node{node.Content[i+1]}
		if list := v.child(sources[0], 0, "").resolved(); list.Kind == yaml.SequenceNode {
			sources = list.Content
		}
		for _, source := range sources {
			from := v.child(source, 0, "").resolved()
			if visited[from] {
				continue
			}
			if from.Kind != yaml.MappingNode {
				v.child(source, source.Line, join(v.field, "<<")).Problem("is %s: only other mappings can be merged", describe(from))
				continue
			}
			own := slices.Concat(from.Content, v.merged(from, visited))
			for j := 0; j+1 < len(own); j += 2 {
				if key := own[j]; key.ShortTag() != mergeTag && !seen[key.Value] {
					seen[key.Value] = true
					pairs = append(pairs, key, own[j+1])
				}
			}
		}
	}
	return pairs
}

// resolved follows aliases. A loop of aliases ends, because a document's anchors are finite and
// readers descend by their own schema, never by the document's depth.
func (v Value) resolved() *yaml.Node {
	node := v.node
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func (v Value) child(node *yaml.Node, line int, field string) Value {
	v.node, v.line, v.field = node, line, field
	return v
}

// kinds in the words of a message.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return n.Value
	case "!!str":
		return strconv.Quote(n.Value)
	}
	return n.Value + " (" + n.ShortTag() + ")"
}

// kindOf is the same without what a text says: where a mapping belongs, it may be the secret that belongs into it.
func kindOf(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		return "a text"
	}
	return describe(n)
}

// Describe describes in words what the value is: a mapping, a list, empty, the number 5, "text".
func (v Value) Describe() string { return describe(v.resolved()) }

// IsMapping reports whether the value has keys.
func (v Value) IsMapping() bool { return v.resolved().Kind == yaml.MappingNode }

// IsList reports whether the value is a list.
func (v Value) IsList() bool { return v.resolved().Kind == yaml.SequenceNode }

// Entries calls visit for each key of a mapping, in the order of the file, and then for those that it merges with <<.
// A key that stands twice or is no plain text is reported and left out; a value that is no mapping is reported.
func (v Value) Entries(visit func(key string, value Value)) {
	node := v.resolved()
	if node.Kind != yaml.MappingNode {
		v.Problem("is %s: must be a mapping (key: value)", kindOf(node))
		return
	}
	seen := make(map[string]int, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.ShortTag() == mergeTag {
			continue
		}
		if key.Kind != yaml.ScalarNode {
			v.child(key, key.Line, v.field).Problem("a key here is %s: must be plain text", describe(key))
			continue
		}
		at := v.child(node.Content[i+1], key.Line, join(v.field, key.Value))
		if first, twice := seen[key.Value]; twice {
			at.Problem("stands twice, first in line %d: keep one", first)
			continue
		}
		seen[key.Value] = key.Line
		visit(key.Value, at)
	}
	merged := v.merged(node, map[*yaml.Node]bool{})
	for i := 0; i+1 < len(merged); i += 2 {
		key := merged[i]
		visit(key.Value, v.child(merged[i+1], key.Line, join(v.field, key.Value)))
	}
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// Fields maps the keys that a mapping accepts to what reads them.
type Fields map[string]func(Value)

// Object reads a mapping with known keys. Unknown keys and missing required ones are reported.
func (v Value) Object(known Fields, required ...string) {
	if !v.IsMapping() {
		v.Problem("is %s: must be a mapping with %s", kindOf(v.resolved()), Choice(sortedKeys(known)))
		return
	}
	present := make(map[string]bool, len(known))
	v.Entries(func(key string, value Value) {
		read, ok := known[key]
		if !ok {
			value.Problem("unknown key: accepted here are %s", Choice(sortedKeys(known)))
			return
		}
		present[key] = true
		read(value)
	})
	for _, key := range required {
		if !present[key] {
			v.child(v.node, v.line, join(v.field, key)).Problem("is missing: give it a value")
		}
	}
}

// Each calls visit for each element of a list; a value that is no list is reported.
func (v Value) Each(visit func(i int, element Value)) {
	node := v.resolved()
	if node.Kind != yaml.SequenceNode {
		v.Problem("is %s: must be a list", describe(node))
		return
	}
	for i, element := range node.Content {
		visit(i, v.child(element, element.Line, fmt.Sprintf("%s[%d]", v.field, i)))
	}
}

// Len is the number of elements of a list, 0 for anything else.
func (v Value) Len() int {
	if node := v.resolved(); node.Kind == yaml.SequenceNode {
		return len(node.Content)
	}
	return 0
}

// Scalar is the text of a scalar as it stands in the file, whatever its type. Lists, mappings and
// empty values are reported as not being what accepted says.
func (v Value) Scalar(accepted string) (text string, ok bool) {
	node := v.resolved()
	if node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null" {
		v.Problem("is %s: must be %s", describe(node), accepted)
		return "", false
	}
	return node.Value, true
}

// Text is a string that is not empty. A number or a boolean is reported: YAML users forget quotes.
func (v Value) Text() string {
	text := v.TextOrEmpty()
	if text == "" && v.IsText() {
		v.Problem("is empty: must be text")
	}
	return text
}

// TextOrEmpty is a string, perhaps "".
func (v Value) TextOrEmpty() string {
	if !v.IsText() {
		hint := ""
		if v.resolved().Kind == yaml.ScalarNode && v.resolved().ShortTag() != "!!null" {
			hint = ": put it in quotes"
		}
		v.Problem("is %s: must be text%s", v.Describe(), hint)
		return ""
	}
	return v.resolved().Value
}

// IsText reports whether the value is a string, perhaps "".
func (v Value) IsText() bool {
	node := v.resolved()
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str"
}

// Number is a number from low to high.
func (v Value) Number(low, high float64) float64 {
	node := v.resolved()
	accepted := fmt.Sprintf("must be a number from %s to %s", number(low), number(high))
	if !v.IsNumber() {
		v.Problem("is %s: %s", describe(node), accepted)
		return low
	}
	var n float64
	if err := node.Decode(&n); err != nil || math.IsNaN(n) || n < low || n > high {
		v.Problem("is %s: %s", node.Value, accepted)
		return low
	}
	return n
}

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool {
	node := v.resolved()
	tag := node.ShortTag()
	return node.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float")
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func sortedKeys(known Fields) []string {
	keys := make([]string, 0, len(known))
	for key := range known {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Choice writes names as "a, b and c".
func Choice(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
