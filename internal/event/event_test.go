package event

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

func at() time.Time { return time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC) }

// Every row has a name, a text and a look of its own, and survives the journal.
func TestEveryKindSurvivesTheJournal(t *testing.T) {
	kinds := map[Kind]bool{}
	for _, r := range table {
		t.Run(string(r.kind), func(t *testing.T) {
			if kinds[r.kind] {
				t.Fatal("two rows have this kind")
			}
			kinds[r.kind] = true
			value := reflect.New(r.data).Elem()
			fill(value)
			e := Make(at(), 1.5, Actor{Role: RoleScript, Name: "x"}, value.Interface())
			if e.Kind() != r.kind {
				t.Fatalf("the event is a %s", e.Kind())
			}
			if text := e.Text(); text == "" || strings.Contains(text, "\n") || strings.Contains(text, "%!") {
				t.Errorf("text is %q", text)
			}
			if e.Look().Sign == 0 {
				t.Error("it has no sign")
			}
			raw, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var back Event
			if err := json.Unmarshal(raw, &back); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(e, back) {
				t.Errorf("wrote %+v\nread  %+v", e, back)
			}
		})
	}
}

// fill gives every field a value that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Int:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Uint64:
		v.SetUint(1<<63 + 1)
	case reflect.Float64:
		v.SetFloat(90.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface:
		v.Set(reflect.ValueOf("text"))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(at()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	default:
		panic("fill: " + v.Type().String())
	}
}

func TestAnUnknownKindIsNoError(t *testing.T) {
	var e Event
	if err := json.Unmarshal([]byte(`{"at":3,"kind":"from_the_future","by":{"role":"squall"},"data":{"x":1}}`), &e); err != nil {
		t.Fatal(err)
	}
	if e.Kind() != "from_the_future" || e.Data != nil || !strings.Contains(e.Text(), "from_the_future") {
		t.Errorf("read %+v: %s", e, e.Text())
	}
}

func TestDamagedLines(t *testing.T) {
	for _, line := range []string{``, `{`, `{}`, `{"kind":""}`, `{"kind":"vus_set","data":7}`, `{"kind":"vus_set","data":{"from":"x"}}`} {
		if err := json.Unmarshal([]byte(line), new(Event)); err == nil {
			t.Errorf("%s was read", line)
		}
	}
}

