package html

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// clustersView is the table of the clusters of a fleet.
type clustersView struct {
	W       *words.Words
	Labels  []labelView
	Heads   []string // of the bars
	Rows    []clusterView
	Rest    *clustersView // the rows after the first ones; nil: there are no more
	Caption string
}

// labelView is a label of the clusters with its values. A button for each filters the page.
type labelView struct {
	Name   string
	Values []string
}

// mostLabels is how many labels have buttons, and mostValues how many values each may have.
const mostLabels, mostValues = 4, 12

// labelsOf returns the labels that divide the clusters into a few groups.
func labelsOf(rows []report.ClusterRow) []labelView {
	values := map[string]map[string]bool{}
	for i := range rows {
		for name, value := range rows[i].Labels {
			if values[name] == nil {
				values[name] = map[string]bool{}
			}
			values[name][value] = true
		}
	}
	var out []labelView
	for _, name := range slices.Sorted(maps.Keys(values)) {
		of := slices.Sorted(maps.Keys(values[name]))
		if len(of) > 1 && len(of) <= mostValues && len(out) < mostLabels {
			out = append(out, labelView{name, of})
		}
	}
	return out
}

// firstClusters is how many clusters the page shows at once.
const firstClusters = 30

// clusterView is a cluster as a row of the table.
type clusterView struct {
	report.ClusterRow
	Class string // the verdict as a style's name
	Said  string // its headline, or why it has no data
	Bars  []clusterBar
	Hours template.HTML
}

// clusterBar is one share of a cluster.
type clusterBar struct {
	report.ClusterBar
	Bar bar
}

// addClusters adds the table of the clusters, if the report is of a fleet.
func (l layout) addClusters(p *page) {
	rows := l.Clusters()
	if rows == nil {
		return
	}
	views := make([]clusterView, len(rows))
	for i, r := range rows {
		v := clusterView{
			ClusterRow: r, Class: string(r.Verdict), Said: report.Joined(r.Headline),
			Hours: hoursOf(fmt.Sprintf(l.words.HoursOf, r.Name), r.Hours),
		}
		if r.IsBlind() {
			v.Class, v.Said = string(report.VerdictNoData), r.Blind
		}
		for _, b := range r.Bars {
			v.Bars = append(v.Bars, clusterBar{b, barOf(b.Ratio, "")})
		}
		views[i] = v
	}
	first := min(len(views), firstClusters)
	p.Clusters = &clustersView{
		W: l.words, Labels: labelsOf(rows), Heads: l.ClusterHeads(), Rows: views[:first],
	}
	if rest := views[first:]; len(rest) > 0 {
		p.Clusters.Rest = &clustersView{
			W: l.words, Heads: p.Clusters.Heads, Rows: rest,
			Caption: l.words.AndMore.Of(len(rest)),
		}
	}
	p.ShownClusters, p.Filter = shown(l.words.ShownClusters), l.words.FilterClusters
}

// The size of an hour in the strip of a cluster.
const hourWidth, hourHeight = 5, 14

// hoursOf draws the hours of a cluster as a strip: one path for each state, however many hours
// there are.
func hoursOf(title, hours string) template.HTML {
	if hours == "" {
		return ""
	}
	paths := map[byte]*strings.Builder{}
	for from := 0; from < len(hours); {
		to := from
		for to < len(hours) && hours[to] == hours[from] {
			to++
		}
		if paths[hours[from]] == nil {
			paths[hours[from]] = &strings.Builder{}
		}
		fmt.Fprintf(paths[hours[from]], "M%d 0h%dv%dh-%dz", from*hourWidth, (to-from)*hourWidth-1,
			hourHeight, (to-from)*hourWidth-1)
		from = to
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg class="hours" viewBox="0 0 %d %d" width="%d" height="%d" role="img" `+
		`aria-label="%s">`, len(hours)*hourWidth, hourHeight, min(len(hours)*hourWidth, 170),
		hourHeight, template.HTMLEscapeString(title))
	for _, s := range []struct {
		letter byte
		class  string
	}{
		{report.HourOK, "ok"}, {report.HourWarning, "warning"}, {report.HourCritical, "critical"},
		{report.HourUnknown, "nodata"},
	} {
		if d := paths[s.letter]; d != nil {
			fmt.Fprintf(&out, `<path class="%s" d="%s"/>`, s.class, d)
		}
	}
	out.WriteString("</svg>")
	return template.HTML(out.String()) //nolint:gosec // the title is escaped, the rest is ours
}
