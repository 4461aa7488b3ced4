package pdf

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// addFirst adds what the first screen of the page shows: the verdict and the findings.
func (l *layout) addFirst() {
	l.addTop()
	unjudged := l.unjudged()
	if !unjudged {
		l.addVerdict()
	}
	l.addClusters()
	if unjudged {
		return
	}
	l.section(l.words.Findings, label)
	if len(l.Groups) == 0 {
		l.add(l.paragraph(l.NoFindings(), body, 4))
	}
	shown := min(len(l.Groups), mostCauses)
	for i := range l.Groups[:shown] {
		l.addCause(&l.Groups[i])
	}
	if shown > 0 {
		l.endTable()
	}
	l.note(l.notListed(shown, len(l.Groups)))
	l.addEnded()
	l.addBeyond()
}

// unjudged reports whether the report answers a question without limits, so that there is no
// verdict.
func (l *layout) unjudged() bool {
	return l.Info.Question && len(l.Groups) == 0 && !l.HasRules()
}

// addTop adds what the report is about and its time.
func (l *layout) addTop() {
	st, when := chart.TextStyle{Size: 14, Bold: true, Colour: inkColour}, body
	last := " · " + fmt.Sprintf(l.words.Last, l.words.Figure(span(l.Info.Range)))
	wide := l.file.Width(l.slot(), when) + l.file.Width(last, muted)
	lines := l.wrap(l.title(), st, l.width-wide-24, 2)
	l.add(block{
		height: float64(len(lines)) * pitch(st), mark: l.title(), draw: func(p *paper, y float64) {
			p.lines(lines, st, side, y)
			y += rise(st) - rise(when) // on the baseline of the title
			p.file.Write(l.slot(), when, side+p.width-wide, y+rise(when))
			p.right(last, muted, side+p.width, y)
		},
	})
}

// verdictInset is the space around the text of the verdict, and verdictMark the width of its edge.
const verdictInset, verdictMark = 12, 4

// addVerdict adds the box with the counts and the headline.
func (l *layout) addVerdict() {
	st := chart.TextStyle{Size: 13.5, Bold: true, Colour: inkColour}
	alarm := chart.TextStyle{Size: 9, Bold: true, Colour: toneOf("critical").text}
	room := l.width - 2*verdictInset - verdictMark
	headline := l.wrap(l.Headline, st, room, 5)
	var incomplete []string
	if !l.Info.Incomplete.IsZero() {
		incomplete = l.wrap(fmt.Sprintf(l.words.Incomplete, l.Incomplete()), alarm, room, 3)
	}
	height := 2*verdictInset + 22 + float64(len(headline))*pitch(st) +
		float64(len(incomplete))*pitch(alarm)
	if len(incomplete) > 0 {
		height += 4
	}
	colours := toneOf(string(l.Verdict()))
	l.add(block{height: height, before: 10, draw: func(p *paper, y float64) {
		p.file.Box(side, y, p.width, height, colours.soft)
		p.file.Box(side, y, verdictMark, height, colours.mark)
		x := float64(side + verdictMark + verdictInset)
		l.counts(x, y+verdictInset)
		y = p.lines(headline, st, x, y+verdictInset+22)
		p.lines(incomplete, alarm, x, y+4)
	}})
}

// counts writes the counts of checks in a line, and how many nodes are measured at its end.
func (l *layout) counts(x, y float64) {
	number := chart.TextStyle{Size: 14, Bold: true, Colour: inkColour}
	for _, c := range l.shownCounts() {
		st, word := number, muted
		if c.n == 0 {
			st.Bold, st.Colour = false, mutedColour
		} else if c.class == "critical" || c.class == "warning" || c.class == "failed" {
			st.Colour = toneOf(c.class).text
			word.Colour = st.Colour
		}
		text := words.Thousands(c.n)
		l.file.Write(text, st, x, y+rise(number))
		x += l.file.Width(text, st) + 4
		l.file.Write(c.word, word, x, y+rise(number))
		x += l.file.Width(c.word, word) + 16
	}
	if l.NodesTotal > 0 {
		measured := fmt.Sprintf(l.words.NodesMeasured, words.Thousands(l.NodesMeasured),
			words.Thousands(l.NodesTotal))
		l.right(measured, muted, side+l.width-verdictInset, y+rise(number)-rise(muted))
	}
}

