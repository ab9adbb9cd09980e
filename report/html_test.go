package report

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// pageOf is the page of a run, and what a browser makes of it.
func pageOf(t *testing.T, run *Run) (string, *html.Node) {
	t.Helper()
	var b strings.Builder
	if err := writeHTML(&b, run); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), root
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf is the text of an element, blanks put together.
func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// elements are the elements for which a test holds, without looking into those that it holds for.
func elements(n *html.Node, test func(*html.Node) bool) (all []*html.Node) {
	if n.Type == html.ElementNode && test(n) {
		return []*html.Node{n}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		all = append(all, elements(c, test)...)
	}
	return all
}

func named(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(names, n.Data) }
}

// blockTexts are the texts of a document, in their order.
func blockTexts(blocks []block) (all []string) {
	add := func(text string) {
		all = append(all, strings.Join(strings.Fields(oneLine(text)), " "))
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case heading:
			add(b.text)
		case result:
			add(b.head() + ": " + b.text.text())
		case paragraph:
			add(b.text.text())
		case note:
			add(b.text.text())
		case list:
			for _, i := range b.items {
				add(i.text())
			}
		case script:
			for _, l := range b.lines {
				add(l)
			}
		case table:
			for _, c := range b.columns {
				add(c.head)
			}
			for _, r := range b.rows {
				for _, c := range r {
					add(c.text())
				}
			}
		case picture:
			add(b.chart.title)
		}
	}
	return all
}

// The page says what report.md says, in the same order.
func TestPageSaysWhatTheReportSays(t *testing.T) {
	for name, s := range cases() {
		t.Run(name, func(t *testing.T) {
			run, err := Load(s.write(t))
			if err != nil {
				t.Fatal(err)
			}
			_, root := pageOf(t, run)
			var got []string
			for _, n := range elements(root, named("h1", "h2", "h3", "p", "li", "pre", "td", "th", "figure", "nav")) {
				switch n.Data {
				case "nav":
				case "pre":
					for line := range strings.Lines(n.FirstChild.FirstChild.Data) {
						got = append(got, strings.TrimSpace(line))
					}
				case "figure":
					got = append(got, textOf(elements(n, named("strong"))[0]))
				case "th":
					if text := textOf(n); text != "Sign" {
						got = append(got, text)
						continue
					}
					got = append(got, "")
				default:
					got = append(got, textOf(n))
				}
			}
			want := blockTexts(document(run))
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Fatalf("text %d of %d (of %d): the page says\n%q, want\n%q", i, len(want), len(got), got[min(i, len(got)-1)], want[min(i, len(want)-1)])
				}
			}
		})
	}
}

// A page has one h1, no level is left out, every table has heads, every drawing and every region has a name, and
// every address within the page is there.
func TestPageIsAccessible(t *testing.T) {
	for name, s := range cases() {
		run, err := Load(s.write(t))
		if err != nil {
			t.Fatal(err)
		}
		_, root := pageOf(t, run)
		level, ids := 0, map[string]int{}
		for _, n := range elements(root, named("h1", "h2", "h3", "h4")) {
			now := int(n.Data[1] - '0')
			if now > level+1 || now == 1 && level > 0 {
				t.Errorf("%s: %s %q stands below a heading of level %d", name, n.Data, textOf(n), level)
			}
			level = now
		}
		for _, n := range elements(root, func(n *html.Node) bool { return n.Data == "table" }) {
			heads := elements(n, func(n *html.Node) bool { return n.Data == "th" && attribute(n, "scope") == "col" })
			for _, h := range heads {
				if textOf(h) == "" {
					t.Errorf("%s: a column of a table has no name", name)
				}
			}
			for _, row := range elements(n, named("tr"))[1:] {
				if cells := elements(row, named("td", "th")); len(cells) != len(heads) {
					t.Errorf("%s: a row of %d cells under %d heads", name, len(cells), len(heads))
				}
			}
		}
		var walk func(*html.Node)
		walk = func(n *html.Node) {
			if id := attribute(n, "id"); id != "" {
				ids[id]++
			}
			if (n.Data == "svg" && attribute(n, "aria-hidden") != "true" || attribute(n, "role") == "region") && attribute(n, "aria-label") == "" {
				t.Errorf("%s: a %s without a name", name, n.Data)
			}
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				walk(c)
			}
		}
		walk(root)
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: %d elements are called %s", name, n, id)
			}
		}
		for _, a := range elements(root, named("a")) {
			if to := strings.TrimPrefix(attribute(a, "href"), "#"); ids[to] == 0 {
				t.Errorf("%s: nothing is called %s", name, to)
			}
		}
	}
}

