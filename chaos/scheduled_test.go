package chaos

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseInjection(t *testing.T) {
	for text, want := range map[string]ScheduledFault{
		"llm_latency":                       {Fault: "llm_latency"},
		"llm_latency@30s,latency=2s,for=1m": {Fault: "llm_latency", At: 30 * time.Second, Params: Params{"latency": "2s", "for": "1m"}},
		" qdrant_throttle @ 5m , loss = 5 % ": { //nolint:gocritic // people type spaces
			Fault: "qdrant_throttle", At: 5 * time.Minute, Params: Params{"loss": "5 %"}},
		"slow-crm@0s,proxy=a=b@c": {Fault: "slow-crm", Params: Params{"proxy": "a=b@c"}},
	} {
		got, err := ParseScheduledFault(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestInjectionsAreRefused(t *testing.T) {
	for text, want := range map[string][]string{
		"":                       {`fault is "": must be a name such as llm_latency`},
		"LLM":                    {`fault is "LLM": must be a name`},
		"@30s":                   {`fault is "": must be a name`},
		"llm_latency@":           {`start is "": must be a duration such as 30s or 5m, from the start of the run`},
		"llm_latency@30":         {`start is "30": must be a duration`},
		"llm_latency@-1s":        {`start is "-1s": must be a duration`},
		"llm_latency,":           {`parameter is "": must be name=value such as for=1m`},
		"llm_latency,for":        {`parameter is "for": must be name=value`},
		"llm_latency,for=":       {`parameter is "for=": must be name=value`},
		"llm_latency,=1m":        {`parameter is "=1m": must be name=value`},
		"llm_latency,for=1,for=": {`parameter is "for="`},
		"x,for=1m,for=2m":        {"parameter for stands twice: must stand once"},
		"X@y,z":                  {`fault is "X"`, `start is "y"`, `parameter is "z"`},
	} {
		got, err := ParseScheduledFault(text)
		if err == nil {
			t.Errorf("%q is accepted as %+v", text, got)
			continue
		}
		for _, want := range want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error is\n%v\nwant it to say %q", text, err, want)
			}
		}
	}
}

func TestInjectionText(t *testing.T) {
	for want, i := range map[string]ScheduledFault{
		"llm_latency":                 {Fault: "llm_latency"},
		"llm_latency@5m":              {Fault: "llm_latency", At: 5 * time.Minute},
		"llm_latency@1.5s,a=1,for=1m": {Fault: "llm_latency", At: 1500 * time.Millisecond, Params: Params{"for": "1m", "a": "1"}},
	} {
		if got := i.String(); got != want {
			t.Errorf("%+v is written %q, want %q", i, got, want)
		}
	}
}

// FuzzParseInjection: what is accepted is written in a way that reads as the same.
func FuzzParseInjection(f *testing.F) {
	for _, seed := range []string{"llm_latency", "llm_latency@30s,latency=2s,for=1m", "a@1h0m0.5s,b= c d ", "a@@,=,,", "a,b=\n", "x@1ns"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseScheduledFault(text)
		if err != nil {
			return
		}
		again, err := ParseScheduledFault(i.String())
		if err != nil || !reflect.DeepEqual(again, i) {
			t.Errorf("%q is %+v, written %q, read back as %+v, %v", text, i, i.String(), again, err)
		}
	})
}
