package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
)

// choose decides which panels are drawn: those that the report shows and that Grafana does not
// hide. The verdict of every other panel says why it is not.
func (p *Plan) choose() {
	at := map[*grafana.Panel]int{}
	for i := range p.source.Panels {
		at[&p.source.Panels[i]] = i
	}
	p.verdicts = slices.Clone(p.plan.Verdicts)
	out := make([]map[string]int, len(p.verdicts)) // how many copies are left out, by reason
	copies := make([]int, len(p.verdicts))
	names := map[string]bool{}
	for _, name := range p.o.Names {
		names[name] = true
	}
	for i := range p.plan.Panels {
		planned := &p.plan.Panels[i]
		n := at[planned.Panel]
		copies[n]++
		differ(&p.verdicts[n], p.judge(planned, names))
		if why := p.leftOut(planned); why != "" {
			if out[n] == nil {
				out[n] = map[string]int{}
			}
			out[n][why]++
			continue
		}
		name := unique(names, nameOf(planned.Title, planned.Panel.ID))
		p.panels = append(p.panels, shown{planned: planned, name: name})
	}
	p.chooseRows()
	var hidden []string
	for i := range out {
		leave(&p.verdicts[i], out[i], copies[i])
		if n := out[i][hiddenByGrafana]; n > 0 && n == copies[i] {
			title := outside.Said(p.source.Panels[i].Title, maxName)
			hidden = append(hidden, cmp.Or(title, "a panel without a title"))
		}
	}
	p.noteHidden(hidden)
	for i := range p.panels {
		one := &p.panels[i]
		if v := p.verdicts[at[one.planned.Panel]]; v.Status == grafana.Approximated {
			one.differs = v.Reason
		}
	}
}

// differ adds to a verdict what differs from Grafana.
func differ(v *grafana.Verdict, reasons []string) {
	for _, why := range reasons {
		if v.Status = grafana.Approximated; !strings.Contains(v.Reason, why) {
			v.Reason = strings.TrimPrefix(v.Reason+"; "+why, "; ")
		}
	}
}

// shows reports whether the report has a panel.
func (p *Plan) shows(planned *grafana.Planned) bool {
	return p.o.Shows == nil || p.o.Shows(planned.Panel.Title)
}

// leftOut returns why a panel is not drawn, or "" if it is.
func (p *Plan) leftOut(planned *grafana.Planned) string {
	switch {
	case !p.shows(planned):
		return "the report leaves it out by only or except"
	case planned.Hidden || planned.Row >= 0 && p.plan.Rows[planned.Row].Hidden:
		return hiddenByGrafana
	}
	return ""
}

// hiddenByGrafana is also what the plan's own verdict says.
const hiddenByGrafana = "Grafana hides it with these values"

// noteHidden notes the panels that Grafana hides: they are imported, and not on the page.
func (p *Plan) noteHidden(titles []string) {
	if len(titles) == 0 {
		return
	}
	const most = 10
	more := ""
	if n := len(titles) - most; n > 0 {
		titles, more = titles[:most], fmt.Sprintf(" and %d more", n)
	}
	p.note("with these values of its variables, the dashboard hides %s%s",
		strings.Join(titles, ", "), more)
}

// leave adds to a verdict how many of the panel's copies are left out. A panel that Grafana hides
// is no worse for that.
func leave(v *grafana.Verdict, why map[string]int, copies int) {
	left := 0
	for _, n := range why {
		left += n
	}
	if left == 0 {
		return
	}
	reasons := strings.Split(v.Reason, "; ")
	reasons = slices.DeleteFunc(reasons, func(r string) bool {
		return r == "" || r == hiddenByGrafana
	})
	var more []string
	for r, n := range why {
		if left < copies {
			r = fmt.Sprintf("%d of %d copies are left out: %s", n, copies, r)
		}
		more = append(more, r)
	}
	slices.Sort(more)
	switch left {
	case why[hiddenByGrafana]:
	case copies:
		v.Status = grafana.LeftOut
	default:
		v.Status = grafana.Approximated
	}
	v.Reason = strings.Join(append(more, reasons...), "; ")
}

// chooseRows decides which rows are shown: those with a panel, and those that are empty in the file
// if the report leaves out no panel.
func (p *Plan) chooseRows() {
	planned, drawn := make([]int, len(p.plan.Rows)), make([]int, len(p.plan.Rows))
	all := true
	for i := range p.plan.Panels {
		one := &p.plan.Panels[i]
		all = all && p.shows(one)
		if one.Row >= 0 {
			planned[one.Row]++
		}
	}
	for _, one := range p.panels {
		if r := one.planned.Row; r >= 0 {
			drawn[r]++
		}
	}
	at := make([]int, len(p.plan.Rows))
	for i, row := range p.plan.Rows {
		at[i] = -1
		if drawn[i] == 0 && (planned[i] > 0 || row.Hidden || !all) {
			continue
		}
		at[i] = len(p.rows)
		p.rows = append(p.rows, board.Row{
			Title: row.Title, Tab: row.Row.Tab, Collapsed: row.Row.Collapsed, Bare: row.Row.Bare,
		})
	}
	for i := range p.panels {
		one := &p.panels[i]
		if one.row = one.planned.Row; one.row >= 0 {
			one.row = at[one.row]
		}
	}
}

const maxName = 60 // characters, before the number

// nameOf returns a name of a panel from its title and its number in the file.
func nameOf(title string, id int) string {
	return fmt.Sprintf("%s-%d", cmp.Or(outside.Slug(title, maxName), "panel"), max(id, 0))
}

// unique returns name with a number if it is taken, and takes it.
func unique(taken map[string]bool, name string) string {
	one := name
	for n := 2; taken[one]; n++ {
		one = fmt.Sprintf("%s-%d", name, n)
	}
	taken[one] = true
	return one
}
