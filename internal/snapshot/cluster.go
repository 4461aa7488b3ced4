package snapshot

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// OfCluster returns a panel as a fleet's report has it: every series has the label cluster, and its
// name starts with that of the cluster. If the series has that label with another value, it becomes
// exported_cluster. Only what such a report shows is kept, which Slim does in addition: no
// references, no past, no history. Its samples are those of a picture on the grid g, which all
// clusters of a fleet have in common, whatever their scrape intervals. The panel is not changed.
func (p *Panel) OfCluster(cluster string, g series.Grid) Panel {
	out := *p
	out.References, out.Past, out.History, out.Kept = nil, nil, nil, &Kept{Part: cluster}
	out.Rows = slices.Clone(p.Rows)
	for i := range out.Rows {
		out.Rows[i].moveTo(cluster)
	}
	out.Lines = slices.Clone(p.Lines)
	at := newestAt(p.Grid, g)
	for i := range out.Lines {
		out.Lines[i].moveTo(cluster)
		out.Lines[i].Values = pick(p.Lines[i].Values, at, math.NaN(), rounded)
		out.Lines[i].Before = nil
	}
	if b := p.Rest; b != nil {
		out.Rest = &Band{
			Series: b.Series, Min: pick(b.Min, at, math.NaN(), rounded),
			Max: pick(b.Max, at, math.NaN(), rounded), Sum: pick(b.Sum, at, math.NaN(), rounded),
			P05: nans(g.Len), P95: nans(g.Len),
			Count: pick(b.Count, at, 0, func(n int) int { return n }),
		}
	}
	out.Grid = g
	out.Findings = slices.Clone(p.Findings)
	for i := range out.Findings {
		f := &out.Findings[i]
		f.Labels = inCluster(f.Labels, cluster)
		f.Name, f.Node = named(cluster, f.Name), named(cluster, f.Node)
	}
	return out
}

// newestAt returns for each time of a grid the index of the newest time of another one. It is -1
// before the first, and if the newest is older than a step of both.
func newestAt(of, to series.Grid) []int {
	out := make([]int, to.Len)
	for i := range out {
		out[i] = -1
		if of.Step <= 0 || of.Len == 0 {
			continue
		}
		since := to.At(i).Sub(of.Start)
		j := min(int(since/of.Step), of.Len-1)
		if since >= 0 && since-time.Duration(j)*of.Step < max(of.Step, to.Step) {
			out[i] = j
		}
	}
	return out
}

// pick returns the values at these indices as, and none at -1.
func pick[T any](values []T, at []int, none T, as func(T) T) []T {
	out := make([]T, len(at))
	for i, j := range at {
		out[i] = none
		if j >= 0 {
			out[i] = as(values[j])
		}
	}
	return out
}

// rounded returns a value to 16 binary digits. That is finer than any picture, and compresses well.
func rounded(v float64) float64 {
	const dropped = 52 - 16
	if !series.Finite(v) {
		return v
	}
	up := math.Float64frombits((math.Float64bits(v) + 1<<(dropped-1)) &^ (1<<dropped - 1))
	if !series.Finite(up) {
		return v
	}
	return up
}

// moveTo gives a series the label and the names of its cluster.
func (r *Row) moveTo(cluster string) {
	r.Labels = inCluster(r.Labels, cluster)
	r.Name, r.Node = named(cluster, r.Name), named(cluster, r.Node)
}

func inCluster(ls series.Labels, cluster string) series.Labels {
	if other := ls.Get(clusterLabel); other != "" && other != cluster {
		ls = ls.With("exported_"+clusterLabel, other)
	}
	return ls.With(clusterLabel, cluster)
}

// named returns the name of something in a cluster, "" if it has none.
func named(cluster, name string) string {
	if name == "" {
		return ""
	}
	return cluster + "/" + name
}

// Slim keeps the worst rows and findings of a panel, at most so many of each, and what cannot be
// merged without the rest: its band has no percentiles, because they come from a sample that is too
// large to keep. Total and OK still count every series. The worst of several slim panels are those
// of the panel that Merge makes of them.
func (p *Panel) Slim(most int) {
	p.Rows = p.Rows[:min(len(p.Rows), most)]
	p.Findings = p.Findings[:min(len(p.Findings), most)]
	p.Missing = p.Missing[:min(len(p.Missing), mostListed)]
	p.Notes = p.Notes[:min(len(p.Notes), mostListed)]
	p.Remarks = p.Remarks[:min(len(p.Remarks), mostListed)]
	p.Absent = p.Absent[:min(len(p.Absent), mostListed)]
	if p.Kept != nil {
		kept := *p.Kept
		kept.Sample, kept.Up, kept.Down = nil, nil, nil
		if kept.Legends != nil {
			kept.Legends = kept.Legends[:min(len(kept.Legends), most)]
		}
		p.Kept = &kept
	}
	if p.Rest == nil {
		return
	}
	rest := *p.Rest
	rest.P05, rest.P95, rest.Sampled = nans(p.Grid.Len), nans(p.Grid.Len), 0
	p.Rest = &rest
}

