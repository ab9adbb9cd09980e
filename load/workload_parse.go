package load

import (
	"net/textproto"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/net/http/httpguts"

	"xinbot.ir/squall/internal/strictyaml"
)

// MaxPerMinute bounds the admin rates of a workload file, to catch a typing error.
const MaxPerMinute = 100_000

// ParseWorkload checks the text of a workload file, YAML or JSON, and merges it over the defaults.
// The error joins every problem of the file, each a [strictyaml.Problem] with file, line, field and
// what is accepted. name is the file's name in those messages and becomes Workload.Source.
func ParseWorkload(name string, data []byte) (Workload, error) {
	w := DefaultWorkload()
	w.Source, w.Tenants = name, nil
	err := strictyaml.Read(name, data, func(root strictyaml.Value) {
		root.Object(strictyaml.Fields{
			"tenants":    func(v strictyaml.Value) { w.Tenants = readTenants(v) },
			"ingestion":  func(v strictyaml.Value) { readIngestion(v, &w.Ingestion) },
			"automation": func(v strictyaml.Value) { readAutomation(v, &w.Automation) },
			"rules":      func(v strictyaml.Value) { readRules(v, &w.Rules) },
			"messages":   func(v strictyaml.Value) { readMessages(v, &w.Message) },
			"channels":   func(v strictyaml.Value) { w.Channels = ReadChannelOverrides(v).Apply(w.Channels) },
		}, "tenants")
	})
	if err != nil {
		return Workload{}, err
	}
	return w, nil
}

// seenIDs has the line in which each id was first used.
type seenIDs map[string]int

func readTenants(list strictyaml.Value) (tenants []Tenant) {
	ids, brandIDs := seenIDs{}, seenIDs{}
	list.Each(func(_ int, v strictyaml.Value) {
		var t Tenant
		v.Object(strictyaml.Fields{
			"id":     func(v strictyaml.Value) { t.ID = ids.readUnique(v) },
			"brands": func(v strictyaml.Value) { t.Brands = readBrands(v, brandIDs) },
		}, "id", "brands")
		tenants = append(tenants, t)
	})
	if list.IsList() && list.Len() == 0 {
		list.Problem("has no tenant: give at least one")
	}
	return tenants
}

func readBrands(list strictyaml.Value, ids seenIDs) (brands []Brand) {
	list.Each(func(_ int, v strictyaml.Value) {
		b := Brand{Channels: DefaultMix()}
		v.Object(strictyaml.Fields{
			"name":       func(v strictyaml.Value) { b.Name = v.Text() },
			"brand_id":   func(v strictyaml.Value) { b.BrandID = ids.readUnique(v) },
			"channel_id": func(v strictyaml.Value) { b.ChannelID = readUUID(v) },
			"channels":   func(v strictyaml.Value) { b.Channels = readWeights(v) },
		}, "brand_id", "channel_id")
		if b.Name == "" {
			b.Name = b.BrandID
		}
		brands = append(brands, b)
	})
	if list.IsList() && list.Len() == 0 {
		list.Problem("has no brand: give at least one")
	}
	return brands
}

// readUUID accepts only the canonical form, which is what the platform's gateway accepts.
func readUUID(v strictyaml.Value) string {
	text := v.TextOrEmpty()
	id, err := uuid.Parse(text)
	if len(text) != 36 || err != nil {
		if v.IsText() {
			v.Problem("is %q: must be a UUID such as 11111111-1111-4111-8111-111111111111", text)
		}
		return ""
	}
	return id.String()
}

func (seen seenIDs) readUnique(v strictyaml.Value) string {
	id := readUUID(v)
	if id == "" {
		return ""
	}
	if first, twice := seen[id]; twice {
		v.Problem("%s was used before, in line %d: must be different for each", id, first)
		return id
	}
	seen[id] = v.Line()
	return id
}

