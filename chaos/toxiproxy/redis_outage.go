package toxiproxy

import (
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// redisOutage makes Redis unreachable where it sits behind Toxiproxy. Where it does not, the Kubernetes
// driver has a fault of the same name.
func redisOutage() faultRow {
	return faultRow{
		info: chaos.Info{
			ID: "redis_outage", Title: "Redis outage", Driver: driverName,
			Summary: "Takes Redis away: connections are refused, hang, or are slow.",
			Params: []chaos.Param{
				proxyParam("redis", ""),
				{
					Name: "way", Label: "Way", Type: chaos.Choice, Choices: []string{"refuse", "hang", "slow"}, Default: "refuse", Live: true,
					Help: "refuse: the proxy is off; hang: nothing gets through; slow: answers are late",
				},
				{
					Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "1s", Min: 0.001, Max: maxDelay, Live: true, When: "way=slow",
					Help: "of every answer",
				},
				chaos.TTLParam(2*time.Minute, "DISRUPTION_SECONDS"),
			},
			Expect: []chaos.Expectation{
				{Signal: event.AlertFires, Name: "GatewayHealthCheckFailed", Text: "alert GatewayHealthCheckFailed fires"},
				{Signal: event.MetricBelow, Name: "automation_queue_depth", Bound: 50, Text: "automation queue depth stays below 50"},
				{Signal: event.Recovers, Within: recoveryGoal, Text: recoveryText},
			},
		},
		desired: desiredRedis,
	}
}

// desiredRedis stops both directions of a hanging Redis: with only its answers held back it would carry out
// commands that the platform believes to have failed.
func desiredRedis(p chaos.Params) desired {
	ways := map[string]desired{
		"refuse": {refuse: true, summary: "connections refused"},
		"hang":   {toxics: perStream(streams(both), "timeout", 100, client.Attributes{"timeout": int64(0)}), summary: "hangs"},
		"slow":   {toxics: perStream(streams(downstream), "latency", 100, delay(p.Duration("latency"), 0)), summary: "answers " + units.Duration(p.Duration("latency")) + " late"},
	}
	want := ways[p["way"]]
	want.proxy = p["proxy"]
	return want
}
