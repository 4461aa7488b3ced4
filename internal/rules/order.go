package rules

import (
	"cmp"
	"math"
	"strings"
)

// Beyond reports whether v is on the bad side of limit. A value equal to the limit is not, and NaN
// never is.
func (d Direction) Beyond(v, limit float64) bool {
	if d == Below {
		return v < limit
	}
	return v > limit
}

// Compare orders figures, the worst first and NaN last.
func (d Direction) Compare(a, b float64) int {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return cmp.Compare(b, a) // cmp orders NaN first
	case d == Below:
		return cmp.Compare(a, b)
	}
	return cmp.Compare(b, a)
}

// Compare orders findings, the worst first: breaches, critical before warning; then findings
// without data or with a failed query; then pending ones; then those that ended or are OK, with an
// earlier streak before none. Among equals, the one further beyond its limit (as a share of the
// limit) comes first; then label sets and rule names decide.
func (f Finding) Compare(o Finding) int {
	return cmp.Or(
		cmp.Compare(f.rank(), o.rank()),
		cmp.Compare(o.Severity, f.Severity),
		cmp.Compare(o.earlier(), f.earlier()),
		cmp.Compare(o.excess(), f.excess()),
		f.Labels.Compare(o.Labels),
		strings.Compare(f.Rule, o.Rule),
	)
}

// rank orders findings by status, 0 being the worst.
func (f Finding) rank() int {
	for i, s := range [...]Status{Breach, NoData, Failed, Pending, Gone, Unknown} {
		if f.Status == s {
			return i
		}
	}
	return math.MaxInt
}

// earlier returns the severity of the ended streak. It counts only if nothing is wrong now.
func (f Finding) earlier() Severity {
	if f.Earlier == nil || f.Status == Breach || f.Status == Pending {
		return None
	}
	return f.Earlier.Severity
}

// excess returns how far the value is beyond its limit.
func (f Finding) excess() float64 {
	if f.Status != Breach && f.Status != Pending {
		return 0
	}
	return excess(f.Value, f.Limit)
}

// Excess returns how far the alert's newest sample is beyond its limit, as a share of the limit.
// For a limit of 0 it is the plain difference.
func (a Alert) Excess() float64 { return excess(float64(a.Value), float64(a.Limit)) }

func excess(value, limit float64) float64 {
	beyond := math.Abs(value - limit)
	if limit == 0 {
		return beyond
	}
	return beyond / math.Abs(limit)
}
