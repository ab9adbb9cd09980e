package toxiproxy

import (
	"slices"
	"strings"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

// llmLatency makes the language model's provider slow, or fail. Like the older script it delays what
// comes back only. With both ways each has the whole delay of its own, so that a call takes twice as
// long.
func llmLatency() faultRow {
	flowing := whenErrors(func(e llmError) bool { return e.flows })
	toxic := whenErrors(func(e llmError) bool { return !e.refuse })
	var choices []string
	for _, e := range llmErrors {
		choices = append(choices, e.name)
	}
	drill := chaos.DrillOf(chaos.LLMLatency)
	return faultRow{
		info: drill.Info(driverName,
			proxyParam("llm-upstream", "PROXY_NAME"),
			chaos.Param{
				Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "3s", Max: maxDelay, Live: true, When: flowing,
				Help: "delay of everything that passes; 0s for none", Env: "LATENCY_MS", EnvUnit: "ms",
			},
			chaos.Param{
				Name: "jitter", Label: "Jitter", Type: chaos.Duration, Default: "500ms", Max: maxDelay, Live: true, When: flowing,
				Help: "the delay is this much more or less", Env: "JITTER_MS", EnvUnit: "ms",
			},
			chaos.Param{
				Name: "errors", Label: "Errors", Type: chaos.Choice, Choices: choices, Default: choices[0], Live: true,
				Help: "timeout: nothing gets through; refuse: the proxy is off; bandwidth: a thin line",
			},
			chaos.Param{
				Name: "after", Label: "Closes after", Type: chaos.Duration, Default: "0s", Max: 20, Live: true, When: "errors=timeout|reset",
				Help: "timeout: then the connection is closed, 0s for never; reset: then it is reset, 0s for at once",
			},
			rateParam(10, 1, "errors=bandwidth", "what each connection passes"),
			chaos.Param{
				Name: "stream", Label: "Stream", Type: chaos.Choice, Choices: []string{downstream, upstream, both}, Default: downstream, Live: true, When: toxic,
				Help: "downstream: answers; upstream: requests; both: each with the whole delay, so twice in all",
			},
			toxicityParam(toxic),
			drill.Param(chaos.TTL, ""),
		),
		desired: desiredLLM,
	}
}

// llmError is one way in which the provider's connections fail.
type llmError struct {
	name       string
	flows      bool // data still gets through, so that a delay matters
	refuse     bool // by the proxy being off, without a toxic
	kind       string
	attributes func(chaos.Params) client.Attributes
	words      func(chaos.Params) string
}

var llmErrors = []llmError{
	{name: "none", flows: true},
	{name: "timeout", kind: "timeout", attributes: afterAttributes, words: func(p chaos.Params) string {
		return "no answers" + afterText(", closed", p.Duration("after"))
	}},
	{name: "reset", flows: true, kind: "reset_peer", attributes: afterAttributes, words: func(p chaos.Params) string {
		return "resets" + afterText("", p.Duration("after"))
	}},
	{name: "refuse", refuse: true, words: func(chaos.Params) string { return "connections refused" }},
	{
		name: "bandwidth", flows: true, kind: "bandwidth",
		attributes: func(p chaos.Params) client.Attributes { return client.Attributes{"rate": int64(p.Whole("rate"))} },
		words:      func(p chaos.Params) string { return p["rate"] + " KB/s" },
	},
}

func afterAttributes(p chaos.Params) client.Attributes {
	return client.Attributes{"timeout": p.Duration("after").Milliseconds()}
}

// whenErrors is the condition that one of the errors is chosen for which a test holds.
func whenErrors(holds func(llmError) bool) string {
	var names []string
	for _, e := range llmErrors {
		if holds(e) {
			names = append(names, e.name)
		}
	}
	return "errors=" + strings.Join(names, "|")
}

func desiredLLM(p chaos.Params) desired {
	all := llmErrors
	failing := all[max(0, slices.IndexFunc(all, func(e llmError) bool { return e.name == p["errors"] }))]
	want := desired{proxy: p["proxy"], refuse: failing.refuse}
	if failing.refuse {
		want.summary = failing.words(p)
		return want
	}
	ways, percent := streams(p["stream"]), p.Number("toxicity")
	var said []string
	if latency, jitter := p.Duration("latency"), p.Duration("jitter"); failing.flows && latency.Milliseconds() > 0 {
		want.toxics = perStream(ways, "latency", percent, delay(latency, jitter))
		said = append(said, delayText(latency, jitter))
	}
	if failing.kind != "" {
		want.toxics = append(want.toxics, perStream(ways, failing.kind, percent, failing.attributes(p))...)
		said = append(said, failing.words(p))
	}
	want.checks = warnZeroToxicity(percent)
	if len(want.toxics) == 0 {
		want.checks = append(want.checks, checkHasEffect("give latency, or errors"))
		said = append(said, "nothing")
	}
	want.summary = strings.Join(append(said, shareText(p["stream"], percent)...), ", ")
	return want
}
