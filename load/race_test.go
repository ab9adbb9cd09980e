//go:build race

package load

// poolAllocations is how many allocations sync.Pool may cost: the race detector makes it forget at random.
const poolAllocations = 3
