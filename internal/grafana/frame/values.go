package frame

import "math"

// Value is one cell. The zero Value is null, which differs from NaN.
type Value struct {
	kind kind
	num  float64
	text string
}

type kind uint8

const (
	null    kind = iota
	absent       // JavaScript's undefined: a row that a join added. Sums with it are NaN
	number       // also a time
	text         //
	boolean      // num is 0 or 1
	list         // several values; text has them, separated by commas
)

// Num returns a number, or a time in milliseconds.
func Num(f float64) Value { return Value{kind: number, num: f} }

// Text returns a text.
func Text(s string) Value { return Value{kind: text, text: s} }

// Bool returns a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: boolean, num: 1}
	}
	return Value{kind: boolean}
}

// IsNull reports whether v is null or missing.
func (v Value) IsNull() bool { return v.kind <= absent }

// Number returns v as a number. It reports false if v is something else.
func (v Value) Number() (float64, bool) { return v.num, v.kind == number }

// Text returns v as a text. It reports false if v is something else.
func (v Value) Text() (string, bool) { return v.text, v.kind == text || v.kind == list }

// Bool returns v as a boolean. The second result is false if v is something else.
func (v Value) Bool() (value, ok bool) { return v.num != 0 && v.kind == boolean, v.kind == boolean }

// isNaN reports whether v is the number NaN.
func (v Value) isNaN() bool { return v.kind == number && math.IsNaN(v.num) }

// nullBits and absentBits are NaNs that represent null and a missing value in a column of numbers.
// No arithmetic produces them.
const (
	nullBits   = 0x7ff8_0000_6e75_6c6c
	absentBits = 0x7ff8_0000_756e_6466
)

// NullNumber returns the number that means null to Numbers.
func NullNumber() float64 { return math.Float64frombits(nullBits) }

// packed returns the number that represents v in a column of numbers.
func packed(v Value) float64 {
	switch {
	case v.kind == null:
		return math.Float64frombits(nullBits)
	case v.kind == absent:
		return math.Float64frombits(absentBits)
	case math.IsNaN(v.num):
		return math.NaN()
	}
	return v.num
}

// unpacked returns the value that f represents.
func unpacked(f float64) Value {
	if f != f {
		switch math.Float64bits(f) {
		case nullBits:
			return Value{}
		case absentBits:
			return Value{kind: absent}
		}
	}
	return Num(f)
}

// Values is a column. Numbers take eight bytes each, and so do nulls among them.
type Values struct {
	nums  []float64
	texts []string
	mixed []Value // the others: text with nulls, booleans, several kinds
}

// Numbers returns a column of f, in which NullNumber is null. It keeps f.
func Numbers(f []float64) Values { return Values{nums: f} }

// Texts returns a column of s. It keeps s.
func Texts(s []string) Values { return Values{texts: s} }

// Mixed returns a column of v.
func Mixed(v ...Value) Values {
	c := column{hint: len(v)}
	for _, x := range v {
		c.push(x)
	}
	return c.v
}

// repeat returns a column of n times s.
func repeat(s string, n int) Values {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = s
	}
	return Values{texts: texts}
}

// Len returns how many values v has.
func (v Values) Len() int { return len(v.nums) + len(v.texts) + len(v.mixed) }

// At returns the value i. Beyond the end it is null.
func (v Values) At(i int) Value {
	switch {
	case i < 0 || i >= v.Len():
		return Value{kind: absent}
	case v.nums != nil:
		return unpacked(v.nums[i])
	case v.texts != nil:
		return Text(v.texts[i])
	default:
		return v.mixed[i]
	}
}

// pick returns the values at rows, in that order. A row below 0 is null.
func (v Values) pick(rows []int) Values {
	c := column{hint: len(rows)}
	for _, i := range rows {
		if i < 0 {
			c.push(Value{})
		} else {
			c.push(v.At(i))
		}
	}
	return c.v
}

// slice returns the values from i until before j.
func (v Values) slice(i, j int) Values {
	j = min(max(j, 0), v.Len())
	i = min(max(i, 0), j)
	switch {
	case v.nums != nil:
		return Values{nums: v.nums[i:j:j]}
	case v.texts != nil:
		return Values{texts: v.texts[i:j:j]}
	default:
		return Values{mixed: v.mixed[i:j:j]}
	}
}

// column builds Values. It stays compact until a value of another kind is added.
type column struct {
	v    Values
	hint int // how many values are expected
}

func (c *column) push(x Value) {
	switch {
	case c.v.mixed != nil:
		c.v.mixed = append(c.v.mixed, x)
	case x.kind == text && c.v.nums == nil:
		if c.v.texts == nil {
			c.v.texts = make([]string, 0, max(c.hint, 4))
		}
		c.v.texts = append(c.v.texts, x.text)
	case x.kind <= number && c.v.texts == nil:
		if c.v.nums == nil {
			c.v.nums = make([]float64, 0, max(c.hint, 4))
		}
		c.v.nums = append(c.v.nums, packed(x))
	default:
		mixed := make([]Value, 0, max(c.hint, c.v.Len()+4))
		for i := range c.v.Len() {
			mixed = append(mixed, c.v.At(i))
		}
		c.v = Values{mixed: append(mixed, x)}
	}
}
