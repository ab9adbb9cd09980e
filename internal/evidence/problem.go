package evidence

import (
	"errors"
	"strings"

	"xinbot.ir/squall/internal/printable"
)

// Cause is why nothing is known.
type Cause string

// The causes: of the way to a source, of what it answers, and of what its numbers are worth.
const (
	Unreachable  Cause = "unreachable"
	TimedOut     Cause = "timed_out"
	Certificate  Cause = "certificate"
	Redirected   Cause = "redirected"
	Unauthorized Cause = "unauthorized"
	NotFound     Cause = "not_found"
	RateLimited  Cause = "rate_limited"
	ServerError  Cause = "server_error"
	Refused      Cause = "refused"
	NotAPI       Cause = "not_api"
	Empty        Cause = "empty"
	Malformed    Cause = "malformed"
	TooLarge     Cause = "too_large"

	NoSeries         Cause = "no_series"
	TooManySeries    Cause = "too_many_series"
	NotANumber       Cause = "not_a_number"
	NoBuckets        Cause = "no_buckets"
	Forbidden        Cause = "forbidden"
	Infinite         Cause = "infinite"
	TooFewSamples    Cause = "too_few_samples"
	CounterReset     Cause = "counter_reset"
	SeveralProcesses Cause = "several_processes"
	NotDerivable     Cause = "not_derivable"
	NotRunnable      Cause = "not_runnable"
	Dropped          Cause = "dropped"
	Missed           Cause = "missed"
	NotRecorded      Cause = "not_recorded"
	Flooded          Cause = "flooded"
	PartlyNaN        Cause = "partly_not_a_number"
)

// causes has what each cause is for people, and what helps.
var causes = map[Cause]struct{ text, remedy string }{
	Unreachable:  {"nothing answers", "is the address right, and can this machine reach it?"},
	TimedOut:     {"no answer in time", "is the server overloaded, or does something on the way drop the connection?"},
	Certificate:  {"its certificate is not trusted", "name the certificate of its authority as the CA file"},
	Redirected:   {"it sends somewhere else", "squall follows no redirect, so that a token goes nowhere else: give the address that it names, if it is the right one"},
	Unauthorized: {"it does not accept the credentials", "give a token, or user and password, that may read"},
	NotFound:     {"it has no such path", "is the path prefix right?"},
	RateLimited:  {"it answers too many requests", "read it less often"},
	ServerError:  {"it answers with an error of its own", "its log says more"},
	Refused:      {"it refuses the query", "correct the query"},
	NotAPI:       {"a web page answers in its place", "is there a sign-in page or a proxy before it? Give the address of the API itself"},
	Empty:        {"the answer is empty", "is this the right address?"},
	Malformed:    {"the answer cannot be read", "is this the right address?"},
	TooLarge:     {"the answer is too large", "narrow the query"},

	NoSeries:         {"it has no series", "is its service read by the monitoring, and has it run?"},
	TooManySeries:    {"it has too many series", "add them up in the query"},
	NotANumber:       {"it has no number: nothing was measured in its window", ""},
	NoBuckets:        {"its histogram has no bucket with a bound, and no percentile follows from that", "let the service show buckets, or a native histogram"},
	Forbidden:        {"a right is missing", "apply the Role in docs/faults.md"},
	Infinite:         {"a series of it is infinite", "does the query divide by zero, or lie beyond the last bucket?"},
	TooFewSamples:    {"it was read too few times yet", ""},
	CounterReset:     {"a counter fell: a restart, or several processes behind one address", "let the service show process_start_time_seconds"},
	SeveralProcesses: {"several processes answer at one address", "give the address of each, or use a Prometheus"},
	NotDerivable:     {"it is PromQL, which a service's /metrics cannot answer", "give a Prometheus"},
	NotRunnable:      {"its queries cannot be run", ""},
	Dropped:          {"there was more than is kept", ""},
	Missed:           {"what changed meanwhile was not seen", ""},
	NotRecorded:      {"it recorded nothing then: was it down?", ""},
	Flooded:          {"more was sent than is taken", "does a sender repeat itself? Alertmanager sends again what was refused"},
	PartlyNaN:        {"a series of it is not a number", "does its service set it?"},
}

// Problem is a cause with what is known of it. It is an error, too.
type Problem struct {
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail,omitempty"` // such as what the server said; it is printable, and short
}

// Error is the problem for people: "it refuses the query: parse error at char 3".
func (p *Problem) Error() string {
	text := causes[p.Cause].text
	if text == "" {
		text = string(p.Cause)
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// Remedy is what would help; "" when nothing is to be done.
func (p *Problem) Remedy() string { return causes[p.Cause].remedy }

// Is makes two problems of one cause equal for errors.Is.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && other.Cause == p.Cause && (other.Detail == "" || other.Detail == p.Detail)
}

// ProblemOf finds the problem in an error; one that has none is of a cause of last resort.
func ProblemOf(err error, otherwise Cause) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{Cause: otherwise, Detail: Excerpt(err.Error())}
}

// OfSource reports whether the problem lies with the whole source, not with what it was asked.
func (p *Problem) OfSource() bool {
	switch p.Cause {
	case Unreachable, TimedOut, Certificate, Redirected, Unauthorized, NotAPI, RateLimited:
		return true
	}
	return false
}

// Partial reports whether only some of what a source gives is missing: the rest is read.
func (p *Problem) Partial() bool {
	return p.Cause == TooManySeries || p.Cause == PartlyNaN || p.Cause == Flooded
}

// longestExcerpt is how much of a text from elsewhere is shown.
const longestExcerpt = 160

// Excerpt is the beginning of a text from elsewhere, in one printable line.
func Excerpt(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 4*longestExcerpt {
		text = text[:4*longestExcerpt]
	}
	runes := []rune(printable.Line(text))
	if len(runes) > longestExcerpt {
		return string(runes[:longestExcerpt]) + "…"
	}
	return string(runes)
}
