package chart

import "slices"

// clipLine appends the part of a path that is in b.
func clipLine(dst, path []point, b box) []point {
	open := false // the last point of dst goes on
	for i, p := range path {
		if !p.drawable() {
			open = false
			continue
		}
		if i == 0 || !path[i-1].drawable() {
			next := i+1 < len(path) && path[i+1].drawable()
			if !next && b.holds(p) { // a single sample
				dst = append(broken(dst), p)
			}
			continue
		}
		from, to, ok := b.part(path[i-1], p)
		if !ok {
			open = false
			continue
		}
		if !open || from > 0 {
			dst = append(broken(dst), between(path[i-1], p, from))
		}
		dst = append(dst, between(path[i-1], p, to))
		open = to == 1
	}
	return dst
}

// broken appends a gap, except at the start.
func broken(path []point) []point {
	if len(path) == 0 {
		return path
	}
	return append(path, gap())
}

func (b box) holds(p point) bool {
	return float64(p.x) >= b.left && float64(p.x) <= b.right && float64(p.y) >= b.top &&
		float64(p.y) <= b.bottom
}

// between returns the point at a share of the way from p to q.
func between(p, q point, share float64) point {
	switch share {
	case 0:
		return p
	case 1:
		return q
	}
	along := func(a, b float32) float32 {
		return float32(float64(a) + float64(share*(float64(b)-float64(a))))
	}
	return point{along(p.x, q.x), along(p.y, q.y)}
}

// part returns the part of the way from p to q that is in b, as shares of the way.
func (b box) part(p, q point) (from, to float64, ok bool) {
	from, to = 0, 1
	narrow := func(at, by, low, high float64) {
		if by == 0 {
			if at < low || at > high {
				to = -1
			}
			return
		}
		enter, leave := (low-at)/by, (high-at)/by
		from, to = max(from, min(enter, leave)), min(to, max(enter, leave))
	}
	narrow(float64(p.x), float64(q.x)-float64(p.x), b.left, b.right)
	narrow(float64(p.y), float64(q.y)-float64(p.y), b.top, b.bottom)
	return from, to, from <= to
}

// clipArea appends the part of the space between two edges with the same abscissas that is in b.
func clipArea(dstTop, dstLow, top, low []point, b box) (t, l []point) {
	add := func(p, q point) {
		p.y = max(float32(b.top), min(p.y, float32(b.bottom)))
		q.y = max(float32(b.top), min(q.y, float32(b.bottom)))
		dstTop, dstLow = append(dstTop, p), append(dstLow, q)
	}
	wide := box{b.left, -farthest, b.right, farthest}
	var shares []float64
	open := false
	for i := 1; i < min(len(top), len(low)); i++ {
		p, q, r, s := top[i-1], top[i], low[i-1], low[i]
		if !p.drawable() || !q.drawable() || !r.drawable() || !s.drawable() {
			open = false
			continue
		}
		from, to, ok := wide.part(p, q)
		if !ok {
			open = false
			continue
		}
		if !open && len(dstTop) > 0 {
			dstTop, dstLow = append(dstTop, gap()), append(dstLow, gap())
		}
		shares = shares[:0]
		if !open || from > 0 {
			shares = append(shares, from)
		}
		shares = append(shares, to)
		for _, y := range [...]float64{b.top, b.bottom} {
			for _, e := range [...][2]point{{p, q}, {r, s}} {
				if by := float64(e[1].y) - float64(e[0].y); by != 0 {
					at := (y - float64(e[0].y)) / by
					if at > from && at < to {
						shares = append(shares, at)
					}
				}
			}
		}
		slices.Sort(shares)
		for _, at := range shares {
			add(between(p, q, at), between(r, s, at))
		}
		open = to == 1
	}
	return dstTop, dstLow
}

// blocks are rectangles of one colour that do not touch.
type blocks struct {
	boxes []box
	paint paint
}

func (b blocks) draw(s surface, _ frame) { s.Rects(b.boxes, b.paint) }
