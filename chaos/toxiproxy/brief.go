package toxiproxy

import "xinbot.ir/squall/chaos"

// Brief is what a list shows of the parameters.
func (f fault) Brief(p chaos.Params) string { return f.aim(p).summary }
