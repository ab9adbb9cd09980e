package event

import (
	"encoding/json"
	"fmt"
	"reflect"

	"xinbot.ir/squall/internal/units"
)

// row is one kind of event.
type row struct {
	kind    Kind
	durable bool // must be on the disk before the session goes on
	setting bool // a held key repeats it
	look    func(data any) Look
	text    func(data any) string
	decode  func(json.RawMessage) (any, error)
	data    reflect.Type
}

// option is what a row has beside the usual.
type option func(*row)

func durable(r *row) { r.durable = true }
func setting(r *row) { r.setting = true }

// lookBy makes the look depend on the data.
func lookBy[T any](look func(T) Look) option {
	return func(r *row) { r.look = func(data any) Look { return look(data.(T)) } }
}

// of makes the row of a kind whose data is a T.
func of[T any](kind Kind, look Look, text func(T) string, options ...option) row {
	r := row{
		kind: kind,
		look: func(any) Look { return look },
		text: func(data any) string { return text(data.(T)) },
		decode: func(raw json.RawMessage) (any, error) {
			var data T
			if len(raw) == 0 {
				return data, nil
			}
			err := json.Unmarshal(raw, &data)
			return data, err
		},
		data: reflect.TypeFor[T](),
	}
	for _, o := range options {
		o(&r)
	}
	return r
}

// always is the text of a kind that says the same each time.
func always[T any](text string) func(T) string { return func(T) string { return text } }