func readWeights(v strictyaml.Value) (w Weights) {
	sum, before := 0.0, v.Problems()
	v.Entries(func(name string, value strictyaml.Value) {
		c, err := ParseChannel(name)
		if err != nil {
			value.Problem("%s", err)
			return
		}
		w[c] = value.Number(0, 1e9)
		sum += w[c]
	})
	if sum == 0 && v.Problems() == before {
		v.Problem("all weights are zero: give at least one channel a weight above 0")
	}
	return w
}

func readIngestion(v strictyaml.Value, plan *IngestionPlan) {
	v.Object(strictyaml.Fields{
		"jobs_per_minute":  func(v strictyaml.Value) { plan.JobsPerMinute = v.Number(0, MaxPerMinute) },
		"spike_multiplier": func(v strictyaml.Value) { plan.SpikeMultiplier = v.Number(1, MaxSpikeFactor) },
	})
}

// readAutomation reads the automation plan. A file that gives one ratio gives the whole split: what
// it leaves out is 0 and not the default.
func readAutomation(v strictyaml.Value, plan *AutomationPlan) {
	var webhook, crm, email float64
	given := false
	ratio := func(to *float64) func(strictyaml.Value) {
		return func(v strictyaml.Value) { *to, given = v.Number(0, 1e9), true }
	}
	v.Object(strictyaml.Fields{
		"trigger_rate_per_minute": func(v strictyaml.Value) { plan.TriggersPerMinute = v.Number(0, MaxPerMinute) },
		"webhook_ratio":           ratio(&webhook),
		"crm_ratio":               ratio(&crm),
		"email_ratio":             ratio(&email),
	})
	if !given {
		return
	}
	if webhook+crm+email == 0 {
		v.Problem("webhook_ratio, crm_ratio and email_ratio are all zero: give at least one a value above 0; trigger_rate_per_minute: 0 switches automation off")
	}
	plan.WebhookRatio, plan.CRMRatio, plan.EmailRatio = webhook, crm, email
}

func readRules(v strictyaml.Value, plan *RulesPlan) {
	v.Object(strictyaml.Fields{
		"toggles_per_minute": func(v strictyaml.Value) { plan.TogglesPerMinute = v.Number(0, MaxPerMinute) },
	})
}

func readMessages(v strictyaml.Value, plan *MessagePlan) {
	v.Object(strictyaml.Fields{
		"texts":   func(v strictyaml.Value) { plan.Texts = readTexts(v) },
		"locales": func(v strictyaml.Value) { plan.Locales = readTexts(v) },
		"headers": func(v strictyaml.Value) { plan.Headers = readHeaders(v) },
	})
}

func readTexts(list strictyaml.Value) (texts []string) {
	list.Each(func(_ int, v strictyaml.Value) { texts = append(texts, v.Text()) })
	if list.IsList() && list.Len() == 0 {
		list.Problem("is an empty list: give at least one, or leave the key out for the default")
	}
	return texts
}

// reservedHeaders are written by the sender itself, for every message anew.
var reservedHeaders = []string{"Connection", "Content-Length", "Content-Type", "Host", "Transfer-Encoding", "X-Request-Id"}

func readHeaders(v strictyaml.Value) map[string]string {
	headers := map[string]string{}
	seen := seenIDs{}
	v.Entries(func(name string, value strictyaml.Value) {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		switch first, twice := seen[canonical]; {
		case !httpguts.ValidHeaderFieldName(name):
			value.Problem("%q is no header name: letters, digits and - are accepted", name)
		case slices.Contains(reservedHeaders, canonical):
			value.Problem("is set by squall itself for every message: leave it out")
		case twice:
			value.Problem("is the same header as in line %d: keep one", first)
		}
		seen[canonical] = value.Line()
		headers[name] = readHeaderValue(value)
	})
	return headers
}

func readHeaderValue(v strictyaml.Value) string {
	text := v.TextOrEmpty()
	if !httpguts.ValidHeaderFieldValue(text) {
		v.Problem("holds a control character: a header value is one line of text")
	}
	return text
}
