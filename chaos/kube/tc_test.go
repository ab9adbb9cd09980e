package kube

import (
	"strings"
	"testing"
	"time"
)

func TestQdiscOfShaping(t *testing.T) {
	for _, test := range []struct {
		shaping shaping
		want    string
		err     string
	}{
		{shaping{delay: 800 * time.Millisecond, loss: 5}, "netem limit 20000 delay 800000us loss 5%", ""},
		{shaping{delay: 800 * time.Millisecond, jitter: 50 * time.Millisecond}, "netem limit 20000 delay 800000us 50000us", ""},
		{shaping{delay: 100 * time.Nanosecond}, "netem limit 20000 delay 1us", ""},
		{shaping{loss: 0.5, rate: 32}, "netem limit 20000 loss 0.5% rate 256kbit", ""},
		{shaping{rate: 125}, "tbf rate 1000kbit burst 16384 latency 400ms", ""},
		{shaping{rate: 125_000}, "tbf rate 1000000kbit burst 1250000 latency 400ms", ""},
		{shaping{}, "", "nothing would be shaped"},
		{shaping{delay: time.Millisecond, jitter: time.Second}, "", "jitter is 1s, more than the latency of 1ms"},
		{shaping{jitter: time.Second}, "", "jitter is 1s, more than the latency of 0s"},
	} {
		words, err := test.shaping.qdisc()
		if got := strings.Join(words, " "); got != test.want {
			t.Errorf("%+v: %q, want %q", test.shaping, got, test.want)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%+v: error %v, want %q", test.shaping, err, test.err)
		}
	}
}

func TestShapingInWords(t *testing.T) {
	s := shaping{delay: 800 * time.Millisecond, jitter: 50 * time.Millisecond, loss: 5, rate: 125}
	if got, want := s.String(), "800 ms ± 50 ms, 5 % loss, 125 KB/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

const testSession = "0badcafe"

func TestSortedQdiscs(t *testing.T) {
	prefix := handlePrefix(testSession)
	for name, test := range map[string]struct {
		output        string
		ours, foreign string // handles
	}{
		"kernel's own":       {"qdisc noqueue 0: root refcnt 2 \n", "", ""},
		"kernel's own tree":  {"qdisc mq 0: root \nqdisc fq_codel 0: parent :2 limit 10240p\nqdisc fq_codel 0: parent :1 limit 10240p\n", "", ""},
		"ours":               {"qdisc tbf " + prefix + "1: root refcnt 3 rate 1Mbit burst 16Kb lat 400ms \n", prefix + "1:", ""},
		"ours with a child":  {"qdisc tbf " + prefix + "1: root refcnt 2 rate 1Mbit\nqdisc bfifo 8001: parent " + prefix + "1:1 limit 16Kb\n", prefix + "1:", ""},
		"another session's":  {"qdisc tbf 5a11: root refcnt 3\n", "", "5a11:"},
		"somebody's":         {"qdisc netem 8001: root refcnt 2 limit 1000 delay 1ms\n", "", "8001:"},
		"an ingress hook":    {"qdisc noqueue 0: root refcnt 2 \nqdisc clsact ffff: parent ffff:fff1 \n", "", "ffff:"},
		"on another device":  {"qdisc noqueue 0: dev eth0 root refcnt 2 \nqdisc netem 8001: dev eth1 root refcnt 2\n", "", ""},
		"on this device":     {"qdisc noqueue 0: dev lo root refcnt 2 \nqdisc netem 8001: dev eth0 root refcnt 2\n", "", "8001:"},
		"below somebody's":   {"qdisc htb 1: root refcnt 2\nqdisc netem " + prefix + "1: parent 1:1\n", "", "1:"},
		"nothing":            {"", "", ""},
		"words that are not": {"Cannot find device \"eth7\"\n", "", ""},
	} {
		all, err := parseQdiscs(test.output)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ours, foreign := classifyQdiscs(all, "eth0", testSession)
		if got := handleOf(ours); got != test.ours {
			t.Errorf("%s: ours is %q, want %q", name, got, test.ours)
		}
		if got := handleOf(foreign); got != test.foreign {
			t.Errorf("%s: foreign is %q, want %q", name, got, test.foreign)
		}
	}
	if _, err := parseQdiscs("qdisc [Unknown], type 7\n"); err == nil {
		t.Error("a qdisc that cannot be read is no error")
	}
}

func handleOf(q *qdisc) string {
	if q == nil {
		return ""
	}
	return q.handle
}

func TestHandles(t *testing.T) {
	seen := map[string]bool{}
	for _, session := range []string{"00000000", "00000001", "ffffffff", "0badcafe", "80000000", "00000400"} {
		prefix := handlePrefix(session)
		if len(prefix) != 3 || prefix < "400" || prefix > "7ff" {
			t.Errorf("session %s: prefix %q is not from 400 to 7ff", session, prefix)
		}
		seen[prefix] = true
	}
	if len(seen) < 4 {
		t.Errorf("6 sessions share %d prefixes", len(seen))
	}
	var now *qdisc
	round := map[string]bool{}
	for range generations {
		handle := nextHandle(testSession, now)
		if now = (&qdisc{handle: handle, root: true}); !now.ours(testSession) || round[handle] {
			t.Errorf("handle %s is not ours, or twice in a round", handle)
		}
		round[handle] = true
	}
	if got := nextHandle(testSession, now); !round[got] {
		t.Errorf("handle %s after a round is not the first again", got)
	}
}

func FuzzParseQdiscs(f *testing.F) {
	f.Add("qdisc noqueue 0: root refcnt 2 \n")
	f.Add("qdisc mq 0: dev eth0 root \nqdisc fq_codel 0: dev eth0 parent :1 limit 10240p flows 1024\n")
	f.Add("qdisc tbf 5a11: root refcnt 3 rate 1Mbit burst 16Kb lat 400ms \nqdisc clsact ffff: parent ffff:fff1 \n")
	f.Add("qdisc\nqdisc x\nqdisc x y\nqdisc x y:\nqdisc x y: dev\nqdisc x : dev z root\n")
	f.Fuzz(func(t *testing.T, output string) {
		all, err := parseQdiscs(output)
		if err != nil && all != nil {
			t.Error("an error and qdiscs")
		}
		for _, q := range all {
			if q.kind == "" || !strings.HasSuffix(q.handle, ":") || !strings.HasPrefix(q.text, "qdisc") {
				t.Errorf("%+v from %q", q, output)
			}
		}
		ours, foreign := classifyQdiscs(all, "eth0", testSession)
		if ours != nil && (!ours.root || ours.isKernelDefault()) || foreign != nil && (foreign.isKernelDefault() || foreign == ours) {
			t.Errorf("ours %+v and foreign %+v of %q", ours, foreign, output)
		}
		if ours != nil && !strings.HasPrefix(nextHandle(testSession, ours), handlePrefix(testSession)) {
			t.Errorf("the handle after %+v is not ours", ours)
		}
	})
}
