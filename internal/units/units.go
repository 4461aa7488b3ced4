// Package units writes and reads numbers for people: bytes, percent, cores, seconds, rates and
// counts. It imports no other package of promsnap.
//
// A Unit is the base unit of a panel's numbers, named by Grafana's id. Format writes one number for
// a person, Axis writes the numbers of an axis, and ParseValue reads a threshold that a person
// wrote.
package units

import (
	"fmt"
	"slices"
	"strings"
)

// Unit is the unit of a panel's numbers. The zero value is a plain number.
type Unit uint8

// The units. The word after each one is its id.
const (
	None     Unit = iota // none: a number without a prefix
	Short                // short: a count; 12.3 K, 4 Mil
	Bytes                // bytes: bytes in powers of 1,024; 60.4 GiB
	DecBytes             // decbytes: bytes in powers of 1,000; 64.9 GB
	Percent              // percent: 0 to 100; 94 %
	// percentunit: a ratio, 0 to 1, shown as a percentage; 0.94 is 94 %
	PercentUnit
	Cores             // cores: CPU cores; 1.5 cores
	Seconds           // s: seconds; 12.3 ms, 3 h 20 min
	Milliseconds      // ms: milliseconds; shown as seconds are
	Microseconds      // µs: microseconds; shown as seconds are
	Duration          // dtdurations: a duration in seconds; shown as seconds are
	BytesPerSecond    // Bps: bytes per second in powers of 1,000; 12.3 MB/s
	BinBytesPerSecond // binBps: bytes per second in powers of 1,024; 11.7 MiB/s
	BitsPerSecond     // bps: bits per second in powers of 1,000; 98.4 Mb/s
	PacketsPerSecond  // pps: packets per second
	CountsPerSecond   // cps: counts per second
	OpsPerSecond      // ops: operations per second
	RequestsPerSecond // reqps: requests per second
	IOPerSecond       // iops: input and output operations per second
	ReadsPerSecond    // rps: reads per second
	WritesPerSecond   // wps: writes per second
	EventsPerSecond   // eps: events per second
	numNamed          // the number of units with a constant; the others follow
)

// row describes a unit. The number shown is a value times per. scale holds the prefixes and names
// to write.
type row struct {
	id    string
	per   float64
	scale []step   // ascending; the first is the smallest in use
	reads []step   // what ParseValue accepts besides scale
	ticks stepping // the steps of an axis
	write string   // an example of a threshold, for errors
	most  float64  // a larger threshold without a suffix is a mistake; 0: no limit
}

// step is one name on a unit's scale and its factor.
type step struct {
	factor float64
	symbol string
	one    string // the symbol after the number 1, if it differs
}

// stepping is the kind of distances between the ticks of an axis.
type stepping uint8

const (
	decimal stepping = iota // 1, 2, 2.5 and 5 times a power of ten
	binary                  // powers of two
	clock                   // round seconds, minutes, hours and days
)

// table holds a row for each unit, first those with a constant. It is never written to.
var table = slices.Concat(named[:], others())

