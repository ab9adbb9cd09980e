package config

import "testing"

// An empty list is no way to say "the default", nor to ask for nothing.
func TestEmptyListIsSaid(t *testing.T) {
	_, err := parseFile("squall.yaml", []byte("targets:\n  a:\n    objectives: []\n    stop_rules: []\n"))
	want := "squall.yaml:3: targets.a.objectives: is an empty list: leave the key out for the default, which is those of the performance plan"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
