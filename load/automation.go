package load

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"xinbot.ir/squall/load/metric"
)

// Automation is automation triggers, as dry runs, through the admin API.
var Automation = &metric.Flow{
	Name: "automation", Title: "Automation", Does: "Automation triggers", Metric: "automation_latency",
	Status: http.StatusOK, Check: "automation trigger answers 200", Channels: []string{"webhook", "crm", "email"},
}

var automationFlow = adminFlow{
	Flow: Automation, off: never, phase: 0.02, call: (*adminFlows).trigger,
	perMinute: func(w Workload, _ Settings) float64 { return w.Automation.TriggersPerMinute },
}

// action is one kind of automation action.
type action struct {
	kind    string // action_type, and the channel of its series
	ratio   func(AutomationPlan) float64
	payload map[string]any
}

var actions = []action{
	{
		"webhook", func(p AutomationPlan) float64 { return p.WebhookRatio },
		map[string]any{"url": "https://example.invalid/hook", "method": "POST"},
	},
	{
		"crm", func(p AutomationPlan) float64 { return p.CRMRatio },
		map[string]any{"operation": "upsert_contact", "fields": map[string]string{"source": "squall"}},
	},
	{
		"email", func(p AutomationPlan) float64 { return p.EmailRatio },
		map[string]any{"to": "load-test@example.invalid", "subject": "Load test"},
	},
}

// chooseAction spreads triggers over the actions by their ratios, evenly rather than by chance, so
// that a short run has the right shares too.
func chooseAction(p AutomationPlan, n uint64) action {
	all := actions
	sum := 0.0
	for _, a := range all {
		sum += a.ratio(p)
	}
	if sum <= 0 {
		return all[0]
	}
	// Weighted golden-ratio sequence: evenly spread over [0,1) without keeping state.
	const golden = 0.6180339887498949
	x := float64(n) * golden
	x -= float64(uint64(x))
	for _, a := range all {
		if x -= a.ratio(p) / sum; x < 0 {
			return a
		}
	}
	return all[0]
}

// trigger runs one automation rule as a dry run.
func (a *adminFlows) trigger(ctx context.Context, t *adminTask, due time.Time) {
	chosen := chooseAction(a.g.options.Workload.Automation, t.count)
	id := Automation.Series(chosen.kind)
	body, err := json.Marshal(map[string]any{
		"rule": map[string]any{
			"tenant_id": t.tenant.ID, "brand_id": t.brand().BrandID,
			"name": "squall load test", "trigger_type": "event", "trigger_event": "message.received",
			"action_type": chosen.kind, "action_payload": chosen.payload, "is_active": true,
		},
		"sample_payload": map[string]any{"channel": "automation", "text": "load test"},
	})
	if err != nil {
		a.recordUnsendable(id, due, err)
		return
	}
	_ = a.measure(ctx, id, due, request{ // counted by class; there is nothing else to do about it
		method: http.MethodPost, path: "/admin/automation/test", kind: "application/json",
		body: func() io.Reader { return bytes.NewReader(body) },
	})
}
