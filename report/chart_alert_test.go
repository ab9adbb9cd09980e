package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// alertEvents are the events of an alert: it fires, and is resolved unless to is 0. A negative beginning lies before the run.
func alertEvents(source, name string, from, to float64) (all []event.Event) {
	d := event.AlertChanged{Source: source, Alert: name, State: event.AlertFiring, FiredAt: began.Add(duration(from)), FiredExact: true}
	all = append(all, happened(max(from, 0.5), event.RoleSource, d))
	if to > 0 {
		d.State, d.ResolvedAt = event.AlertResolved, began.Add(duration(to))
		all = append(all, happened(to, event.RoleSource, d))
	}
	return all
}

// watchedDrills are the drills, with the alerts that two sources tell of.
func watchedDrills() synthetic {
	s := drills()
	for _, source := range []string{"prometheus", "alertmanager"} {
		s.events = append(s.events, alertEvents(source, "HighLatencyLLM", 42, 81)...)
		s.events = append(s.events, alertEvents(source, "HighLatencyLLM", 186, 0)...)
		s.events = append(s.events, alertEvents(source, "IngestionLagHigh", 120, 168)...)
	}
	s.events = append(s.events, alertEvents("prometheus", "Watchdog", -3600, 0)...)
	return s
}

// laneText writes lanes in one line.
func laneText(lanes []lane) string {
	var all []string
	for _, l := range lanes {
		text := l.name
		for _, s := range l.spans {
			text += fmt.Sprintf(" %g-%g", s.from, s.to) + [...]string{"", ">", "?"}[s.end]
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// An alert has one lane, whoever tells of it and however often it fires; its ends are what is known of them.
func TestAlertsHaveLanes(t *testing.T) {
	pending := event.AlertChanged{Source: "prometheus", Alert: "Pending", State: event.AlertPending}
	silenced := event.AlertChanged{Source: "alertmanager", Alert: "Silenced", State: event.AlertSilenced, FiredAt: began.Add(70 * time.Second)}
	gap := event.SourceGap{Source: "receiver", Reason: "it is away"}
	mended := event.SourceGap{Source: "prometheus", Reason: "it is away"}
	for name, c := range map[string]struct {
		events [][]event.Event
		want   string
		about  string // in the text of the first span
	}{
		"none":       {nil, "", ""},
		"pending":    {[][]event.Event{{happened(5, event.RoleSource, pending)}}, "", ""},
		"resolved":   {[][]event.Event{alertEvents("prometheus", "A", 20, 50)}, "A 20-50", "Alert A: fired 00:20, resolved 00:50 (prometheus)"},
		"twice":      {[][]event.Event{alertEvents("prometheus", "A", 20, 50), alertEvents("prometheus", "A", 60, 70)}, "A 20-50 60-70", "Alert A: fired 00:20, resolved 00:50 (prometheus)"},
		"open":       {[][]event.Event{alertEvents("prometheus", "A", 20, 0)}, "A 20-100>", "Alert A: fired 00:20, still firing at the end (prometheus)"},
		"silenced":   {[][]event.Event{{happened(71, event.RoleSource, silenced)}}, "Silenced 70-100>", "Alert Silenced: fired 01:10, still firing at the end, silenced (alertmanager)"},
		"before":     {[][]event.Event{alertEvents("prometheus", "A", -60, 30)}, "A -60-30", "Alert A: fired before the start, resolved 00:30 (prometheus)"},
		"two agree":  {[][]event.Event{alertEvents("prometheus", "A", 20, 50), alertEvents("alertmanager", "A", 20, 50)}, "A 20-50", "Alert A: fired 00:20, resolved 00:50 (prometheus, alertmanager)"},
		"two differ": {[][]event.Event{alertEvents("prometheus", "A", 20, 50), alertEvents("alertmanager", "A", 22, 55)}, "A 20-55", "Alert A: fired 00:20, resolved 00:50 (prometheus); fired 00:22, resolved 00:55 (alertmanager)"},
		"one is open": {
			[][]event.Event{alertEvents("prometheus", "A", 20, 100), alertEvents("receiver", "A", 22, 0)},
			"A 20-100>",
			"Alert A: fired 00:20, resolved 01:40 (prometheus); fired 00:22, still firing at the end (receiver)",
		},
		"source is away": {[][]event.Event{alertEvents("receiver", "A", 20, 0), {happened(40, event.RoleSource, gap)}}, "A 20-40?", "Alert A: fired 00:20, not known after 00:40 (receiver)"},
		"source is back": {
			[][]event.Event{alertEvents("prometheus", "A", 20, 0), {happened(40, event.RoleSource, mended), happened(45, event.RoleSource, event.SourceBack{Source: "prometheus"})}},
			"A 20-100>", "Alert A: fired 00:20, still firing at the end (prometheus)",
		},
		"in order": {
			[][]event.Event{alertEvents("prometheus", "Watchdog", -9, 0), alertEvents("prometheus", "A", 60, 70), alertEvents("prometheus", "B", 20, 30)},
			"B 20-30, A 60-70, Watchdog -9-100>", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := loaded(t, synthetic{seconds: 100, quiet: true, events: slices.Concat(c.events...)})
			lanes, more := lanesOf(run)
			if got := laneText(lanes); got != c.want || more != 0 {
				t.Errorf("lanes %q and %d more, want %q", got, more, c.want)
			}
			if c.about != "" && lanes[0].spans[0].about != c.about {
				t.Errorf("it says\n%s, want\n%s", lanes[0].spans[0].about, c.about)
			}
		})
	}
}

// There is room for so many lanes and spans, and what is beyond is said.
func TestLanesAreBounded(t *testing.T) {
	var events []event.Event
	for n := range mostLanes + 3 {
		events = append(events, alertEvents("prometheus", fmt.Sprintf("Alert%d", n), 10+float64(n), 0)...)
	}
	for n := range 2 * mostFirings {
		from := 20 + float64(n)*0.6
		events = append(events, alertEvents("prometheus", "Alert0flaps", from, from+0.1)...)
	}
	run := loaded(t, synthetic{seconds: 100, quiet: true, events: events})
	lanes, more := lanesOf(run)
	if len(lanes) != mostLanes || more != 4 || lanes[0].name != "Alert0" {
		t.Errorf("%d lanes, %d more, the first of %s", len(lanes), more, lanes[0].name)
	}
	if text := laneLegend(run); !strings.Contains(text, " 4 more alerts that fired have no bar: see Alerts.") {
		t.Errorf("legend %q", text)
	}
	flapping := alertLanes(run)[len(lanes)+more-1]
	for _, l := range alertLanes(run) {
		if l.name == "Alert0flaps" {
			flapping = l
		}
	}
	if n := len(flapping.spans); n == 0 || n > mostFirings || !strings.HasSuffix(flapping.spans[0].about, " more times") {
		t.Errorf("%d spans, the first says %q", n, flapping.spans[0].about)
	}
}

// Every chart has the bars at their times, below its last panel, in the page and as a picture, and its name is where no bar is.
func TestAlertsStandOnEveryChart(t *testing.T) {
	run := loaded(t, watchedDrills())
	for _, c := range chartsOf(run) {
		on := drawPNG(run, c)
		a := axesOf(run, c, on)
		alert := alertRole.color()
		want := uint32(alert.R)<<16 | uint32(alert.G)<<8 | uint32(alert.B)
		y := a.bottom - 3 - a.laneHeight()/2
		for at, barred := range map[float64]bool{41: false, 43: true, 80: true, 82: false, 185: false, 187: true, 239: true} {
			if got := shaded(on, a, at, y) == want; got != barred {
				t.Errorf("%s at %v s has a bar: %v", c.name, at, got)
			}
		}
		for _, l := range svgLayouts {
			page := textOf(drawSVG(l.of(run), l.class, c))
			for _, name := range []string{"! HighLatencyLLM", "! IngestionLagHigh", "! Watchdog"} {
				if strings.Count(page, name) != 1 {
					t.Errorf("%s, %s: %q stands there %d times", c.name, l.class, name, strings.Count(page, name))
				}
			}
		}
	}
	if text := markdown(chartsSection(run)); !strings.Contains(text, "Bars under a chart, named with !: alerts of the platform") {
		t.Errorf("the legend does not explain bars:\n%s", text)
	}
	if quiet := loaded(t, drills()); laneLegend(quiet) != "" || pngLayout.of(quiet).foot != 0 {
		t.Error("a run without alerts has room for them")
	}
}

// Pointed at, a bar says what it is.
func TestAlertInABrowser(t *testing.T) {
	dir := watchedDrills().write(t)
	save(t, dir)
	p := openPage(t, filepath.Join(dir, HTMLFile))
	for _, width := range []int64{360, 1000} {
		p.show(width, "light")
		type point struct{ X, Y float64 }
		at := evaluate[point](p, `(() => {
const svg = [...document.querySelectorAll('svg.drawing')].find((e) => e.checkVisibility());
svg.scrollIntoView({block: 'center'});
const box = svg.querySelector('rect.fill-alert').getBoundingClientRect();
return {X: box.left + box.width / 2, Y: box.top + box.height / 2};
})()`)
		p.do(pointAt(at.X, at.Y))
		tip := evaluate[string](p, `document.querySelector('.tip').innerText`)
		for _, want := range []string{"Alert HighLatencyLLM: fired 00:42, resolved 01:21 (prometheus, alertmanager)", "! HighLatencyLLM", "Gateway latency, from 01:0"} {
			if !strings.Contains(tip, want) {
				t.Errorf("%d: pointed at, the bar says %q and not %q", width, tip, want)
			}
		}
		if tip := p.hover(0.6); strings.Contains(tip, "fired") {
			t.Errorf("%d: pointed at, the plot says %q", width, tip)
		}
	}
}
