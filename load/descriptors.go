package load

import "syscall"

// descriptorsKept is how many descriptors load leaves to the rest of squall: what undoes a fault has to open
// connections while load would take every descriptor that there is.
const descriptorsKept = 96

// descriptorsForLoad is how many connections load may have open at once, by the limit of this process.
func descriptorsForLoad() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return MaxVUs
	}
	return forLoad(limit.Cur)
}

// forLoad leaves half of a limit that is smaller than what is to be kept back twice.
func forLoad(limit uint64) int {
	limit = min(limit, 1<<31-1) // RLIM_INFINITY
	return int(limit - min(descriptorsKept, limit/2))
}
