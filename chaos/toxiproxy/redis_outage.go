package toxiproxy

import (
	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/units"
)

// redisOutage makes Redis unreachable, or slow, where it sits behind Toxiproxy.
func redisOutage() faultRow {
	drill := chaos.DrillOf(chaos.RedisOutage)
	return faultRow{
		info: drill.Info(driverName,
			chaos.Param{
				Name: chaos.Way, Label: "Way", Type: chaos.Choice, Choices: []string{"refuse", "hang", "slow"}, Default: "refuse", Live: true,
				Help: "refuse: the proxy is off; hang: nothing gets through; slow: answers are late",
			},
			proxyParam("redis", ""),
			chaos.Param{
				Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "1s", Min: 0.001, Max: maxDelay, Live: true, When: "way=slow",
				Help: "of every answer",
			},
			drill.Param(chaos.TTL, ""),
		),
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
	want := ways[p[chaos.Way]]
	want.proxy = p["proxy"]
	return want
}
