package sizing

import (
	"math"
	"strconv"
)

// Quantity returns an amount of a resource as Kubernetes writes it: 250m cores, 640Mi of memory.
// Memory that is no whole number of any unit is rounded up to MiB, from 64 on: nobody reads eleven
// digits. It returns "" for NaN.
func Quantity(w Which, v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	if w == CPU {
		return milli(v)
	}
	for _, suffixes := range []struct {
		base  float64
		names []string
	}{{1024, []string{"Ti", "Gi", "Mi", "Ki"}}, {1000, []string{"T", "G", "M", "k"}}} {
		for i, name := range suffixes.names {
			size := math.Pow(suffixes.base, float64(len(suffixes.names)-i))
			if n := v / size; n >= 1 && n == math.Trunc(n) {
				return strconv.FormatFloat(n, 'f', -1, 64) + name
			}
		}
	}
	if v >= 64<<20 {
		return strconv.FormatFloat(math.Ceil(v/(1<<20)), 'f', -1, 64) + "Mi"
	}
	return strconv.FormatFloat(math.Ceil(v), 'f', -1, 64)
}

// milli returns cores. Kubernetes knows no less than a thousandth of one.
func milli(v float64) string {
	m := math.Ceil(v*1000*(1-1e-12) - 1e-9)
	if whole := m / 1000; whole == math.Trunc(whole) {
		return strconv.FormatFloat(whole, 'f', -1, 64)
	}
	return strconv.FormatFloat(m, 'f', -1, 64) + "m"
}