// Bounded returns a panel of a part from a file that may come from anybody, without what OfCluster
// leaves out, with counts that can be added and lists and texts that can be shown.
func (p *Panel) Bounded() Panel {
	out := *p
	out.References, out.Past, out.History, out.Kept = nil, nil, nil, &Kept{Part: p.part()}
	for _, n := range []*int{&out.Total, &out.LeftOut, &out.OK} {
		*n = max(0, min(*n, mostCounted))
	}
	for i := range out.Lines {
		out.Lines[i].Before = nil
	}
	out.Missing, out.Partial = clipped(p.Missing), p.Partial.clipped()
	out.Notes, out.Remarks = clippedNotes(p.Notes), clippedNotes(p.Remarks)
	out.Absent = slices.Clone(p.Absent[:min(len(p.Absent), mostListed)])
	for i := range out.Absent {
		out.Absent[i].Missing = clipped(out.Absent[i].Missing)
	}
	if p.Failure != nil {
		f := *p.Failure
		f.Message, f.Hint = clip(f.Message), clip(f.Hint)
		out.Failure = &f
	}
	return out
}

// The bounds of one part: how many series it counts, and of the texts about a panel.
const (
	mostCounted = 1 << 30
	mostListed  = 100
	mostText    = 600 // characters
)

func clip(s string) string { return outside.Clip(outside.Line(s), mostText) }

func clipped(of []string) []string {
	if len(of) > mostListed {
		of = of[:mostListed]
	}
	return each(of, clip)
}

func (n Note) clipped() Note { return Note{clip(n.Code), clipped(n.Args)} }

func clippedNotes(of []Note) []Note {
	if len(of) > mostListed {
		of = of[:mostListed]
	}
	return each(of, Note.clipped)
}

// CheckCluster returns an error if the panel is not one that OfCluster made for this cluster. A
// panel from a file of somebody else may have series or names of another cluster.
func (p *Panel) CheckCluster(cluster string) error {
	if p.part() != cluster || p.Lacks != nil {
		return fmt.Errorf("panel %s is not of this cluster", p.Spec.Name)
	}
	is := func(ls series.Labels, names ...string) bool {
		return ls.Get(clusterLabel) == cluster && !slices.ContainsFunc(names, func(n string) bool {
			return n != "" && !strings.HasPrefix(n, cluster+"/")
		})
	}
	for i := range p.Rows {
		if r := &p.Rows[i]; !is(r.Labels, r.Name, r.Node) {
			return fmt.Errorf("panel %s has a series of another cluster", p.Spec.Name)
		}
	}
	for i := range p.Lines {
		if l := &p.Lines[i]; !is(l.Labels, l.Name, l.Node) {
			return fmt.Errorf("panel %s has a line of another cluster", p.Spec.Name)
		}
	}
	for i := range p.Findings {
		if f := &p.Findings[i]; !is(f.Labels, f.Name, f.Node) {
			return fmt.Errorf("panel %s has a finding of another cluster", p.Spec.Name)
		}
	}
	return nil
}

// Lacking returns a panel for a part that does not have it, because of err.
func Lacking(p *Panel, part string, err error) Panel {
	if err == nil {
		err = errNotInPart
	}
	return Panel{
		Spec: p.Spec, Exprs: exprs(&p.Spec), Data: DataFailed,
		Failure: FailureOf(fmt.Errorf("%w: %w", errParts, err)), Kept: &Kept{Part: part},
	}
}

var errOtherQueries = errors.New("it has other queries or rules: the configuration changed")

// Fits returns an error if the panel of a part cannot be merged with others of a planned spec (see
// Options.Planned): its queries differ, or it has a rule that the spec does not have. A partial
// panel may lack rules.
func (p *Panel) Fits(spec *panel.Spec) error {
	own := p.Spec
	own.Rules = spec.Rules
	if !sameQueries(&own, spec) {
		return errOtherQueries
	}
	for _, r := range p.Spec.Rules {
		if !slices.Contains(spec.Rules, r) {
			return errOtherQueries
		}
	}
	return nil
}

// OnGrid returns an error if the samples of a panel are at other times.
func (p *Panel) OnGrid(g series.Grid) error {
	if of := p.Grid; !of.Start.Equal(g.Start) || of.Step != g.Step || of.Len != g.Len {
		return fmt.Errorf("its samples are at other times: %s instead of %s", gridText(of),
			gridText(g))
	}
	return nil
}
