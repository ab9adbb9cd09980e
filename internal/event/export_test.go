package event

import "testing"

func TestTextsOfExports(t *testing.T) {
	const to = "http://c:4318/v1/metrics"
	for want, d := range map[string]MetricsExported{
		"Metrics of this run are sent to " + to + " every 10 s":                                                                          {State: ExportBegun, Every: 10},
		"Metrics of this run do not reach " + to + ": no answer in time":                                                                 {State: ExportFailing, Exports: 2, Failed: 1, Reason: "no answer in time"},
		"Metrics of this run do not all reach " + to + ": 3 data points were rejected: too old":                                          {State: ExportFailing, Exports: 2, Failed: 1, Rejected: 3, Partial: true, Reason: "3 data points were rejected: too old"},
		"Metrics of this run reach " + to + " again, after 30 s":                                                                         {State: ExportWorking, Exports: 5, Failed: 2, Behind: 30},
		"Metrics of this run were sent to " + to + " once":                                                                               {State: ExportEnded, Exports: 1},
		"Metrics of this run were sent to " + to + " 31 times, 2 times in vain or in part; the last arrived, and with it all sums":       {State: ExportEnded, Exports: 31, Failed: 2},
		"Metrics of this run were sent to " + to + " 31 times, once in vain or in part; the last 9 s are missing there: gone":            {State: ExportEnded, Exports: 31, Failed: 1, Behind: 9, Reason: "gone"},
		"Metrics of this run were sent to " + to + " 2 times, 2 times in vain or in part; 6 data points were rejected; of the last, why": {State: ExportEnded, Exports: 2, Failed: 2, Rejected: 6, Partial: true, Reason: "why"},
		"Metrics of this run did not reach " + to + ", tried 3 times: gone":                                                              {State: ExportEnded, Exports: 3, Failed: 3, Behind: 9, Reason: "gone"},
	} {
		d.To = to
		if got := d.text(); got != want {
			t.Errorf("%+v is told as\n%s, want\n%s", d, got, want)
		}
		if wrong := d.Reason != ""; exportLook(d) == warnLook != wrong {
			t.Errorf("%q looks like %+v", want, exportLook(d))
		}
	}
}
