package report

import (
	"fmt"
	"strconv"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// errorTotal is one line of the error table.
type errorTotal struct {
	series string
	class  string
	status int
	count  uint64
	texts  metric.Texts
}

// mostFailures names the error that most failures are, when most requests failed; else it is "".
func (run *Run) mostFailures() string {
	if r := run.requests(); r.Failed*2 <= r.Count {
		return ""
	}
	kinds, says := map[string]uint64{}, map[string]*metric.Texts{}
	for _, x := range run.errors {
		if attribution(x.class) != platformFault {
			continue
		}
		kind := x.kind()
		kinds[kind] += x.count
		if says[kind] == nil {
			says[kind] = new(metric.Texts)
		}
		for _, text := range x.texts {
			says[kind].Add(text.Text, text.Count)
		}
	}
	most := ""
	for _, kind := range sortedKeys(kinds) {
		if kinds[kind] > kinds[most] {
			most = kind
		}
	}
	if most == "" {
		return ""
	}
	name := most
	if most == metric.BadBody.String() {
		name = "an answer without the status accepted"
	}
	if text := says[most].Most().Text; text != "" {
		name += " (" + text + ")"
	}
	return fmt.Sprintf("Most failures: %s, %s of %s.", name, units.Count(kinds[most]), units.Counted(run.requests().Count, "request", "requests"))
}

// kind is the error's class, with the status that was answered.
func (x errorTotal) kind() string {
	if x.status == 0 && x.class == metric.BadStatus.String() {
		return x.class + ", several"
	}
	if x.status == 0 {
		return x.class
	}
	return x.class + " " + strconv.Itoa(x.status)
}
