package compare

import "math"

// blockLength is how many consecutive cells a block of the bootstrap has, from how a series of cells hangs together:
// the automatic choice for the circular block bootstrap of Politis and White ("Automatic block-length selection for
// the dependent bootstrap", Econometric Reviews 23, 2004), as corrected by Patton, Politis and White (Econometric
// Reviews 28, 2009). 1 for cells that know nothing of each other.
func blockLength(x []float64) int {
	n := len(x)
	r := autocovariance(x)
	if n < 4 || r(0) <= 0 {
		return 1
	}
	logN := math.Log10(float64(n))
	width := max(5, int(math.Ceil(math.Sqrt(logN))))
	most := int(math.Ceil(math.Sqrt(float64(n)))) + width
	bound := 2 * math.Sqrt(logN/float64(n)) * r(0)

	// The smallest lag behind which so many in a row are not told from zero.
	lag, quiet := most, 0
	for k := 1; k <= min(most+width, n-1); k++ {
		if math.Abs(r(k)) >= bound {
			quiet = 0
			continue
		}
		if quiet++; quiet == width {
			lag = k - width
			break
		}
	}
	window := min(2*lag, most, n-1)
	spectrum, slope := r(0), 0.0
	for k := 1; k <= window; k++ {
		flat := min(1, 2*(1-float64(k)/float64(window))) // the trapezoid of Politis and Romano
		spectrum += 2 * flat * r(k)
		slope += 2 * flat * float64(k) * r(k)
	}
	if spectrum <= 0 {
		return 1
	}
	length := math.Cbrt(2 * slope * slope / (4.0 / 3 * spectrum * spectrum) * float64(n))
	return max(1, int(math.Ceil(length)))
}

// autocovariance is that of a series, by lag.
func autocovariance(x []float64) func(lag int) float64 {
	mean := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	return func(lag int) (sum float64) {
		for i := range len(x) - lag {
			sum += (x[i] - mean) * (x[i+lag] - mean)
		}
		return sum / float64(len(x))
	}
}
