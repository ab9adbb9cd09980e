package load

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"xinbot.ir/squall/load/metric"
)

// Knowledge is the older upload, POST /v1/brands/{id}/knowledge.
var Knowledge = &metric.Flow{
	Name: "knowledge", Title: "Knowledge upload", Does: "Knowledge uploads", Metric: "orchestrator_latency",
	Status: http.StatusAccepted, Check: "knowledge upload answers 202", Channels: []string{"upload"},
}

var knowledgeFlow = adminFlow{
	Flow: Knowledge, perMinute: ingestionPace, phase: 0.15, call: (*adminFlows).uploadKnowledge,
	off: func(o Options) string {
		if o.Knowledge {
			return ""
		}
		return "not asked for (--knowledge)"
	},
}

// uploadKnowledge posts to the older route that the Locust suite warmed up with.
func (a *adminFlows) uploadKnowledge(ctx context.Context, t *adminTask, due time.Time) {
	id := Knowledge.Series("upload")
	req, err := uploadRequest("/v1/brands/"+url.PathEscape(t.brand().BrandID)+"/knowledge", t)
	if err != nil {
		a.recordUnsendable(id, due, err)
		return
	}
	_ = a.measure(ctx, id, due, req) // counted by class; there is nothing else to do about it
}
