package toxiproxy

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

// Problems lists what is wrong with custom faults, each with its place in the configuration; nil if nothing
// is. The plan of such a fault refuses it too.
func (d *Driver) Problems() error {
	var errs []error
	for _, c := range d.config.Custom {
		if c.Toxic == nil {
			continue
		}
		for _, problem := range toxicProblems(*c.Toxic) {
			errs = append(errs, fmt.Errorf("%s: faults.%s: %s", c.Place, c.ID, problem))
		}
	}
	return errors.Join(errs...)
}

// customToxic is a fault that squall.yaml describes: one toxic of any type on any proxy. Its plan
// refuses what is wrong with it, so that one mistake does not switch the other faults off.
func customToxic(c chaos.Custom) faultRow {
	toxic := *c.Toxic
	k, _ := kindOf(toxic.Type)
	wrong := toxicProblems(toxic)
	rows := []chaos.Param{}
	for _, a := range k.attributes {
		p := a.param(toxic.Attributes)
		p.Live = !k.fixed
		rows = append(rows, p)
	}
	toxicity := toxicityParam("")
	percent := math.Round(toxic.Toxicity*1e8) / 1e6 // 0.29 is 29 %, not 28.999999999999996
	toxicity.Default = strconv.FormatFloat(max(0, min(100, percent)), 'f', -1, 64)
	return faultRow{
		info: chaos.Info{
			ID: c.ID, Title: c.Title, Driver: driverName,
			Summary: fmt.Sprintf("Puts a %s toxic on the %s stream of proxy %s.", toxic.Type, toxic.Stream, toxic.Proxy),
			Params:  append(rows, toxicity, chaos.TTLParam(c.TTL, "")),
			Expect:  []chaos.Expectation{chaos.RecoversWithin(chaos.RecoveryGoal)},
		},
		desired: func(p chaos.Params) desired { return k.desired(toxic, c.Place, wrong, p) },
	}
}

// param is the row of an attribute. A value that cannot be used is brought into its bounds here, for
// the plan to refuse it with its place.
func (a attribute) param(given map[string]int64) chaos.Param {
	value, ok := given[a.name]
	if !ok {
		value = a.def
	}
	return chaos.Param{
		Name: a.name, Label: a.label, Type: chaos.Whole, Default: strconv.FormatInt(max(a.low, min(a.high, value)), 10),
		Min: float64(a.low), Max: float64(a.high), Unit: a.unit, Help: "as Toxiproxy's documents say",
	}
}

// desired makes the toxic of a custom fault with these parameters.
func (k kind) desired(toxic chaos.CustomToxic, place string, wrong []string, p chaos.Params) desired {
	percent := p.Number("toxicity")
	attributes := client.Attributes{}
	said := []string{toxic.Type}
	for _, a := range k.attributes {
		value := int64(p.Whole(a.name))
		attributes[a.name] = value
		if value != a.def {
			said = append(said, fmt.Sprintf("%s %d %s", strings.ToLower(a.label), value, a.unit))
		}
	}
	want := desired{
		proxy: toxic.Proxy, toxics: perStream([]string{toxic.Stream}, toxic.Type, percent, attributes),
		summary: strings.Join(append(said, shareText(toxic.Stream, percent)...), ", "), checks: warnZeroToxicity(percent),
	}
	for _, problem := range wrong {
		want.checks = append(want.checks, chaos.Check{
			Text: "the toxic is one that Toxiproxy has", Answer: chaos.Refuses, Reason: place + ": " + problem,
		})
	}
	if k.check == nil {
		return want
	}
	if problem := k.check(p); problem != "" {
		want.checks = append(want.checks, chaos.Check{Text: "the attributes fit each other", Answer: chaos.Refuses, Reason: problem})
	}
	return want
}
