package load

// Workload is a checked workload_mix.yaml: who talks, over which channels, and how often the admin
// flows run.
type Workload struct {
	Source     string // file it came from, or "built-in default"
	Tenants    []Tenant
	Ingestion  IngestionPlan
	Automation AutomationPlan
	Rules      RulesPlan
	Message    MessagePlan
	Channels   [NumChannels]ChannelSpec // the default table with the file's overrides merged in
}

// Tenant is a customer of the platform.
type Tenant struct {
	ID     string // UUID
	Brands []Brand
}

// Brand is one of a tenant's public faces; messages are addressed to a brand's channel.
type Brand struct {
	Name      string
	BrandID   string // UUID
	ChannelID string // UUID
	Channels  Weights
}

// IngestionPlan describes how often knowledge is uploaded.
type IngestionPlan struct {
	JobsPerMinute   float64 // per tenant
	SpikeMultiplier float64 // applied while a spike is on
}

// AutomationPlan describes how often automation is triggered and what the rules do.
type AutomationPlan struct {
	TriggersPerMinute float64 // per tenant
	WebhookRatio      float64
	CRMRatio          float64
	EmailRatio        float64
}

// RulesPlan describes how often an existing rule is paused and resumed.
type RulesPlan struct {
	TogglesPerMinute float64 // per tenant; 0 leaves rules alone
}

// MessagePlan is what messages say.
type MessagePlan struct {
	Texts   []string          // chosen at random
	Locales []string          // chosen at random, such as "fa-IR"
	Headers map[string]string // sent with every gateway message
}
