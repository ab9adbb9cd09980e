package dialog

import (
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/load"
)

func TestParseUsers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int
		ok   bool
	}{
		{"250", 250, true},
		{" 1,500 ", 1500, true},
		{"0", 0, true},
		{"200000", 200_000, true},
		{"200001", 0, false},
		{"-1", 0, false},
		{"1.5", 0, false},
		{"1,50", 0, false},
		{",500", 0, false},
		{"1e3", 0, false},
		{"0x10", 0, false},
		{"", 0, false},
		{"many", 0, false},
		{"99999999999999999999999", 0, false},
	} {
		got, err := parseUsers(c.in)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("parseUsers(%q) = %d, %v", c.in, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "0 to 200,000") {
			t.Errorf("parseUsers(%q) does not name what is accepted: %v", c.in, err)
		}
	}
}

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		in   string
		want float64
		ok   bool
	}{
		{"500", 500, true},
		{"500/s", 500, true},
		{"0.5", 0.5, true},
		{"1,000,000", 1e6, true},
		{"1000001", 0, false},
		{"NaN", 0, false},
		{"Inf", 0, false},
		{"500/min", 0, false},
		{"/s", 0, false},
	} {
		got, err := parseRate(c.in)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("parseRate(%q) = %v, %v", c.in, got, err)
		}
	}
}

func TestParseThink(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		in   string
		want load.Think
		ok   bool
	}{
		{"0s-1.5s", load.Think{Max: 1500 * ms}, true},
		{"0 – 1.5 s", load.Think{Max: 1500 * ms}, true},
		{"0-1.5", load.Think{Max: 1500 * ms}, true},
		{"100-500ms", load.Think{Min: 100 * ms, Max: 500 * ms}, true},
		{"500ms-2s", load.Think{Min: 500 * ms, Max: 2000 * ms}, true},
		{"1-3", load.Think{Min: 1000 * ms, Max: 3000 * ms}, true},
		{"2", load.Think{Min: 2000 * ms, Max: 2000 * ms}, true},
		{"none", load.Think{}, true},
		{"0s", load.Think{}, true},
		{"3s-1s", load.Think{}, false},
		{"-1s", load.Think{}, false},
		{"1s-", load.Think{}, false},
		{"11m", load.Think{}, false},
		{"soon", load.Think{}, false},
		{"", load.Think{}, false},
	} {
		got, err := parseThink(c.in)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("parseThink(%q) = %v, %v", c.in, got, err)
		}
		if err == nil && (load.Settings{SpikeFactor: 1, Think: got}).Validate() != nil {
			t.Errorf("parseThink(%q) = %v, which a session refuses", c.in, got)
		}
	}
}

func TestParseOthers(t *testing.T) {
	if f, err := parseFactor("2.5x"); f != 2.5 || err != nil {
		t.Errorf("parseFactor(2.5x) = %v, %v", f, err)
	}
	for _, in := range []string{"0.5", "101", "x", ""} {
		if f, err := parseFactor(in); err == nil {
			t.Errorf("parseFactor(%q) = %v", in, f)
		}
	}
	if d, err := parseRamp("30"); d != 30*time.Second || err != nil {
		t.Errorf("parseRamp(30) = %v, %v", d, err)
	}
	for _, in := range []string{"-1s", "2h", "x"} {
		if d, err := parseRamp(in); err == nil {
			t.Errorf("parseRamp(%q) = %v", in, d)
		}
	}
	if w, err := parseWeight("12.5%"); w != 12.5 || err != nil {
		t.Errorf("parseWeight(12.5%%) = %v, %v", w, err)
	}
	if w, err := parseWeight("1001"); err == nil {
		t.Errorf("parseWeight(1001) = %v", w)
	}
	if n, err := parseNote("  HPA at 3 "); n != "HPA at 3" || err != nil {
		t.Errorf("parseNote = %q, %v", n, err)
	}
	for _, in := range []string{"", "   ", "two\nlines", strings.Repeat("x", command.MaxNote+1)} {
		if n, err := parseNote(in); err == nil {
			t.Errorf("parseNote(%q) = %q", in, n)
		}
	}
}

// FuzzPrompts feeds every prompt's parser: whatever it accepts, a session accepts too.
func FuzzPrompts(f *testing.F) {
	for _, s := range []string{"250", "1,500", "500/s", "0s-1.5s", "0-1.5", "none", "30", "2m", "5x", "2.5×", "40%", "-1", "1e9", "NaN", "ms", "1-2-3", "\xff", "٣", "1h-", "0.0000000001s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set := load.Settings{SpikeFactor: 5}
		if n, err := parseUsers(s); err == nil {
			set.VUs = n
		}
		if r, err := parseRate(s); err == nil {
			set.Rate = r
		}
		if th, err := parseThink(s); err == nil {
			set.Think = th
		}
		if d, err := parseRamp(s); err == nil {
			set.Ramp = d
		}
		if x, err := parseFactor(s); err == nil {
			set.SpikeFactor = x
		}
		if err := set.Validate(); err != nil {
			t.Fatalf("%q was accepted by a prompt but not by a session: %v", s, err)
		}
		if w, err := parseWeight(s); err == nil && (w < 0 || w > maxWeight) {
			t.Fatalf("parseWeight(%q) = %v", s, w)
		}
		if n, err := parseNote(s); err == nil && (n == "" || strings.ContainsAny(n, "\r\n")) {
			t.Fatalf("parseNote(%q) = %q", s, n)
		}
	})
}
