// Package chaos breaks things and puts them back: faults, their undo, and the ledger that makes
// the undo survive squall itself. It knows nothing of load or screens.
//
// A [Fault] plans; planning reads and changes nothing. Its [Plan] says what would be hit, which
// rights there are, and the [Step] values that make the change. The [Engine] carries plans out: it
// writes what undo needs into the [Ledger] before each step, holds the time-to-live, and takes
// everything back by the [Undoers], which need nothing but the ledger's record. [Recover] does the
// same for a run that died.
//
// The drivers are below: chaos/toxiproxy and chaos/kube, one file per fault.
package chaos
