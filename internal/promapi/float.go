package promapi

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// pow10 are the powers of ten that fit 64 bits.
var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// maxDigits is the number of decimal digits that always fit 64 bits.
const maxDigits = 19

// digits appends the decimal digits at the start of b to m, eight at a time. It returns the new m
// and the number of digits. If there are more than maxDigits, it stops and m is undefined. b must
// have at least 24 bytes.
func digits(b []byte, m uint64) (uint64, int) {
	n := 0
	for n <= maxDigits {
		// A digit is now a byte from 0 to 9. Adding 0x76 sets the top bit of every other byte. A
		// carry only affects bytes after the first one that is no digit.
		x := binary.LittleEndian.Uint64(b[n:]) ^ 0x3030303030303030
		other := ((x + 0x7676767676767676) | x) & 0x8080808080808080
		if other != 0 {
			k := bits.TrailingZeros64(other) / 8
			return m*pow10[k] + eight(x<<(64-8*k)), n + k
		}
		m = m*1e8 + eight(x)
		n += 8
		if b[n]-'0' > 9 { // as after the 16 digits of most fractions
			return m, n
		}
	}
	return m, n
}

// eight returns the number whose digits are the bytes of x. The lowest byte is the first digit. It
// joins neighbours to pairs, pairs to fours, and fours to the whole.
func eight(x uint64) uint64 {
	x = x * (10<<8 + 1) >> 8 & 0x00ff00ff00ff00ff
	x = x * (100<<16 + 1) >> 16 & 0x0000ffff0000ffff
	return x * (10000<<32 + 1) >> 32
}

// decimal returns m / 10^k rounded to the nearest float64, with ties to even, exactly like
// strconv.ParseFloat. k is at most 19.
func decimal(m uint64, k int) float64 {
	if m < 1<<53 {
		// Both are exact in a float64, so only the division rounds. (Clinger, How to read floating
		// point numbers accurately, 1990.)
		return float64(m) / float64(pow10[k])
	}
	if k == 0 {
		return float64(m)
	}
	// With m and 10^k shifted so that their top bits are set, q = m·2^63/10^k has 63 or 64 bits, at
	// least ten more than a float64 keeps.
	up, down := bits.LeadingZeros64(m), bits.LeadingZeros64(pow10[k])
	m <<= up
	q, _ := bits.Mul64(m, inverse10[k])
	// The upper half of the product is q or up to two less. It rounds as q does unless a multiple
	// of 512 is between them: that is where one float64 ends, or where two are equally near. Three
	// times in 512 a division has to decide.
	if low := q % 512; low == 0 || low >= 510 {
		var rest uint64
		if q, rest = bits.Div64(m>>1, m<<63, pow10[k]<<down); rest != 0 {
			q |= 1
		}
	}
	exponent := down - up - 63
	return float64(q) * math.Float64frombits(uint64(1023+exponent)<<52)
}

// inverse10[k] is 2^127 divided by 10^k with its top bit set, rounded down. inverse10[0] is unused,
// because it would not fit.
var inverse10 = func() (inverse [20]uint64) {
	for k := 1; k < len(pow10); k++ {
		inverse[k], _ = bits.Div64(1<<63, 0, pow10[k]<<bits.LeadingZeros64(pow10[k]))
	}
	return inverse
}()
