package report

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// screenshotsVariable names a directory that pictures of the pages are written to, for people to look at.
const screenshotsVariable = "REPORT_SCREENSHOTS"

// tab is a page in a real browser, and what it did.
type tab struct {
	context.Context //nolint:containedctx // chromedp keeps a tab in a context
	t               *testing.T

	mu       sync.Mutex
	requests []string
	messages []string // of the console, whatever their level
}

// chromium is the browser's program. Without it the test is skipped, in CI it fails.
func chromium(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "no Chromium: install Debian's package chromium, or run internal/tools/ensure-packages"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// openPage shows a file in a browser without a network.
func openPage(t *testing.T, path string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true), chromedp.Flag("hide-scrollbars", false))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	p := &tab{t: t}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(func(e any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := e.(type) {
		case *network.EventRequestWillBeSent:
			p.requests = append(p.requests, e.Request.URL)
		case *runtime.EventConsoleAPICalled:
			p.messages = append(p.messages, fmt.Sprintf("%s: %+v", e.Type, e.Args))
		case *runtime.EventExceptionThrown:
			p.messages = append(p.messages, fmt.Sprintf("%+v", e.ExceptionDetails))
		case *log.EventEntryAdded:
			p.messages = append(p.messages, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
		}
	}))
	t.Cleanup(cancel)
	var done context.CancelFunc
	p.Context, done = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(done)
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	}))
	p.do(chromedp.Navigate((&url.URL{Scheme: "file", Path: path}).String()))
	return p
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// evaluate runs a script in the page.
func evaluate[T any](p *tab, script string) T {
	p.t.Helper()
	value, err := chromedp.Run(p, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return value
}

// show sets the size of the window, and a light or a dark scheme.
func (p *tab) show(width int64, scheme string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, 900), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// wantSilent fails when the page loaded anything but itself, or said something on the console.
func (p *tab) wantSilent(path string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if !strings.HasSuffix(r, filepath.Base(path)) && !strings.HasPrefix(r, "data:") {
			p.t.Errorf("the page loads %s", r)
		}
	}
	if len(p.requests) == 0 {
		p.t.Error("requests are not seen at all")
	}
	for _, m := range p.messages {
		p.t.Errorf("console: %s", m)
	}
}

// contrastScript finds text whose contrast to its background is below 4.5.
const contrastScript = `(() => {
const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
const linear = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
const bad = new Set();
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest('script') || !e.checkVisibility()) continue;
  const svg = e instanceof SVGElement, style = getComputedStyle(e);
  if (svg && e.tagName !== 'text') continue;
  const a = light(parse(svg ? style.fill : style.color)), b = light(behind(svg ? e.ownerSVGElement.parentElement : e));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) bad.add(e.tagName + '.' + (e.getAttribute('class') ?? '') + ' ' + contrast.toFixed(2));
}
return [...bad];
})()`

// A page in a real browser: it loads nothing, says nothing on the console, fits at every width, is
// legible, and shows values where it is pointed at.
func TestPageInABrowser(t *testing.T) {
	dir := withSamples(t, watchedDrills())
	save(t, dir)
	path := filepath.Join(dir, HTMLFile)
	p := openPage(t, path)
	for _, width := range []int64{360, 390, 800, 1400} {
		for _, scheme := range []string{"light", "dark"} {
			at := fmt.Sprintf("%d-%s", width, scheme)
			p.show(width, scheme)
			if over := evaluate[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s: the page is %d pixels too wide", at, over)
			}
			for _, bad := range evaluate[[]string](p, contrastScript) {
				t.Errorf("%s: the contrast of %s is below 4.5", at, bad)
			}
			if dark := evaluate[bool](p, `getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'`); dark != (scheme == "dark") {
				t.Errorf("%s: the background is dark: %v", at, dark)
			}
			if shown, charts := evaluate[int](p, `[...document.querySelectorAll('svg.drawing')].filter((e) => e.checkVisibility()).length`), evaluate[int](p, `document.querySelectorAll('figure.chart').length`); shown != charts || charts == 0 {
				t.Errorf("%s: %d drawings of %d charts are shown", at, shown, charts)
			}
			if size := evaluate[float64](p, `Math.min(...[...document.querySelectorAll('svg.drawing text')].filter((e) => e.checkVisibility()).map((e) => parseFloat(getComputedStyle(e).fontSize) * e.ownerSVGElement.getBoundingClientRect().width / e.ownerSVGElement.viewBox.baseVal.width))`); size < 9 {
				t.Errorf("%s: text of %.1f pixels in a chart", at, size)
			}
			tip := p.hover(0.6)
			for _, want := range []string{"Gateway latency", "p95", " ms", "Requests"} {
				if !strings.Contains(tip, want) {
					t.Errorf("%s: pointed at, the chart says %q and not %q", at, tip, want)
				}
			}
			if over := evaluate[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s: the values make the page %d pixels too wide", at, over)
			}
			p.screenshot("page-" + at)
		}
	}
	p.wantSilent(path)
}

