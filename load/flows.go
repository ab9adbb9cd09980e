package load

import (
	"context"
	"fmt"
	"time"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// adminFlowTable are the flows of the admin API. A new one is a file with its row and its call, and one line here.
var adminFlowTable = []adminFlow{
	ingestionFlow,
	automationFlow,
	rulesFlow,
	knowledgeFlow,
}

// registry is every series that a run can measure; the gateway's come first, by [Channel].
var registry = newRegistry()

func newRegistry() *metric.Registry {
	all := []*metric.Flow{Gateway}
	for _, f := range adminFlowTable {
		all = append(all, f.Flow)
	}
	return metric.NewRegistry(all...)
}

// Registry is every series that a run can measure.
func Registry() *metric.Registry { return registry }

// adminFlow is a flow of the admin API.
type adminFlow struct {
	*metric.Flow
	off       func(Options) string // why it does not run although there is a token; "" when it does
	perMinute func(Workload, Settings) float64
	phase     float64 // how far into its first period the first call is due: flows do not march in step
	call      func(a *adminFlows, ctx context.Context, t *adminTask, due time.Time)
}

// FlowState reports whether a flow runs.
type FlowState struct {
	Flow   *metric.Flow
	On     bool
	Detail string // what it does, such as "3/min × 2 tenants"
	Reason string // why it is off; "" when it runs
}

// FlowStates lists which flows run with these options, and why the others do not.
func FlowStates(o Options) []FlowState {
	brands := 0
	for _, tenant := range o.Workload.Tenants {
		brands += len(tenant.Brands)
	}
	states := []FlowState{{Flow: Gateway, On: true, Detail: units.Counted(uint64(brands), "brand", "brands")}}
	for _, f := range adminFlowTable {
		s := FlowState{Flow: f.Flow}
		perMinute := f.perMinute(o.Workload, Settings{})
		switch off := f.off(o); {
		case off != "":
			s.Reason = off
		case o.Orchestrator == nil:
			s.Reason = "no orchestrator address"
		case o.Keys.Token() == "":
			s.Reason = "no admin token"
		case perMinute <= 0:
			s.Reason = "none per minute in the workload"
		case len(o.Workload.Tenants) == 1:
			s.On, s.Detail = true, fmt.Sprintf("%g/min", perMinute)
		default:
			s.On, s.Detail = true, fmt.Sprintf("%g/min × %d tenants", perMinute, len(o.Workload.Tenants))
		}
		states = append(states, s)
	}
	return states
}

// never is for a flow that nothing but a missing token switches off.
func never(Options) string { return "" }
