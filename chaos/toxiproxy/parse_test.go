package toxiproxy

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

func TestNames(t *testing.T) {
	for _, n := range []toxicName{{"1f2e3d4c", "llm_latency", "reset_peer", "upstream"}, {"0", "slow-crm-2", "off", "downstream"}} {
		if got, ours := parseName(n.String()); !ours || got != n {
			t.Errorf("%s is read as %+v", n, got)
		}
	}
	for _, name := range []string{
		"", "latency_downstream", "squall", "squall-", "squall-by-hand", "squall-a-b-c-sideways", "squall--llm-latency-downstream",
		"squall-a--latency-downstream", "squall-a-llm--downstream", "squall-A-llm-latency-downstream", "asquall-a-llm-latency-downstream",
	} {
		if n, ours := parseName(name); ours {
			t.Errorf("%q is read as %+v", name, n)
		}
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("squall-1f2e3d4c-llm_latency-latency-downstream")
	f.Add("squall-a-b-c-d-upstream")
	f.Add("squall----")
	f.Fuzz(func(t *testing.T, name string) {
		if n, ours := parseName(name); ours && n.String() != name {
			t.Errorf("%q is read as %+v", name, n)
		}
	})
}

func TestVersions(t *testing.T) {
	for raw, want := range map[string]string{
		`{"version": "2.12.0"}` + "\n": "2.12.0", "2.1.4": "2.1.4", `{"version": 2.5.0}`: "2.5.0", "git-abc123": "git-abc123",
		"": "unknown", "<html></html>": "unknown", `{"kind":"x"}`: "unknown", "\x1b[2J": "unknown", strings.Repeat("1", 100): "unknown",
	} {
		if got := parseVersion([]byte(raw)); got != want {
			t.Errorf("%q is read as %q, want %q", raw, got, want)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add([]byte(`{"version": "2.12.0"}`))
	f.Add([]byte("2.1.4\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := parseVersion(raw)
		odd := func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }
		if got == "" || len(got) > 40 || strings.ContainsFunc(got, odd) {
			t.Errorf("%q is read as %q", raw, got)
		}
	})
}

// Records that are damaged, or name what is not ours, take nothing back and panic at nothing.
func TestDamagedRecords(t *testing.T) {
	undoers := Undoers(nil, time.Second)
	for _, c := range []struct{ kind, raw, want string }{
		{KindToxic, `{`, "read record of a toxic"},
		{KindToxic, `{"url":"http://127.0.0.1:1","proxy":"p","toxic":"theirs"}`, `"theirs" is no toxic of squall's`},
		{KindToxic, `{"url":"nowhere","proxy":"p","toxic":"squall-a-b-c-upstream"}`, `"nowhere" is no address`},
		{KindToxic, `{"url":"http://127.0.0.1:1","toxic":"squall-a-b-c-upstream"}`, "is no name of a proxy"},
		{KindProxy, `[]`, "read record of a proxy"},
		{KindProxy, `{"url":"ftp://x","proxy":"p"}`, "no address"},
	} {
		wantError(t, undoers[c.kind].Undo(t.Context(), json.RawMessage(c.raw), true), c.want)
		if undoers[c.kind].Remedy(json.RawMessage(c.raw)) != unreadable {
			t.Errorf("a remedy for %s", c.raw)
		}
	}
}

// A record of another API is refused, and nobody is contacted there.
func TestForeignRecord(t *testing.T) {
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer elsewhere.Close()
	go func() {
		if conn, err := elsewhere.Accept(); err == nil {
			conn.Close()
			t.Error("the API of the record was contacted")
		}
	}()
	address := "http://" + elsewhere.Addr().String()
	for kind, raw := range map[string]string{
		KindToxic: `{"url":"` + address + `","proxy":"p","toxic":"squall-a-b-c-upstream"}`,
		KindProxy: `{"url":"` + address + `","proxy":"p","mark":"squall-a-b-c-upstream"}`,
	} {
		for _, own := range []*url.URL{nil, parse(t, "http://127.0.0.1:1")} {
			var foreign *chaos.OtherTargetError
			err := Undoers(own, time.Second)[kind].Undo(t.Context(), json.RawMessage(raw), true)
			if !errors.As(err, &foreign) || foreign.Flag != "--toxiproxy "+address {
				t.Errorf("%s with %v configured: %v", kind, own, err)
			}
		}
		if err := Undoers(parse(t, "http://127.0.0.1:1"), time.Second)[kind].Undo(t.Context(), json.RawMessage(strings.Replace(raw, address, "http://127.0.0.1:1/", 1)), true); errors.As(err, new(*chaos.OtherTargetError)) {
			t.Errorf("the same address with a slash: %v", err)
		}
	}
}

func FuzzReadRecord(f *testing.F) {
	f.Add(`{"url":"http://127.0.0.1:8474","proxy":"p q","toxic":"squall-a-b-c-upstream"}`)
	f.Add(`{"url":"","proxy":1}`)
	f.Fuzz(func(t *testing.T, raw string) {
		undo := json.RawMessage(raw)
		if r, err := readToxic(undo); err == nil {
			if _, ours := parseName(r.Toxic); !ours || r.Proxy == "" {
				t.Errorf("%q is read as %+v", raw, r)
			}
		}
		for _, u := range Undoers(nil, 0) {
			if u.Remedy(undo) == "" {
				t.Errorf("no remedy for %q", raw)
			}
		}
	})
}

func TestCommands(t *testing.T) {
	const base, toxic = "http://toxiproxy:8474", "squall-1f2e3d4c-llm_latency-latency-downstream"
	latency := client.Toxic{Name: toxic, Type: "latency", Stream: "downstream", Toxicity: 0.29, Attributes: client.Attributes{"latency": int64(3000), "jitter": int64(500)}}
	for got, want := range map[string]string{
		addCommand(base, "llm-upstream", latency):  "toxiproxy-cli -h http://toxiproxy:8474 toxic add -n " + toxic + " -t latency --downstream --toxicity 0.29 -a jitter=500 -a latency=3000 llm-upstream",
		removeCommand(base, "llm-upstream", toxic): "toxiproxy-cli -h http://toxiproxy:8474 toxic remove -n " + toxic + " llm-upstream",
		removeCommand(base, "it's mine", toxic):    "curl -X DELETE http://toxiproxy:8474/proxies/it%27s%20mine/toxics/" + toxic,
		enableCommand(base, "redis", true):         `curl -d '{"enabled":true}' http://toxiproxy:8474/proxies/redis`,
	} {
		if got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

// TestTheMarkIsTheLastThingToGo: while nobody can say whether the proxy is on, nobody asks for its mark to go. Such a
// request would be carried out once a Toxiproxy that hung goes on, and somebody else be blamed for the proxy.
func TestTheMarkIsTheLastThingToGo(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Method == http.MethodGet && r.URL.Path == "/proxies/redis" {
			<-r.Context().Done() // it hangs
		}
	}))
	defer server.Close()
	mark := toxicName{session: "1f2e3d4c", fault: "redis_outage", kind: offKind, stream: downstream}.String()
	raw, err := json.Marshal(toxicRecord{URL: server.URL, Proxy: "redis", Toxic: mark})
	if err != nil {
		t.Fatal(err)
	}
	if err := Undoers(parse(t, server.URL), 50*time.Millisecond)[KindToxic].Undo(t.Context(), raw, true); err == nil || !strings.Contains(err.Error(), "see first whether the proxy is on") {
		t.Errorf("undo on a Toxiproxy that hangs: %v", err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests, want one that reads the proxy", n)
	}
}
