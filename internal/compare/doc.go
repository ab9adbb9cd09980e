// Package compare answers whether one run went better or worse than another, and whether that is more than chance.
//
// It works on plain values and reads no files. Two runs are compared by a block bootstrap over their seconds
// ([Against]); several runs a side by the run ([Groups]). What must be alike for that is looked at first, see
// [Condition].
package compare
