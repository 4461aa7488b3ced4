package chart

// spread moves ascending places as little as possible (in the sum of squares) until neighbours are
// at least apart from each other and all are between low and high. If they do not fit, the last
// ones overflow. It is isotonic regression on place − i·apart by pooling adjacent violators.
func spread(places []float64, apart, low, high float64) []float64 {
	type pool struct {
		sum float64
		n   int
	}
	var pools []pool
	for i, y := range places {
		last := pool{y - float64(float64(i)*apart), 1}
		for len(pools) > 0 {
			before := pools[len(pools)-1]
			if before.sum/float64(before.n) <= last.sum/float64(last.n) {
				break
			}
			last = pool{before.sum + last.sum, before.n + last.n}
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, last)
	}
	out := make([]float64, 0, len(places))
	highest := high - float64(float64(len(places)-1)*apart)
	for _, p := range pools {
		at := max(min(p.sum/float64(p.n), highest), low)
		for range p.n {
			out = append(out, at+float64(float64(len(out))*apart))
		}
	}
	return out
}
