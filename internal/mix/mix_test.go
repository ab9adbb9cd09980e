package mix

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/load"
)

func TestParseLine(t *testing.T) {
	at := time.Date(2026, 7, 30, 9, 0, 1, 0, time.UTC)
	plain := Request{Method: "POST", Path: "/webchat/webhook", Status: 202}
	timed := plain
	timed.Time = at
	branded := timed
	branded.Tenant, branded.Brand, branded.ChannelID, branded.Channel = "t", "b", "c", "automation"
	for name, c := range map[string]struct {
		line string
		want Request
	}{
		"common":          {`10.0.0.1 - - [30/Jul/2026:09:00:01 +0000] "POST /webchat/webhook HTTP/1.1" 202 21`, timed},
		"combined":        {`10.0.0.1 - a b [30/Jul/2026:12:30:01 +0330] "POST /webchat/webhook?x=1 HTTP/1.1" 202 21 "-" "curl \"8\""`, timed},
		"with the host":   {`gw:80 10.0.0.1 - - [30/Jul/2026:09:00:01 +0000] "post http://gw/webchat/webhook HTTP/1.1" 202 -`, timed},
		"uvicorn":         {`INFO:     10.0.0.1:5512 - "POST /webchat/webhook HTTP/1.1" 202 Accepted`, plain},
		"quotes before":   {`x "user name" [30/Jul/2026:09:00:01 +0000] "POST /webchat/webhook HTTP/1.1" 202 21`, timed},
		"no request":      {`10.0.0.1 - - [30/Jul/2026:09:00:01 +0000] "\x16\x03\x01" 400 0`, Request{Status: 400, Time: at}},
		"nginx JSON":      {`{"time_iso8601":"2026-07-30T09:00:01+00:00","request":"POST /webchat/webhook HTTP/1.1","status":"202"}`, timed},
		"flat JSON":       {`{"timestamp":"2026-07-30T09:00:01Z","method":"POST","path":"/webchat/webhook","status":202,"tenant_id":"t","brand_id":"b","channel_id":"c","metadata":{"channel":"automation"}}`, branded},
		"Caddy":           {`{"ts":1785402001.0,"request":{"method":"POST","uri":"/webchat/webhook","headers":{"Path":["/x"]}},"status":202}`, timed},
		"Traefik":         {`{"RequestMethod":"POST","RequestPath":"/webchat/webhook","DownstreamStatus":202,"StartUTC":"2026-07-30T09:00:01Z"}`, timed},
		"Google Cloud":    {`{"httpRequest":{"requestMethod":"POST","requestUrl":"https://gw/webchat/webhook","status":202},"timestamp":"2026-07-30T09:00:01Z"}`, timed},
		"ECS":             {`{"@timestamp":"2026-07-30T09:00:01Z","http":{"request":{"method":"POST"},"response":{"status_code":202}},"url":{"path":"/webchat/webhook"}}`, timed},
		"Docker":          {`{"log":"10.0.0.1 - \"POST /webchat/webhook HTTP/1.1\" 202 Accepted\n","time":"2026-07-30T09:00:01Z"}`, timed},
		"JSON in JSON":    {`{"message":"{\"method\":\"POST\",\"url\":\"/webchat/webhook\",\"status_code\":202}","ts":1785402001000}`, timed},
		"pod before JSON": {`2026-07-30T09:00:01Z stdout F {"method":"POST","uri":"/webchat/webhook","status":202}`, plain},
	} {
		got, err := ParseLine([]byte(c.line))
		got.Time = got.Time.UTC()
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	for _, line := range []string{"", "{", "{}", `"POST /x" 20`, `"POST /x`, `{"method":"POST","path":"/x"}`, `{"message":"{\"message\":\"{}\"}"}`, "Started server process [1]"} {
		if got, err := ParseLine([]byte(line)); err == nil {
			t.Errorf("%q is %+v", line, got)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`10.0.0.1 - - [30/Jul/2026:09:00:01 +0000] "POST /webchat/webhook HTTP/1.1" 202 21 "-" "c\"x"`))
	f.Add([]byte(`{"request":"POST /webchat/webhook HTTP/1.1","status":"202","ts":1e300,"metadata":{"channel":"x"}}`))
	f.Add([]byte(`pod {"log":"\"GET / HTTP/1.0\" 200"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseLine(line)
		if err != nil {
			return
		}
		if r.Status < 0 || r.Status > 999 || r.Method != strings.ToUpper(r.Method) || strings.Contains(r.Path, "?") {
			t.Errorf("%q is %+v", line, r)
		}
		NewTally(load.DefaultWorkload()).Add(r)
	})
}

func TestReadLog(t *testing.T) {
	line := `x - - [30/Jul/2026:09:00:01 +0000] "POST /webchat/webhook HTTP/1.1" 202 21` + "\n"
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	long := strings.Repeat("x", longestLine+1)
	for name, c := range map[string]struct {
		text     string
		requests uint64
		unread   uint64
		first    uint64
		says     string
	}{
		"nothing":            {"", 0, 0, 0, ""},
		"two, one unended":   {line + "\r\n" + strings.TrimSpace(line), 2, 0, 0, ""},
		"packed, twice":      {packed(line) + packed("started\n"+line), 2, 1, 2, ""},
		"cut off":            {packed(strings.Repeat(line, 9))[:40], 0, 0, 0, "unexpected EOF"},
		"a line too long":    {line + long + "\n" + line, 2, 1, 2, ""},
		"binary":             {line + "a\x00b", 1, 0, 0, "line 2 holds a zero byte"},
		"something else":     {strings.Repeat("hello\n", strangeLines+5), 0, strangeLines, 1, "none of its first 1000 lines"},
		"mostly other lines": {line + strings.Repeat("hello\n", 2*strangeLines), 1, 2 * strangeLines, 2, ""},
	} {
		requests := uint64(0)
		got, err := ReadLog(t.Context(), strings.NewReader(c.text), func(Request) { requests++ })
		if name == "cut off" {
			got.Requests, requests = 0, 0 // what was unpacked by then
		}
		if got.Requests != c.requests || requests != c.requests || got.Unread != c.unread || got.FirstLine != c.first {
			t.Errorf("%s: %+v", name, got)
		}
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadLog(ctx, strings.NewReader(line), func(Request) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("of an ended context: %v", err)
	}
}

// many adds the same request several times.
func many(t *Tally, n int, r Request) {
	for range n {
		t.Add(r)
	}
}

func TestTallyWithoutBrands(t *testing.T) {
	tally := NewTally(load.DefaultWorkload())
	post := func(path string, status int) Request {
		return Request{Method: "POST", Path: path, Status: status}
	}
	many(tally, 50, post("/webchat/webhook", 202))
	many(tally, 30, post("/telegram/webhook", 200))
	many(tally, 20, post("/whatsapp/webhook", 202))
	many(tally, 7, post("/telegram/webhook", 401))
	many(tally, 3, post("/v1/messages", 202))
	many(tally, 2, Request{Method: "GET", Path: "/webchat/webhook", Status: 200})
	for _, b := range tally.Brands() { // of the messages by webchat, a fifth is automation in the base
		if want := (load.Weights{load.Webchat: 0.4, load.AutomationMessage: 0.1, load.Telegram: 0.3, load.WhatsApp: 0.2}); b.Weights != want || b.Basis != OfAll || b.Messages != 100 {
			t.Errorf("%+v, want %v", b, want)
		}
	}
	if tally.Accepted != 100 || tally.Refused.Total != 7 || tally.Elsewhere.Total != 3 || tally.OtherKind != 2 || tally.Seen != 112 || !tally.SharedPath() {
		t.Errorf("%+v", tally)
	}
	if most := tally.Refused.Most(5); len(most) != 1 || most[0] != (Counted{"401", 7}) {
		t.Errorf("refused %v", most)
	}
}

func TestTallyByBrand(t *testing.T) {
	w := load.DefaultWorkload()
	w.Channels[load.Telegram].Path = "/tg"
	tally := NewTally(w)
	alpha, beta, gamma := w.Tenants[0].Brands[0], w.Tenants[0].Brands[1], w.Tenants[1].Brands[0]
	ok := Request{Method: "POST", Path: "/tg", Status: 202, Tenant: w.Tenants[0].ID}
	with := func(change func(*Request)) Request { r := ok; change(&r); return r }
	many(tally, 3, with(func(r *Request) { r.Brand = strings.ToUpper(alpha.BrandID) }))
	many(tally, 1, with(func(r *Request) { r.ChannelID, r.Path, r.Channel = alpha.ChannelID, "/webchat/webhook", "automation" }))
	many(tally, 4, with(func(r *Request) { r.Path = "/instagram/webhook" }))
	many(tally, 5, with(func(r *Request) { r.Tenant = "elsewhere" }))
	many(tally, 6, with(func(r *Request) { r.Tenant = "" }))
	many(tally, 1, with(func(r *Request) { r.Path = "/telegram/webhook" }))
	want := []Brand{
		{alpha.Name, alpha.BrandID, OwnRequests, 4, load.Weights{load.Telegram: 0.75, load.AutomationMessage: 0.25}},
		{beta.Name, beta.BrandID, OfTenant, 4, load.Weights{load.Instagram: 1}},
		{gamma.Name, gamma.BrandID, Kept, 0, gamma.Channels},
	}
	for i, got := range tally.Brands() {
		if got != want[i] {
			t.Errorf("%+v, want %+v", got, want[i])
		}
	}
	if tally.Nameless() != 6 || tally.Unknown.Total != 5 || tally.Elsewhere.Total != 1 || tally.SharedPath() {
		t.Errorf("%+v", tally)
	}
	if weights := Weights(tally.Brands()); len(weights) != 2 || weights[beta.BrandID][load.Instagram] != 1 {
		t.Errorf("weights %v", weights)
	}
}

// A brand whose base has neither webchat nor automation has it all as webchat.
func TestSharedPathWithoutBase(t *testing.T) {
	w := load.DefaultWorkload()
	w.Tenants[1].Brands[0].Channels = load.Weights{load.Telegram: 1}
	tally := NewTally(w)
	many(tally, 2, Request{Method: "POST", Path: "/webchat/webhook", Status: 202})
	if got := tally.Brands()[2].Weights; got != (load.Weights{load.Webchat: 1}) {
		t.Errorf("weights %v", got)
	}
}

// Memory does not grow with what a log makes up.
func TestNamesAreBounded(t *testing.T) {
	var n Names
	for i := range 3 * mostNames {
		n.add(fmt.Sprint(strings.Repeat("x", 500), i))
		n.add(fmt.Sprint("/", i))
	}
	if len(n.by) > mostNames || n.Total != 6*mostNames {
		t.Errorf("%d names of %d", len(n.by), n.Total)
	}
	for name := range n.by {
		if len(name) > longestName+2 {
			t.Fatalf("a name of %d bytes", len(name))
		}
	}
}
