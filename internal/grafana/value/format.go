package value

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Formatted is a number as Grafana prints it. Prefix and Suffix hold the unit, including the space
// between unit and number.
type Formatted struct{ Prefix, Text, Suffix string }

// String returns the number with its unit.
func (f Formatted) String() string { return f.Prefix + f.Text + f.Suffix }

// Formatter prints the numbers of one unit. It holds no state: several goroutines can use it.
type Formatter struct {
	unit   string
	now    time.Time
	format format
}

// format prints a number that is not NaN. Without decimals it chooses how many to show.
type format func(v float64, decimals *int, now time.Time) Formatted

// New returns the formatter for the unit with this id of Grafana. A text that is not an id becomes
// a suffix. Dates are printed in the location of now. Some units print a date as its distance from
// now.
func New(unit string, now time.Time) Formatter {
	f, ok := units[unit]
	if !ok {
		f = custom(unit)
	}
	return Formatter{unit: unit, now: now, format: f}
}

// Unit returns the id that the formatter was made with.
func (f Formatter) Unit() string { return f.unit }

// Binary reports whether the unit has prefixes that are powers of 1,024, such as KiB.
func (f Formatter) Binary() bool {
	_, ok := binaryIDs[f.unit]
	return ok
}

// Format prints v. With nil decimals it shows about three significant digits.
func (f Formatter) Format(v float64, decimals *int) Formatted {
	if math.IsNaN(v) {
		return Formatted{Text: "NaN"}
	}
	return f.format(v, decimals, f.now)
}

// IsDate reports whether numbers of the unit are times, in milliseconds since 1970.
func IsDate(unit string) bool {
	return strings.HasPrefix(unit, "dateTime") && known(unit) || strings.HasPrefix(unit, "time:")
}

// IsBool reports whether numbers of the unit are true or false.
func IsBool(unit string) bool { return strings.HasPrefix(unit, "bool") }

func known(unit string) bool {
	_, ok := units[unit]
	return ok
}

// custom reads the units that are not in the table: free text, and text that begins with suffix:,
// prefix:, si:, count:, currency:, time: or bool:.
func custom(unit string) format {
	kind, rest, ok := strings.Cut(unit, ":")
	if !ok {
		return suffixed(unit)
	}
	switch kind {
	case "prefix":
		return prefixed(rest)
	case "suffix":
		return suffixed(rest)
	case "time":
		return date(rest, "")
	case "si":
		if power, symbol, ok := siPrefix(rest); ok {
			return si(symbol, power)
		}
		return si(rest, 0)
	case "count":
		return counted(rest)
	case "currency":
		return customCurrency(rest)
	case "bool":
		yes, no, ok := strings.Cut(rest, "/")
		if !ok {
			no = "-"
		}
		return boolean(yes, no)
	}
	return suffixed(unit)
}

// customCurrency reads a symbol, or financial:SYMBOL and financial:SYMBOL:suffix.
func customCurrency(rest string) format {
	parts := strings.Split(rest, ":")
	if parts[0] != "financial" || len(parts) < 2 {
		return currency(rest, false)
	}
	if parts[1] == "" {
		return suffixed("")
	}
	return financial(parts[1], len(parts) > 2 && parts[2] == "suffix")
}

func suffixed(unit string) format {
	if unit != "" {
		unit = " " + unit
	}
	return func(v float64, decimals *int, _ time.Time) Formatted {
		return Formatted{Text: fixed(v, decimals), Suffix: unit}
	}
}

func prefixed(unit string) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		return Formatted{Prefix: unit, Text: fixed(v, decimals)}
	}
}

// scaled divides by powers of factor, and writes the suffix of the power. The suffix at base is
// that of the value itself.
func scaled(factor float64, suffixes []string, base int) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		if math.IsInf(v, 0) {
			return Formatted{Text: fixed(v, decimals)}
		}
		power := 0
		if v != 0 {
			power = int(math.Floor(log10(math.Abs(v)) / log10(factor)))
		}
		power = min(max(power, -base), len(suffixes)-1-base)
		return Formatted{
			Text:   fixed(v/math.Pow(factor, float64(power)), decimals),
			Suffix: suffixes[base+power],
		}
	}
}

