package kube

import "xinbot.ir/squall/chaos"

// BuiltIn returns the faults that this driver has for every cluster. They can be described, not planned.
func BuiltIn() []chaos.Fault { return (&Driver{}).Faults() }
