// Package series holds the results of range queries: label sets, and samples on a grid of steps. It
// is a leaf: every other package may import it.
package series

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Label is one name-value pair of a label set.
type Label struct{ Name, Value string }

// Labels is a label set, sorted by name without duplicates. The metric's name, if a query keeps it,
// is the label __name__.
type Labels []Label

// FromMap returns the label set of m.
func FromMap(m map[string]string) Labels {
	ls := make(Labels, 0, len(m))
	for n, v := range m {
		ls = append(ls, Label{n, v})
	}
	ls.Sort()
	return ls
}

// FromPairs returns the label set of name, value, name, value, … and ignores a name without a
// value.
func FromPairs(nv ...string) Labels {
	ls := make(Labels, 0, len(nv)/2)
	for i := 0; i+1 < len(nv); i += 2 {
		ls = append(ls, Label{nv[i], nv[i+1]})
	}
	ls.Sort()
	return ls
}

// Sort sorts ls by name.
func (ls Labels) Sort() {
	slices.SortFunc(ls, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
}

// Get returns the value of the label name, "" if there is none. To Prometheus an empty label and a
// missing one are the same.
func (ls Labels) Get(name string) string {
	for _, l := range ls {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// With returns a copy of ls in which name has value. An empty value removes the label.
func (ls Labels) With(name, value string) Labels {
	out := make(Labels, 0, len(ls)+1)
	for _, l := range ls {
		if l.Name != name {
			out = append(out, l)
		}
	}
	if value != "" {
		out = append(out, Label{name, value})
		out.Sort()
	}
	return out
}

// Clone returns a copy that shares only strings with ls.
func (ls Labels) Clone() Labels { return slices.Clone(ls) }

// Compare orders label sets by the first label that differs, name before value. A prefix comes
// first.
func (ls Labels) Compare(o Labels) int {
	return slices.CompareFunc(ls, o, func(a, b Label) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
}

// Hash returns a hash that is the same for a label set on every machine and in every run.
func (ls Labels) Hash() uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, l := range ls {
		// 0xff does not occur in UTF-8, so {a="bc"} and {ab="c"} differ.
		_, _ = d.WriteString(l.Name)
		_, _ = d.Write([]byte{0xff})
		_, _ = d.WriteString(l.Value)
		_, _ = d.Write([]byte{0xff})
	}
	return d.Sum64()
}

// String writes ls in PromQL syntax: {a="b", "c.d"="e"}. It allocates once, because it names every
// series without a legend.
func (ls Labels) String() string {
	size := len("{}")
	for _, l := range ls {
		size += len(l.Name) + len(l.Value) + len(`"", `) + len(`""=`)
	}
	b := make([]byte, 0, size)
	b = append(b, '{')
	for i, l := range ls {
		if i > 0 {
			b = append(b, ", "...)
		}
		if isPlain(l.Name) {
			b = append(b, l.Name...)
		} else {
			b = strconv.AppendQuote(b, l.Name)
		}
		b = append(b, '=')
		b = strconv.AppendQuote(b, l.Value)
	}
	return string(append(b, '}'))
}

// isPlain reports whether PromQL accepts a label name without quotes.
func isPlain(name string) bool {
	for i, c := range name {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
			(i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// Grid is the times of a range query's samples: Len of them, Step apart, starting at Start.
type Grid struct {
	Start time.Time
	Step  time.Duration
	Len   int
}

// At returns the time of sample i.
func (g Grid) At(i int) time.Time { return g.Start.Add(time.Duration(i) * g.Step) }

// End returns the time of the last sample, Start if the grid is empty.
func (g Grid) End() time.Time { return g.At(max(g.Len-1, 0)) }

// Range returns the time from the first to the last sample.
func (g Grid) Range() time.Duration { return g.End().Sub(g.Start) }

// Series is the samples of one label set on a Grid: Values[i] is at Grid.At(i), NaN if there is no
// sample. A sample that is NaN itself is NotANumber.
type Series struct {
	Labels Labels
	Values []float64
}

// Newest returns the index of the last sample of values, -1 if there is none.
func Newest(values []float64) int {
	for i := len(values) - 1; i >= 0; i-- {
		if !math.IsNaN(values[i]) {
			return i
		}
	}
	return -1
}

// Mean returns the mean of the finite samples, NaN if there is none.
func Mean(values []float64) float64 {
	mean, n := math.NaN(), 0.0
	for _, v := range values {
		switch n++; {
		case !Finite(v):
			n--
		case n == 1:
			mean = v
		default:
			mean += (v - mean) / n
		}
	}
	return mean
}
