package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/strictyaml"
	"xinbot.ir/squall/load"
)

// DefaultFile is read from the working directory when no --config is given.
const DefaultFile = "squall.yaml"

// file is a squall.yaml whose shape has been checked.
type file struct {
	path          string
	defaultTarget string
	targets       []fileTarget
	top           map[string]fileValue // settings beside the targets
}

// fileTarget is one named target: its settings as text, by name, its channel overrides and its faults.
type fileTarget struct {
	name     string
	values   map[string]fileValue
	channels load.ChannelOverrides
	faults   []fileFault
}

// fileValue is one setting as it stands in the file.
type fileValue struct {
	texts []string // one, or more for a list
	line  int
}

// readFile reads squall.yaml. A path that was not asked for may be missing; then the file is nil.
func readFile(files *inputfile.Files, path string, asked bool) (*file, error) {
	data, err := files.Read(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil, nil //nolint:nilnil // no file is a good answer, and not an error
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return parseFile(path, data)
}

// validName keeps target names fit for a directory's name.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func parseFile(path string, data []byte) (*file, error) {
	f := &file{path: path, top: map[string]fileValue{}}
	err := strictyaml.Read(path, data, func(root strictyaml.Value) {
		var defaultAt strictyaml.Value
		top := strictyaml.Fields{
			"default_target": func(v strictyaml.Value) { f.defaultTarget, defaultAt = v.Text(), v },
			"targets": func(v strictyaml.Value) {
				v.Entries(func(name string, v strictyaml.Value) {
					if !validName.MatchString(name) {
						v.Problem("is no name for a target: letters, digits, dot, hyphen and underscore are accepted")
					}
					f.targets = append(f.targets, readTarget(name, v))
				})
			},
		}
		addSettings(top, f.top, func(row Setting) bool { return row.AtTop })
		root.Object(top, "targets")
		if f.defaultTarget != "" && f.find(f.defaultTarget) == nil {
			defaultAt.Problem("there is no target %q: targets are %s", f.defaultTarget, strictyaml.Choice(f.names()))
		}
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *file) find(name string) *fileTarget {
	for i := range f.targets {
		if f.targets[i].name == name {
			return &f.targets[i]
		}
	}
	return nil
}

func (f *file) names() (names []string) {
	for _, t := range f.targets {
		names = append(names, t.name)
	}
	return names
}

// readTarget reads one target by the table: a row called "tls.ca" is the key ca below tls.
func readTarget(name string, v strictyaml.Value) fileTarget {
	t := fileTarget{name: name, values: map[string]fileValue{}}
	top := strictyaml.Fields{
		"channels": func(v strictyaml.Value) { t.channels = load.ReadChannelOverrides(v) },
		"faults":   func(v strictyaml.Value) { t.faults = readFaults(v) },
	}
	addSettings(top, t.values, func(row Setting) bool { return row.InFile })
	read := top[objectives]
	for _, name := range []string{objectives, "thresholds"} { // the second is k6's name for them
		top[name] = func(v strictyaml.Value) {
			if _, twice := t.values[objectives]; twice {
				v.Problem("objectives and thresholds, which is k6's name for them, are both there: keep one")
				return
			}
			read(v)
		}
	}
	v.Object(top)
	return t
}

// addSettings adds the keys of some settings to those that a mapping accepts, and reads their texts into values.
func addSettings(to strictyaml.Fields, values map[string]fileValue, which func(Setting) bool) {
	sections := map[string]strictyaml.Fields{"": to} // by their path
	for _, row := range Table() {
		if !which(row) {
			continue
		}
		path := strings.Split(row.Name, ".")
		last := len(path) - 1
		fieldsAt(sections, path[:last])[path[last]] = func(v strictyaml.Value) {
			if texts := readTexts(v, row); texts != nil {
				values[row.Name] = fileValue{texts: texts, line: v.Line()}
			}
		}
	}
}

// fieldsAt are the keys that a section accepts, which it and those around it get when they have none yet.
func fieldsAt(sections map[string]strictyaml.Fields, path []string) strictyaml.Fields {
	name := strings.Join(path, ".")
	if fields, there := sections[name]; there {
		return fields
	}
	fields, last := strictyaml.Fields{}, len(path)-1
	sections[name] = fields
	fieldsAt(sections, path[:last])[path[last]] = func(v strictyaml.Value) { v.Object(fields) }
	return fields
}

// readTexts takes a setting's text, or nil when it has been reported.
func readTexts(v strictyaml.Value, row Setting) []string {
	if row.List {
		return readList(v, row)
	}
	text, ok := v.Scalar(row.Accepts)
	if !ok || !acceptReference(v, row, text) {
		return nil
	}
	return []string{text}
}

// readList reads a list of lines. A line such as "gateway_latency: p(95)<1500" without quotes is a
// mapping to YAML; it is read as the line that it looks like.
func readList(v strictyaml.Value, row Setting) []string {
	texts := []string{}
	if row.Name == objectives && v.IsMapping() {
		return readThresholds(v, row)
	}
	if row.Single && !v.IsList() {
		text, ok := v.Scalar(row.Accepts)
		if !ok || !acceptReference(v, row, text) {
			return nil
		}
		return []string{text}
	}
	if v.IsList() && v.Len() == 0 && row.Default != "none" {
		v.Problem("is an empty list: leave the key out for the default, which is %s", row.Default)
	}
	v.Each(func(_ int, v strictyaml.Value) {
		if !v.IsMapping() {
			if text, ok := v.Scalar(row.Accepts); ok && acceptReference(v, row, text) {
				texts = append(texts, text)
			}
			return
		}
		v.Entries(func(key string, v strictyaml.Value) {
			if row.Name == objectives && slices.Contains(k6ThresholdKeys, key) {
				v.Problem("belongs under its metric, as in k6: objectives: {gateway_latency: [{threshold: 'p(95)<1500'}]}; or write the line 'gateway_latency: p(95)<1500'")
				return
			}
			if text, ok := v.Scalar(row.Accepts); ok && acceptReference(v, row, text) {
				texts = append(texts, key+": "+text)
			}
		})
	})
	return texts
}

var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// acceptReference refuses ${NAME} outside secrets, and half references inside them.
func acceptReference(v strictyaml.Value, row Setting, text string) bool {
	switch {
	case !strings.Contains(text, "${"):
		return true
	case !row.Secret && len(row.Env) > 0:
		v.Problem("holds ${..}, which is accepted for secrets only: write the value here, or leave the key out and set %s in the environment", row.Env[0].Name)
		return false
	case !row.Secret:
		v.Problem("holds ${..}, which is accepted for secrets only: write the value here")
		return false
	case !reference.MatchString(text):
		v.Problem("mixes ${..} with other text: write ${NAME} alone")
		return false
	}
	return true
}

// inside makes a path of the file relative to the file's own directory.
func (f *file) inside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.path), path)
}

// TargetNames lists the targets of a squall.yaml, for completion. "" is the default file; a file that
// cannot be read has no targets.
func TargetNames(path string) []string {
	if path == "" {
		path = DefaultFile
	}
	f, err := readFile(nil, path, true)
	if err != nil {
		return nil
	}
	return f.names()
}
