package toxiproxy

import "xinbot.ir/squall/chaos"

// BuiltIn returns the faults that this driver has for every Toxiproxy. They can be described, not planned.
func BuiltIn() []chaos.Fault { return New(Config{}).Faults() }
