package telemetry

import (
	"strings"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Metrics are all that squall tells of a run.
func Metrics() []Metric {
	return []Metric{
		{
			Name: "squall_run_info", Help: "The run, always 1.", Labels: []string{"run", "target", "model", "version"},
			read: func(s State, to sink) {
				start := s.Timeline.Start
				to.number(1, start.RunID, start.Target, start.Model, start.Version)
			},
		},
		{
			Name: "squall_run_start_time", Help: "When the run began, in Unix time.", Unit: Seconds,
			read: func(s State, to sink) { to.number(float64(s.Started.UnixMilli()) / 1e3) },
		},
		{
			Name: "squall_run_status", Help: "1 for the status that the run has.", Labels: []string{"status"},
			read: func(s State, to sink) {
				for _, status := range []session.Status{session.Running, session.Paused, session.Halted, session.Draining, session.Finished} {
					to.flag(s.Status == status, string(status))
				}
			},
		},
		{
			Name: "squall_verdict", Help: "1 for the verdict that the run would have if it ended now.", Labels: []string{"verdict"},
			read: func(s State, to sink) {
				for _, answer := range []slo.Answer{slo.Passed, slo.Failed, slo.NotJudged} {
					to.flag(s.Verdict.Answer == answer, strings.ReplaceAll(answer.String(), " ", "_"))
				}
			},
		},
		{
			Name: "squall_objective_state", Help: "1 for the state of an objective: over the last 10 s (recent), and over the run as the verdict has it (run).",
			Labels: []string{"objective", "over", "state"},
			read: func(s State, to sink) {
				objectiveStates(to, s.Live, "recent")
				objectiveStates(to, s.Overall, "run")
			},
		},
		{
			Name: "squall_fault_active", Help: "1 while a fault is injected and not reverted.", Labels: []string{"fault"},
			read: func(s State, to sink) {
				for i := range s.Faults {
					to.flag(s.Faults[i].On(), s.Faults[i].Info.ID)
				}
			},
		},
		{
			Name: "squall_fault_injections", Help: "Injections of a fault that were begun.", Kind: Counter, Labels: []string{"fault"},
			read: func(s State, to sink) {
				for i := range s.Faults {
					n := uint64(0)
					for _, injection := range s.Timeline.Injections {
						if injection.Fault == s.Faults[i].Info.ID {
							n++
						}
					}
					to.count(n, s.Faults[i].Info.ID)
				}
			},
		},

		{
			Name: "squall_virtual_users_wanted", Help: "Virtual users that there should be now.",
			read: func(s State, to sink) { to.number(float64(s.Load.WantedVUs)) },
		},
		{
			Name: "squall_virtual_users_active", Help: "Virtual users that there are.",
			read: func(s State, to sink) { to.number(float64(s.Load.VUs)) },
		},
		{
			Name: "squall_arrivals_wanted", Help: "Gateway messages that should be sent now (open model).", Unit: PerSecond,
			read: func(s State, to sink) {
				if s.Load.Settings.Open() {
					to.number(s.Load.Rate)
				}
			},
		},
		{
			Name: "squall_arrivals_sent", Help: "Gateway messages that were sent and ended in the last closed second.", Unit: PerSecond,
			read: func(s State, to sink) {
				if length := s.Reading.Last.Length.Seconds(); length > 0 {
					n := uint64(0)
					for _, channel := range load.Gateway.Channels {
						n += s.Reading.Last.Series[load.Gateway.Series(channel)].Count
					}
					to.number(float64(n) / length)
				}
			},
		},
		{
			Name: "squall_requests_in_flight", Help: "Requests without an answer yet.",
			read: func(s State, to sink) { to.number(float64(s.Load.InFlight)) },
		},
		{
			Name: "squall_connections_open", Help: "Connections to the gateway.",
			read: func(s State, to sink) { to.number(float64(s.Load.Conns)) },
		},
		{
			Name: "squall_request_duration", Help: "Time to the end of an answer, or to the time-out; in the open model from when the request was due.",
			Unit: Seconds, Kind: Histogram, Labels: []string{"flow", "channel"},
			read: func(s State, to sink) {
				eachSeries(s, func(id metric.SeriesID, labels []string) {
					to(Point{Labels: labels, Distribution: s.Reading.Latency[id]})
				})
			},
		},
		{
			Name: "squall_request_service_duration", Help: "The same from when the request was really sent (open model).",
			Unit: Seconds, Kind: Histogram, Labels: []string{"flow", "channel"},
			read: func(s State, to sink) {
				eachSeries(s, func(id metric.SeriesID, labels []string) {
					if s.Reading.Service[id].Count > 0 {
						to(Point{Labels: labels, Distribution: s.Reading.Service[id]})
					}
				})
			},
		},
		{
			Name: "squall_requests", Help: "Requests that ended, by what came of them: ok, or why they failed.",
			Kind: Counter, Labels: []string{"flow", "channel", "class"}, read: requests,
		},
		{
			Name: "squall_requests_not_counted", Help: "Requests that say nothing of the platform: not sent by this machine (generator), cut off by the end of the run (interrupted), under way while squall did not run (away).",
			Kind: Counter, Labels: []string{"flow", "channel", "class"}, read: requestsNotCounted,
		},
		{
			Name: "squall_dropped_iterations", Help: "Sends that were due and never made.", Kind: Counter,
			read: func(s State, to sink) { to.count(s.Reading.Missed) },
		},
		{
			Name: "squall_skipped_iterations", Help: "Sends that fell due while squall did not run.", Kind: Counter,
			read: func(s State, to sink) { to.count(s.Reading.Skipped) },
		},
		{
			Name: "squall_sent", Help: "Bytes sent, those of connecting and TLS included.", Unit: Bytes, Kind: Counter,
			read: func(s State, to sink) { to.count(s.Reading.Sent) },
		},
		{
			Name: "squall_received", Help: "Bytes received, those of connecting and TLS included.", Unit: Bytes, Kind: Counter,
			read: func(s State, to sink) { to.count(s.Reading.Received) },
		},
		{
			Name: "squall_generator_lag", Help: "How late the generator's timers fired in the last closed second, 95th percentile.", Unit: Seconds,
			read: func(s State, to sink) {
				if s.Reading.Registry != nil {
					to.number(s.Reading.Last.Health.Lag.Seconds())
				}
			},
		},
		{
			Name: "squall_generator_cpu", Help: "Processor time that squall used in the last closed second, of what there is.", Unit: Ratio,
			read: func(s State, to sink) {
				if s.Reading.Registry != nil {
					to.number(s.Reading.Last.Health.CPU)
				}
			},
		},
		{
			Name: "squall_generator_saturated", Help: "1 when the numbers of the last closed second may be the generator's own fault.",
			read: func(s State, to sink) { to.flag(s.Reading.Last.Health.Saturated) },
		},
		{
			Name: "squall_generator_saturated_windows", Help: "Closed seconds of which that is so.", Kind: Counter,
			read: func(s State, to sink) { to.count(s.Reading.Saturated) },
		},
		{
			Name: "squall_generator_away", Help: "Time in which squall did not run.", Unit: Seconds, Kind: Counter,
			read: func(s State, to sink) { to.number(s.Reading.Away.Seconds()) },
		},
	}
}

func objectiveStates(to sink, results []slo.Result, over string) {
	seen := map[string]bool{} // one that was given twice is one
	for _, r := range results {
		text := r.Objective.String()
		if seen[text] {
			continue
		}
		seen[text] = true
		for _, state := range []slo.State{slo.Pass, slo.Fail, slo.Unknown} {
			to.flag(r.State == state, text, over, state.String())
		}
	}
}

// eachSeries visits the series of flows that run, and those that have been measured.
func eachSeries(s State, visit func(id metric.SeriesID, labels []string)) {
	if s.Reading.Registry == nil {
		return
	}
	runs := map[*metric.Flow]bool{}
	for _, f := range s.Flows {
		runs[f.Flow] = f.On
	}
	for i, series := range s.Reading.Registry.Series() {
		if runs[series.Flow] || s.Reading.Requests[i] > 0 {
			visit(metric.SeriesID(i), []string{series.Flow.Name, series.Channel})
		}
	}
}

// requests counts what ended. Each class is there from the first second on: a rate does not see a counter's first step.
func requests(s State, to sink) {
	eachSeries(s, func(id metric.SeriesID, labels []string) {
		failed := uint64(0)
		for class := range metric.ErrorClass(metric.NumErrorClasses) {
			if class.Failed() {
				n := s.Reading.Errors[ErrorKey{id, class}]
				failed += n
				to.count(n, append(labels[:2:2], class.String())...)
			}
		}
		to.count(s.Reading.Requests[id]-min(failed, s.Reading.Requests[id]), append(labels[:2:2], metric.OK.String())...)
	})
}

func requestsNotCounted(s State, to sink) {
	eachSeries(s, func(id metric.SeriesID, labels []string) {
		for class := range metric.ErrorClass(metric.NumErrorClasses) {
			if class != metric.OK && !class.Failed() {
				to.count(s.Reading.Errors[ErrorKey{id, class}], append(labels[:2:2], class.String())...)
			}
		}
	})
}