// named are the units with a constant.
var named = [numNamed]row{
	None: {id: "none", per: 1, scale: plain(""), write: "a number such as 1.5"},
	Short: {
		id: "short", per: 1, scale: shortScale, reads: counts(""),
		write: "a number such as 1500 or 1.5K",
	},
	Percent: {id: "percent", per: 1, scale: plain("%"), write: "a percentage such as 92% or 92"},
	PercentUnit: {
		id: "percentunit", per: 100, scale: plain("%"),
		write: "a percentage such as 92% or a ratio such as 0.92", most: 10,
	},
	Cores: {
		id: "cores", per: 1, scale: []step{{1, "cores", "core"}}, reads: []step{
			{1, "core", ""}, {1e-3, "m", ""},
		},
		write: "cores such as 1.5 or 500m",
	},
	Bytes: {
		id: "bytes", per: 1, scale: iec("B"), reads: slices.Concat(si("B"), quantities),
		ticks: binary,
		write: "bytes such as 24GiB, 24GB or 1024",
	},
	DecBytes: {
		id: "decbytes", per: 1, scale: si("B"), reads: slices.Concat(iec("B"), quantities),
		write: "bytes such as 24GB, 24GiB or 1000",
	},
	BytesPerSecond: {
		id: "Bps", per: 1, scale: si("B/s"), reads: slices.Concat(iec("B/s"), quantities),
		write: "bytes per second such as 12MB/s or 12M",
	},
	BinBytesPerSecond: {
		id: "binBps", per: 1, scale: iec("B/s"), reads: slices.Concat(si("B/s"), quantities),
		ticks: binary,
		write: "bytes per second such as 12MiB/s or 12Mi",
	},
	BitsPerSecond: {
		id: "bps", per: 1, scale: si("b/s"), reads: slices.Concat(si("bit/s"), quantities),
		write: "bits per second such as 100Mb/s or 100M",
	},

	Seconds: {
		id: "s", per: 1, scale: timeScale, ticks: clock,
		write: "a duration such as 15m or 1h30m, or seconds",
	},
	Milliseconds: {
		id: "ms", per: 1e-3, scale: timeScale, ticks: clock,
		write: "a duration such as 250ms, or milliseconds",
	},
	Microseconds: {
		id: "µs", per: 1e-6, scale: timeScale, ticks: clock,
		write: "a duration such as 250us, or microseconds",
	},
	Duration: {
		id: "dtdurations", per: 1, scale: timeScale, ticks: clock,
		write: "a duration such as 15m or 1h30m, or seconds",
	},

	PacketsPerSecond:  rate("pps", "p/s"),
	CountsPerSecond:   rate("cps", "c/s"),
	OpsPerSecond:      rate("ops", "ops/s"),
	RequestsPerSecond: rate("reqps", "req/s"),
	IOPerSecond:       rate("iops", "io/s"),
	ReadsPerSecond:    rate("rps", "rd/s"),
	WritesPerSecond:   rate("wps", "wr/s"),
	EventsPerSecond:   rate("eps", "evt/s"),
}

// quantities are the bare suffixes of Kubernetes' resource quantities: 24Gi in powers of 1,024, 24G
// of 1,000.
var quantities = slices.Concat(iec(""), si(""))

// shortScale is Grafana's. Its words prevent reading a count's million as milli or mega.
var shortScale = []step{
	{1, "", ""}, {1e3, "K", ""}, {1e6, "Mil", ""}, {1e9, "Bil", ""}, {1e12, "Tri", ""},
}

// timeScale is the scale of durations below a minute. Longer ones use clockScale.
var timeScale = []step{
	{1e-9, "ns", ""}, {1e-6, "µs", ""}, {1e-3, "ms", ""}, {1, "s", ""}, {minute, "min", ""},
}

