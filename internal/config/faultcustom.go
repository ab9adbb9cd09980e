package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/strictyaml"
)

// customLasts is how long a custom fault lasts that does not say.
const customLasts = 5 * time.Minute

// The bounds of numbers in a custom fault. Attributes are written as YAML or JSON numbers, which are
// exact up to 2^53.
const (
	maxReplicas  = 1000
	maxAttribute = 1 << 53
)

var customTypes = []string{"toxic", "evict", "delete", "scale"}

// readCustom reads a fault that the file describes, by its type.
func readCustom(id string, kind, v strictyaml.Value) *chaos.Custom {
	c := &chaos.Custom{ID: id, Title: titleOf(id), TTL: customLasts}
	known := strictyaml.Fields{
		"type":  func(strictyaml.Value) {},
		"title": func(v strictyaml.Value) { c.Title = readTitle(v) },
		"for":   func(v strictyaml.Value) { c.TTL = readTTL(v) },
	}
	way, ok := plainScalar(kind, "one of "+strings.Join(customTypes, ", "))
	switch {
	case !ok:
		return c
	case way == "toxic":
		c.Toxic = &chaos.CustomToxic{Stream: "downstream", Toxicity: 1}
		toxicFields(known, c.Toxic)
		v.Object(known, "proxy", "toxic")
	case !slices.Contains(customTypes, way):
		kind.Problem("is %q: must be one of %s", way, strings.Join(customTypes, ", "))
	default:
		c.Workload = &chaos.CustomWorkload{Way: way}
		workloadFields(known, c.Workload)
		required := []string{"workload"}
		if way == "scale" {
			known["replicas"] = func(v strictyaml.Value) { c.Workload.Replicas = int(readWhole(v, maxReplicas)) }
			required = append(required, "replicas")
		}
		v.Object(known, required...)
	}
	return c
}

// toxicFields read what Toxiproxy's API takes. The type of the toxic is left to the server, which may
// have toxics of its own.
func toxicFields(known strictyaml.Fields, t *chaos.CustomToxic) {
	known["proxy"] = func(v strictyaml.Value) { t.Proxy = readWord(v, "the name of a proxy such as llm-upstream") }
	known["toxic"] = func(v strictyaml.Value) {
		t.Type = readWord(v, "a type of toxic such as latency, bandwidth, slow_close, timeout, reset_peer, slicer or limit_data")
	}
	known["stream"] = func(v strictyaml.Value) {
		const accepts = "upstream or downstream"
		if t.Stream = readWord(v, accepts); t.Stream != "" && t.Stream != "upstream" && t.Stream != "downstream" {
			v.Problem("is %q: must be %s", t.Stream, accepts)
		}
	}
	known["toxicity"] = func(v strictyaml.Value) { t.Toxicity = v.Number(0, 1) }
	known["attributes"] = func(v strictyaml.Value) {
		t.Attributes = map[string]int64{}
		v.Entries(func(name string, v strictyaml.Value) { t.Attributes[name] = readWhole(v, maxAttribute) })
	}
}

func workloadFields(known strictyaml.Fields, w *chaos.CustomWorkload) {
	known["workload"] = func(v strictyaml.Value) { w.Kind, w.Name = readWorkload(v) }
	known["namespace"] = func(v strictyaml.Value) {
		text, ok := plainScalar(v, acceptsSpace)
		if !ok {
			return
		}
		if !validNamespace.MatchString(text) {
			v.Problem("is %q: must be %s", text, acceptsSpace)
			return
		}
		w.Namespace = text
	}
}

// readWorkload reads deployment/qdrant.
func readWorkload(v strictyaml.Value) (kind, name string) {
	const accepts = "deployment/NAME or statefulset/NAME such as statefulset/redis"
	text, ok := plainScalar(v, accepts)
	if !ok {
		return "", ""
	}
	kind, name, _ = strings.Cut(text, "/")
	if kind != "deployment" && kind != "statefulset" || !validObject(name) {
		v.Problem("is %q: must be %s", text, accepts)
		return "", ""
	}
	return kind, name
}

// validObject reports whether Kubernetes can have an object of this name: DNS labels with dots between.
func validObject(name string) bool {
	return len(name) <= 253 && !slices.ContainsFunc(strings.Split(name, "."), func(label string) bool { return !validNamespace.MatchString(label) })
}

func readTitle(v strictyaml.Value) string {
	const accepts = "a title such as Slow CRM, in one line"
	text, ok := plainScalar(v, accepts)
	if ok && (!printable(text) || strings.TrimSpace(text) == "") {
		v.Problem("is %q: must be %s", text, accepts)
	}
	return text
}

// readWord reads a name without blanks.
func readWord(v strictyaml.Value, accepts string) string {
	text, ok := plainScalar(v, accepts)
	if ok && (!printable(text) || strings.ContainsAny(text, " /")) {
		v.Problem("is %q: must be %s", text, accepts)
		return ""
	}
	return text
}

// readTTL reads a time-to-live by the rule that every fault has for it.
func readTTL(v strictyaml.Value) time.Duration {
	row := chaos.TTLParam(customLasts, "")
	text, ok := plainScalar(v, row.Accepts())
	if !ok {
		return customLasts
	}
	full, err := chaos.Complete([]chaos.Param{row}, chaos.Params{row.Name: text})
	if err != nil {
		v.Problem("is %q: must be %s", text, row.Accepts())
		return customLasts
	}
	return full.Duration(row.Name)
}

// readWhole reads a whole number from 0 to high, written with digits alone.
func readWhole(v strictyaml.Value, high int64) int64 {
	accepts := "a whole number from 0 to " + strconv.FormatInt(high, 10)
	text, ok := plainScalar(v, accepts)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > high {
		v.Problem("is %q: must be %s", text, accepts)
		return 0
	}
	return n
}
