package toxiproxy

import (
	"net/url"
	"time"

	"xinbot.ir/squall/chaos"
)

// Config is what a driver is made of.
type Config struct {
	URL     *url.URL       // of Toxiproxy's API. Nil: faults can be described, not planned
	Session string         // id of the run, lower-case letters and digits: marks toxics as ours
	Custom  []chaos.Custom // those without a toxic are left out
	Timeout time.Duration  // of each call; 0: 5 s
	Targets []*url.URL     // of squall's own load: a proxy that listens there is used
	Own     bool           // Toxiproxy is a part of this process, and ends with it
}

// Driver makes faults for one Toxiproxy.
type Driver struct {
	config Config
	api    api
}

// New makes a driver. It contacts nothing.
func New(c Config) *Driver {
	d := &Driver{config: c}
	if c.URL != nil {
		d.api = newAPI(c.URL.String(), c.Timeout)
	}
	return d
}

// Faults is the driver's table: the built-in faults, then the custom ones in their order.
func (d *Driver) Faults() []chaos.Fault {
	rows := []faultRow{
		llmLatency(),
		redisOutage(),
		qdrantThrottle(),
	}
	for _, c := range d.config.Custom {
		if c.Toxic != nil {
			rows = append(rows, customToxic(c))
		}
	}
	faults := make([]chaos.Fault, len(rows))
	for i, r := range rows {
		faults[i] = fault{driver: d, faultRow: r}
	}
	return faults
}
