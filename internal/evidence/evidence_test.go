package evidence

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// sink writes down what it is told.
type sink struct {
	alerts []Alert
	gaps   []Gap
}

func (s *sink) Sample(Sample)     {}
func (s *sink) Alert(a Alert)     { s.alerts = append(s.alerts, a) }
func (s *sink) Gap(g Gap)         { s.gaps = append(s.gaps, g) }
func second(n int) time.Time      { return time.Unix(int64(n), 0) }
func named(name string) Labels    { return Labels{"alertname": name} }
func (s *sink) last() Alert       { return s.alerts[len(s.alerts)-1] }
func alertIn(st AlertState) Alert { return Alert{Name: "A", Labels: named("A"), State: st} }

func TestLabels(t *testing.T) {
	l := Labels{"b": "x\n\"\x1b", "a": "1"}
	if got, want := l.String(), `{a="1",b="x\n\"\x1b"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !l.Match(Labels{"a": "1"}) || l.Match(Labels{"a": "2"}) || l.Match(Labels{"c": "1"}) {
		t.Error("labels match what they should not, or do not match")
	}
	if len(l.Without("a")) != 1 || len(l) != 2 {
		t.Error("a label is not taken out of a copy")
	}
}

func TestGapsAreToldOnce(t *testing.T) {
	s := &sink{}
	log := NewGapLog("x", s)
	log.Open("p", second(1), &Problem{Cause: TimedOut})
	log.Open("p", second(2), &Problem{Cause: TimedOut, Detail: "again"})
	log.Open("q", second(2), &Problem{Cause: NoSeries})
	log.Open("p", second(3), &Problem{Cause: Unreachable})
	if got := log.Ongoing(); len(got) != 2 || got[0].Panel != "p" || got[0].Cause != Unreachable {
		t.Errorf("%+v go on", got)
	}
	log.Close("p", second(5))
	log.Close("p", second(6))
	type told struct {
		panel       string
		cause       Cause
		from, until int64
	}
	var got []told
	for _, g := range s.gaps {
		until := int64(0)
		if !g.Until.IsZero() {
			until = g.Until.Unix()
		}
		got = append(got, told{g.Panel, g.Cause, g.From.Unix(), until})
	}
	want := []told{{"p", TimedOut, 1, 0}, {"q", NoSeries, 2, 0}, {"p", Unreachable, 3, 0}, {"p", Unreachable, 3, 5}}
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	got = nil
	for _, g := range log.Between(second(2), second(9)) {
		got = append(got, told{g.Panel, g.Cause, g.From.Unix(), g.Until.Unix()})
	}
	if want := []told{{"p", TimedOut, 2, 3}, {"q", NoSeries, 2, 9}, {"p", Unreachable, 3, 5}}; !slices.Equal(got, want) {
		t.Errorf("gaps from 2 to 9 are %v, want %v", got, want)
	}
}

func TestAlertsAreToldWhenTheyChange(t *testing.T) {
	s := &sink{}
	log := NewAlertLog(s)
	log.Update(second(1), []Alert{alertIn(Pending)}, nil)
	log.Update(second(2), []Alert{alertIn(Pending)}, nil)
	log.Update(second(3), []Alert{alertIn(Firing)}, func(a *Alert) { a.FiredAt, a.FiredExact = second(2), true })
	log.Update(second(4), []Alert{alertIn(Silenced)}, nil)
	if a := s.last(); a.State != Silenced || a.FiredAt != second(2) || !a.FiredExact {
		t.Errorf("silenced: %+v", a)
	}
	log.Update(second(9), nil, nil)
	if a := s.last(); a.State != Resolved || a.FiredAt != second(2) || !a.FiredExact || a.ResolvedAt != second(9) || a.ResolvedExact {
		t.Errorf("resolved: %+v", a)
	}
	log.Update(second(10), nil, nil)
	if len(s.alerts) != 4 {
		t.Errorf("%d changes were told", len(s.alerts))
	}
}

func TestAnAlertThatNeverFired(t *testing.T) {
	s := &sink{}
	log := NewAlertLog(s)
	log.Update(second(1), []Alert{alertIn(Pending)}, nil)
	log.Update(second(2), nil, nil)
	if a := s.last(); a.State != Inactive || !a.FiredAt.IsZero() || !a.ResolvedAt.IsZero() {
		t.Errorf("%+v", a)
	}
}

// An alert that was never seen to fire is told when somebody says that it is resolved; it may fire again.
func TestAResolvedAlertOutOfNowhere(t *testing.T) {
	s := &sink{}
	log := NewAlertLog(s)
	over := alertIn(Resolved)
	over.FiredAt, over.FiredExact, over.ResolvedAt, over.ResolvedExact = second(1), true, second(2), true
	log.Report(second(5), over)
	if a := s.last(); a.ResolvedAt != second(2) || a.FiredAt != second(1) {
		t.Errorf("%+v", a)
	}
	log.Report(second(6), alertIn(Firing))
	if a := s.last(); a.State != Firing || a.FiredAt != second(6) || a.FiredExact {
		t.Errorf("%+v", a)
	}
}

func TestDuring(t *testing.T) {
	a := func(name string, from, to int) Alert {
		x := Alert{Name: name, FiredAt: second(from)}
		if to > 0 {
			x.ResolvedAt = second(to)
		}
		return x
	}
	all := []Alert{a("late", 20, 0), a("on", 5, 0), a("before", 1, 2), a("over", 3, 11), a("inside", 12, 13)}
	var names []string
	for _, x := range During(all, second(10), second(15)) {
		names = append(names, x.Name)
	}
	if strings.Join(names, " ") != "over on inside" {
		t.Error(names)
	}
}

func TestGrowth(t *testing.T) {
	sample := func(at int, series string, value float64) Sample {
		return Sample{At: second(at), Labels: Labels{"s": series}, Value: value}
	}
	for name, c := range map[string]struct {
		samples []Sample
		empty   int // a reading without series
		want    float64
	}{
		"nothing":              {nil, 0, 0},
		"what was there":       {[]Sample{sample(1, "a", 100)}, 0, 0},
		"growth":               {[]Sample{sample(1, "a", 100), sample(2, "a", 103)}, 0, 3},
		"a restart":            {[]Sample{sample(1, "a", 100), sample(2, "a", 103), sample(3, "a", 2)}, 0, 5},
		"a new series":         {[]Sample{sample(1, "a", 100), sample(2, "a", 100), sample(2, "b", 4)}, 0, 4},
		"a first series later": {[]Sample{sample(2, "b", 4)}, 1, 4},
		"two that were there":  {[]Sample{sample(1, "a", 100), sample(1, "b", 50)}, 0, 0},
	} {
		var g Growth
		if c.empty > 0 {
			g.Empty(second(c.empty))
		}
		for _, s := range c.samples {
			g.Add(s)
		}
		if g.Total() != c.want {
			t.Errorf("%s: %v, want %v", name, g.Total(), c.want)
		}
	}
}

// Every kind of finding and every cause has its words.
func TestEverythingHasWords(t *testing.T) {
	for kind := range findingKinds {
		f := Finding{Kind: FindingKind(kind), Source: "source", Subject: "subject", Problem: &Problem{Cause: Unreachable}}
		if f.Text() == "" || f.Level() != OK && f.Remedy() == "" {
			t.Errorf("kind %d: %q, %q", kind, f.Text(), f.Remedy())
		}
	}
	for cause := range causes {
		if p := (&Problem{Cause: cause}); p.Error() == string(cause) || p.Error() == "" {
			t.Errorf("%s has no words", cause)
		}
	}
}

func TestPanelsOfThePlan(t *testing.T) {
	lines := 0
	for _, p := range Panels() {
		if p.Title == "" || p.Query == "" || p.Derive.Kind == NotDerived || strings.ContainsAny(p.Name, " /.") {
			t.Errorf("%+v", p)
		}
		lines += len(p.Lines)
	}
	if len(Panels()) != 4 || lines != 3 {
		t.Errorf("%d panels, %d lines", len(Panels()), lines)
	}
}

// The clock of who tells of an alert may be ahead: nothing has happened later than now.
func TestAlertOfALaterTime(t *testing.T) {
	now := second(100)
	a := Alert{ActiveAt: second(90), FiredAt: second(700), FiredExact: true, ResolvedAt: second(800), ResolvedExact: true}.Until(now)
	if a.ActiveAt != second(90) || a.FiredAt != now || a.FiredExact || a.ResolvedAt != now || a.ResolvedExact {
		t.Errorf("it became %+v", a)
	}
	if b := (Alert{FiredAt: second(90), FiredExact: true}).Until(now); b.FiredAt != second(90) || !b.FiredExact || !b.ResolvedAt.IsZero() {
		t.Errorf("one of an earlier time became %+v", b)
	}
}
