package snapshot

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// DefaultTop is how many series a panel draws as lines where its Spec names no number. Eight is what the palette tells apart.
const DefaultTop = 8

// fold takes the series of one answer, one at a time, and keeps what is drawn and said of them.
type fold struct {
	spec     *Spec
	grid     series.Grid
	nodes    Nodes
	capacity map[uint64]float64 // by the hash of the answer's labels; nil where the panel has none

	top    int
	rows   []Row
	kept   lineHeap
	rest   accumulator
	sample sampler
	found  []Finding
	ok     int
	newest int // index of the newest sample of all, -1 while there is none
}

func newFold(spec *Spec, g series.Grid, nodes Nodes, capacity map[uint64]float64) *fold {
	top := spec.Top
	if top <= 0 {
		top = DefaultTop
	}
	return &fold{spec: spec, grid: g, nodes: nodes, capacity: capacity, top: top, newest: -1, sample: newSampler(g.Len)}
}

// add judges one series and keeps of it what is needed. s is only read, and not held.
func (f *fold) add(s series.Series) error {
	asked := s.Labels
	s.Labels = s.Labels.Clone()
	node := f.nodes.Of(s.Labels)
	if node != "" && s.Labels.Get("node") == "" {
		s.Labels = s.Labels.With("node", node)
	}
	stats := describe(s.Values, f.grid)
	row := Row{
		Name: legend(f.spec.Legend, s.Labels), Node: node, Labels: s.Labels, Stats: stats,
		Capacity: math.NaN(), Rank: stats.Max, Status: rules.OK,
	}
	if c, ok := f.capacity[asked.Hash()]; ok {
		row.Capacity = c
	}
	f.newest = max(f.newest, series.Newest(s.Values))
	f.judge(&row, s)
	f.rows = append(f.rows, row)
	f.sample.offer(row.Labels, s.Values)
	f.keep(row, s.Values)
	return nil
}

// judge puts every rule of the panel to the series.
func (f *fold) judge(row *Row, s series.Series) {
	for i, r := range f.spec.Rules {
		r = overridden(r, i == 0, f.spec.Overrides, s.Labels)
		if i == 0 {
			row.Rank = rules.Figure(r, s)
		}
		got := rules.Judge(r, s, f.grid)
		if got.Status != rules.OK {
			row.Status, row.Severity = graver(row.Status, row.Severity, got)
		}
		if got.Status != rules.OK || got.Earlier != nil {
			f.found = append(f.found, Finding{Finding: got, Name: row.Name, Node: row.Node, Capacity: row.Capacity})
		}
	}
	if row.Status == rules.OK {
		f.ok++
	}
}

func graver(st rules.Status, sev rules.Severity, f rules.Finding) (rules.Status, rules.Severity) {
	have := rules.Finding{Status: st, Severity: sev, Value: math.NaN(), Limit: math.NaN()}
	if have.Worse(f) {
		return st, sev
	}
	return f.Status, f.Severity
}

// overridden returns the rule with the limits of the last override that names it and matches.
func overridden(r rules.Rule, first bool, overrides []Override, ls series.Labels) rules.Rule {
	for _, o := range overrides {
		if (o.Rule == r.Name || o.Rule == "" && first) && o.matches(ls) {
			r.Warning, r.Critical = o.Warning, o.Critical
		}
	}
	return r
}

func (o Override) matches(ls series.Labels) bool {
	for _, m := range o.Match {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// keep holds the samples of the series of the highest rank, and folds those that give way into the rest.
func (f *fold) keep(row Row, values []float64) {
	if len(f.kept.lines) < f.top {
		heap.Push(&f.kept, keptLine{Line{row, slices.Clone(values)}, f.key(row)})
		return
	}
	lowest := f.kept.lines[0]
	k := f.key(row)
	if !worseRank(k, row.Labels, lowest.key, lowest.Labels) {
		f.rest.add(values)
		return
	}
	f.rest.add(lowest.Values)
	buf := append(lowest.Values[:0], values...)
	f.kept.lines[0] = keptLine{Line{row, buf}, k}
	heap.Fix(&f.kept, 0)
}

// key is the rank turned so that the worst is the highest; a series without a figure is the lowest.
func (f *fold) key(row Row) float64 {
	if math.IsNaN(row.Rank) {
		return math.Inf(-1)
	}
	if len(f.spec.Rules) > 0 && f.spec.Rules[0].Direction == rules.Below {
		return -row.Rank
	}
	return row.Rank
}

// worseRank orders by rank, then by labels, so that the same data keeps the same lines whatever order the server sends it in.
func worseRank(ka float64, a series.Labels, kb float64, b series.Labels) bool {
	if ka != kb {
		return ka > kb
	}
	return a.Compare(b) < 0
}

// into moves what was folded into the panel.
func (f *fold) into(p *Panel) {
	p.Total, p.OK = len(f.rows), f.ok
	slices.SortFunc(f.rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(f.key(b), f.key(a)), a.Labels.Compare(b.Labels))
	})
	p.Rows = f.rows
	slices.SortFunc(f.kept.lines, func(a, b keptLine) int {
		return cmp.Or(cmp.Compare(b.key, a.key), a.Labels.Compare(b.Labels))
	})
	drawn := map[uint64]bool{}
	for _, l := range f.kept.lines {
		p.Lines = append(p.Lines, l.Line)
		drawn[l.Labels.Hash()] = true
	}
	if f.rest.series > 0 {
		p.Rest = f.rest.band(f.sample.without(drawn))
	}
	slices.SortFunc(f.found, func(a, b Finding) int {
		switch {
		case a.Worse(b.Finding):
			return -1
		case b.Worse(a.Finding):
			return 1
		}
		return cmp.Or(a.Labels.Compare(b.Labels), cmp.Compare(a.Rule, b.Rule))
	})
	p.Findings = f.found
}

// describe computes the figures of one series over its finite samples; Last is the newest sample of any kind.
func describe(values []float64, g series.Grid) Stats {
	s := Stats{Last: math.NaN(), Avg: math.NaN(), Min: math.NaN(), Max: math.NaN()}
	var mean float64
	var at int
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		s.Last = v
		if math.IsInf(v, 0) {
			continue
		}
		s.Samples++
		// The running mean overflows for no finite samples, which a sum does.
		mean += v/float64(s.Samples) - mean/float64(s.Samples)
		if !(v >= s.Min) {
			s.Min = v
		}
		if !(v <= s.Max) {
			s.Max, at = v, i
		}
	}
	if s.Samples > 0 {
		s.Avg = min(max(mean, s.Min), s.Max)
		s.MaxAt = g.At(at)
	}
	return s
}

// staleAfter is how old the newest sample of a complete answer may be.
func staleAfter(g series.Grid) time.Duration { return max(5*time.Minute, 2*g.Step) }

type keptLine struct {
	Line
	key float64
}

// lineHeap has the line that gives way first on top.
type lineHeap struct{ lines []keptLine }

func (h *lineHeap) Len() int { return len(h.lines) }
func (h *lineHeap) Less(i, j int) bool {
	a, b := h.lines[i], h.lines[j]
	return worseRank(b.key, b.Labels, a.key, a.Labels)
}
func (h *lineHeap) Swap(i, j int) { h.lines[i], h.lines[j] = h.lines[j], h.lines[i] }
func (h *lineHeap) Push(x any)    { h.lines = append(h.lines, x.(keptLine)) }
func (h *lineHeap) Pop() any {
	l := h.lines[len(h.lines)-1]
	h.lines = h.lines[:len(h.lines)-1]
	return l
}
