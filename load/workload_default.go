package load

// DefaultMix is the channel mix of the performance plan, for a brand that does not give its own.
func DefaultMix() Weights {
	return Weights{Webchat: 0.40, Instagram: 0.25, Telegram: 0.15, WhatsApp: 0.10, AutomationMessage: 0.10}
}

// DefaultWorkload is what runs when no workload file is given: two made-up tenants with one brand
// each, the plan's mix and its admin rates. The ids are the same in every run, so that a platform
// can be prepared for them once.
func DefaultWorkload() Workload {
	return Workload{
		Source: "built-in default",
		Tenants: []Tenant{
			{ID: "11111111-1111-4111-8111-111111111111", Brands: []Brand{{
				Name:      "Saffron",
				BrandID:   "22222222-2222-4222-8222-222222222221",
				ChannelID: "33333333-3333-4333-8333-333333333331",
				Channels:  DefaultMix(),
			}}},
			{ID: "11111111-1111-4111-8111-111111111112", Brands: []Brand{{
				Name:      "Turquoise",
				BrandID:   "22222222-2222-4222-8222-222222222222",
				ChannelID: "33333333-3333-4333-8333-333333333332",
				Channels:  DefaultMix(),
			}}},
		},
		Ingestion:  IngestionPlan{JobsPerMinute: 3, SpikeMultiplier: 2},
		Automation: AutomationPlan{TriggersPerMinute: 5, WebhookRatio: 0.6, CRMRatio: 0.2, EmailRatio: 0.2},
		Rules:      RulesPlan{TogglesPerMinute: 2},
		Message: MessagePlan{
			Texts: []string{
				"Hello, is this still available?",
				"Where is my order?",
				"What are your opening hours?",
				"I would like to speak to a person, please.",
				"سلام، هزینه ارسال چقدر است؟",
				"سفارش من کی می‌رسد؟",
			},
			Locales: []string{"fa-IR", "en-US"},
		},
		Channels: Channels(),
	}
}
