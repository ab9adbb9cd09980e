// Package mix finds out which channels a platform's real traffic came over, and turns that into the weights of a
// workload.
package mix
