package frame

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// How a field's NullValueMode treats nulls.
const (
	NullIgnored = "connected" // the default
	NullKept    = "null"
	NullAsZero  = "null as zero"
)

// reducer is a way to make one value out of a column.
type reducer struct {
	id, name string
	// compute is nil if standard computes the reducer in its single pass.
	compute func(*reduction) Value
	empty   Value // of a column without values
}

// reduction is the input of a reducer.
type reduction struct {
	field        *Field
	ignore, zero bool    // what happens to nulls
	sorted       []Value // for percentiles, once one is asked for
}

// undefined is the result of most reducers for a column without values.
var undefined = Value{kind: absent}

// reducers are those of Grafana, apart from the percentiles.
var reducers = []reducer{
	{"lastNotNull", "Last *", (*reduction).lastNotNull, undefined},
	{"last", "Last", func(r *reduction) Value { return r.at(r.len() - 1) }, undefined},
	{"firstNotNull", "First *", (*reduction).firstNotNull, undefined},
	{"first", "First", func(r *reduction) Value { return r.at(0) }, undefined},
	{"min", "Min", nil, undefined},
	{"max", "Max", nil, undefined},
	{"mean", "Mean", nil, undefined},
	{"median", "Median", (*reduction).median, undefined},
	{"variance", "Variance", (*reduction).variance, undefined},
	{"stdDev", "StdDev", (*reduction).stdDev, undefined},
	{"sum", "Total", nil, Num(0)},
	{"count", "Count", nil, Num(0)},
	{"countAll", "Count all", func(r *reduction) Value { return Num(float64(r.len())) }, Num(0)},
	{"range", "Range", nil, undefined},
	{"delta", "Delta", nil, undefined},
	{"step", "Step", nil, undefined},
	{"diff", "Difference", nil, undefined},
	{"logmin", "Min (above zero)", nil, undefined},
	{"allIsZero", "All Zeros", nil, Bool(false)},
	{"allIsNull", "All Nulls", nil, Bool(true)},
	{"changeCount", "Change Count", (*reduction).changeCount, undefined},
	{"distinctCount", "Distinct Count", (*reduction).distinctCount, undefined},
	{"diffperc", "Difference percent", nil, undefined},
	{"allValues", "All values", (*reduction).allValues, undefined},
	{"uniqueValues", "All unique values", (*reduction).uniqueValues, undefined},
}

// aliases are the names that old dashboards use.
var aliases = map[string]string{"current": "lastNotNull", "avg": "mean", "total": "sum"}

// lookUp returns the reducer id. It reports false if there is none.
func lookUp(id string) (reducer, bool) {
	if other, ok := aliases[id]; ok {
		id = other
	}
	if i := slices.IndexFunc(reducers, func(r reducer) bool { return r.id == id }); i >= 0 {
		return reducers[i], true
	}
	if digits, ok := strings.CutPrefix(id, "p"); ok {
		if p, err := strconv.Atoi(
			digits,
		); err == nil && p >= 1 && p <= 99 &&
			strconv.Itoa(p) == digits {
			percentile := func(r *reduction) Value { return r.percentile(float64(p) / 100) }
			return reducer{id, digits + ordinal(p) + " %", percentile, undefined}, true
		}
	}
	return reducer{}, false
}