// siPrefixes are the prefixes of the powers of 1,000. The power 0, at siBase, has an empty one.
var siPrefixes = []string{"f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"}

const siBase = 5

// siPrefix returns the power of 1,000 that s begins with, and the rest of s.
func siPrefix(s string) (power int, symbol string, ok bool) {
	if rest, ok := strings.CutPrefix(s, "μ"); ok { // the Greek letter
		s = "µ" + rest
	}
	for i, prefix := range siPrefixes {
		if rest, ok := strings.CutPrefix(s, prefix); ok && prefix != "" {
			return i - siBase, rest, true
		}
	}
	return 0, s, false
}

// si scales by powers of 1,000. The value is in units of 1,000 to the power of power.
func si(symbol string, power int) format {
	return scaled(1000, spaced(siPrefixes, symbol), siBase+power)
}

var binaryPrefixes = []string{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"}

// binary scales by powers of 1,024. The value is in units of 1,024 to the power of power.
func binary(symbol string, power int) format {
	return scaled(1024, spaced(binaryPrefixes, symbol), power)
}

func spaced(prefixes []string, symbol string) []string {
	out := make([]string, len(prefixes))
	for i, p := range prefixes {
		out[i] = " " + p + symbol
	}
	return out
}

var thousands = []string{"", "K", "M", "B", "T"}

func counted(symbol string) format {
	scale := scaled(1000, thousands, 0)
	return func(v float64, decimals *int, now time.Time) Formatted {
		f := scale(v, decimals, now)
		f.Suffix += " " + symbol
		return f
	}
}

func currency(symbol string, behind bool) format {
	scale := scaled(1000, thousands, 0)
	return func(v float64, decimals *int, now time.Time) Formatted {
		f := scale(math.Abs(v), decimals, now)
		if behind {
			f.Suffix += symbol
		} else {
			f.Prefix = symbol
		}
		if v < 0 {
			f.Prefix = "-" + f.Prefix
		}
		return f
	}
}

// financial prints a number in full: 1,234,567.8.
func financial(symbol string, behind bool) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		f := Formatted{Text: grouped(v, 0, 1)}
		if decimals != nil {
			n := limited(*decimals)
			f.Text = grouped(v, n, n)
		}
		if behind {
			f.Suffix = symbol
		} else {
			f.Prefix = symbol
		}
		return f
	}
}

func boolean(yes, no string) format {
	return func(v float64, _ *int, _ time.Time) Formatted {
		if v == 0 {
			return Formatted{Text: no}
		}
		return Formatted{Text: yes}
	}
}

func percent(times float64) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		return Formatted{Text: fixed(times*v, decimals), Suffix: "%"}
	}
}

func plain(v float64, _ *int, _ time.Time) Formatted { return Formatted{Text: numberString(v)} }

func locale(v float64, decimals *int, _ time.Time) Formatted {
	most := 3
	if decimals != nil {
		most = limited(*decimals)
	}
	return Formatted{Text: grouped(v, 0, most)}
}

func scientific(v float64, decimals *int, _ time.Time) Formatted {
	if math.IsInf(v, 0) {
		return Formatted{Text: fixed(v, nil)}
	}
	return Formatted{Text: exponential(v, decimals)}
}

func hex(prefix string) format {
	return func(v float64, decimals *int, _ time.Time) Formatted {
		if math.IsInf(v, 0) {
			return Formatted{Text: fixed(v, nil)}
		}
		rounded, err := strconv.ParseFloat(fixed(v, decimals), 64)
		if err != nil {
			return Formatted{Text: fixed(v, decimals)}
		}
		text := hexadecimal(math.Abs(rounded))
		if rounded < 0 {
			return Formatted{Text: "-" + prefix + text}
		}
		return Formatted{Text: prefix + text}
	}
}
