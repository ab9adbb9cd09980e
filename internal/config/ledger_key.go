package config

import "path/filepath"

// ledgerKey is the file of the key of ledgers, by the XDG Base Directory Specification: state of the user's that is to
// outlive a restart. It is "" when there is no home.
func ledgerKey(lookup func(string) (string, bool)) string {
	name := filepath.Join("squall", "ledger.key")
	if state, _ := lookup("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name)
	}
	if home, _ := lookup("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", name)
	}
	return ""
}
