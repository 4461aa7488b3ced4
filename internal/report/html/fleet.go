package html

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// clustersView is the table of the clusters of a fleet.
type clustersView struct {
	W       *words.Words
	Heads   []string // of the bars
	Rows    []clusterView
	Rest    *clustersView // the rows after the first ones; nil: there are no more
	Caption string
}

// firstClusters is how many clusters the page shows at once.
const firstClusters = 30

// clusterView is a cluster as a row of the table.
type clusterView struct {
	report.ClusterRow
	Class string // the verdict as a style's name
	Said  string // its headline, or why it has no data
	Title string // of the link to its report
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
			ClusterRow: r, Class: string(r.Verdict), Said: joined(r.Headline),
			Title: fmt.Sprintf(l.words.PageOf, r.Name),
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
	p.Clusters = &clustersView{W: l.words, Heads: l.ClusterHeads(), Rows: views[:first]}
	if rest := views[first:]; len(rest) > 0 {
		p.Clusters.Rest = &clustersView{
			W: l.words, Heads: p.Clusters.Heads, Rows: rest,
			Caption: l.words.AndMore.Of(len(rest)),
		}
	}
	p.ShownClusters = shown(l.words.ShownClusters)
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
