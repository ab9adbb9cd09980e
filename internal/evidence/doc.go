// Package evidence is what the platform says of itself while a session runs: samples of its metrics, and its alerts.
// Each [Source] reads one thing (a Prometheus, the platform's own /metrics, an Alertmanager, what an Alertmanager sends)
// and hands what it finds to a [Sink]. What could not be read is a value, too: a [Gap] with its cause. There is never a
// zero, and never silence, where nothing was measured.
//
// Sources know nothing of runs, faults and screens. docs/evidence.md describes what is read and how it is derived.
package evidence
