package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// How many names and panels the sentence of a group lists.
const (
	groupNames  = 3
	groupPanels = 4
)

// group returns what the findings of a group have in common, as a sentence. That of one finding is
// its own.
func (w grouping) group(g *Group) string {
	s := ""
	switch f := g.Worst(); {
	case g.Cause.Kind == rules.CauseSource && (len(g.Findings) > 1 || f.Node == ""):
		s = w.source(g)
	case len(g.Findings) == 1:
		return f.Sentence
	case g.Cause.Kind == rules.CauseNode:
		return w.node(g)
	case g.Cause.Kind == rules.CauseWorkload:
		return w.workload(g)
	default:
		s = w.rule(g)
	}
	if g.Cause.Cluster != "" && w.clusters {
		return fmt.Sprintf(w.NamedFinding, printable(g.Cause.Cluster), s)
	}
	return s
}

// rule returns the sentence of many findings of one rule: "memory above 90 % on 41 of 41 nodes;
// worst ip-10-0-1-12 94.6 % since 02:10".
func (w grouping) rule(g *Group) string {
	fs, silent, pending := split(g.Findings)
	if len(fs) == 0 {
		fs, pending = pending, nil
	}
	if len(fs) == 0 {
		return w.silence(g)
	}
	s := ""
	switch f := fs[0]; {
	case len(fs) == 1:
		s = f.Sentence
	case f.isCondition():
		s = w.conditions(g, fs)
	case f.Number != "":
		s = fmt.Sprintf(w.WithWorst, w.on(f.Noun, w.events(fs), w.share(g, fs)),
			w.About(f.Name, w.number(f))) + ", " + w.last(fs)
	case f.aim != nil:
		s = fmt.Sprintf(w.WithWorst, w.on(f.Noun, w.beyond(fs), w.critical(g, fs)),
			w.About(f.Name, f.Value))
	default:
		s = fmt.Sprintf(w.WithWorst, w.on(f.Noun, w.beyond(fs), w.critical(g, fs)),
			w.unbroken(w.About(f.Name, w.value(f)), f, w.in))
	}
	if len(silent) > 0 {
		s = fmt.Sprintf(w.WithSilent, s, words.Thousands(things(g.Noun, silent)))
	}
	if len(pending) > 0 {
		s = fmt.Sprintf(w.WithPending, s, words.Thousands(things(g.Noun, pending)))
	}
	return s
}

// isCondition reports whether a finding says that a condition holds, without a figure, or held when
// its data ended.
func (f *Finding) isCondition() bool {
	k := f.known()
	return k != nil && k.Value == "" && k.Number == ""
}

// known returns the finding, or what fired when its data ended; nil if nothing did.
func (f *Finding) known() *Finding {
	if f.Status == rules.NoData {
		return f.last
	}
	return f
}

// state returns the node condition or the reason to wait that a finding is about, such as NotReady.
func (f *Finding) state() string {
	s := cmp.Or(f.labels.Get("condition"), f.labels.Get("reason"))
	if s == "Ready" { // it is not
		return ""
	}
	return printable(s)
}

// split returns the findings that breach, those without data, and those that are pending.
func split(fs []*Finding) (breaches, silent, pending []*Finding) {
	for _, f := range fs {
		switch f.Status {
		case rules.NoData:
			silent = append(silent, f)
		case rules.Pending:
			pending = append(pending, f)
		default:
			breaches = append(breaches, f)
		}
	}
	return breaches, silent, pending
}

// things returns how many things findings are about. A node counts once.
func things(noun words.Noun, fs []*Finding) int {
	if noun == words.ANode {
		return len(namesOf(fs, noun))
	}
	return len(fs)
}

