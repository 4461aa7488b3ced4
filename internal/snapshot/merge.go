package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// Kept is what Merge needs of a panel beside what is shown of it.
type Kept struct {
	// the name of the part that the panel is, such as its cluster; "" of what was merged
	Part string
	// Legends are the names that the legend gave the Rows, in their order. Nil: all have these
	// names still.
	Legends []string
	// Sample are the series with the lowest hashes that are not in Lines: the percentiles of Rest
	// are theirs. It is nil where Rest is. It has at most 256 series and 2 MiB.
	Sample []Sampled
	// References are the lines that Spec.References came to, those that are drawn first, which are
	// the panel's References.
	References []Referred
}

// Sampled is a series by the hash of its labels.
type Sampled struct {
	Hash   uint64
	Values []float64 // on the panel's Grid
}

// Referred is a reference line without its samples.
type Referred struct {
	Index  int    // in Spec.References
	Legend string // its name before names were told apart
	Labels series.Labels
}

// Merge returns the panel that one Take would have made of what several parts answered, such as the
// clusters of a fleet. The parts answer one Spec on one grid, and were taken as parts
// (Options.Part). No series is in two parts: another label set, or an error. What belongs to one
// node or one job is in one part. Merge shares memory with the parts, and changes none of them.
//
// Counts, rows, lines, findings and their order, names, and of Rest all but Sum are what Take makes
// of the union. Sum is added up in a fixed order: the parts' sums by the order of the parts, then
// the lines that give way, the worst first. The last bits may differ from those of Take, which adds
// in the order of the answer. Parts are in the order of their names, then of their lowest label
// sets, so the order of the arguments does not matter; and parts may be merged a few at a time.
//
// Where Merge and Take differ, Merge says more:
//
//   - The bounds of one answer hold for each part. Options.MaxSeries may refuse or narrow the union
//     where it does neither to a part.
//   - A part that failed, is partial or old, or lacks its metrics makes the whole partial: what is
//     not known of the part is not known of the whole, and no alert ends on its account. The other
//     parts' rows stay judged as they were. Lacks names such parts with what is wrong, Partial says
//     it in a line. Where no part answered, the whole failed if one failed, and is absent
//     otherwise.
//   - An optional panel (Spec.Optional) is absent only where all parts are.
//   - A complete answer without series adds nothing.
//
// Notes and remarks are those of all parts, each once, and their counts added up. A note that only
// Take of a part has reason for, such as that its newest sample is old, is said of the whole.
func Merge(parts ...Panel) (Panel, error) {
	switch len(parts) {
	case 0:
		return Panel{}, errors.New("merging panels: there are none")
	case 1:
		return parts[0], nil
	}
	m := merging{parts: inOrder(parts)}
	if err := m.check(); err != nil {
		return Panel{}, fmt.Errorf("%w %s: %w", errParts, parts[0].Spec.Name, err)
	}
	first := m.parts[0]
	m.out = Panel{Spec: first.Spec, Exprs: m.exprs(), Grid: m.grid, Kept: &Kept{}}
	m.compare = byRank(&m.out.Spec)
	m.mergeData()
	if err := m.mergeRows(); err != nil {
		return Panel{}, fmt.Errorf("%w %s: %w", errParts, first.Spec.Name, err)
	}
	m.mergeLines()
	m.mergeFindings()
	m.out.Kept.Legends = m.out.nameApart()
	m.mergeReferences()
	m.mergeNotes()
	return m.out, nil
}

// MergeAll merges what each part has of every panel: by name, in the order of the first part that
// has the panel. A panel that cannot be merged failed, and so did one in a part that does not have
// it.
func MergeAll(parts ...[]Panel) []Panel {
	var out []Panel
	done := map[string]bool{}
	for _, part := range parts {
		for i := range part {
			name := part[i].Spec.Name
			if done[name] {
				continue
			}
			done[name] = true
			of := make([]Panel, len(parts))
			for j := range parts {
				of[j] = named(parts[j], part[i].Spec)
			}
			merged, err := Merge(of...)
			if err != nil {
				merged = Panel{
					Spec: part[i].Spec, Exprs: part[i].Exprs, Data: DataFailed,
					Failure: FailureOf(err), Kept: &Kept{},
				}
			}
			out = append(out, merged)
		}
	}
	return out
}

