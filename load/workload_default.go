package load

// DefaultMix is the channel mix of the performance plan, for a brand that does not give its own.
func DefaultMix() Weights {
	return Weights{Webchat: 0.40, Instagram: 0.25, Telegram: 0.15, WhatsApp: 0.10, AutomationMessage: 0.10}
}

// DefaultWorkload is what runs when no workload file is given: the tenants and brands of the k6 script and of the
// shared workload, which seeded environments have, with the plan's mix and its admin rates. A gateway answers 502 to
// every message of a tenant that it does not know.
func DefaultWorkload() Workload {
	return Workload{
		Source: "built-in default",
		Tenants: []Tenant{
			{ID: "11111111-1111-1111-1111-111111111111", Brands: []Brand{
				defaultBrand("alpha", "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"),
				defaultBrand("beta", "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"),
			}},
			{ID: "44444444-4444-4444-4444-444444444444", Brands: []Brand{
				defaultBrand("gamma", "55555555-5555-5555-5555-555555555555", "66666666-6666-6666-6666-666666666666"),
			}},
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

func defaultBrand(name, brand, channel string) Brand {
	return Brand{Name: name, BrandID: brand, ChannelID: channel, Channels: DefaultMix()}
}
