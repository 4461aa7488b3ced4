package snapshot

import (
	"errors"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// OfCluster returns a panel as a fleet's report has it: every series has the label cluster, and its
// name starts with that of the cluster. If the series has that label with another value, it becomes
// exported_cluster. Only what such a report shows is kept, which Slim does in addition: no
// references, no past, no history. The panel is not changed.
func (p *Panel) OfCluster(cluster string) Panel {
	out := *p
	out.References, out.Past, out.History, out.Kept = nil, nil, nil, &Kept{Part: cluster}
	out.Rows = slices.Clone(p.Rows)
	for i := range out.Rows {
		out.Rows[i].moveTo(cluster)
	}
	out.Lines = slices.Clone(p.Lines)
	for i := range out.Lines {
		out.Lines[i].moveTo(cluster)
		out.Lines[i].Before = nil
	}
	out.Findings = slices.Clone(p.Findings)
	for i := range out.Findings {
		f := &out.Findings[i]
		f.Labels = inCluster(f.Labels, cluster)
		f.Name, f.Node = named(cluster, f.Name), named(cluster, f.Node)
	}
	return out
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
// leaves out, and with counts that can be added.
func (p *Panel) Bounded() Panel {
	out := *p
	out.References, out.Past, out.History, out.Kept = nil, nil, nil, &Kept{Part: p.part()}
	for _, n := range []*int{&out.Total, &out.LeftOut, &out.OK} {
		*n = max(0, min(*n, mostCounted))
	}
	for i := range out.Lines {
		out.Lines[i].Before = nil
	}
	return out
}

// mostCounted is how many series one part counts at most.
const mostCounted = 1 << 30

// CheckCluster returns an error if the panel is not one that OfCluster made for this cluster. A
// panel from a file of somebody else may have series of another cluster.
func (p *Panel) CheckCluster(cluster string) error {
	if p.part() != cluster || p.Lacks != nil {
		return fmt.Errorf("panel %s is not of this cluster", p.Spec.Name)
	}
	for i := range p.Rows {
		if p.Rows[i].Labels.Get(clusterLabel) != cluster {
			return fmt.Errorf("panel %s has a series of another cluster", p.Spec.Name)
		}
	}
	for i := range p.Lines {
		if p.Lines[i].Labels.Get(clusterLabel) != cluster {
			return fmt.Errorf("panel %s has a line of another cluster", p.Spec.Name)
		}
	}
	for i := range p.Findings {
		if p.Findings[i].Labels.Get(clusterLabel) != cluster {
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

// SameTimes returns an error if the samples of two panels are at other times.
func (p *Panel) SameTimes(other *Panel) error {
	a, b := p.Grid, other.Grid
	if p.hasSamples() && other.hasSamples() &&
		(!a.Start.Equal(b.Start) || a.Step != b.Step || a.Len != b.Len) {
		return fmt.Errorf("its samples are at other times: %s instead of %s", gridText(b),
			gridText(a))
	}
	return nil
}
