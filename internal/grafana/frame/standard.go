package frame

import "math"

// standard is what Grafana computes in one pass over a column.
type standard struct {
	first, last, firstNotNull, lastNotNull Value
	sum, min, max, logmin, delta, step     float64
	count, numbers                         int
	allIsNull, allIsZero                   bool
	up                                     bool // the last step was no reset of a counter
}

func (r *reduction) standard() map[string]Value {
	s := standard{
		min: math.MaxFloat64, max: -math.MaxFloat64, logmin: math.MaxFloat64, step: math.MaxFloat64,
		allIsNull: true, allIsZero: true, up: true,
	}
	numeric := r.field.Type == Number || r.field.Type == Time
	for i := range r.len() {
		v := r.at(i)
		if i == 0 {
			s.first = v
		}
		s.last = v
		if v.IsNull() {
			if r.ignore {
				continue
			}
			if r.zero {
				v = Num(0)
			}
		}
		s.count++
		if !v.IsNull() && !v.isNaN() {
			s.add(v, numeric)
		}
	}
	return s.results()
}

// add counts a value that is neither null nor NaN.
func (s *standard) add(v Value, numeric bool) {
	isFirst := s.firstNotNull.kind == null
	if isFirst {
		s.firstNotNull = v
	}
	if numeric {
		s.addNumber(v.toNumber(), isFirst)
	}
	if f, ok := v.Number(); !ok || f != 0 {
		s.allIsZero = false
	}
	s.lastNotNull = v
}

func (s *standard) addNumber(f float64, isFirst bool) {
	if f == f {
		s.sum += f
	}
	s.allIsNull = false
	s.numbers++
	if !isFirst {
		before := s.lastNotNull.toNumber()
		step := f - before
		if s.step > step {
			s.step = step
		}
		if before > f {
			s.up = false
		} else {
			if s.up {
				s.delta += step
			}
			s.up = true
		}
	}
	if f > s.max {
		s.max = f
	}
	if f < s.min {
		s.min = f
	}
	if f < s.logmin && f > 0 {
		s.logmin = f
	}
}

func (s *standard) results() map[string]Value {
	out := map[string]Value{
		"first":        s.first,
		"last":         s.last,
		"firstNotNull": s.firstNotNull,
		"lastNotNull":  s.lastNotNull,
		"sum":          Num(s.sum),
		"count":        Num(float64(s.count)),
		"delta":        Num(s.delta),
		"logmin":       Num(s.logmin),
		"diffperc":     Num(0),
		"allIsNull":    Bool(s.allIsNull),
		"allIsZero":    Bool(s.allIsZero && !s.allIsNull),
	}
	if s.max != -math.MaxFloat64 {
		out["max"] = Num(s.max)
	}
	if s.min != math.MaxFloat64 {
		out["min"] = Num(s.min)
		if s.max != -math.MaxFloat64 {
			out["range"] = Num(s.max - s.min)
		}
	}
	if s.step != math.MaxFloat64 {
		out["step"] = Num(s.step)
	}
	if s.numbers > 0 {
		out["mean"] = Num(s.sum / float64(s.numbers))
	}
	first, ok := s.firstNotNull.Number()
	if last, lastOK := s.lastNotNull.Number(); ok && lastOK {
		out["diff"] = Num(last - first)
		out["diffperc"] = Num((last - first) / first * 100)
	}
	return out
}