// namesOf returns the names of what findings are about, each once: of nodes, else of series.
func namesOf(fs []*Finding, noun words.Noun) []string {
	var names []string
	seen := make(map[string]bool, len(fs))
	for _, f := range fs {
		name := f.Name
		if noun == words.ANode {
			name = f.Node
		}
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// first returns the first names of a list and how many more there are.
func (w wording) first(names []string, n int) string {
	if len(names) <= n+1 {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + " " + w.AndMore.Of(len(names)-n)
}

// share returns how many of all things some findings of a group are about: "3 of 42 nodes".
func (w grouping) share(g *Group, fs []*Finding) string {
	return w.Share(g.Noun, things(g.Noun, fs), g.Of)
}

// critical returns the same with the number of critical ones, unless all are, or none.
func (w grouping) critical(g *Group, fs []*Finding) string {
	var worse []*Finding
	for _, f := range fs {
		if f.Severity == rules.Critical {
			worse = append(worse, f)
		}
	}
	if len(worse) == 0 || len(worse) == len(fs) {
		return w.share(g, fs)
	}
	return fmt.Sprintf(w.SomeCritical, w.share(g, fs), words.Thousands(things(g.Noun, worse)))
}

// on returns what is the case on or in some things.
func (w grouping) on(noun words.Noun, what, where string) string {
	return fmt.Sprintf(w.OnOrIn(noun), what, where)
}

// beyond returns the subject of findings with the limit that all of them are beyond.
func (w grouping) beyond(fs []*Finding) string {
	mild := slices.MinFunc(fs, func(a, b *Finding) int { return int(a.Severity) - int(b.Severity) })
	differ := slices.ContainsFunc(fs, func(f *Finding) bool {
		return f.Severity == mild.Severity && f.limit != mild.limit
	})
	switch {
	case !mild.hasLimit():
		return mild.Subject
	case mild.aim != nil:
		return w.aimOf(mild)
	case differ:
		return fmt.Sprintf(w.GroupBeyond, mild.Subject)
	case mild.direction == rules.Below:
		return fmt.Sprintf(w.GroupBelow, mild.Subject, mild.Limit)
	}
	return fmt.Sprintf(w.GroupAbove, mild.Subject, mild.Limit)
}

// events returns how many events findings counted: "12 restarts". If some go on, it returns only
// what they are, because the highest number in a time is not a sum.
func (w grouping) events(fs []*Finding) string {
	total, p := 0.0, w.panels[fs[0].Panel]
	for _, f := range fs {
		if total += f.number; f.Recurs && len(fs) == 1 {
			return fmt.Sprintf(w.EventsWithin, f.Number, w.duration(f.within))
		}
		if f.Recurs || p == nil {
			return f.Subject
		}
	}
	return p.Spec.Number(total)
}

// conditions returns on what a condition holds: "NotReady on 3 of 42 nodes since 02:10: a, b, c".
func (w grouping) conditions(g *Group, fs []*Finding) string {
	s, noun := w.About(w.share(g, fs), fs[0].Subject), words.ASeries
	if what := stateOf(fs); what != "" && g.Noun == words.ANode {
		s, noun = fmt.Sprintf(w.OnThings, what, w.share(g, fs)), words.ANode
	}
	s = w.since(s, earliest(fs))
	return fmt.Sprintf(w.NamedFinding, s, w.first(namesOf(fs, noun), groupNames))
}

// stateOf returns the state that findings share, such as NotReady, or "".
func stateOf(fs []*Finding) string {
	if slices.ContainsFunc(fs, func(f *Finding) bool { return f.state() != fs[0].state() }) {
		return ""
	}
	return fs[0].state()
}

// silence returns what has no data, for a group that has nothing else.
func (w grouping) silence(g *Group) string {
	s := fmt.Sprintf(w.SilentOn, g.Worst().Subject, w.share(g, g.Findings))
	if g.Objects == g.Of {
		return s
	}
	return fmt.Sprintf(w.NamedFinding, s, w.first(namesOf(g.Findings, g.Noun), groupNames))
}

// node returns the sentence of what a node that is down explains: "ip-10-0-1-17 down since 02:10:
// NotReady, without node_exporter, no data for memory, CPU, disk".
func (w grouping) node(g *Group) string {
	names, format, began := []string{w.nodeName(g)}, w.SilentNode, earliest(g.Findings)
	for _, f := range g.Findings {
		if stateRank(f) > 0 {
			format, began = w.DownNode, f.known()
			break
		}
	}
	who := names[0]
	if g.Cause.Name == "" { // many nodes
		names = namesOf(g.Findings, words.ANode)
		names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
		who = w.Share(words.ANode, len(names), w.nodes[g.Cause.Cluster])
	}
	s := w.since(fmt.Sprintf(format, who), began)
	if g.Cause.Name == "" {
		s = fmt.Sprintf(w.AndAlso, fmt.Sprintf(w.NamedFinding, s, w.first(names, groupNames)),
			w.parts(g))
		return s
	}
	return fmt.Sprintf(w.NamedFinding, s, w.parts(g))
}

// nodeName returns the name of the node of a group, with its cluster if there are several.
func (w grouping) nodeName(g *Group) string {
	for _, f := range g.Findings {
		if f.Node == g.Cause.Name || strings.HasSuffix(f.Node, "/"+g.Cause.Name) {
			return f.Node
		}
	}
	return printable(g.Cause.Name)
}

// workload returns the sentence of a workload: "shop/checkout: 3 OOM kills, 5 restarts, memory 97 %
// since 02:10".
func (w grouping) workload(g *Group) string {
	name := printable(g.Cause.Namespace + "/" + g.Cause.Name)
	if w.clusters && g.Cause.Cluster != "" {
		name = printable(g.Cause.Cluster) + "/" + name
	}
	s := fmt.Sprintf(w.NamedFinding, name, w.parts(g))
	if f := earliest(g.Findings); f != nil {
		return w.unbroken(s, f, w.in)
	}
	return s + ", " + w.last(g.Findings)
}

// last returns when the newest event of findings was: "last 09:12".
func (w grouping) last(fs []*Finding) string {
	newest := *slices.MaxFunc(fs, func(a, b *Finding) int { return a.Event.Compare(b.Event) })
	newest.One = newest.One && len(fs) == 1
	return w.newest(&newest, w.in)
}

// since adds when a finding began, if it is known.
func (w grouping) since(s string, f *Finding) string {
	if f == nil {
		return s
	}
	return w.unbroken(s, f, w.in)
}

// earliest returns the finding that began first, nil if all count events that do not go on.
func earliest(fs []*Finding) *Finding {
	var first *Finding
	for _, f := range fs {
		if f.Number != "" && !f.Recurs || f.Since.IsZero() {
			continue
		}
		if first == nil || f.Since.Before(first.Since) {
			first = f
		}
	}
	return first
}

// parts returns what each panel found about a node or a workload.
func (w grouping) parts(g *Group) string {
	type key struct {
		panel  string
		silent bool
	}
	var order []key
	by := map[key][]*Finding{}
	for _, f := range g.Findings {
		k := key{f.Panel, f.Status == rules.NoData && !f.isCondition()}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], f)
	}
	slices.SortStableFunc(order, func(a, b key) int { // the node's own conditions first
		return stateRank(by[b][0]) - stateRank(by[a][0])
	})
	var parts []string
	for _, k := range order {
		parts = append(parts, w.part(by[k], k.silent))
	}
	return w.first(parts, groupPanels+1)
}

// stateRank is 1 for the condition of a node, and 0 for anything else.
func stateRank(f *Finding) int {
	if f.Noun == words.ANode && f.state() != "" && f.isCondition() {
		return 1
	}
	return 0
}

// part returns what one panel found about a node or a workload.
func (w grouping) part(fs []*Finding, silent bool) string {
	f, n := fs[0], len(fs)
	many := w.Things(f.Noun).Of(n)
	switch {
	case silent && f.Noun == words.ANode && n == 1:
		return fmt.Sprintf(w.NoDataFor, f.Subject)
	case silent && n == 1:
		return fmt.Sprintf(w.Silent, f.Subject)
	case silent:
		return fmt.Sprintf(w.SilentThings, many)
	case f.Number != "":
		return w.events(fs)
	case stateRank(f) > 0:
		return f.state()
	case f.isCondition() && n > 1:
		return w.About(many, f.Subject)
	case f.isCondition() && stateOf(fs) != "":
		return f.Subject + fmt.Sprintf(w.Used, f.state())
	case f.isCondition():
		return f.Subject
	case f.Noun == words.AJob && n > 1:
		return w.on(f.Noun, w.beyond(fs), many)
	case f.Noun == words.AJob || f.Noun == words.ATarget:
		return w.About(f.Name, w.About(f.Subject, cmp.Or(f.Reaches, f.Value)))
	case n > 1:
		return w.About(f.Subject, cmp.Or(f.Reaches, f.Value)) + fmt.Sprintf(w.Used, many)
	}
	return w.About(f.Subject, cmp.Or(f.Reaches, f.Value))
}

// source returns the sentence of a source that is gone: "no node_exporter on 42 of 42 nodes since
// 02:10; no data for Node memory, Node CPU".
func (w grouping) source(g *Group) string {
	s := fmt.Sprintf(w.NoSource, g.Cause.Name)
	if g.Cause.Name == string(panel.NodeExporter) && g.Objects > 0 {
		s = fmt.Sprintf(w.NoExporter, g.Cause.Name, w.Share(words.ANode, g.Objects, g.Of))
	}
	s = w.since(s, earliest(g.Findings))
	if names := namesOf(g.Findings, words.ANode); g.Objects < g.Of && len(names) <= groupNames {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
		s = fmt.Sprintf(w.NamedFinding, s, strings.Join(names, ", "))
	}
	if len(g.Blind) > 0 {
		s = fmt.Sprintf(w.AndAlso, s, fmt.Sprintf(w.NoDataFor, w.first(g.Blind, groupPanels)))
	}
	return s
}
