package snapshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

const (
	// narrowSteps is the number of samples of every series that one query of a narrowed panel makes
	// the server hold.
	narrowSteps = 24
	// longestQuery is the longest narrowed query: VictoriaMetrics refuses more than 16 KiB.
	longestQuery = 15 << 10
	// leastNames is the least room for names in a narrowed query, in bytes, however long the
	// panel's own query is.
	leastNames = 256
)

// askSeries queries and folds the panel's series. If there are more than one answer may have and
// the panel can be narrowed, it only queries those that matter.
func (p *Panel) askSeries(ctx context.Context, q Querier, v panel.Vars, o Options,
	gone *lostTargets) (*fold, promapi.Meta, error) {
	most := o.MaxSeries
	if most <= 0 {
		most = promapi.DefaultLimit
	}
	watched, can := watchOf(&p.Spec, v.Step)
	total := 0
	if can {
		total = p.countAll(ctx, q)
	}
	if total <= most {
		f, meta, err := p.askAll(ctx, q, v, o, gone)
		var many *promapi.LimitError
		if total == 0 || !errors.As(err, &many) { // narrowing needs the total
			return f, meta, err
		}
	}
	return p.askNarrowed(ctx, q, v, o, narrowing{watch: watched, total: total, most: most})
}

// askAll queries the capacities and then every series, counting the targets that are gone.
func (p *Panel) askAll(ctx context.Context, q Querier, v panel.Vars, o Options,
	gone *lostTargets) (*fold, promapi.Meta, error) {
	capacities := map[uint64]capacity{}
	if err := p.askCapacity(ctx, q, v, o, nil, capacities); err != nil {
		p.note(NoteWholeUnknown, err)
	}
	f, err := newFold(&p.Spec, p.Grid, o.Nodes, capacities)
	if err != nil {
		return nil, promapi.Meta{}, err
	}
	f.pool = o.pool
	meta, err := runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
		return q.Range(ctx, promapi.Query{Expr: p.Exprs[0], Grid: p.Grid, Limit: o.MaxSeries}, each)
	}, gone.adding(f))
	return f, meta, err
}

// countAll returns the number of series at the end of the range, 0 if unknown.
func (p *Panel) countAll(ctx context.Context, q Querier) int {
	n := 0
	_, err := q.Range(ctx, promapi.Query{Expr: `count(` + p.Exprs[0] + `)`, Grid: p.newest()},
		func(s series.Series) error {
			if c := s.Values[0]; c > 0 && c < math.MaxInt32 {
				n = int(c)
			}
			return nil
		})
	if err != nil {
		return 0
	}
	return n
}

// newest returns the last step of the panel's grid.
func (p *Panel) newest() series.Grid {
	return series.Grid{Start: p.Grid.End(), Step: p.Grid.Step, Len: 1}
}

// watch describes the series that the panel's rules may have findings for: those above a value for
// at least two samples on a grid with this step, or at the newest sample. The zero value, for a
// panel without rules, watches nothing.
type watch struct {
	above float64
	every time.Duration
}

// watchOf returns what a narrowed panel watches, and whether the panel can be narrowed.
func watchOf(s *panel.Spec, step time.Duration) (watch, bool) {
	if s.Narrow == "" || len(s.Rules) == 0 {
		return watch{}, s.Narrow != ""
	}
	if s.HasFullIn() {
		return watch{}, false // it judges every series
	}
	w := watch{above: math.Inf(1), every: math.MaxInt64}
	for _, r := range s.Rules {
		if !r.IsAlert() || r.Direction != rules.Above || r.Flaps || r.For <= 0 && s.Events == nil {
			return watch{}, false
		}
		w.above = min(w.above, lowest(r.Warning.Value, r.Warning.Set, r.Critical.Value,
			r.Critical.Set))
		// a third of For, so that no streak of For falls between two samples
		w.every = min(w.every, r.For/3)
	}
	for _, o := range s.Overrides {
		w.above = min(w.above, lowest(o.Warning.Value, o.Warning.Set, o.Critical.Value,
			o.Critical.Set))
	}
	if s.Events != nil {
		// an event counts for Within, but the count may be above the limit only briefly
		w.above, w.every = 0, s.Events.Within/2
	}
	w.every = max(w.every, step)
	return w, !math.IsInf(w.above, 0)
}

// lowest returns the lower of the limits that are set.
func lowest(warning float64, hasWarning bool, critical float64, hasCritical bool) float64 {
	low := math.Inf(1)
	if hasWarning {
		low = warning
	}
	if hasCritical {
		low = min(low, critical)
	}
	return low
}

// narrowing is the state of querying only some of a panel's series.
type narrowing struct {
	watch
	total int // series at the end of the range
	most  int // most series in an answer

	// the label hashes of the chosen series, by the value of Spec.Narrow
	chosen map[string]map[uint64]bool
	n      int
	meta   promapi.Meta
}

