package frame

import "math"

// standard has the results that Grafana computes in one pass over a column.
type standard struct {
	first, last, firstNotNull, lastNotNull Value
	sum, min, max, logmin, delta, step     float64
	before                                 float64 // the number before
	count, numbers                         int
	allIsNull, allIsZero                   bool
	up                                     bool // the last step was not a reset of a counter
}

func (r *reduction) standard() map[string]Value {
	s := standard{
		min: math.MaxFloat64, max: -math.MaxFloat64, logmin: math.MaxFloat64, step: math.MaxFloat64,
		allIsNull: true, allIsZero: true, up: true,
	}
	if r.len() > 0 {
		s.first, s.last = r.at(0), r.at(r.len()-1)
	}
	numeric := r.field.Type == Number || r.field.Type == Time
	if nums := r.field.Values.nums; numeric && nums != nil {
		for _, f := range nums {
			if f == f {
				s.count++
				s.addNumber(f)
			} else {
				s.addOdd(r, unpacked(f), numeric)
			}
		}
		return s.results()
	}
	for i := range r.len() {
		s.addOdd(r, r.at(i), numeric)
	}
	return s.results()
}

// addOdd counts a value that may be null, NaN or not a number.
func (s *standard) addOdd(r *reduction, v Value, numeric bool) {
	if v.IsNull() {
		if r.ignore {
			return
		}
		if r.zero {
			v = Num(0)
		}
	}
	s.count++
	switch f, ok := v.Number(); {
	case v.IsNull() || v.isNaN():
	case ok && numeric:
		s.addNumber(f)
	default:
		s.add(v, numeric)
	}
}

// add counts a value in a column that does not hold only numbers.
func (s *standard) add(v Value, numeric bool) {
	if s.firstNotNull.kind == null {
		s.firstNotNull = v
	}
	if f := v.toNumber(); numeric && f == f {
		s.addNumber(f)
	}
	if f, ok := v.Number(); !ok || f != 0 {
		s.allIsZero = false
	}
	s.lastNotNull = v
	s.allIsNull = s.allIsNull && !numeric
}

func (s *standard) addNumber(f float64) {
	s.sum += f
	s.allIsNull = false
	if f != 0 {
		s.allIsZero = false
	}
	s.lastNotNull = Num(f)
	if s.numbers++; s.numbers == 1 {
		if s.firstNotNull.kind == null {
			s.firstNotNull = s.lastNotNull
		}
	} else {
		step := f - s.before
		if s.step > step {
			s.step = step
		}
		switch {
		case s.before > f:
			s.up = false
		case s.up:
			s.delta += step
		default:
			s.up = true
		}
	}
	s.before = f
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
