package frame

import "math"

// window computes over the rows around each row.
type window struct {
	vs         Values
	rows, size int
}

// running is the mean of a window that moves.
type running struct{ sum, n float64 }

func (r *running) add(v Value) {
	if !v.IsNull() {
		r.sum += v.toNumber()
		r.n++
	}
}

func (r *running) remove(v Value) {
	if !v.IsNull() {
		r.sum -= v.toNumber()
		r.n--
	}
}

func (r *running) mean() float64 {
	if r.n == 0 {
		return 0
	}
	return r.sum / r.n
}

// trailingMean returns, for each row, the mean of it and the rows before it. As in Grafana, no
// value leaves the window at a null.
func (w window) trailingMean() []float64 {
	out := make([]float64, w.rows)
	var r running
	for i := range out {
		if v := w.vs.At(i); !v.IsNull() {
			r.add(v)
			if i > w.size-1 {
				r.remove(w.vs.At(i - w.size))
			}
		}
		out[i] = r.mean()
	}
	return out
}

// centeredMean returns, for each row, the mean of the rows on both sides.
func (w window) centeredMean() []float64 {
	ahead, behind := (w.size+1)/2-1, w.size/2
	out := make([]float64, w.rows)
	var r running
	for i := range out {
		if i == 0 {
			for k := range min(ahead+1, w.vs.Len()) {
				r.add(w.vs.At(k))
			}
		} else {
			if last := i + ahead; last < w.vs.Len() {
				r.add(w.vs.At(last))
			}
			if first := i - behind; first > 0 {
				r.remove(w.vs.At(first - 1))
			}
		}
		out[i] = r.mean()
	}
	return out
}

// spread returns, for each row, the variance or the deviation of the rows around it.
func (w window) spread(centered, deviation bool) []float64 {
	out := make([]float64, w.rows)
	for i := range out {
		start, end := max(0, i-w.size+1), i+1
		if centered {
			start, end = max(0, i-w.size/2), min(i+(w.size+1)/2, w.vs.Len())
		}
		out[i] = variance(w.vs.slice(start, end))
		if deviation {
			out[i] = math.Sqrt(out[i])
		}
	}
	return out
}
