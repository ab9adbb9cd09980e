// Package chaos breaks things and puts them back: faults, their undo, and the ledger that makes
// the undo survive squall itself. It knows nothing of load or screens.
//
// So far it holds the ledger alone, which the rule toggling of the load shares.
package chaos