// table has every kind of event, one row each.
var table = []row{
	of("run_started", Look{Sign: '●'}, RunStarted.text, durable),
	of("run_ended", Look{Sign: '■'}, RunEnded.text, durable),
	of("halted", Look{Sign: '■', Tone: Bad, Chart: true, Boundary: true}, always[Halted]("HALT: everything back to the baseline, new spikes and faults blocked")),
	of("halt_released", beginLook, always[HaltReleased]("Halt released: spikes and faults are possible again")),
	of("noted", Look{Sign: '◆', Tone: Notable, Chart: true}, func(d Noted) string { return d.Note }, durable),
	of("report_exported", Look{Sign: '✎'}, func(d ReportExported) string { return "Report written to " + d.Path }),
	of("warned", warnLook, func(d Warned) string { return d.Warning }),
	of("output_captured", warnLook, func(d OutputCaptured) string { return "Output of another program: " + d.Line }),
	of("flow_off", Look{Sign: '○'}, func(d FlowOff) string { return d.Title + " off: " + d.Reason }),
	of("metrics_served", Look{Sign: '○'}, func(d MetricsServed) string { return "Metrics of this run are shown at " + d.URL }),
	of("metrics_exported", quietLook, MetricsExported.text, lookBy(exportLook)),
	of("notified", Look{Sign: '✎', Record: true}, Notified.text, lookBy(notifiedLook)),
	of("notifications_dropped", warnLook, NotificationsDropped.text),
	of("squall_failed", Look{Sign: '!', Tone: Bad, Chart: true, Observed: true}, SquallFailed.text, durable),
	of("command_refused", warnLook, CommandRefused.text),
	of("change_recovered", Look{Sign: '✓', Tone: Notable}, func(d ChangeRecovered) string { return "Reverted after squall had ended: " + d.Object }, durable),
	of("change_not_reverted", Look{Sign: '✗', Tone: Bad}, func(d ChangeNotReverted) string { return "Not reverted: " + d.Object + ": " + d.Reason }),

	of("vus_set", settingLook, func(d VUsSet) string { return "VUs " + units.Int(d.From) + " → " + units.Int(d.To) }, setting),
	of("rate_set", settingLook, RateSet.text, setting),
	of("think_set", settingLook, func(d ThinkSet) string { return "Think time " + d.From.String() + " → " + d.To.String() }, setting),
	of("ramp_set", settingLook, func(d RampSet) string { return "Ramp time " + seconds(d.From) + " → " + seconds(d.To) }, setting),
	of("spike_factor_set", settingLook, func(d SpikeFactorSet) string { return fmt.Sprintf("Spike multiplier %g× → %g×", d.From, d.To) }, setting),
	of("mix_set", settingLook, MixSet.text, setting),
	of("paused", Look{Sign: '‖', Tone: Notable, Chart: true, Boundary: true}, always[Paused]("Load paused")),
	of("resumed", beginLook, always[Resumed]("Load goes on")),
	of("hold_on", settingLook, always[HoldOn]("Held at the level reached")),
	of("hold_off", settingLook, always[HoldOff]("Ramp goes on")),
	of("connections_recycled", Look{Sign: '↻', Tone: Notable, Chart: true}, always[ConnectionsRecycled]("Connections recycled")),

	of("fault_started", beginLook, func(d FaultStarted) string { return with("Injecting "+d.Title+" on "+d.where(), d.Summary) }, durable),
	of("fault_active", Look{Sign: '●', Tone: Notable}, FaultActive.text, durable),
	of("fault_changed", settingLook, FaultChanged.text, durable),
	of("fault_not_changed", warnLook, func(d FaultNotChanged) string { return d.Title + " stays as it is: " + d.Reason }, durable),
	of("fault_reverting", Look{Sign: '◐', Tone: Notable}, FaultReverting.text, durable),
	of("fault_retried", Look{Sign: '!', Tone: Bad, Chart: true, Observed: true}, func(d FaultRetried) string { return d.Title + " is not reverted yet, trying again: " + d.Reason }, durable),
	of("fault_reverted", endLook, FaultReverted.text, durable),
	of("fault_refused", warnLook, func(d FaultRefused) string { return d.Title + " was not injected: " + d.Reason }, durable),
	of("fault_not_reverted", Look{Sign: '✗', Tone: Bad, Chart: true, Boundary: true}, func(d FaultNotReverted) string { return d.Title + " could not be reverted: " + d.Reason }, durable),
	of("fault_decided", warnLook, FaultDecided.text, durable),

	of("objective_broken", Look{Sign: '✗', Tone: Bad, Chart: true, Observed: true}, func(d ObjectiveBroken) string { return with("Objective "+d.Title+" broken", d.Measured) }),
	of("objective_recovered", Look{Sign: '✓', Tone: Good, Chart: true, Observed: true}, func(d ObjectiveRecovered) string { return with("Objective "+d.Title+" holds again", d.Measured) }),
	of("stop_rule_met", Look{Sign: '■', Tone: Bad, Chart: true, Boundary: true}, func(d StopRuleMet) string {
		return with("Stop rule "+d.Title+" for "+seconds(d.For)+" met", d.Measured)
	}),
	of("condition_unread", warnLook, ConditionUnread.text),
	of("generator_saturated", Look{Sign: '!', Tone: Notable, Chart: true, Observed: true}, func(d GeneratorSaturated) string { return "Generator saturated: " + d.Reason }),
	of("generator_away", Look{Sign: '!', Tone: Notable, Chart: true, Observed: true}, GeneratorAway.text),
	of("generator_recovered", Look{Sign: '✓', Tone: Good, Chart: true, Observed: true}, always[GeneratorRecovered]("Generator no longer saturated")),
	of("effect_judged", quietLook, EffectJudged.text, lookBy(effectLook)),
	of("expectation_decided", quietLook, ExpectationDecided.text, lookBy(expectationLook)),
	of("platform_recovered", quietLook, PlatformRecovered.text, lookBy(recoveredLook)),
	of("alert_changed", quietLook, AlertChanged.text, lookBy(alertLook)),
	of("source_gap", warnLook, SourceGap.text),
	of("source_back", Look{Sign: '✓', Tone: Notable, Observed: true}, SourceBack.text),
	of("workload_scaled", quietLook, WorkloadScaled.text, lookBy(scalingLook)),
}

// The table by kind and by type of data; nothing changes them.
var (
	byKind = index(func(r *row) Kind { return r.kind })
	byType = index(func(r *row) reflect.Type { return r.data })
)

func index[K comparable](key func(*row) K) map[K]*row {
	rows := make(map[K]*row, len(table))
	for i := range table {
		rows[key(&table[i])] = &table[i]
	}
	return rows
}