// others are units of Grafana that are shown as one with a constant but count in another measure.
func others() []row {
	var rows []row
	counted := func(like Unit, per float64, id, in string) {
		r := named[like]
		r.id, r.per = id, per*r.per
		r.write += ", a bare number being in " + in
		rows = append(rows, r)
	}
	prefixes := []struct{ bytes, rate, letter string }{
		{"k", "K", "k"}, {"m", "M", "M"}, {"g", "G", "G"}, {"t", "T", "T"}, {"p", "P", "P"},
	}
	bits := row{
		id: "decbits", per: 1, scale: si("b"), reads: slices.Concat(iec("b"), quantities),
		write: "bits such as 24Gb, 24Gib or 1000",
	}
	binBits := row{
		id: "bits", per: 1, scale: iec("b"), reads: slices.Concat(si("b"), quantities),
		ticks: binary, write: "bits such as 24Gib, 24Gb or 1024",
	}
	binRate := row{
		id: "binbps", per: 1, scale: iec("b/s"), reads: slices.Concat(si("b/s"), quantities),
		ticks: binary,
		write: "bits per second such as 100Mib/s or 100Mi",
	}
	rows = append(rows, binBits, bits, binRate)
	decimal, binary := 1.0, 1.0
	for _, p := range prefixes {
		decimal, binary = decimal*1000, binary*1024
		big := strings.ToUpper(p.letter)
		counted(Bytes, binary, p.bytes+"bytes", big+"iB")
		counted(DecBytes, decimal, "dec"+p.bytes+"bytes", p.letter+"B")
		counted(BytesPerSecond, decimal, p.rate+"Bs", p.letter+"B/s")
		counted(BinBytesPerSecond, binary, p.rate+"iBs", big+"iB/s")
		counted(BitsPerSecond, decimal, p.rate+"bits", p.letter+"b/s")
		r := binRate
		r.id, r.per = p.rate+"ibits", binary
		r.write += ", a bare number being in " + big + "ib/s"
		rows = append(rows, r)
	}
	counted(Seconds, 1e-9, "ns", "nanoseconds")
	counted(Seconds, minute, "m", "minutes")
	counted(Seconds, hour, "h", "hours")
	counted(Seconds, day, "d", "days")
	counted(Seconds, 1e-3, "dtdurationms", "milliseconds")
	return rows
}

// plain is the scale of a unit without prefixes.
func plain(symbol string) []step { return []step{{factor: 1, symbol: symbol}} }

// si is the scale of a unit with the prefixes of the International System.
func si(unit string) []step { return prefixed(unit, 1000, "", "k", "M", "G", "T", "P", "E") }

// iec is the scale of a unit with the binary prefixes of IEC 80000-13.
func iec(unit string) []step { return prefixed(unit, 1024, "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei") }

// counts is the scale of a counted thing in thousands, millions, ..., with the letters that Grafana
// uses for rates of counts.
func counts(thing string) []step {
	if thing != "" {
		thing = " " + thing
	}
	return append(prefixed(thing, 1000, "", "K", "M", "B", "T"), step{
		factor: 1e3, symbol: "k" + thing,
	})
}

// rate returns the row of a count per second.
func rate(id, symbol string) row {
	all := counts(symbol)
	for i := range all {
		all[i].symbol = strings.TrimSpace(all[i].symbol)
	}
	last := len(all) - 1 // the lower-case k is only read
	return row{
		id: id, per: 1, scale: all[:last], reads: slices.Concat(all[last:], counts("")),
		write: "a rate such as 1500, 1.5K or 1.5K " + symbol,
	}
}

// prefixed is the scale of unit with each prefix, each base times the one before.
func prefixed(unit string, base float64, prefixes ...string) []step {
	steps := make([]step, len(prefixes))
	factor := 1.0
	for i, p := range prefixes {
		steps[i] = step{factor: factor, symbol: p + unit}
		factor *= base
	}
	return steps
}

// row returns the row of u. A Unit without a constant is a plain number.
func (u Unit) row() *row {
	if int(u) >= len(table) {
		u = None
	}
	return &table[u]
}

// String returns u's id.
func (u Unit) String() string { return u.row().id }

// MarshalText writes u's id.
func (u Unit) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads an id as Parse does.
func (u *Unit) UnmarshalText(text []byte) (err error) {
	*u, err = Parse(string(text))
	return err
}

// IDs returns the id of every unit, first those with a constant, in their order.
func IDs() []string {
	ids := make([]string, 0, len(table))
	for i := range table {
		ids = append(ids, table[i].id)
	}
	return ids
}

// Parse returns the unit with an id. The empty id is a plain number. The error lists all ids.
func Parse(id string) (Unit, error) {
	if id == "" {
		return None, nil
	}
	for i := range table {
		if table[i].id == id {
			return Unit(i), nil
		}
	}
	return None, fmt.Errorf("unknown unit %q; write one of %s", shorten(id),
		strings.Join(IDs(), ", "))
}

// shorten shortens a long input for an error message.
func shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
