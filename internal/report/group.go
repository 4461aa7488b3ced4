package report

import "github.com/promsnap/promsnap/internal/rules"

// Group is the findings of one cause, which a reader sees as one line with a list behind it.
type Group struct {
	Cause    rules.Cause // the zero Cause is of one finding only
	Findings []*Finding  // at least one, the worst first; none has ended
	Sentence string      // of one finding its own, else what they have in common
}

// Worst returns the worst finding of the group.
func (g *Group) Worst() *Finding { return g.Findings[0] }

// groupsOf groups the findings that have not ended by cause, in the order of the worst finding of
// each group. The findings are sorted, the worst first.
func (w wording) groupsOf(fs []Finding) []Group {
	var groups []Group
	at := map[rules.Cause]int{}
	for i := range fs {
		f := &fs[i]
		if f.Past() {
			continue
		}
		k, known := at[f.Cause]
		if !known || f.Cause == (rules.Cause{}) {
			k = len(groups)
			at[f.Cause] = k
			groups = append(groups, Group{Cause: f.Cause})
		}
		groups[k].Findings = append(groups[k].Findings, f)
	}
	for i := range groups {
		groups[i].Sentence = w.group(&groups[i])
	}
	return groups
}

// group returns what the findings of a group have in common, as a sentence.
func (w wording) group(g *Group) string {
	worst := g.Worst()
	if len(g.Findings) == 1 {
		return worst.Sentence
	}
	return worst.Sentence + ", " + w.AndMore.Of(len(g.Findings)-1)
}
