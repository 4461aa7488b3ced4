package report

import (
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// CSV says which panels of a report have a CSV file of their own. The findings and the nodes always
// have one.
type CSV struct {
	Panels []string // their names
	All    bool     // every panel has one
}

// The CSV files that a report with Info.CSV has.
const (
	FindingsTable = "findings.csv"
	NodesTable    = "nodes.csv"
)

// PanelTable returns the name of a panel's CSV file.
func PanelTable(panel string) string { return "panel-" + Slug(panel) + ".csv" }

// Tables returns the names of the report's CSV files, nil if it has none. The report of a fleet has
// no table of nodes.
func (r *Report) Tables() []string {
	if r.Info.CSV == nil {
		return nil
	}
	names := []string{FindingsTable}
	if r.Info.Fleet == nil {
		names = append(names, NodesTable)
	}
	for _, p := range r.TabledPanels() {
		names = append(names, PanelTable(p.Spec.Name))
	}
	return names
}

// TabledPanels returns the panels that have a CSV file, in their order.
func (r *Report) TabledPanels() []*snapshot.Panel {
	var found []*snapshot.Panel
	for i := range r.Panels {
		p, c := &r.Panels[i], r.Info.CSV
		if c != nil && !r.Listed(p) && (c.All || slices.Contains(c.Panels, p.Spec.Name)) {
			found = append(found, p)
		}
	}
	return found
}

// Numbers are the value and the limit of a finding as Prometheus returned them. A number that does
// not exist is NaN.
type Numbers struct {
	Value float64 // the peak if the finding has ended
	Limit float64
	Unit  units.Unit // of both
}

// Numbers returns the numbers of a finding.
func (f *Finding) Numbers() Numbers {
	n := Numbers{Value: f.value, Limit: f.limit, Unit: f.unit}
	if f.aim != nil {
		n.Unit = units.Seconds // until a limit is reached
	}
	if f.Status == rules.NoData {
		n.Value, n.Limit = math.NaN(), math.NaN()
	}
	return n
}

// Label returns the value of a label of the finding's series, "" if it has none.
func (f *Finding) Label(name string) string { return f.labels.Get(name) }

// Reservations returns what a reader of all findings must know: why the run was cut short, which
// panels failed, and what data is missing. A panel's failure names the panel.
func (r *Report) Reservations() []Failure {
	var out []Failure
	if why := r.Incomplete(); why != "" {
		out = append(out, Failure{Error: why})
	}
	out = append(out, r.Failures...)
	for _, blind := range r.Blind {
		out = append(out, Failure{Error: blind})
	}
	return out
}

// ProblemsOf returns what is wrong with the answer of a panel: why it failed, what is missing, and
// its notes.
func (r *Report) ProblemsOf(p *snapshot.Panel) []string { return r.panel(p).Problems }

// The texts for what a bounded table leaves out: "and 12 more findings".

// MoreFindings returns the text for n findings that are left out.
func (r *Report) MoreFindings(n int) string { return r.words.MoreFindings.Of(n) }

// MoreNodes returns the text for n nodes that are left out.
func (r *Report) MoreNodes(n int) string { return r.words.MoreNodes.Of(n) }

// MoreSeries returns the text for n series that are left out.
func (r *Report) MoreSeries(n int) string { return r.words.MoreSeries.Of(n) }

// MoreLabels returns the text for n labels that are left out.
func (r *Report) MoreLabels(n int) string { return r.words.MoreLabels.Of(n) }
