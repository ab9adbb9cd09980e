// Package load makes the traffic of a run and measures it: what is sent, to whom, when, and how
// long it took. It knows nothing of faults, journals or screens.
//
// A [Generator] runs virtual users (closed model) or an arrival rate (open model) against the
// configured targets, reads its immutable [Settings] through an atomic pointer, and once a second
// closes a [Window]. Whoever wants to know pulls a [Snapshot]; nothing is ever pushed into traffic.
package load