// count is a number of checks with its word.
type count struct {
	class string
	n     int
	word  string
}

// shownCounts returns the counts of the verdict. Those that are rare are left out if they are 0.
func (l *layout) shownCounts() []count {
	var shown []count
	for _, c := range []count{
		{"critical", l.Critical, l.words.Critical}, {"warning", l.Warning, l.words.Warning},
		{"nodata", l.NoData, l.words.NoData}, {"pending", l.Pending, l.words.Pending},
		{"failed", len(l.Failures), l.words.Failed}, {"ok", l.OK, l.words.OK},
	} {
		if c.n > 0 || c.class != "pending" && c.class != "failed" {
			shown = append(shown, c)
		}
	}
	return shown
}

// addCause adds a cause: one finding as a row, or what several have in common with the first of
// them below it.
func (l *layout) addCause(g *report.Group) {
	if g.Alone() {
		l.addFinding(l.FindingRow(g.Worst()), "", false)
		return
	}
	l.addFinding(l.FindingRow(g.Worst()), g.Sentence, false)
	shown := min(len(g.Findings), mostMembers)
	for _, f := range g.Findings[:shown] {
		l.blocks[len(l.blocks)-1].with = true
		l.addFinding(l.FindingRow(f), "", true)
	}
	if note := l.notListed(shown, len(g.Findings)); note != "" {
		l.blocks[len(l.blocks)-1].with = true
		columns := l.findingColumns()
		b := l.column(note, small, columns.what+indent, l.width-columns.what-indent, 2)
		b.height += 4
		l.add(b)
	}
}

// endTable adds the rule below a table.
func (l *layout) endTable() {
	l.blocks[len(l.blocks)-1].with = true
	l.add(block{height: hairline, draw: func(p *paper, y float64) {
		p.file.Box(side, y, p.width, hairline, lineColour)
	}})
}

// addEnded adds the findings that have ended.
func (l *layout) addEnded() {
	all, ended := 0, 0
	for i := range l.Findings {
		if l.Findings[i].Past() {
			ended++
		}
	}
	for i := range l.Findings {
		f := &l.Findings[i]
		if !f.Past() {
			continue
		}
		if all++; all == 1 {
			l.section(fmt.Sprintf(l.words.Count, words.Thousands(ended), l.words.Ended), label)
		}
		if all <= mostEnded {
			l.addFinding(l.FindingRow(f), "", false)
		}
	}
	if all > 0 {
		l.endTable()
		l.note(l.notListed(min(all, mostEnded), all))
	}
}

// addBeyond adds the figures of a dashboard beyond its own thresholds.
func (l *layout) addBeyond() {
	if l.Info.Board == nil {
		return
	}
	rows := l.Beyond()
	if len(rows) == 0 {
		return
	}
	l.section(l.words.BeyondThresholds, label)
	for _, r := range rows[:min(len(rows), mostBeyond)] {
		st := strong
		st.Colour = toneOf("warning").text
		if r.Red {
			st.Colour = toneOf("critical").text
		}
		value := l.file.Elide(r.Text, st, 120)
		title := l.file.Elide(r.Title, body, l.width-140)
		l.add(block{height: pitch(body) + 4, draw: func(p *paper, y float64) {
			p.file.Box(side, y, p.width, hairline, lineColour)
			p.file.Write(title, body, side, y+2+rise(body))
			p.right(value, st, side+p.width, y+2)
		}})
	}
	l.endTable()
	if rest := len(rows) - mostBeyond; rest > 0 {
		l.note(l.words.AndMore.Of(rest))
	}
}
