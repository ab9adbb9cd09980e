package config

import (
	"fmt"

	"xinbot.ir/squall/internal/strictyaml"
)

// k6ThresholdKeys are the keys of k6's threshold objects.
var k6ThresholdKeys = []string{"threshold", "abortOnFail", "delayAbortEval"}

// readThresholds reads objectives as k6 writes its thresholds: a mapping of a metric to conditions, each a text or an
// object with a threshold.
func readThresholds(v strictyaml.Value, row Setting) (texts []string) {
	v.Entries(func(metric string, v strictyaml.Value) {
		add := func(v strictyaml.Value) {
			if text := readThreshold(metric, v, row); text != "" {
				texts = append(texts, metric+": "+text)
			}
		}
		if !v.IsList() {
			add(v)
			return
		}
		v.Each(func(_ int, v strictyaml.Value) { add(v) })
	})
	return texts
}

// readThreshold reads one condition. What k6 aborts a run for is a stop rule here, over a time that must be given.
func readThreshold(metric string, v strictyaml.Value, row Setting) (text string) {
	if !v.IsMapping() {
		text, _ = v.Scalar(row.Accepts)
		return text
	}
	v.Object(strictyaml.Fields{
		"threshold": func(v strictyaml.Value) { text, _ = v.Scalar(row.Accepts) },
		"abortOnFail": func(v strictyaml.Value) {
			if abort, ok := v.Scalar("true or false"); ok && abort != "false" {
				v.Problem("is for a stop rule here, which says for how long: leave it out, and add stop_rules: ['%s']", exampleStopRule(metric))
			}
		},
		"delayAbortEval": func(v strictyaml.Value) { _, _ = v.Scalar("a duration, which a stop rule has in its own text") },
	}, "threshold")
	return text
}

// exampleStopRule is a rule for a metric; its bound is the operator's to choose.
func exampleStopRule(metric string) string { return fmt.Sprintf("%s: p(95)>3000 for 10s", metric) }