// ordinal returns what follows p in a name, by Grafana's own rule for 1, 2 and 3.
func ordinal(p int) string {
	if p > 3 && p < 21 {
		return "th"
	}
	switch p % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// ReducerName returns what Grafana calls the reducer id, such as "Last *". It reports false if
// there is no such reducer.
func ReducerName(id string) (string, bool) {
	r, ok := lookUp(id)
	return r.name, ok
}

// Reduce returns the results of the reducers for field, in the order of ids. A reducer that does
// not exist gives null.
func Reduce(field *Field, ids ...string) []Value {
	mode := field.Config.NullValueMode
	r := &reduction{
		field:  field,
		ignore: mode == "" || mode == NullIgnored,
		zero:   mode == NullAsZero,
	}
	out := make([]Value, len(ids))
	var std map[string]Value
	for i, id := range ids {
		red, ok := lookUp(id)
		switch {
		case !ok:
			out[i] = undefined
		case r.len() == 0:
			out[i] = red.empty
		case red.compute != nil && (len(ids) == 1 || !inStandard(red.id)):
			out[i] = red.compute(r)
		default:
			if std == nil {
				std = r.standard()
			}
			out[i] = std[red.id]
		}
	}
	return out
}

// inStandard reports whether standard computes id too. Grafana uses that result if it computes
// several.
func inStandard(id string) bool {
	return id == "last" || id == "first" || id == "lastNotNull" || id == "firstNotNull"
}

func (r *reduction) len() int       { return r.field.Values.Len() }
func (r *reduction) at(i int) Value { return r.field.Values.At(i) }

func (r *reduction) lastNotNull() Value {
	for i := r.len() - 1; i >= 0; i-- {
		if v := r.at(i); !v.IsNull() && !v.isNaN() {
			return v
		}
	}
	return Value{}
}

func (r *reduction) firstNotNull() Value {
	for i := range r.len() {
		if v := r.at(i); !v.IsNull() && !v.isNaN() {
			return v
		}
	}
	return Value{}
}

// strict returns the values for the reducers that check only for null: a missing value stays.
func (r *reduction) strict() []Value {
	out := make([]Value, 0, r.len())
	for i := range r.len() {
		switch v := r.at(i); {
		case v.kind == null && r.ignore:
		case v.kind == null && r.zero:
			out = append(out, Num(0))
		default:
			out = append(out, v)
		}
	}
	return out
}

func (r *reduction) changeCount() Value {
	n := 0
	vs := r.strict()
	for i := 1; i < len(vs); i++ {
		if !vs[i].same(vs[i-1]) {
			n++
		}
	}
	return Num(float64(n))
}

func (r *reduction) distinctCount() Value { return Num(float64(len(distinct(r.strict())))) }

// distinct returns the values without repetitions.
func distinct(vs []Value) []Value {
	seen := make(map[Value]bool, len(vs))
	var out []Value
	for _, v := range vs {
		if k := v.key(); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out
}

func (r *reduction) all() []Value {
	out := make([]Value, r.len())
	for i := range out {
		out[i] = r.at(i)
	}
	return out
}

func (r *reduction) allValues() Value { return Value{kind: list, text: joined(r.all())} }

func (r *reduction) uniqueValues() Value {
	return Value{kind: list, text: joined(distinct(r.all()))}
}

// variance computes the variance of a population, not that of a sample, in one pass.
func (r *reduction) variance() Value {
	if r.field.Type != Number && r.field.Type != Time {
		return Num(0)
	}
	return Num(variance(r.field.Values))
}

func (r *reduction) stdDev() Value {
	v := r.variance()
	return Num(math.Sqrt(v.num))
}

func variance(vs Values) float64 {
	squares, mean, n := 0.0, 0.0, 0.0
	for i := range vs.Len() {
		v := vs.At(i)
		if v.IsNull() {
			continue
		}
		f := v.toNumber()
		n++
		old := mean
		mean += (f - old) / n
		squares += (f - old) * (f - mean)
	}
	if n == 0 {
		return 0
	}
	return squares / n
}

func (r *reduction) median() Value {
	var vs []Value
	for _, v := range r.all() {
		switch {
		case v.IsNull() && r.ignore:
		case v.IsNull() && r.zero:
			vs = append(vs, Num(0))
		default:
			vs = append(vs, v)
		}
	}
	sortNumbers(vs)
	mid := len(vs) / 2
	switch {
	case len(vs) == 0:
		return Num(math.NaN())
	case len(vs)%2 == 1:
		return vs[mid]
	}
	return Num((vs[mid-1].toNumber() + vs[mid].toNumber()) / 2)
}

func (r *reduction) percentile(p float64) Value {
	if r.sorted == nil {
		r.sorted = r.strict()
		sortNumbers(r.sorted)
	}
	i := math.Floor(float64(len(r.sorted)-1)*p + 0.5)
	if i < 0 || int(i) >= len(r.sorted) {
		return undefined
	}
	return r.sorted[int(i)]
}

// sortNumbers sorts vs as numbers, in which null is 0. NaN comes last.
func sortNumbers(vs []Value) { slices.SortStableFunc(vs, compareNumbers) }

func compareNumbers(a, b Value) int {
	x, y := a.toNumber(), b.toNumber()
	switch {
	case x < y || y != y && x == x:
		return -1
	case x > y || x != x && y == y:
		return 1
	}
	return 0
}
