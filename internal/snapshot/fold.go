package snapshot

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// rowBlock is the number of rows in a block.
const rowBlock = 64

// fold takes the series of a panel's answers one at a time and keeps what is drawn and reported.
type fold struct {
	spec      *panel.Spec
	overrides []override // of spec
	grid      series.Grid
	nodes     Nodes
	pool      *labelPool // nil if there is only one panel
	query     int        // the index of the query whose series are added now
	// for the first query's series, by the hash of their labels; nil if the panel has none
	capacity map[uint64]capacity

	// called with each series instead of judging and keeping it; nil: not called
	take func(identified)

	top int // how many series of a query are drawn
	// in blocks of rowBlock, because growing one slice leaves four times its size as garbage
	rows   [][]Row
	kept   []lineHeap // by query
	rest   accumulator
	sample sampler
	united map[uint64]*identified // series that several exporters report about one node
	found  []Finding
	ok     int
	newest []int // by query: index of the newest sample of all series, -1 if there is none
}

func newFold(spec *panel.Spec, g series.Grid, nodes Nodes,
	capacity map[uint64]capacity) (*fold, error) {
	overrides, err := compiled(spec.Overrides)
	if err != nil {
		return nil, err
	}
	f := &fold{
		spec: spec, overrides: overrides, grid: g, nodes: nodes, capacity: capacity,
		top: topOf(spec), sample: newSampler(g.Len),
	}
	for range max(len(spec.Queries), 1) {
		f.kept, f.newest = append(f.kept, lineHeap{compare: byRank(spec)}), append(f.newest, -1)
	}
	return f, nil
}

// next switches to the series of the next query.
func (f *fold) next() {
	f.addUnited()
	f.query++
}

// asked returns the query whose series are added now.
func (f *fold) asked() panel.Query {
	if len(f.spec.Queries) == 0 {
		return panel.Query{}
	}
	return f.spec.Queries[f.query]
}

// oldest returns the index of the newest sample of the query whose newest sample is the oldest, -1
// if no query has one.
func (f *fold) oldest() int {
	oldest := -1
	for _, n := range f.newest {
		if n >= 0 && (oldest < 0 || n < oldest) {
			oldest = n
		}
	}
	return oldest
}

// topOf returns how many series of each query are lines. The queries of a panel share the maximum
// of its kind.
func topOf(spec *panel.Spec) int {
	if spec.Top > 0 {
		return spec.Top
	}
	n := max(len(spec.Queries), 1)
	return (spec.Kind.Top() + n - 1) / n
}

// firstOf divides sorted lines into the worst of each query, which are drawn, and the rest.
func firstOf(lines []Line, top int) (drawn, rest []Line) {
	of := map[string]int{}
	for _, l := range lines {
		if of[l.Ref]++; of[l.Ref] <= top {
			drawn = append(drawn, l)
		} else {
			rest = append(rest, l)
		}
	}
	return drawn, rest
}

// direction returns the direction of a query's first rule, which says where its worst series are.
func direction(spec *panel.Spec, query panel.Query) rules.Direction {
	for _, r := range spec.Rules {
		if !r.FullIn && spec.Query(r.Ref) == query {
			return r.Direction
		}
	}
	return rules.Above
}

// addSeries judges one series and keeps what is needed. It keeps the labels but only reads the
// samples.
func (f *fold) addSeries(s identified) {
	if f.take != nil {
		f.take(s)
		return
	}
	f.addNamed(s, f.nameOf(s))
}

// nameOf returns the legend of a series.
func (f *fold) nameOf(s identified) string {
	format := f.asked().Legend
	name := legend(format, f.nodes.legendLabels(format, f.described(s), s.node))
	if f.spec.Builtin {
		name = short(f.nodes.Shown(s.Labels.Get(clusterLabel), name))
	}
	return name
}

// addNamed is addSeries with a name that does not come from the labels.
func (f *fold) addNamed(s identified, name string) {
	if f.take != nil {
		f.take(s)
		return
	}
	stats, newest := describe(s.Values, f.grid), series.Newest(s.Values)
	if f.pool != nil {
		s.Labels, name = f.pool.of(s.Labels, name)
	}
	row := Row{
		Name: name, Node: f.nodes.Shown(f.nodes.ClusterOf(s.Labels), s.node), Ref: f.asked().Ref,
		Labels: s.Labels, NodeAdded: s.added,
		Stats: stats, Change: changeOf(s.Values, newest, f.grid.Step),
		Capacity: math.NaN(), Rank: stats.Max, Status: rules.OK,
	}
	if c, ok := f.capacityOf(s); ok {
		row.Capacity = c.size
	}
	f.newest[f.query] = max(f.newest[f.query], newest)
	f.judge(&row, s.Series, f.described(s))
	if n := len(f.rows); n == 0 || len(f.rows[n-1]) == rowBlock {
		f.rows = append(f.rows, make([]Row, 0, rowBlock))
	}
	block := &f.rows[len(f.rows)-1]
	*block = append(*block, row)
	f.sample.offer(row.Key(), s.Values)
	f.keep(row, s.Values)
}

