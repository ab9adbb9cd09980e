package toxiproxy

import (
	"strconv"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

const (
	driverName = "Toxiproxy"
	both       = "both" // streams

	maxDelay = 300     // seconds
	maxRate  = 1 << 20 // KB/s
)

func proxyParam(def, env string) chaos.Param {
	return chaos.Param{Name: "proxy", Label: "Proxy", Type: chaos.Text, Default: def, Help: "as Toxiproxy names it", Env: env}
}

func rateParam(def, low int, only, help string) chaos.Param {
	return chaos.Param{
		Name: "rate", Label: "Rate", Type: chaos.Whole, Default: strconv.Itoa(def), Min: float64(low), Max: maxRate, Unit: "KB/s",
		Live: true, When: only, Help: help,
	}
}

func toxicityParam(only string) chaos.Param {
	return chaos.Param{
		Name: "toxicity", Label: "Toxicity", Type: chaos.Percent, Default: "100", Live: true, When: only,
		Help: "share of connections that are hit; drawn per connection, for each toxic by itself",
	}
}

// streams are the ways of a choice.
func streams(choice string) []string {
	if choice == both {
		return []string{upstream, downstream}
	}
	return []string{choice}
}

// perStream makes one toxic per stream.
func perStream(ways []string, kind string, percent float64, attributes client.Attributes) (all []client.Toxic) {
	for _, way := range ways {
		all = append(all, client.Toxic{Type: kind, Stream: way, Toxicity: float32(percent / 100), Attributes: attributes})
	}
	return all
}

// delay are the attributes of a latency.
func delay(latency, jitter time.Duration) client.Attributes {
	return client.Attributes{"latency": latency.Milliseconds(), "jitter": jitter.Milliseconds()}
}

// warnZeroToxicity warns of a toxicity that hits nothing.
func warnZeroToxicity(percent float64) []chaos.Check {
	if percent > 0 {
		return nil
	}
	return []chaos.Check{{Text: "some connections are hit", Answer: chaos.Warns, Reason: "a toxicity of 0 hits none"}}
}

// checkHasEffect refuses a fault that would do nothing.
func checkHasEffect(help string) chaos.Check {
	return chaos.Check{Text: "there is something to do", Answer: chaos.Refuses, Reason: "with these parameters nothing would change: " + help}
}