// named returns the panel of a spec's name.
func named(panels []Panel, spec panel.Spec) Panel {
	i := slices.IndexFunc(panels, func(p Panel) bool { return p.Spec.Name == spec.Name })
	if i >= 0 {
		return panels[i]
	}
	missing := Panel{
		Spec: spec, Exprs: exprs(&spec), Data: DataFailed, Failure: FailureOf(errNotInPart),
	}
	if len(panels) > 0 {
		missing.Kept = &Kept{Part: panels[0].part()}
	}
	return missing
}

// part returns the name of the part that the panel is.
func (p *Panel) part() string {
	if p.Kept == nil {
		return ""
	}
	return p.Kept.Part
}

// merging is panels that become one.
type merging struct {
	parts   []*Panel // in order
	grid    series.Grid
	compare func(a, b Row) int
	of      map[uint64]origin // by Row.Key
	out     Panel
}

// origin is where a series comes from.
type origin struct {
	part   *Panel
	legend string // its name before names were told apart
}

// inOrder returns the parts by name, then by their lowest labels.
func inOrder(parts []Panel) []*Panel {
	type place struct {
		*Panel
		lowest series.Labels
	}
	places := make([]place, len(parts))
	for i := range parts {
		p := &parts[i]
		places[i].Panel = p
		if len(p.Rows) > 0 {
			places[i].lowest = slices.MinFunc(p.Rows, func(a, b Row) int {
				return a.Labels.Compare(b.Labels)
			}).Labels
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.part(), b.part()), a.lowest.Compare(b.lowest))
	})
	out := make([]*Panel, len(parts))
	for i := range places {
		out[i] = places[i].Panel
	}
	return out
}

// check returns an error where the parts cannot be merged. It finds the grid of the samples: of an
// answer without series, and of none, it does not matter.
func (m *merging) check() error {
	var with *Panel
	for _, p := range m.parts {
		if !sameQuestion(&m.parts[0].Spec, &p.Spec) {
			return fmt.Errorf("%s asks another question than %s", called(p), called(m.parts[0]))
		}
		if !p.hasSamples() {
			continue
		}
		if p.Kept == nil {
			return errors.New("it was not taken as a part")
		}
		if with == nil {
			with = p
		}
		if a, b := with.Grid, p.Grid; !a.Start.Equal(b.Start) || a.Step != b.Step ||
			a.Len != b.Len {
			return fmt.Errorf("the samples of %s lie at other times (%s) than those of %s (%s)",
				called(p), times(b), called(with), times(a))
		}
	}
	if with == nil {
		with = slices.MaxFunc(m.parts, func(a, b *Panel) int {
			return cmp.Compare(a.Grid.Len, b.Grid.Len)
		})
	}
	m.grid = with.Grid
	return nil
}

// hasSamples reports whether anything of the panel lies on its grid.
func (p *Panel) hasSamples() bool {
	return len(p.Rows) > 0 || len(p.Lines) > 0 || p.Rest != nil || len(p.References) > 0 ||
		p.Kept != nil && len(p.Kept.Sample) > 0
}

// sameQuestion reports whether two specs ask and judge alike.
func sameQuestion(a, b *panel.Spec) bool {
	return a.Name == b.Name && slices.Equal(a.Queries, b.Queries) && a.Without == b.Without &&
		a.Kind == b.Kind && a.Top == b.Top && len(a.References) == len(b.References) &&
		slices.Equal(a.Rules, b.Rules)
}

func called(p *Panel) string {
	if name := p.part(); name != "" {
		return name
	}
	return "a part"
}

func times(g series.Grid) string {
	return fmt.Sprintf("%d from %s, each %s", g.Len, g.Start.UTC().Format("2006-01-02T15:04:05Z"),
		g.Step)
}