// described returns the labels of a series together with those that its capacity adds.
func (f *fold) described(s identified) series.Labels {
	ls := s.Labels
	c, _ := f.capacityOf(s)
	for _, l := range c.aside {
		ls = ls.With(l.Name, l.Value)
	}
	return ls
}

// capacityOf returns the capacity of a series, which is queried at the end of the range.
func (f *fold) capacityOf(s identified) (capacity, bool) {
	if s.past || f.query > 0 {
		return capacity{}, false
	}
	c, ok := f.capacity[s.asked.Hash()]
	return c, ok
}

// judge applies every rule of the query to the series and gives the row the worst result, except
// those with FullIn, which judge its history. described are the labels from fold.described.
func (f *fold) judge(row *Row, s series.Series, described series.Labels) {
	worst, first := rules.Finding{Status: rules.OK}, true
	for i, r := range f.spec.Rules {
		if r.FullIn || f.spec.Query(r.Ref).Ref != f.asked().Ref {
			continue
		}
		r = overridden(r, i == 0, f.overrides, described)
		if first {
			first, row.Rank = false, rules.Figure(r, s)
		}
		got := rules.Judge(r, s, f.grid)
		departed := f.nodes.Departed(s.Labels, s.Labels.Get("node"))
		if got.Status == rules.NoData && departed {
			got.Status = rules.Gone
		}
		if got.Status == rules.Gone && got.Streak != nil && !departed &&
			f.nodes.Silent(f.nodes.ClusterOf(s.Labels)) {
			// it fired at its newest sample, and the source that would know its object is silent
			got.Status = rules.NoData
		}
		if got.Status != rules.OK || got.Earlier != nil {
			f.found = append(f.found, Finding{
				Finding: got, Name: row.Name, Node: row.Node, Ref: row.Ref, Capacity: row.Capacity,
			})
		}
		if got.Status != rules.OK && (worst.Status == rules.OK || got.Compare(worst) < 0) {
			worst = got
		}
	}
	if first && len(f.spec.Rules) > 0 {
		row.Status = rules.Unknown // the rules judge other queries, or the history
		return
	}
	row.Status, row.Severity = worst.Status, worst.Severity
	if row.Status == rules.OK {
		f.ok++
	}
}

// override is a compiled override of the panel.
type override struct {
	panel.Override
	matches func(series.Labels) bool
}

func compiled(of []panel.Override) ([]override, error) {
	out := make([]override, len(of))
	for i, o := range of {
		matches, err := o.Compile()
		if err != nil {
			return nil, fmt.Errorf("reading an override: %w", err)
		}
		out[i] = override{o, matches}
	}
	return out, nil
}

// overridden returns the rule with the limits of the last override that names it and matches.
func overridden(r rules.Rule, first bool, overrides []override, ls series.Labels) rules.Rule {
	for _, o := range overrides {
		if (o.Rule == r.Name || o.Rule == "" && first) && o.matches(ls) {
			r.Warning, r.Critical = o.Warning, o.Critical
		}
	}
	return r
}

// keep keeps the samples of the worst series and adds those of replaced series to the rest.
func (f *fold) keep(row Row, values []float64) {
	kept := &f.kept[f.query]
	if len(kept.lines) < f.top {
		heap.Push(kept, Line{Row: row, Values: slices.Clone(values)})
		return
	}
	first := &kept.lines[0]
	if kept.compare(row, first.Row) > 0 {
		f.rest.add(values)
		return
	}
	f.rest.add(first.Values)
	*first = Line{Row: row, Values: append(first.Values[:0], values...)}
	heap.Fix(kept, 0)
}

// byRank orders rows by query, then the worst in the rule's direction first. Among equals, the one
// with the worst sample in the window comes first, so that a state which came and went is drawn. Of
// states, those that lasted longer come next. Then labels decide, so that the same data keeps the
// same lines in whatever order the server sends it.
func byRank(spec *panel.Spec) func(a, b Row) int {
	if len(spec.Queries) <= 1 {
		return byRankIn(spec, spec.Query(""))
	}
	place, within := map[string]int{}, make([]func(a, b Row) int, len(spec.Queries))
	for i, q := range spec.Queries {
		place[q.Ref], within[i] = i, byRankIn(spec, q)
	}
	return func(a, b Row) int {
		i, j := place[a.Ref], place[b.Ref]
		if i != j {
			return cmp.Compare(i, j)
		}
		return within[i](a, b)
	}
}

// byRankIn orders the rows of one query.
func byRankIn(spec *panel.Spec, q panel.Query) func(a, b Row) int {
	d := direction(spec, q)
	extreme := func(s Stats) float64 {
		if d == rules.Below {
			return s.Min
		}
		return s.Max
	}
	return func(a, b Row) int {
		order := cmp.Or(d.Compare(a.Rank, b.Rank), d.Compare(extreme(a.Stats), extreme(b.Stats)))
		if order == 0 && spec.Kind == panel.Heatmap {
			order = d.Compare(a.Stats.Avg, b.Stats.Avg)
		}
		return cmp.Or(order, a.Labels.Compare(b.Labels))
	}
}

