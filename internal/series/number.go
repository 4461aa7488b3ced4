package series

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Number is a float64 in JSON. NaN, which means no sample, is null; infinities are the strings
// "+Inf" and "-Inf".
type Number float64

// MarshalJSON writes the shortest digits that read back as the same number.
func (n Number) MarshalJSON() ([]byte, error) {
	return n.append(make([]byte, 0, numberSize)), nil
}

// numberSize is enough bytes for most numbers: 17 digits with sign, point and zeros.
const numberSize = 24

func (n Number) append(b []byte) []byte {
	switch f := float64(n); {
	case math.IsNaN(f):
		return append(b, "null"...)
	case math.IsInf(f, 1):
		return append(b, `"+Inf"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Inf"`...)
	case f != 0 && math.Abs(f) < 1e-6 || math.Abs(f) >= 1e21:
		// like encoding/json, except that it writes e-7 instead of e-07
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	default:
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
}

// Numbers is a list of Number with a faster encoder: a report has tens of thousands of samples, and
// a MarshalJSON call for each takes longer than writing them.
type Numbers []Number

// MarshalJSON writes the list, or null for nil.
func (ns Numbers) MarshalJSON() ([]byte, error) {
	if ns == nil {
		return []byte("null"), nil
	}
	b := append(make([]byte, 0, len(ns)*numberSize+2), '[')
	for i, n := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = n.append(b)
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "null":
		*n = Number(math.NaN())
	case `"+Inf"`:
		*n = Number(math.Inf(1))
	case `"-Inf"`:
		*n = Number(math.Inf(-1))
	default:
		if err := json.Unmarshal(b, (*float64)(n)); err != nil {
			return fmt.Errorf("want a JSON number, null, \"+Inf\" or \"-Inf\": %w", err)
		}
	}
	return nil
}

// Finite reports whether v is neither NaN nor an infinity.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// notANumber is a quiet NaN with another payload than that of math.NaN.
const notANumber = 0x7ff8000000000002

// NotANumber returns the value of a sample that is NaN. To everything that tests with math.IsNaN it
// is a step without a sample. Arithmetic and JSON do not keep the difference.
func NotANumber() float64 { return math.Float64frombits(notANumber) }

// IsGap reports whether v is the value of a step without a sample: a NaN, but not NotANumber.
func IsGap(v float64) bool { return math.IsNaN(v) && math.Float64bits(v) != notANumber }
