package toxiproxy

import (
	"strings"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// qdrantThrottle makes Qdrant slow where it sits behind Toxiproxy. Where it does not, the Kubernetes
// driver has a fault of the same name, which can lose packets too: a proxy cannot.
func qdrantThrottle() faultRow {
	return faultRow{
		info: chaos.Info{
			ID: "qdrant_throttle", Title: "Qdrant throttle", Driver: driverName,
			Summary: "Delays the answers of the vector store and limits its bandwidth.",
			Params: []chaos.Param{
				proxyParam("qdrant", ""),
				{
					Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "800ms", Max: maxDelay, Live: true,
					Help: "of every answer; 0s for none", Env: "LATENCY_MS", EnvUnit: "ms",
				},
				rateParam(0, 0, "", "what each connection passes of answers; 0 for no limit"),
				toxicityParam(""),
				chaos.TTLParam(5*time.Minute, "DURATION_SECONDS"),
			},
			Expect: []chaos.Expectation{
				{Signal: event.AlertFires, Name: "IngestionLagHigh", Within: time.Minute, Text: "alert IngestionLagHigh fires within 1 min"},
				{Signal: event.Recovers, Within: recoveryGoal, Text: recoveryText},
			},
		},
		desired: desiredQdrant,
	}
}

func desiredQdrant(p chaos.Params) desired {
	way, percent := streams(downstream), p.Number("toxicity")
	want := desired{proxy: p["proxy"], checks: warnZeroToxicity(percent)}
	var said []string
	if late := p.Duration("latency"); late.Milliseconds() > 0 {
		want.toxics = perStream(way, "latency", percent, delay(late, 0))
		said = append(said, units.Duration(late))
	}
	if rate := p.Whole("rate"); rate > 0 {
		want.toxics = append(want.toxics, perStream(way, "bandwidth", percent, client.Attributes{"rate": int64(rate)})...)
		said = append(said, p["rate"]+" KB/s")
	}
	if len(want.toxics) == 0 {
		want.checks = append(want.checks, checkHasEffect("give delay, or rate"))
		said = append(said, "nothing")
	}
	want.summary = strings.Join(append(said, shareText(downstream, percent)...), ", ")
	return want
}
