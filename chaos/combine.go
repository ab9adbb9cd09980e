package chaos

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Way is the parameter by which a fault chooses among the ways that its drivers offer.
const Way = "way"

// Offer is what one driver can carry out, or could if it were configured.
type Offer struct {
	Faults []Fault
	Needs  string // the setting without which these faults can only be described; "" when there is all it needs
}

// Combine makes one list of what drivers offer, in the order of the keys. Faults of the same id become one, with the
// ways of all; the first offer that can be carried out has the default way. What cannot be carried out is left out,
// and its ways are refused with the setting that they need.
func Combine(offers ...Offer) (all []Fault) {
	parts := map[string]*combined{}
	for _, offer := range offers {
		for _, f := range offer.Faults {
			id := f.Info().ID
			if parts[id] == nil {
				parts[id] = &combined{}
			}
			c := parts[id]
			if offer.Needs != "" {
				c.add(f, offer.Needs)
				continue
			}
			if len(c.ways) == 0 {
				all = append(all, c)
			}
			c.add(f, "")
		}
	}
	for i, f := range all {
		c := f.(*combined) //nolint:forcetypeassert // all of them are, so far
		if len(c.ways) == 1 && len(c.needs) == 0 {
			all[i] = c.ways[0]
			continue
		}
		c.info = c.join()
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// Missing has the faults that no offer can carry out, by id, with the settings one of which they need:
// "--toxiproxy or --namespace".
func Missing(offers ...Offer) map[string]string {
	missing := map[string]string{}
	for _, offer := range offers {
		for _, f := range offer.Faults {
			id := f.Info().ID
			if before := missing[id]; before != "" && offer.Needs != "" {
				missing[id] = before + " or " + offer.Needs
			} else {
				missing[id] = offer.Needs
			}
		}
	}
	for _, offer := range offers {
		for _, f := range offer.Faults {
			if offer.Needs == "" {
				delete(missing, f.Info().ID)
			}
		}
	}
	return missing
}

// combined is a fault that several drivers carry out, each in ways of its own.
type combined struct {
	info  Info
	ways  []Fault           // each with a parameter Way
	needs map[string]string // ways that cannot be used here, and the setting that each needs
}

func (c *combined) add(f Fault, needs string) {
	if needs == "" {
		c.ways = append(c.ways, f)
		return
	}
	if c.needs == nil {
		c.needs = map[string]string{}
	}
	for _, way := range choices(f) {
		c.needs[way] = needs
	}
}

// choices are the ways of a fault.
func choices(f Fault) []string {
	for _, p := range f.Info().Params {
		if p.Name == Way {
			return p.Choices
		}
	}
	return nil
}

// join describes the fault with the parameters of all its ways.
func (c *combined) join() Info {
	info := c.ways[0].Info()
	var drivers, helps []string
	way := Param{Live: true, Needs: c.needs}
	var rows []Param
	for _, f := range c.ways {
		part := f.Info()
		drivers = append(drivers, part.Driver)
		own := choices(f)
		for _, p := range part.Params {
			if p.Name == Way {
				way.Name, way.Label, way.Type = p.Name, p.Label, p.Type
				way.Default = cmp.Or(way.Default, p.Default)
				way.Choices = append(way.Choices, p.Choices...)
				way.Live = way.Live && p.Live // from one driver to another only where both can
				helps = append(helps, p.Help)
				continue
			}
			p.When = cmp.Or(p.When, whenWay(own))
			if i := slices.IndexFunc(rows, func(r Param) bool { return r.Name == p.Name }); i >= 0 {
				rows[i].When = whenWay(append(waysOf(rows[i]), waysOf(p)...))
				continue
			}
			rows = append(rows, p)
		}
	}
	for i := range rows {
		if len(waysOf(rows[i])) == len(way.Choices) {
			rows[i].When = ""
		}
	}
	way.Help = strings.Join(helps, "; ")
	info.Driver = strings.Join(drivers, " or ")
	info.Params = append([]Param{way}, rows...)
	return info
}

func whenWay(ways []string) string { return Way + "=" + strings.Join(ways, "|") }

// waysOf are the ways in which a parameter matters.
func waysOf(p Param) []string {
	return strings.Split(strings.TrimPrefix(p.When, Way+"="), "|")
}

// Info describes the fault with all its ways.
func (c *combined) Info() Info { return c.info }

// Plan makes the plan of the driver that has the way.
func (c *combined) Plan(ctx context.Context, p Params) (Plan, error) {
	f := c.carrier(p)
	plan, err := f.Plan(ctx, own(f, p))
	plan.Driver = f.Info().Driver
	return plan, err
}

// Summarize is the summary of the driver that has the way.
func (c *combined) Summarize(p Params) string {
	f := c.carrier(p)
	if s, ok := f.(Summarizer); ok {
		return s.Summarize(own(f, p))
	}
	return ""
}

// carrier is the driver's fault that has the way.
func (c *combined) carrier(p Params) Fault {
	i := slices.IndexFunc(c.ways, func(f Fault) bool { return slices.Contains(choices(f), p[Way]) })
	return c.ways[max(i, 0)]
}

// own are the parameters that the driver's fault has.
func own(f Fault, p Params) Params {
	kept := Params{}
	for _, row := range f.Info().Params {
		kept[row.Name] = p[row.Name]
	}
	return kept
}