// pointAt moves the mouse to a place in the window.
func pointAt(x, y float64) chromedp.Action[chromedp.Void] {
	return chromedp.MouseEvent(chromedp.MouseMoved, x, y)
}

// hover points at the first chart, at a share of its width, and returns what is shown.
func (p *tab) hover(share float64) string {
	p.t.Helper()
	type point struct{ X, Y float64 }
	at := evaluate[point](p, fmt.Sprintf(`(() => {
const svg = [...document.querySelectorAll('svg.drawing')].find((e) => e.checkVisibility());
svg.scrollIntoView({block: 'center'});
const box = svg.getBoundingClientRect();
return {X: box.left + box.width * %v, Y: box.top + box.height / 2};
})()`, share))
	p.do(pointAt(at.X, at.Y))
	return evaluate[string](p, `document.querySelector('.tip').hidden ? '' : document.querySelector('.tip').innerText`)
}

// screenshot keeps a picture of the whole page, if somebody wants to see it.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv(screenshotsVariable)
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// What a chart says where it is pointed at is what its table says of that moment.
func TestValuesInABrowser(t *testing.T) {
	dir := cases()["faults"].write(t)
	save(t, dir)
	p := openPage(t, filepath.Join(dir, HTMLFile))
	p.show(1000, "light")
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := chartsOf(run)[0]
	layout := svgLayouts[0].chartLayout
	share := (layout.leftEdge() + (layout.rightEdge()-layout.leftEdge())*50.5/run.length) / layout.width
	tip := p.hover(share)
	for _, r := range c.values.rows {
		if r.from <= 50.5 && 50.5 < r.to {
			for n, cell := range r.cells {
				if !strings.Contains(tip, cell) {
					t.Errorf("%s at 50.5 s is %q, and shown is %q", c.values.columns[n], cell, tip)
				}
			}
		}
	}
	if !strings.Contains(tip, "from 00:50") || !strings.Contains(tip, "LLM latency") {
		t.Errorf("shown is %q, without the time or the fault", tip)
	}
	// By keys: to the end, and away.
	last := c.values.rows[len(c.values.rows)-1]
	p.do(chromedp.Focus(chromedp.CSS("svg.drawing.wide")), chromedp.KeyEvent(kb.End))
	if text := evaluate[string](p, `document.querySelector('.tip').innerText`); !strings.Contains(text, clock(last.from)) {
		t.Errorf("the last value is %q, want that of %s", text, clock(last.from))
	}
	p.do(chromedp.KeyEvent(kb.Escape))
	if !evaluate[bool](p, `document.querySelector('.tip').hidden`) {
		t.Error("Escape leaves the values on the screen")
	}
}

// Where nothing was measured, nothing is shown.
func TestGapInABrowser(t *testing.T) {
	dir := cases()["closed"].write(t) // paused from 200 s to 215 s
	save(t, dir)
	p := openPage(t, filepath.Join(dir, HTMLFile))
	p.show(1000, "light")
	layout := svgLayouts[0].chartLayout
	tip := p.hover((layout.leftEdge() + (layout.rightEdge()-layout.leftEdge())*207.5/240) / layout.width)
	if tip != "Gateway latency: nothing was measured" {
		t.Errorf("in the pause %q is shown", tip)
	}
}

// Printed, a page has its charts and tables, and none of what only a screen can do.
func TestPagePrinted(t *testing.T) {
	dir := cases()["faults"].write(t)
	save(t, dir)
	p := openPage(t, filepath.Join(dir, HTMLFile))
	pdf, err := chromedp.Run(p, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1))
	if !strings.HasPrefix(string(pdf), "%PDF-") || pages < 3 || pages > 20 {
		t.Errorf("%d bytes with %d pages", len(pdf), pages)
	}
	if out := os.Getenv(screenshotsVariable); out != "" {
		if err := os.WriteFile(filepath.Join(out, "page.pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const a4 = 718 // pixels between the margins
	p.do(chromedp.EmulateViewport(a4, 900), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		return err
	}))
	if shown := evaluate[[]string](p, `[...document.querySelectorAll('nav, details, svg.narrow, .tip')].filter((e) => e.checkVisibility()).map((e) => e.tagName)`); len(shown) > 0 {
		t.Errorf("%s are printed", shown)
	}
	p.screenshot("page-printed")
	if over := evaluate[int](p, `Math.max(...[...document.querySelectorAll('main, .scroll, pre')].map((e) => e.scrollWidth - e.clientWidth))`); over > 0 {
		t.Errorf("%d pixels are cut off on paper", over)
	}
	if evaluate[int](p, `[...document.querySelectorAll('svg.wide')].filter((e) => !e.checkVisibility()).length`) > 0 {
		t.Error("a chart is not printed")
	}
}