// Journals of before had a think time as --think takes it.
func TestThinkTimesOfOldJournals(t *testing.T) {
	for text, want := range map[string]Think{`"0s-1.5s"`: {0, 1.5}, `"1s"`: {1, 1}, `""`: {}, `{"min":0,"max":1.5}`: {0, 1.5}} {
		var got Think
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{`"soon"`, `"1s-x"`, `7`} {
		if err := json.Unmarshal([]byte(text), new(Think)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestDataWithoutARowPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Make(at(), 0, By(RoleSquall), struct{}{})
}

func TestMapEditsTextsOnly(t *testing.T) {
	e := Make(at(), 0, By(RoleOperator), FaultRefused{
		Injection: Injection{Title: "title"}, Params: map[string]string{"title": "s\"ecret"},
		Checks: []Check{{Text: `holds s"ecret`, Answer: Refuses}},
	})
	edited, err := e.Map(func(s string) string { return strings.ReplaceAll(s, `s"ecret`, "(secret)") })
	if err != nil {
		t.Fatal(err)
	}
	d := edited.Data.(FaultRefused)
	if d.Params["title"] != "(secret)" || d.Checks[0].Text != "holds (secret)" || d.Checks[0].Answer != Refuses || d.Title != "title" {
		t.Errorf("edited to %+v", d)
	}
	seed, err := Make(at(), 0, By(RoleSquall), RunStarted{Seed: 1<<64 - 1, Target: `s"ecret`}).Map(func(string) string { return "x" })
	if err != nil || seed.Data.(RunStarted).Seed != 1<<64-1 {
		t.Errorf("the seed became %d (%v)", seed.Data.(RunStarted).Seed, err)
	}
	if e.Data.(FaultRefused).Params["title"] != `s"ecret` {
		t.Error("the original changed")
	}
}

func TestTexts(t *testing.T) {
	i := Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}
	six := 6
	for _, c := range []struct {
		data any
		want string
	}{
		{RunStarted{Target: "demo", Model: "closed", VUs: 1500, Think: Think{Max: 1.5}, Duration: 900}, "Started on demo: 1,500 VUs, think time 0 – 1.5 s, for 15 min"},
		{RunStarted{Target: "demo", Model: "open", Rate: 200}, "Started on demo: 200 requests/s, until stopped"},
		{RunEnded{Cause: EndSignal, Detail: "hangup", NotReverted: []string{"x"}}, "Ended: signal (hangup), 1 not reverted"},
		{VUsSet{From: 10, To: 1000}, "VUs 10 → 1,000"},
		{RateSet{From: 0, To: 2.5}, "Arrival rate 2.5/s in place of VUs"},
		{RateSet{From: 20, To: 0, VUs: 50}, "Arrival rate off, back to 50 VUs"},
		{MixSet{To: map[string]float64{"webchat": 3, "telegram": 1}, Order: []string{"webchat", "telegram"}}, "Channel mix webchat 75 %, telegram 25 %"},
		{MixSet{BrandID: "b", Brand: "Acme"}, "Channel mix of Acme back to the run's"},
		{FaultActive{Injection: i, Scope: "proxy llm", TTL: 60}, "LLM latency is active on proxy llm for 1 min"},
		{FaultActive{Injection: i, Scope: "2 pods", OneShot: true, Findings: []string{"1 pod refused"}}, "LLM latency done on 2 pods (1 pod refused)"},
		{FaultReverting{Injection: i, Cause: CauseTimeUp}, "LLM latency is being reverted: its time is up"},
		{FaultReverting{Injection: i, Cause: CauseEndedByOthers, Detail: "toxic a"}, "LLM latency was ended by somebody else: toxic a is not as squall had left it"},
		{CommandRefused{Title: "set virtual users to -1", Reason: "set virtual users to -1: must be 0 to 200,000"}, "Refused: set virtual users to -1: must be 0 to 200,000"},
		{CommandRefused{Title: "start spike", Reason: "halted: release first"}, "Refused: start spike: halted: release first"},
		{PlatformRecovered{Injection: i, Seconds: 0.4}, "LLM latency: objectives are green again, within a second of the revert"},
		{PlatformRecovered{Injection: i, Seconds: 12.4}, "LLM latency: objectives are green again, 12.4 s after it was reverted"},
		{PlatformRecovered{Injection: i, Unbroken: true}, "LLM latency: no objective broke"},
		{SquallFailed{Error: "write journal: disk full", Meanwhile: "later seconds are saved elsewhere"}, "squall failed: write journal: disk full: later seconds are saved elsewhere"},
		{SquallFailed{Error: "write journal: disk full"}, "squall failed: write journal: disk full"},
		{WorkloadScaled{Workload: "deployment a/gateway", Before: &six, Ready: 7, Wanted: 8, Min: 6, Max: 12}, "deployment a/gateway: 6 → 7 pods ready of 8 wanted (autoscaler 6 to 12)"},
	} {
		if got := Make(at(), 0, By(RoleSquall), c.data).Text(); got != c.want {
			t.Errorf("text is %q, want %q", got, c.want)
		}
	}
}

func TestActorsOfOneRoleAreToldApart(t *testing.T) {
	for want, a := range map[string]Actor{"operator": By(RoleOperator), "schedule": By(RoleSchedule), "script x": {Role: RoleScript, Name: "x"}} {
		if a.String() != want {
			t.Errorf("%+v is %q", a, a.String())
		}
	}
}

// FuzzEvent reads lines that may be damaged.
func FuzzEvent(f *testing.F) {
	for _, r := range table {
		value := reflect.New(r.data).Elem()
		fill(value)
		raw, err := json.Marshal(Make(at(), 1, By(RoleSquall), value.Interface()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var e Event
		if json.Unmarshal(line, &e) != nil {
			return
		}
		_, _ = e.Text(), e.Look()
		if _, err := json.Marshal(e); err != nil {
			t.Errorf("an event that was read cannot be written: %v", err)
		}
	})
}

// docs/report.md names every kind of event.
func TestEveryKindIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table {
		if !strings.Contains(string(page), "`"+string(r.kind)+"`") {
			t.Errorf("docs/report.md lacks %s", r.kind)
		}
	}
}
