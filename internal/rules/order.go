package rules

import (
	"cmp"
	"math"
	"strings"
)

// Beyond says that v lies on the bad side of limit. A value equal to it does not, and NaN never
// does.
func (d Direction) Beyond(v, limit float64) bool {
	if d == Below {
		return v < limit
	}
	return v > limit
}

// Compare orders figures, the worst in the rule's direction first and NaN last.
func (d Direction) Compare(a, b float64) int {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return cmp.Compare(b, a) // to cmp, NaN is the smallest
	case d == Below:
		return cmp.Compare(a, b)
	}
	return cmp.Compare(b, a)
}

// Compare orders findings, the worst first: what breaches, critical before warning; then what is
// silent or could not be asked; then what is pending, has ended, or is well, an earlier streak
// before none. Among equals the one further beyond its limit, as a share of the limit, comes first,
// then the label sets and the rules' names decide.
func (f Finding) Compare(o Finding) int {
	return cmp.Or(
		cmp.Compare(f.place(), o.place()),
		cmp.Compare(o.Severity, f.Severity),
		cmp.Compare(o.earlier(), f.earlier()),
		cmp.Compare(o.excess(), f.excess()),
		f.Labels.Compare(o.Labels),
		strings.Compare(f.Rule, o.Rule),
	)
}

// place is where a finding stands by its status, 0 being the worst.
func (f Finding) place() int {
	for i, s := range [...]Status{Breach, NoData, Failed, Pending, Gone, Unknown} {
		if f.Status == s {
			return i
		}
	}
	return math.MaxInt
}

// earlier is the gravity of the streak that has ended. It counts only where nothing is wrong now.
func (f Finding) earlier() Severity {
	if f.Earlier == nil || f.Status == Breach || f.Status == Pending {
		return None
	}
	return f.Earlier.Severity
}

// excess is how far beyond its limit the value is.
func (f Finding) excess() float64 {
	if f.Status != Breach && f.Status != Pending {
		return 0
	}
	return excess(f.Value, f.Limit)
}

// Excess is how far the alert's newest sample lies beyond its limit, as a share of the limit; of a
// limit of 0, simply how far.
func (a Alert) Excess() float64 { return excess(float64(a.Value), float64(a.Limit)) }

func excess(value, limit float64) float64 {
	beyond := math.Abs(value - limit)
	if limit == 0 {
		return beyond
	}
	return beyond / math.Abs(limit)
}
