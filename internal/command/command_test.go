package command

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// examples has a valid value of every kind of command.
var examples = []Command{
	SetVUs{20},
	SetRate{2.5},
	SetThink{0, Duration(1.5e9)},
	SetRamp{Duration(1e9)},
	SetSpikeFactor{3},
	SetMix{Brand: "b1", Weights: map[string]float64{"webchat": 1}},
	Spike{true},
	Pause{true},
	Hold{true},
	RecycleConnections{},
	Note{"hello"},
	Inject{Fault: "llm_latency", Params: map[string]string{"latency": "3s"}, Confirm: "staging"},
	Adjust{Fault: "llm_latency", Params: map[string]string{"latency": "3s"}},
	Revert{"llm_latency"},
	Decide{"llm_latency", "retry"},
	Halt{},
	ReleaseHalt{},
	ArmRotation{},
	DisarmRotation{},
	SetSigning{Channel: "webchat", With: "share", Share: 0.25},
	StageRotation{"rolling"},
	Export{},
	Finish{},
}

func TestEveryCommandSurvivesJSONAndYAML(t *testing.T) {
	seen := map[Kind]bool{}
	for _, c := range examples {
		raw, err := Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Unmarshal(raw)
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%s was read as %+v (%v)", raw, back, err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		back, err = FromYAML(doc.Content[0])
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("as YAML, %s was read as %+v (%v)", raw, back, err)
		}
		if c.title() == "" {
			t.Errorf("%s has no title", raw)
		}
		seen[KindOf(c)] = true
	}
	for _, k := range Kinds() {
		if !seen[k] && k != "give_secret" { // see TestSecretsAreNeverWritten
			t.Errorf("there is no example of %s", k)
		}
	}
}

// A typed secret leaves a session in no form, and a script cannot hold one.
func TestSecretsAreNeverWritten(t *testing.T) {
	c := GiveSecret{Channel: "webchat", Secret: NewSecret("canary-3141")}
	raw, err := Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(raw), fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Secret), Title(c)} {
		if strings.Contains(text, "canary") {
			t.Errorf("it is in %s", text)
		}
	}
	if _, err := Unmarshal([]byte(`{"give_secret":{"channel":"webchat","secret":"canary-3141"}}`)); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "cannot be written down") {
		t.Errorf("error %v", err)
	}
	if Check(c) != nil || Check(GiveSecret{}) == nil {
		t.Error("a secret has to be there")
	}
}

// A type with a title and limits that is not in the table could be given to a session by nobody.
func TestEveryCommandIsInTheTable(t *testing.T) {
	in := map[string]bool{}
	for _, r := range table {
		in[r.params.Name()] = true
	}
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0) //nolint:staticcheck // one directory without build tags
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range packages["command"].Files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "check" {
				continue
			}
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; !in[name] {
				t.Errorf("%s is not in the table", name)
			}
		}
	}
}

func TestShortForm(t *testing.T) {
	if c, err := Unmarshal([]byte(`"halt"`)); err != nil || c != (Halt{}) {
		t.Errorf("read %+v (%v)", c, err)
	}
}

func TestBadInputNamesThePlace(t *testing.T) {
	for input, want := range map[string]string{
		`set_vuz: {vus: 3}`:               `there is no command "set_vuz"`,
		`set_vus: {vuz: 3}`:               `unknown field "vuz"`,
		`set_vus: {vus: x}`:               "line 1: read command set_vus",
		`{a: 1, b: 2}`:                    "it has 2 keys",
		`7`:                               "line 1: read command",
		`set_vus: {vus: -1}`:              "must be 0 to 200000",
		`set_ramp: {over: 3 parsecs}`:     "not a duration",
		`decide: {fault: a, decision: b}`: `no decision "b"`,
		`inject: {}`:                      "name a fault",
		`note: {text: "  "}`:              "empty",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(input), &doc); err != nil {
			t.Fatal(err)
		}
		if _, err := FromYAML(doc.Content[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q in it", input, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []Command{
		SetVUs{-1},
		SetVUs{MaxVUs + 1},
		SetRate{-1},
		SetRate{math.NaN()},
		SetRate{math.Inf(1)},
		SetThink{2, 1},
		SetThink{0, Duration(MaxThink) + 1},
		SetRamp{-1},
		SetSpikeFactor{0.5},
		SetSpikeFactor{math.NaN()},
		SetMix{Weights: map[string]float64{"a": -1}},
		SetMix{Weights: map[string]float64{"a": 0}},
		Note{strings.Repeat("x", MaxNote+1)},
		SetSigning{With: "share", Share: 1.5},
		SetSigning{With: "old", Share: 0.5},
		SetSigning{With: "both"},
		StageRotation{},
		Revert{},
		Decide{Fault: "x"},
	} {
		if err := c.check(); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, c := range examples {
		raw, err := Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Unmarshal(raw)
		if err != nil {
			return
		}
		if _, err := Marshal(c); err != nil {
			t.Errorf("%+v was read and cannot be written: %v", c, err)
		}
	})
}
