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
	kinds := map[string]uint64{}
	for _, x := range run.errors {
		if attribution(x.class) == platformFault {
			kinds[x.kind()] += x.count
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
	return fmt.Sprintf("Most failures: %s, %s of %s.", most, units.Count(kinds[most]), plural(run.requests().Count, "request", "requests"))
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
