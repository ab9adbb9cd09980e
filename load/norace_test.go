//go:build !race

package load

// poolAllocations is how many allocations sync.Pool may cost: see race_test.go.
const poolAllocations = 0
