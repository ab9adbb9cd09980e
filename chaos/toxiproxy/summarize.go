package toxiproxy

import "xinbot.ir/squall/chaos"

// Summarize is what a list shows of the parameters.
func (f fault) Summarize(p chaos.Params) string { return f.desired(p).summary }