// Text from elsewhere is text, wherever it stands.
func TestForeignTextInAPage(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "`{{.}}\u202e</style></svg>"
	injected := event.Injection{Fault: hostile, Title: hostile, Run: 1}
	run, err := Load(synthetic{
		seconds: 60, quiet: true, killed: true,
		change: func(m *event.RunStarted) {
			m.Target, m.Host, m.Workload, m.Gateway = hostile, hostile, hostile, "javascript:"+hostile
			m.Settings = append(m.Settings, event.Provenance{Name: hostile, Value: hostile, Source: hostile})
			m.Secrets = map[string]string{hostile: hostile}
			m.FlowsOff = map[string]string{hostile: hostile}
		},
		events: []event.Event{
			happened(5, event.RoleOperator, event.Noted{Note: hostile}),
			happened(10, event.RoleOperator, event.FaultStarted{Injection: injected, Driver: hostile, Summary: hostile, Scope: hostile, Params: map[string]string{hostile: hostile}}),
			happened(11, event.RoleOperator, event.FaultActive{Injection: injected}),
			happened(12, event.RoleSquall, event.FaultNotReverted{Injection: injected, Reason: hostile, Remedies: []string{hostile}}),
			happened(1, event.RoleKubernetes, event.WorkloadScaled{Workload: hostile, Ready: 1, Wanted: 1}),
		},
	}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	run.errors = append(run.errors, errorTotal{series: hostile, class: hostile, count: 1})
	text, root := pageOf(t, run)
	if n := len(elements(root, named("script"))); n != 1 {
		t.Errorf("the page has %d scripts", n)
	}
	if n := len(elements(root, named("img", "iframe", "object", "embed", "form", "base"))); n > 0 {
		t.Errorf("the page has %d elements that it has not", n)
	}
	if strings.Contains(text, "\u202e") {
		t.Error("a character that turns the direction of writing is in the page")
	}
	allowed := regexp.MustCompile(`^(class|id|lang|charset|http-equiv|content|name|rel|href|role|tabindex|scope|aria-[a-z]+|data-[a-z]+|[xydr]|[cr][xy]|width|height|points|viewBox|focusable|patternUnits|patternTransform|font-size|text-anchor)$`)
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			if !allowed.MatchString(a.Key) {
				t.Errorf("%s has the attribute %s=%q", n.Data, a.Key, a.Val)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	if n := strings.Count(textOf(root), `<img src=x onerror=alert(2)>`); n < 20 {
		t.Errorf("the text is shown %d times", n)
	}
}

// Whatever a text is, it stays text, in a sentence, a cell, a command and a chart.
func FuzzTextInAPage(f *testing.F) {
	for _, text := range []string{"", "a <b>&amp; c", `"><script>`, "`${x}`", "</pre></svg>", "\x00\u202e\u200c\xff", "a\nb", "{{.}}"} {
		f.Add(text)
	}
	run := &Run{length: 10, timeline: timeline.Of(nil), files: &rundir.Run{}}
	c := emptyChart()
	c.title, c.alt, c.panels[0].ticks = "x", "x", nil
	f.Fuzz(func(t *testing.T, text string) {
		parsed := func(text string) *html.Node {
			drawn := c
			drawn.title, drawn.alt, drawn.explanation, drawn.keys = text, text, text, []chartKey{{name: text}}
			drawn.panels = []chartPanel{c.panels[0]}
			drawn.panels[0].bounds = []chartBound{{1, text}}
			drawn.values = chartValues{[]string{text}, []chartRow{{0, 1, []string{text}}}}
			var b strings.Builder
			p := page{run: run}
			for _, one := range []block{
				heading{1, text},
				heading{3, text},
				result{text: plain(text)},
				paragraph{strong(text)},
				note{code(text)},
				list{[]line{plain(text)}},
				script{[]string{text}},
				table{textColumns(text), [][]line{{plain(text)}}},
				picture{chart: drawn},
			} {
				if err := html.Render(&b, p.block(one)); err != nil {
					t.Fatal(err)
				}
			}
			root, err := html.Parse(strings.NewReader(b.String()))
			if err != nil {
				t.Fatal(err)
			}
			return root
		}
		shape := func(n *html.Node) string {
			var b strings.Builder
			var walk func(*html.Node)
			walk = func(n *html.Node) {
				if n.Type == html.ElementNode {
					b.WriteString("<" + n.Data)
					for _, a := range n.Attr {
						b.WriteString(" " + a.Key)
					}
				}
				for c := n.FirstChild; c != nil; c = c.NextSibling {
					walk(c)
				}
			}
			walk(n)
			return b.String()
		}
		if strings.TrimSpace(oneLine(text)) == "" {
			return // a head without a name has another shape
		}
		if got, want := shape(parsed(text)), shape(parsed("x")); got != want {
			t.Errorf("%q changes the page:\n%s\nwant\n%s", text, got, want)
		}
	})
}

// The policy of the page names its own style and script, and allows nothing else.
func TestPolicyOfThePage(t *testing.T) {
	run, err := Load(synthetic{seconds: 20}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	_, root := pageOf(t, run)
	policy := attribute(elements(root, func(n *html.Node) bool { return attribute(n, "http-equiv") == "Content-Security-Policy" })[0], "content")
	for _, name := range []string{"style", "script"} {
		source := elements(root, named(name))[0].FirstChild.Data
		if want := name + "-src " + sourceHash(source) + ";"; !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %q", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
}

// Colours on both backgrounds: text has a contrast of 4.5 at least, also on what is shaded; lines and columns
// have 3.
func TestContrastOfRoles(t *testing.T) {
	linear := func(v uint32) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	light := func(c uint32) float64 { return 0.2126*linear(c>>16) + 0.7152*linear(c>>8) + 0.0722*linear(c) }
	contrast := func(a, b uint32) float64 {
		high, low := max(light(a), light(b)), min(light(a), light(b))
		return (high + 0.05) / (low + 0.05)
	}
	mix := func(under, over uint32, alpha uint8) (mixed uint32) {
		for shift := 0; shift < 24; shift += 8 {
			u, o := float64(under>>shift&0xff), float64(over>>shift&0xff)
			mixed |= uint32(u+(o-u)*float64(alpha)/255+0.5) << shift
		}
		return mixed
	}
	for scheme, of := range map[string]func(look) uint32{"light": func(l look) uint32 { return l.light }, "dark": func(l look) uint32 { return l.dark }} {
		paper := of(paperRole.look())
		for _, shade := range []role{spikeRole, faultRole, idleRole} {
			patch := mix(paper, of(shade.look()), shade.look().alpha)
			if c := contrast(of(faintRole.look()), patch); c < 4.5 {
				t.Errorf("%s: the contrast of a name on %s is %.2f", scheme, shade.look().name, c)
			}
		}
		for _, r := range []role{inkRole, faintRole, objectiveRole} {
			if c := contrast(of(r.look()), paper); c < 4.5 {
				t.Errorf("%s: the contrast of the text in %s is %.2f", scheme, r.look().name, c)
			}
		}
		for n := range looks {
			if r := role(n); (r.look().width > 0 || r >= firstErrorRole) && r != gridRole {
				if c := contrast(of(r.look()), paper); c < 3 {
					t.Errorf("%s: the contrast of the line %s is %.2f", scheme, r.look().name, c)
				}
			}
		}
	}
}

// An eight-hour chart keeps what happened in a single second: it is in the band, and in the values.
func TestLongStretchesKeepTheirExtremes(t *testing.T) {
	s := synthetic{seconds: 960, quiet: true}
	s.slow[0].from, s.slow[0].to, s.slow[0].times = 500, 501, 40
	run, err := Load(s.write(t))
	if err != nil {
		t.Fatal(err)
	}
	gateway := run.series[0]
	if gateway.interval < 2 {
		t.Fatalf("stretches of %v s", gateway.interval)
	}
	var hit point
	for _, pt := range gateway.points {
		if math.Abs(pt.at-500.5) <= gateway.interval/2 {
			hit = pt
		}
	}
	if hit.high < 5000 || hit.low > 500 || hit.high < hit.p95 {
		t.Errorf("in the stretch with one slow second p95 is %v, of single seconds %v to %v ms", hit.p95, hit.low, hit.high)
	}
	c := latencyChart(run, gateway)
	if p := c.panels[0]; p.high < hit.high {
		t.Errorf("the value axis ends at %v, below %v", p.high, hit.high)
	}
	if !slices.Contains(c.values.columns, "p95 of single seconds") {
		t.Error("the values lack single seconds")
	}
	text, _ := pageOf(t, run)
	if want := milliseconds(hit.low) + " to " + milliseconds(hit.high); !strings.Contains(text, want) {
		t.Errorf("the page does not say %q", want)
	}
}

// A row of values for each stretch in which something changed, one after the other, and no more than can be shown.
func TestValuesOfManyPodChanges(t *testing.T) {
	var events []event.Event
	for i := range 3000 {
		events = append(events, happened(float64(i)/10, event.RoleKubernetes, event.WorkloadScaled{Workload: fmt.Sprintf("deployment a/w%d", i%3), Ready: i % 7, Wanted: 7}))
	}
	run, err := Load(synthetic{seconds: 300, quiet: true, events: events}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	rows := scalingCharts(run)[0].values.rows
	if len(rows) > mostIntervals+1 || len(rows) < 100 {
		t.Errorf("%d rows", len(rows))
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].from != rows[i-1].to || rows[i].to < rows[i].from {
			t.Fatalf("row %d is from %v to %v, after one to %v", i, rows[i].from, rows[i].to, rows[i-1].to)
		}
	}
	if last := rows[len(rows)-1]; last.to < run.length || !slices.Equal(last.cells, []string{"1 ready, 7 wanted", "2 ready, 7 wanted", "3 ready, 7 wanted"}) {
		t.Errorf("the last row is %+v", last)
	}
}

// A page of a run that has no data is a page.
func TestPagesOfLittleRuns(t *testing.T) {
	for _, seconds := range []int{-1, 1, 2} {
		run, err := Load(synthetic{seconds: seconds, killed: true}.write(t))
		if err != nil {
			t.Fatal(err)
		}
		text, root := pageOf(t, run)
		if len(elements(root, named("h1"))) != 1 || strings.Contains(text, "NaN") {
			t.Errorf("%d seconds: no page, or a number that is none", seconds)
		}
	}
}

func TestNoNumberThatIsNoneInAPage(t *testing.T) {
	for name, s := range cases() {
		run, err := Load(s.write(t))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := pageOf(t, run)
		if body := text[strings.Index(text, "<body>"):strings.Index(text, "<script>")]; strings.Contains(body, "NaN") || strings.Contains(body, "Inf") {
			t.Errorf("%s: the page has NaN or Inf", name)
		}
	}
}

// The page of a directory is written beside the other documents.
func TestPageIsWritten(t *testing.T) {
	dir := synthetic{seconds: 20}.write(t)
	save(t, dir)
	if text := read(t, filepath.Join(dir, HTMLFile)); !strings.HasPrefix(text, "<!DOCTYPE html>") || !strings.HasSuffix(text, "</html>\n") {
		t.Error("report.html is no whole page")
	}
}