// exprs returns the first in order of what the parts were asked, of those that answered if any did.
func (m *merging) exprs() []string {
	var answered, all [][]string
	for _, p := range m.parts {
		all = append(all, p.Exprs)
		if p.Data != DataFailed {
			answered = append(answered, p.Exprs)
		}
	}
	if len(answered) > 0 {
		all = answered
	}
	return slices.MinFunc(all, slices.Compare)
}

// mergeRows puts the rows of all parts in order, under the names that the legend gave them.
func (m *merging) mergeRows() error {
	n := 0
	for _, p := range m.parts {
		n += len(p.Rows)
		m.out.Total, m.out.LeftOut, m.out.OK = m.out.Total+p.Total, m.out.LeftOut+
			p.LeftOut, m.out.OK+p.OK
	}
	m.of = make(map[uint64]origin, n)
	lists := make([][]Row, len(m.parts))
	for i, p := range m.parts {
		lists[i] = p.Rows
		for j := range p.Rows {
			row := &p.Rows[j]
			hash, from := row.Key(), origin{p, row.Name}
			if p.Kept.Legends != nil {
				from.legend = p.Kept.Legends[j]
			}
			if other := m.of[hash].part; other != nil && other != p {
				return fmt.Errorf("%s and %s both have the series %s: a label must tell them apart",
					called(other), called(p), row.Labels)
			}
			m.of[hash] = from
		}
	}
	m.out.Rows = mergeSorted(lists, func(a, b *Row) int { return m.compare(*a, *b) })
	for i := range m.out.Rows {
		m.rename(&m.out.Rows[i].Name, m.out.Rows[i].Key())
	}
	return nil
}

// rename gives a series the name that its legend gave it.
func (m *merging) rename(name *string, key uint64) {
	if from, known := m.of[key]; known {
		*name = from.legend
	}
}

// mergeLines keeps the worst of all lines. Those that give way go into the rest.
func (m *merging) mergeLines() {
	var sample []Sampled
	rest := accumulator{}
	var lines []Line
	for _, p := range m.parts {
		lines = append(lines, p.Lines...)
		if p.Rest != nil {
			rest.addBand(p.Rest)
			sample = append(sample, p.Kept.Sample...)
		}
	}
	for i := range lines {
		m.rename(&lines[i].Name, lines[i].Key())
		sample = append(sample, Sampled{lines[i].Key(), lines[i].Values})
	}
	slices.SortFunc(lines, func(a, b Line) int { return m.compare(a.Row, b.Row) })
	drawn, others := firstOf(lines, topOf(&m.out.Spec))
	for _, l := range others {
		rest.add(l.Values)
	}
	m.out.Lines = drawn
	if rest.series == 0 {
		return
	}
	// The lowest hashes of all are among the lowest of each part, which are in its sample or its
	// lines.
	slices.SortFunc(sample, byHash)
	sample = sample[:min(len(sample), sampleSize(m.grid.Len))]
	m.out.Kept.Sample = besides(sample, m.out.Lines)
	m.out.Rest = rest.band(m.out.Kept.Sample)
}

// mergeFindings puts the findings of all parts in order. Details were asked of the worst of each
// part, and stay with the worst of all.
func (m *merging) mergeFindings() {
	lists := make([][]Finding, len(m.parts))
	for i, p := range m.parts {
		lists[i] = p.Findings
	}
	m.out.Findings = mergeSorted(lists, func(a, b *Finding) int { return a.Compare(b.Finding) })
	found := m.out.Findings
	for i := range found {
		m.rename(&found[i].Name, found[i].Key())
	}
	if m.out.Spec.Detail == nil {
		return
	}
	asked := map[uint64]bool{}
	for i := range found {
		f := &found[i]
		if !m.out.detailed(f) {
			continue
		}
		about := f.Labels.Hash()
		if !asked[about] && len(asked) == mostDetailed {
			f.Details = nil
			continue
		}
		asked[about] = true
	}
}

// addOnce adds what is not there yet.
func addOnce(to, more []string) []string {
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}
