package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// Kept is the data that Merge needs of a panel in addition to what is shown.
type Kept struct {
	// the name of the part, such as its cluster; "" for a merged panel
	Part string
	// Legends are the legends of the Rows, in their order, before equal names were made distinct.
	// Nil: none changed.
	Legends []string
	// Sample are the series with the lowest hashes that are not in Lines. The percentiles of Rest
	// come from them. It is nil if Rest is, and has at most 256 series and 2 MiB.
	Sample []Sampled
	// References are the lines of Spec.References. The ones that are drawn, which are the panel's
	// References, come first.
	References []Referred
	// Up and Down are the amounts of what moved, the largest first (History).
	Up, Down []float64
}

// Sampled is a series identified by the hash of its labels.
type Sampled struct {
	Hash   uint64
	Values []float64 // on the panel's Grid
}

// Referred is a reference line without its samples.
type Referred struct {
	Index  int    // in Spec.References
	Legend string // its name before names were made distinct
	Labels series.Labels
}

// Merge returns the panel that a single Take would have made from the answers of several parts,
// such as the clusters of a fleet. The parts have the same Spec and grid and were taken as parts
// (Options.Part). A series in two parts is an error. All series of a node or a job are in one part.
// Merge shares memory with the parts and changes none of them.
//
// Counts, rows, lines, findings, their order and names, and Rest except for Sum are what Take makes
// of the union. Sum is added in a fixed order: the sums of the parts in order, then the lines that
// are no longer drawn, the worst first. Its last bits may differ from those of Take, which adds in
// the order of the answer. Parts are ordered by name, then by their lowest label sets. So the order
// of the arguments does not matter, and parts may be merged a few at a time.
//
// Merge differs from Take in these points:
//
//   - The bounds of one answer apply to each part. Options.MaxSeries may refuse or narrow the union
//     although it does neither to a part.
//   - If a part failed, is partial or old, or lacks its metrics, the merged panel is partial: data
//     unknown in a part is unknown in the whole, and no alert ends because of it. The rows of the
//     other parts stay as they were judged. Lacks lists such parts with their problems, and Partial
//     summarizes them. If no part answered, the merged panel is failed if any part failed, else
//     absent.
//   - An optional panel (Spec.Optional) is absent only if all parts are.
//   - A complete answer without series adds nothing.
//   - LookBack has found the beginnings of the worst streaks of each part. Only the past of the
//     worst overall is kept.
//
// Notes and remarks are those of all parts, each once, with their counts added up. A note that only
// the Take of a part had a reason for, such as an old newest sample, applies to the merged panel.
func Merge(parts ...Panel) (Panel, error) {
	switch len(parts) {
	case 0:
		return Panel{}, errors.New("merging panels: no panels")
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
	m.mergePast()
	m.mergeHistory()
	m.out.Kept.Legends = m.out.makeNamesDistinct()
	m.mergeReferences()
	m.mergeNotes()
	return m.out, nil
}

// MergeAll merges the panels of several parts by name, in the order of the first part that has each
// panel. A panel that cannot be merged fails, and a panel that a part lacks counts as failed in
// that part.
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
				of[j] = panelFor(parts[j], part[i].Spec)
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

// panelFor returns the panel for a spec.
func panelFor(panels []Panel, spec panel.Spec) Panel {
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

// part returns the name of the part that the panel belongs to.
func (p *Panel) part() string {
	if p.Kept == nil {
		return ""
	}
	return p.Kept.Part
}

// merging holds panels while they become one.
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
	legend string // its name before names were made distinct
}

// inOrder returns the parts sorted by name, then by their lowest labels.
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

// check returns an error if the parts cannot be merged. It also sets the grid: that of any part
// with samples, because the grids of the others do not matter.
func (m *merging) check() error {
	var with *Panel
	for _, p := range m.parts {
		if !sameQueries(&m.parts[0].Spec, &p.Spec) {
			return fmt.Errorf("%s has other queries or rules than %s", partName(p),
				partName(m.parts[0]))
		}
		if !p.hasSamples() {
			continue
		}
		if p.Kept == nil {
			return errors.New("a panel was not taken as a part")
		}
		if with == nil {
			with = p
		}
		if a, b := with.Grid, p.Grid; !a.Start.Equal(b.Start) || a.Step != b.Step ||
			a.Len != b.Len {
			return fmt.Errorf("the samples of %s are at other times (%s) than those of %s (%s)",
				partName(p), gridText(b), partName(with), gridText(a))
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

// hasSamples reports whether anything in the panel lies on its grid.
func (p *Panel) hasSamples() bool {
	return len(p.Rows) > 0 || len(p.Lines) > 0 || p.Rest != nil || len(p.References) > 0 ||
		p.Kept != nil && len(p.Kept.Sample) > 0
}

// sameQueries reports whether two specs have the same queries and rules.
func sameQueries(a, b *panel.Spec) bool {
	return a.Name == b.Name && slices.Equal(a.Queries, b.Queries) && a.Without == b.Without &&
		a.Kind == b.Kind && a.Top == b.Top && len(a.References) == len(b.References) &&
		slices.Equal(a.Rules, b.Rules)
}

func partName(p *Panel) string {
	if name := p.part(); name != "" {
		return name
	}
	return "a part"
}

func gridText(g series.Grid) string {
	return fmt.Sprintf("%d from %s, each %s", g.Len, g.Start.UTC().Format("2006-01-02T15:04:05Z"),
		g.Step)
}

// exprs returns the expressions of the parts, the smallest if they differ. Parts that failed only
// count if no part answered.
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

// mergeRows sorts the rows of all parts, under their legends.
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
				return fmt.Errorf("%s and %s both have the series %s: a label must "+
					"distinguish them", partName(other), partName(p), row.Labels)
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

// rename gives a series its legend as its name.
func (m *merging) rename(name *string, key uint64) {
	if from, known := m.of[key]; known {
		*name = from.legend
	}
}

// mergeLines keeps the worst of all lines and adds the others to the rest.
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
	if slices.ContainsFunc(m.parts, func(p *Panel) bool { return p.Rest.withoutSample() }) {
		m.out.Rest = rest.bounds()
		return
	}
	// The lowest hashes overall are among the lowest of each part, which are in its sample or
	// lines.
	slices.SortFunc(sample, byHash)
	sample = sample[:min(len(sample), sampleSize(m.grid.Len))]
	m.out.Kept.Sample = notDrawn(sample, m.out.Lines)
	m.out.Rest = rest.band(m.out.Kept.Sample)
}

// mergeFindings sorts the findings of all parts. Each part has details for its worst findings; only
// the worst overall keep them.
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

// mergePast keeps the past of the worst series overall.
func (m *merging) mergePast() {
	of := map[uint64]*Past{}
	for _, p := range m.parts {
		for i := range p.Past {
			of[keyOf(p.Past[i].Ref, p.Past[i].Labels)] = &p.Past[i]
		}
	}
	kept := map[string]int{} // by query
	for i := range m.out.Findings {
		f := &m.out.Findings[i]
		past := of[f.Key()]
		if past == nil || kept[f.Ref] == mostPast {
			continue
		}
		m.out.Past = append(m.out.Past, *past)
		kept[f.Ref]++
		delete(of, f.Key())
	}
}

// addOnce appends the strings that are not in the list yet.
func addOnce(to, more []string) []string {
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}
