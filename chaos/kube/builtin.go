package kube

import "xinbot.ir/squall/chaos"

// BuiltIn describes the faults that this driver has for every cluster, without one.
func BuiltIn() (all []chaos.Info) {
	for _, f := range (&Driver{}).Faults() {
		all = append(all, f.Info())
	}
	return all
}