// askNarrowed finds the series that are above the limits anywhere in the range, on a coarser grid,
// and the highest series at its end. Then it queries only these on the panel's own grid, a few
// names at a time. The series left out are within the limits.
func (p *Panel) askNarrowed(ctx context.Context, q Querier, v panel.Vars, o Options,
	n narrowing) (*fold, promapi.Meta, error) {
	capacities := map[uint64]capacity{}
	f, err := newFold(&p.Spec, p.Grid, o.Nodes, capacities)
	if err != nil {
		return nil, n.meta, err
	}
	f.pool = o.pool
	n.chosen = map[string]map[uint64]bool{}
	if err := n.choose(ctx, q, p, v, min(f.top, n.most)); err != nil {
		return nil, n.meta, err
	}
	expr, present := n.meta.Expr, 0
	for _, names := range p.batches(n.chosen, o.Mapping) {
		narrowed, err := narrowedTo(p.Exprs[0], p.Spec.Narrow, names)
		if err != nil {
			return nil, n.meta, err
		}
		if err := p.askCapacity(ctx, q, v, o, names, capacities); err != nil {
			p.note(NoteWholeUnknown, err)
		}
		meta, err := runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
			return q.Range(ctx, promapi.Query{Expr: narrowed, Grid: p.Grid, Limit: n.most},
				func(s series.Series) error {
					if !n.chosen[s.Labels.Get(p.Spec.Narrow)][s.Labels.Hash()] {
						return nil
					}
					if last := len(s.Values) - 1; last >= 0 && !math.IsNaN(s.Values[last]) {
						present++
					}
					return each(s)
				})
		}, f.add)
		if err != nil {
			return nil, meta, err
		}
		addMeta(&n.meta, meta)
		n.meta.Grid = meta.Grid
	}
	n.meta.Expr = expr
	if left := n.total - present; left > 0 {
		p.LeftOut = left
		p.Notes = append(p.Notes, n.note(p, f.top))
	}
	return f, n.meta, nil
}

// note returns the note about the series left out.
func (n *narrowing) note(p *Panel, top int) Note {
	if n.every == 0 {
		return NoteOf(NoteLeftOutLower, p.LeftOut, n.total, top)
	}
	return NoteOf(NoteLeftOut, p.LeftOut, n.total, n.every, n.above, p.Spec.Unit(), top)
}

// choose finds the series that matter. No query asks for many samples of all series at once.
func (n *narrowing) choose(ctx context.Context, q Querier, p *Panel, v panel.Vars, top int) error {
	at := p.newest()
	n.meta.Grid = p.Grid
	if err := n.ask(ctx, q, p, fmt.Sprintf("topk(%d, %s)", top, p.Exprs[0]), at); err != nil {
		return err
	}
	if n.every == 0 {
		return nil
	}
	coarse := v
	coarse.Step = n.every
	above := " > " + strconv.FormatFloat(n.above, 'g', -1, 64)
	expr := "(" + panel.Expand(p.Spec.Query("").Expr, coarse) + ")" + above
	for g := panel.PlanGrid(p.Grid.End(), v.Range, n.every); g.Len > 0; {
		part := g
		part.Len = min(g.Len, narrowSteps)
		if err := n.ask(ctx, q, p, expr, part); err != nil {
			return err
		}
		g.Start, g.Len = g.Start.Add(time.Duration(part.Len)*g.Step), g.Len-part.Len
	}
	return n.ask(ctx, q, p, "("+p.Exprs[0]+")"+above, at)
}

// ask adds the series of an answer to the chosen ones.
func (n *narrowing) ask(ctx context.Context, q Querier, p *Panel, expr string,
	g series.Grid) error {
	meta, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: n.most},
		func(s series.Series) error {
			name, hash := s.Labels.Get(p.Spec.Narrow), s.Labels.Hash()
			if series.Newest(s.Values) < 0 || n.chosen[name][hash] {
				return nil
			}
			if n.n++; n.n > n.most {
				return &promapi.LimitError{Limit: n.most}
			}
			if n.chosen[name] == nil {
				name = strings.Clone(name)
				n.chosen[name] = map[uint64]bool{}
			}
			n.chosen[name][hash] = true
			return nil
		})
	if err != nil {
		return err
	}
	addMeta(&n.meta, meta)
	n.meta.Expr = meta.Expr
	return nil
}

// batches returns the sorted names in batches that fit into one query as the source gets it.
func (p *Panel) batches(chosen map[string]map[uint64]bool, m Mapping) [][]string {
	longest := p.Exprs[0]
	if c := p.Spec.Capacity; c != nil && len(c.Query) > len(longest) {
		longest = c.Query
	}
	sent, err := p.sizeOf(longest, m)
	if err != nil {
		sent = len(longest) // the query itself will return the error
	}
	room := max((longestQuery-len(longest)-sent)/max(selectors(longest), 1), leastNames)
	var out [][]string
	var now []string
	size := 0
	for _, name := range sortedKeys(chosen) {
		n := len(strconv.Quote(regexp.QuoteMeta(name)))
		if len(now) > 0 && size+n > room {
			out, now, size = append(out, now), nil, 0
		}
		now, size = append(now, name), size+n
	}
	if len(now) > 0 {
		out = append(out, now)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// selectors counts the selectors of a query.
func selectors(expr string) int {
	tree, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return 0
	}
	n := 0
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if _, ok := node.(*parser.VectorSelector); ok {
			n++
		}
		return nil
	})
	return n
}

// narrowedTo returns the query limited to series whose label is one of the names.
func narrowedTo(expr, label string, names []string) (string, error) {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	m, err := labels.NewMatcher(labels.MatchRegexp, label, strings.Join(quoted, "|"))
	if err != nil {
		return "", fmt.Errorf("narrowing the query: %w", err)
	}
	return promapi.AddMatchers(expr, []*labels.Matcher{m})
}
