package session

import (
	"fmt"

	"xinbot.ir/squall/load"
)

// flows says which flows run, and why the others do not.
func (c Config) flows() []FlowState {
	o := c.Options
	tenants := len(o.Workload.Tenants)
	admin := ""
	switch {
	case o.Orchestrator == nil:
		admin = "no orchestrator address"
	case o.AdminToken == "":
		admin = "no admin token"
	}
	pace := func(perMinute float64) string { return fmt.Sprintf("%g/min × %d tenants", perMinute, tenants) }
	if tenants == 1 {
		pace = func(perMinute float64) string { return fmt.Sprintf("%g/min", perMinute) }
	}

	rows := []struct {
		flow   load.Flow
		pace   float64
		off    string // why this flow alone does not run
		always bool
	}{
		{flow: load.Gateway, always: true},
		{flow: load.Ingestion, pace: o.Workload.Ingestion.JobsPerMinute},
		{flow: load.Automation, pace: o.Workload.Automation.TriggersPerMinute},
		{flow: load.Rules, pace: o.Workload.Rules.TogglesPerMinute},
		{flow: load.Knowledge, pace: o.Workload.Ingestion.JobsPerMinute, off: reasonUnless(o.Knowledge, "not asked for (--knowledge)")},
	}
	states := make([]FlowState, 0, len(rows))
	for _, r := range rows {
		s := FlowState{Flow: r.flow, On: true}
		switch {
		case r.always:
			s.Detail = fmt.Sprintf("%d brands", len(c.brands()))
		case r.off != "":
			s.On, s.Reason = false, r.off
		case admin != "":
			s.On, s.Reason = false, admin
		case r.pace <= 0:
			s.On, s.Reason = false, "none per minute in the workload"
		default:
			s.Detail = pace(r.pace)
		}
		states = append(states, s)
	}
	return states
}

func reasonUnless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

// title names what a flow does: "Rule toggling".
func title(f load.Flow) string {
	return [load.NumFlows]string{
		load.Gateway:    "Gateway messages",
		load.Ingestion:  "Ingestion uploads",
		load.Automation: "Automation triggers",
		load.Rules:      "Rule toggling",
		load.Knowledge:  "Knowledge uploads",
	}[f]
}
