package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// maxHours bounds Cluster.Hours: four weeks.
const maxHours = 4 * 7 * 24

// The kinds of ClusterCause that are not those of a rules.Cause.
const (
	causeFailure = "failure"
	causeBlind   = "blind"
)

// AsCluster returns what a fleet's report shows of the cluster of this report.
func (r *Report) AsCluster() Cluster {
	c := Cluster{
		Name: r.Info.Cluster, Version: r.Info.Version, Verdict: r.Verdict(), Critical: r.Critical,
		Warning: r.Warning, NoData: r.NoData, Pending: r.Pending, OK: r.OK,
		NodesMeasured: r.NodesMeasured, NodesTotal: r.NodesTotal,
		Fullest: r.fullestNode(), Hours: r.hours(), Causes: r.clusterCauses(),
	}
	for _, m := range r.columns() {
		if s, _, ok := m.share(); ok {
			c.Shares = append(c.Shares, s)
		}
	}
	for i := range r.Fills {
		f := &r.Fills[i]
		if f.Of.Why != "" { // it is beyond its limit already
			continue
		}
		c.Fills = &ClusterFill{Panel: f.Panel, Name: f.Name, At: f.At}
		if p := r.panelNamed(f.Panel); p != nil && series.Finite(f.Of.Level) {
			c.Fills.Ratio = p.Spec.Share(f.Of.Level)
		}
		break
	}
	answers := false
	for i := range r.Panels {
		switch p := &r.Panels[i]; p.Data {
		case snapshot.DataFailed:
			c.Failed = append(c.Failed, p.Spec.Name)
			if c.Failure == nil {
				c.Failure = p.Failure
			}
		case snapshot.DataPartial:
			answers = true
			c.Partial = append(c.Partial, p.Spec.Name)
		default:
			answers = true
		}
	}
	if answers {
		c.Failure = nil
	}
	return c
}

// panelNamed returns the panel of a name, nil if there is none.
func (r *Report) panelNamed(name string) *snapshot.Panel {
	i := slices.IndexFunc(r.Panels, func(p snapshot.Panel) bool { return p.Spec.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Panels[i]
}

// fullestNode returns the node with the highest share of a resource in use, nil if none is known.
func (r *Report) fullestNode() *ClusterNode {
	var fullest *ClusterNode
	for _, m := range r.columns() {
		for i := range m.panel.Rows {
			row := &m.panel.Rows[i]
			ratio := m.panel.Spec.Share(row.Stats.Last)
			if !m.used || row.Node == "" || !m.measures(row) || !series.Finite(ratio) {
				continue
			}
			if fullest == nil || ratio > fullest.Ratio ||
				ratio == fullest.Ratio && row.Node < fullest.Name {
				fullest = &ClusterNode{Name: row.Node, Panel: m.panel.Spec.Name, Ratio: ratio}
			}
		}
	}
	return fullest
}

// clusterCauses returns the findings by cause, then the failures, then what is missing. Equal
// causes of different clusters have the same keys.
func (r *Report) clusterCauses() []ClusterCause {
	var out []ClusterCause
	named := map[string]bool{} // the sources that are a cause already
	for i := range r.Groups {
		g := &r.Groups[i]
		f := g.Worst()
		c := ClusterCause{
			Kind: string(cmp.Or(g.Cause.Kind, rules.CauseRule)), Panel: f.Panel, Rule: f.Rule,
			Status: f.Status, Severity: f.Severity, Findings: len(g.Findings), Worst: f.Name,
			Value: r.lastOf(f), Since: g.Since,
		}
		if g.Cause.Kind == rules.CauseSource {
			c.Panel, c.Rule, c.Source = "", "", g.Cause.Name
			named[c.Source] = true
		}
		out = append(out, c)
	}
	count := func(kind, source string) {
		same := func(c ClusterCause) bool { return c.Kind == kind && c.Source == source }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Findings++
			return
		}
		out = append(out, ClusterCause{
			Kind: kind, Source: source, Status: rules.NoData, Findings: 1,
		})
	}
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Data == snapshot.DataFailed {
			kind := ""
			if p.Failure != nil {
				kind = string(p.Failure.Kind)
			}
			count(causeFailure, kind)
		}
	}
	for _, a := range r.absent {
		if source := cmp.Or(string(a.source), a.title); source != "" && !named[source] {
			count(causeBlind, source)
		}
	}
	return out[:min(len(out), MaxCauses)]
}

// lastOf returns the newest value of the series of a finding, nil if there is none.
func (r *Report) lastOf(f *Finding) *float64 {
	p := r.panelNamed(f.Panel)
	if p == nil || f.Status == rules.NoData {
		return nil
	}
	ref := p.Spec.Query(p.Spec.Rule(f.Rule).Ref).Ref
	for i := range p.Rows {
		row := &p.Rows[i]
		if row.Ref == ref && row.Labels.Compare(f.labels) == 0 && series.Finite(row.Stats.Last) {
			last := row.Stats.Last
			return &last
		}
	}
	return nil
}

// hours returns Cluster.Hours: the worst state of the drawn series in each hour, by the limits of
// their alerts.
func (r *Report) hours() string {
	n := min(int(math.Ceil(r.Info.Range.Hours())), maxHours)
	if n <= 0 {
		return ""
	}
	worst := []byte(strings.Repeat(string(HourUnknown), n))
	for i := range r.Panels {
		p := &r.Panels[i]
		for _, rule := range p.Spec.Rules {
			if !rule.IsAlert() || rule.FullIn {
				continue
			}
			ref := p.Spec.Query(rule.Ref).Ref
			for j := range p.Lines {
				if l := &p.Lines[j]; l.Ref == ref {
					markHours(worst, rule, l.Values, p.Grid, r.Info.Slot)
				}
			}
		}
	}
	return string(worst)
}

// markHours raises the hours before end to the states of a series. A sample that is full hours old
// belongs to the hour before it, except the newest.
func markHours(worst []byte, rule rules.Rule, values []float64, g series.Grid, end time.Time) {
	for i, v := range values {
		age := end.Sub(g.At(i))
		hour := len(worst) - 1 - int(age/time.Hour)
		if !series.Finite(v) || age < 0 || hour < 0 {
			continue
		}
		state := byte(HourOK)
		switch {
		case rule.Critical.Set && rule.Direction.Beyond(v, rule.Critical.Value):
			state = HourCritical
		case rule.Warning.Set && rule.Direction.Beyond(v, rule.Warning.Value):
			state = HourWarning
		}
		if hourRank(state) > hourRank(worst[hour]) {
			worst[hour] = state
		}
	}
}

// hourRank orders the letters of Cluster.Hours, the worst last.
func hourRank(state byte) int { return strings.IndexByte("-.wc", state) }
