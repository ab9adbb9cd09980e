package toxiproxy

import (
	"strings"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/units"
)

// qdrantThrottle makes Qdrant slow where it sits behind Toxiproxy. A proxy cannot lose packets.
func qdrantThrottle() faultRow {
	drill := chaos.DrillOf(chaos.QdrantThrottle)
	return faultRow{
		info: drill.Info(driverName,
			chaos.Param{Name: chaos.Way, Label: "Way", Type: chaos.Choice, Choices: []string{"proxy"}, Default: "proxy", Live: true, Help: "proxy: toxics on its proxy"},
			proxyParam("qdrant", ""),
			drill.Param("latency", ""),
			drill.Param("rate", ""),
			toxicityParam(""),
			drill.Param(chaos.TTL, ""),
		),
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
