package mix

import (
	"maps"
	"slices"

	"xinbot.ir/squall/load"
)

// Basis is what a brand's weights come from.
type Basis string

// What weights come from.
const (
	OwnRequests Basis = "its own requests"
	OfTenant    Basis = "requests of its tenant that name no brand"
	OfAll       Basis = "all requests, which name no brand"
	Kept        Basis = "kept: nothing counted names it"
)

// Brand is what was found out about a brand.
type Brand struct {
	Name, ID string
	Basis    Basis
	Messages float64 // that its weights come from
	Weights  load.Weights
}

// digits are those that weights are written with.
const digits = 4

// Brands are the brands of the workload with their new weights, in its order.
func (t *Tally) Brands() (all []Brand) {
	for _, tenant := range t.workload.Tenants {
		for _, b := range tenant.Brands {
			found := Brand{Name: b.Name, ID: b.BrandID, Basis: Kept, Weights: b.Channels}
			if c, basis := t.basis(tenant.ID, b.BrandID); c != nil {
				found.Basis, found.Messages = basis, c.total()
				found.Weights = c.weights(t.workload.Channels, b.Channels).RoundedShares(digits)
			}
			all = append(all, found)
		}
	}
	return all
}

// basis are the requests that say most about a brand. Requests that name nobody say nothing about one when others name
// somebody.
func (t *Tally) basis(tenant, brand string) (*count, Basis) {
	switch {
	case t.brands[brand].total() > 0:
		return t.brands[brand], OwnRequests
	case t.tenants[tenant].total() > 0:
		return t.tenants[tenant], OfTenant
	case t.rest.total() > 0 && t.rest.total() == t.Accepted:
		return &t.rest, OfAll
	}
	return nil, Kept
}

// Nameless is how many accepted messages were left out because they name nobody while others do.
func (t *Tally) Nameless() float64 {
	if t.rest.total() == t.Accepted {
		return 0
	}
	return t.rest.total()
}

// SharedPath reports whether anything was counted by a path that several channels have, so that the base workload said
// how its messages are shared.
func (t *Tally) SharedPath() bool {
	shared := map[string]int{}
	for _, spec := range t.workload.Channels {
		shared[spec.Path]++
	}
	counts := append(slices.Collect(maps.Values(t.brands)), &t.rest)
	counts = slices.AppendSeq(counts, maps.Values(t.tenants))
	return slices.ContainsFunc(counts, func(c *count) bool {
		for path := range c.paths {
			if shared[path] > 1 {
				return true
			}
		}
		return false
	})
}

// Weights are the new weights by brand id, of the brands that have some.
func Weights(brands []Brand) map[string]load.Weights {
	all := map[string]load.Weights{}
	for _, b := range brands {
		if b.Basis != Kept {
			all[b.ID] = b.Weights
		}
	}
	return all
}
