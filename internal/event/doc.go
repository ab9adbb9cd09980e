// Package event says what can happen in a session. An [Event] is a value: who caused it, when, and
// typed data. The journal of a run is a list of events, and everything that is said of a run
// afterwards follows from them.
//
// A kind of event is one row of the table in table.go: its name in the journal, the type of its data,
// the sentence that people read, and how a timeline shows it. The sentence is derived from the data
// each time; nothing may ever parse it.
package event