// into moves the result into the panel.
func (f *fold) into(p *Panel) {
	f.addUnited()
	p.Rows = slices.Concat(f.rows...)
	p.Total, p.OK = len(p.Rows), f.ok
	compare := byRank(f.spec)
	slices.SortFunc(p.Rows, compare)
	for _, kept := range f.kept {
		p.Lines = append(p.Lines, kept.lines...)
	}
	slices.SortFunc(p.Lines, func(a, b Line) int { return compare(a.Row, b.Row) })
	for i := range p.Lines {
		p.Lines[i].Climbs = climbsOf(p.Lines[i].Values)
	}
	if f.rest.series > 0 {
		sample := notDrawn(f.sample.h, p.Lines)
		p.Rest = f.rest.band(sample)
		if p.Kept != nil {
			slices.SortFunc(sample, byHash)
			p.Kept.Sample = sample
		}
	}
	slices.SortFunc(f.found, func(a, b Finding) int { return a.Compare(b.Finding) })
	p.Findings = f.found
	if legends := p.makeNamesDistinct(); p.Kept != nil {
		p.Kept.Legends = legends
	}
}

// makeNamesDistinct renames series that have the same legend. It returns the old names of the rows,
// nil if none changed.
func (p *Panel) makeNamesDistinct() []string {
	names, all := make([]string, len(p.Rows)), make([]series.Labels, len(p.Rows))
	for i := range p.Rows {
		names[i], all[i] = p.Rows[i].Name, p.Rows[i].Labels
	}
	renamed := map[uint64]string{}
	for i, name := range p.distinctNames(names, all) {
		if name != p.Rows[i].Name {
			p.Rows[i].Name, renamed[p.Rows[i].Key()] = name, name
		}
	}
	if len(renamed) == 0 {
		return nil
	}
	for i := range p.Lines {
		p.Lines[i].Name = cmp.Or(renamed[p.Lines[i].Key()], p.Lines[i].Name)
	}
	for i := range p.Findings {
		p.Findings[i].Name = cmp.Or(renamed[p.Findings[i].Key()], p.Findings[i].Name)
	}
	p.renameHistory(func(name *string, key uint64) { *name = cmp.Or(renamed[key], *name) })
	return names
}

// distinctNames returns distinct names for the rows: first within each query, whose rows are
// contiguous, then across queries by adding their refs.
func (p *Panel) distinctNames(names []string, all []series.Labels) []string {
	if !p.several() {
		return distinctNames(p.Spec.Query("").Legend, names, all)
	}
	var out []string
	// by name: the query that has it; "" if several have it
	refs := map[string]string{}
	for from := 0; from < len(p.Rows); {
		ref, to := p.Rows[from].Ref, from
		for to < len(p.Rows) && p.Rows[to].Ref == ref {
			to++
		}
		own := distinctNames(p.Spec.Query(ref).Legend, names[from:to], all[from:to])
		for _, name := range own {
			if first, known := refs[name]; known && first != ref {
				refs[name] = ""
			} else if !known {
				refs[name] = ref
			}
		}
		out, from = append(out, own...), to
	}
	for i, name := range out {
		if refs[name] == "" {
			out[i] = outside.Middle(name+" ("+p.Rows[i].Ref+")", maxName)
		}
	}
	return out
}

// describe computes the stats of one series from its finite samples. Last is the newest sample of
// any kind.
func describe(values []float64, g series.Grid) Stats {
	s := Stats{Last: math.NaN(), Avg: math.NaN(), Min: math.NaN(), Max: math.NaN()}
	lo, hi, sum, at := math.Inf(1), math.Inf(-1), 0.0, 0
	for i, v := range values {
		if v-v != 0 { // NaN or an infinity; one comparison is faster for millions of samples
			if !math.IsNaN(v) {
				s.Last = v
			}
			continue
		}
		s.Last = v
		s.Samples++
		sum += v
		if v < lo {
			lo = v
		}
		if v > hi {
			hi, at = v, i
		}
	}
	if s.Samples == 0 {
		return s
	}
	s.Min, s.Max, s.MaxAt = lo, hi, g.At(at)
	// if the sum overflows, the average is the largest sample
	s.Avg = min(max(sum/float64(s.Samples), lo), hi)
	return s
}

// lineHeap has the line that is replaced first on top.
type lineHeap struct {
	lines   []Line
	compare func(a, b Row) int
}

func (h *lineHeap) Len() int           { return len(h.lines) }
func (h *lineHeap) Less(i, j int) bool { return h.compare(h.lines[i].Row, h.lines[j].Row) > 0 }
func (h *lineHeap) Swap(i, j int)      { h.lines[i], h.lines[j] = h.lines[j], h.lines[i] }
func (h *lineHeap) Push(x any)         { h.lines = append(h.lines, x.(Line)) }
func (h *lineHeap) Pop() any {
	l := h.lines[len(h.lines)-1]
	h.lines = h.lines[:len(h.lines)-1]
	return l
}
