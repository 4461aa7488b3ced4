package csv

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// findings is a row for each finding, the worst first.
func findings(r *report.Report) table {
	t := newTable(report.FindingsTable,
		"cluster", "panel", "rule", "severity", "status", "name", "node", "namespace", "pod",
		"container", "value", "limit", "unit", "since", "until", "open", "lasted_seconds",
		"sentence", "runbook_url")
	left := max(0, len(r.Findings)-tableRows)
	for i := range r.Findings[:len(r.Findings)-left] {
		t.add(findingCells(r, &r.Findings[i])...)
	}
	cluster := Text(r.Info.Cluster)
	if left > 0 {
		t.note(r.MoreFindings(left), cluster)
	}
	for _, f := range r.Reservations() {
		t.note(f.Error, cluster, Text(f.Panel))
	}
	return t
}

func findingCells(r *report.Report, f *report.Finding) []string {
	n := f.Numbers()
	status, since, until, open, lasted := f.Status.String(), "", "", "", ""
	if f.Past() {
		status = "ended"
	}
	if f.Number == "" && !f.Since.IsZero() { // findings of events have no duration
		since, until, open = Time(f.Since), Time(f.Until), strconv.FormatBool(f.Open)
		lasted = Number(f.Lasted.Seconds())
		if f.Status == rules.NoData {
			lasted = Number(r.Info.Slot.Sub(f.Since).Seconds())
		}
	}
	return []string{
		Text(cmp.Or(f.Label("cluster"), r.Info.Cluster)), Text(f.Panel), Text(f.Rule),
		severityWord(f.Severity), status, Text(f.Name), Text(f.Node), Text(f.Label("namespace")),
		Text(f.Label("pod")), Text(f.Label("container")),
		Number(n.Value), Number(n.Limit), unitName(n.Unit),
		since, until, open, lasted, Text(f.Sentence), Text(f.Runbook),
	}
}

// severityWord returns a severity as report.json writes it.
func severityWord(s rules.Severity) string { return cmp.Or(s.String(), "none") }

// nodes is a row for each node, the worst first. A column of the report's table is three here: what
// is used, what there is, and the share.
func nodes(r *report.Report) table {
	all := r.Nodes()
	header := []string{"cluster", "node", "state"}
	for i, m := range all.Measures {
		what, u := strings.TrimPrefix(string(m), "node_"), all.CapacityUnits[i]
		header = append(header, in(what, u), in(what+"_capacity", u), what+"_share")
	}
	t := newTable(report.NodesTable, header...)
	left := max(0, len(all.Lines)-tableRows)
	for _, n := range all.Lines[:len(all.Lines)-left] {
		row := []string{Text(r.Info.Cluster), Text(n.Name), n.Class}
		for _, f := range n.Figures {
			share := f.Share
			if f.Panel == "" {
				share = math.NaN()
			}
			row = append(row, Number(f.Used), Number(f.Capacity), Number(share))
		}
		t.add(row...)
	}
	if left > 0 {
		t.note(r.MoreNodes(left), Text(r.Info.Cluster))
	}
	return t
}

// tableLabels limits the columns of labels of a file.
const tableLabels = 50

// seriesOf is a row for each series of a panel, in the order of report.json. If the queries of the
// panel have several units, these are a column and not in the header.
func seriesOf(r *report.Report, p *snapshot.Panel) table {
	left := max(0, len(p.Rows)-tableRows)
	rows := p.Rows[:len(p.Rows)-left]
	labels, lacking := labelsOf(rows)
	header := []string{"cluster", "query", "name", "node"}
	for _, name := range labels {
		header = append(header, "label_"+Text(name))
	}
	unit, one := oneUnit(p)
	if !one {
		header = append(header, "unit")
	}
	capacity := units.None
	if c := p.Spec.Capacity; c != nil {
		capacity = c.Unit
	}
	header = append(header, in("last", unit), in("avg", unit), in("min", unit), in("max", unit),
		"max_at", in("capacity", capacity), "status", "severity")
	t := newTable(report.PanelTable(p.Spec.Name), header...)
	for i := range rows {
		row := &rows[i]
		cells := []string{
			Text(cmp.Or(row.Labels.Get("cluster"), r.Info.Cluster)), Text(row.Ref), Text(row.Name),
			Text(row.Node),
		}
		for _, name := range labels {
			cells = append(cells, Text(row.Labels.Get(name)))
		}
		if !one {
			cells = append(cells, unitName(p.Spec.UnitOf(row.Ref)))
		}
		s := &row.Stats
		t.add(append(cells, Number(s.Last), Number(s.Avg), Number(s.Min), Number(s.Max),
			Time(s.MaxAt), Number(row.Capacity), row.Status.String(),
			severityWord(row.Severity))...)
	}
	cluster := Text(r.Info.Cluster)
	// the report of a fleet keeps fewer rows than there are series
	if more := max(left+p.LeftOut, p.Total-len(rows)); more > 0 {
		t.note(r.MoreSeries(more), cluster)
	}
	if lacking > 0 {
		t.note(r.MoreLabels(lacking), cluster)
	}
	for _, problem := range r.ProblemsOf(p) {
		t.note(problem, cluster)
	}
	return t
}

// labelsOf returns the names of the labels of rows, sorted, and how many more there are: those that
// the fewest rows have.
func labelsOf(rows []snapshot.Row) (names []string, lacking int) {
	count := map[string]int{}
	for i := range rows {
		for _, l := range rows[i].Labels {
			count[l.Name]++
		}
	}
	for name := range count {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	lacking = max(0, len(names)-tableLabels)
	names = names[:len(names)-lacking]
	slices.Sort(names)
	return names, lacking
}

// oneUnit returns the unit of all queries of a panel, and false if they have several.
func oneUnit(p *snapshot.Panel) (units.Unit, bool) {
	u := p.Spec.Unit()
	for _, q := range p.Spec.Queries {
		if unitName(q.Unit) != unitName(u) {
			return units.None, false
		}
	}
	return u, true
}
