// Package telemetry is what a run says of itself to the monitoring of others while it goes on: one table of metrics, which
// openmetrics shows to whoever scrapes it. Everything cumulative comes from closed seconds, whose histograms are added up;
// nothing of it is asked of the traffic.
package telemetry
