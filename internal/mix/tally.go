package mix

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/load"
)

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// count is how many accepted messages there were: those of which the log names the channel, and those of which it knows
// the path alone, which channels may share.
type count struct {
	named [load.NumChannels]float64
	paths map[string]float64
}

func (c *count) add(r Request, n float64) {
	if channel, err := load.ParseChannel(r.Channel); err == nil {
		c.named[channel] += n
		return
	}
	if c.paths == nil {
		c.paths = map[string]float64{}
	}
	c.paths[r.Path] += n
}

// total is how many there were.
func (c *count) total() (sum float64) {
	for _, n := range c.named {
		sum += n
	}
	for _, n := range c.paths {
		sum += n
	}
	return sum
}

// weights are how many messages each channel had. Channels that share a path (automation travels as webchat) share its
// messages as base has them, because nothing outside of the body tells them apart; what base has none of goes to the first.
func (c *count) weights(table [load.NumChannels]load.ChannelSpec, base load.Weights) load.Weights {
	w := load.Weights(c.named)
	for path, n := range c.paths {
		var sharing []load.Channel
		sum := 0.0
		for channel, spec := range table {
			if spec.Path == path {
				sharing = append(sharing, load.Channel(channel))
				sum += base[channel]
			}
		}
		for i, channel := range sharing {
			switch {
			case sum > 0:
				w[channel] += n * (base[channel] / sum)
			case i == 0:
				w[channel] += n
			}
		}
	}
	return w
}

// Tally counts requests. Its memory is bounded by the workload, whatever it is given.
type Tally struct {
	workload load.Workload
	paths    map[string]bool // of the channels
	brands   map[string]*count
	tenants  map[string]*count // of requests that name no brand
	rest     count             // of requests that name neither
	owners   map[string]string // brand id by channel id; "" where several brands have it

	Seen     uint64    // requests
	Accepted float64   // that were counted
	First    time.Time // of those counted, where the log has times
	Last     time.Time

	Unknown   Names  // tenants and brands that the workload does not have
	Elsewhere Names  // other paths that were posted to
	OtherKind uint64 // of another method, or no request at all
	Refused   Names  // webhook requests that were not accepted, by status
}

// NewTally counts for the tenants and brands of a workload.
func NewTally(w load.Workload) *Tally {
	t := &Tally{workload: w, paths: map[string]bool{}, brands: map[string]*count{}, tenants: map[string]*count{}, owners: map[string]string{}}
	for _, spec := range w.Channels {
		t.paths[spec.Path] = true
	}
	for _, tenant := range w.Tenants {
		t.tenants[tenant.ID] = &count{}
		for _, b := range tenant.Brands {
			t.brands[b.BrandID] = &count{}
			owner := b.BrandID
			if other, twice := t.owners[b.ChannelID]; twice && other != owner {
				owner = ""
			}
			t.owners[b.ChannelID] = owner
		}
	}
	return t
}

// Add counts one request.
func (t *Tally) Add(r Request) {
	t.Seen++
	switch {
	case r.Method != http.MethodPost:
		t.OtherKind++
	case !t.paths[r.Path]:
		t.Elsewhere.add(r.Path)
	case r.Status < 200 || r.Status > 299:
		t.Refused.add(strconv.Itoa(r.Status))
	default:
		t.accept(r)
	}
}

func (t *Tally) accept(r Request) {
	to, unknown := t.bucket(strings.ToLower(r.Tenant), strings.ToLower(r.Brand), strings.ToLower(r.ChannelID))
	if to == nil {
		t.Unknown.add(unknown)
		return
	}
	to.add(r, 1)
	t.Accepted++
	if r.Time.IsZero() {
		return
	}
	if t.First.IsZero() || r.Time.Before(t.First) {
		t.First = r.Time
	}
	if r.Time.After(t.Last) {
		t.Last = r.Time
	}
}

// bucket is where a request is counted: at its brand, else at its tenant. It is nil, with the id, when the workload does
// not have what the log names.
func (t *Tally) bucket(tenant, brand, channel string) (to *count, unknown string) {
	if brand != "" {
		return t.brands[brand], "brand " + brand
	}
	if owner := t.owners[channel]; owner != "" {
		return t.brands[owner], ""
	}
	if tenant != "" {
		return t.tenants[tenant], "tenant " + tenant
	}
	return &t.rest, ""
}

// Names are counts by name, of the most names that are kept apart; what is beyond is counted together.
type Names struct {
	by    map[string]uint64
	Total uint64
}

// mostNames is how many names are kept apart: more is no list for a person.
const mostNames = 1000

// longestName is how many bytes of a name are kept.
const longestName = 80

func (n *Names) add(name string) {
	n.Total++
	if len(name) > longestName {
		name = name[:longestName] + ".."
	}
	if _, known := n.by[name]; !known && len(n.by) >= mostNames {
		return
	}
	if n.by == nil {
		n.by = map[string]uint64{}
	}
	n.by[name]++
}

// Counted is a name with its count.
type Counted struct {
	Name  string
	Count uint64
}

// Most are the most frequent names.
func (n *Names) Most(most int) (all []Counted) {
	for name, count := range n.by {
		all = append(all, Counted{name, count})
	}
	slices.SortFunc(all, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(most, len(all))]
}
