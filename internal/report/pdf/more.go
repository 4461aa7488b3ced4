package pdf

import (
	"github.com/promsnap/promsnap/internal/report"
)

// addMore adds what is about the whole cluster: what fills next, its shares, its nodes, and what is
// wrong with the run.
func (l *layout) addMore() {
	l.addFills()
	l.addMoves()
	l.addShares()
	l.addNodes()
	l.addSums()
	l.addRun()
}

// cell is a text in a column of a table.
type cell struct {
	text string
	sub  string // below it, small
	x    float64
	room float64
	bold bool
	most int // lines of each
}

// addRow adds a row of a table with a rule above it.
func (l *layout) addRow(cells ...cell) {
	type column struct{ text, sub []string }
	height, columns := 0.0, make([]column, len(cells))
	for i, c := range cells {
		st := body
		if c.bold {
			st = strong
		}
		columns[i] = column{
			l.wrap(c.text, st, c.room, c.most), l.wrap(c.sub, small, c.room, c.most),
		}
		height = max(height, float64(len(columns[i].text))*pitch(st)+
			float64(len(columns[i].sub))*pitch(small))
	}
	l.add(block{height: height + 7, draw: func(p *paper, y float64) {
		p.file.Box(side, y, p.width, hairline, lineColour)
		for i, c := range cells {
			st := body
			if c.bold {
				st = strong
			}
			at := p.lines(columns[i].text, st, side+c.x, y+4)
			p.lines(columns[i].sub, small, side+c.x, at)
		}
	}})
}

// addFills adds what reaches its limit next.
func (l *layout) addFills() {
	if len(l.Fills) == 0 {
		return
	}
	l.section(l.words.FillsNext, label)
	for _, f := range l.Fills {
		when := ""
		if !f.At.IsZero() {
			when = l.words.Date(f.At.In(l.Info.Zone))
		}
		l.addRow(
			cell{text: f.Name, sub: f.Title, room: 0.32*l.width - gutter, bold: true, most: 2},
			cell{
				text: f.Level, sub: f.Used, x: 0.32 * l.width, room: 0.16*l.width - gutter, most: 2,
			},
			cell{
				text: f.Short, sub: when, x: 0.48 * l.width, room: 0.27*l.width - gutter,
				bold: true, most: 3,
			},
			cell{text: f.Growth, x: 0.75 * l.width, room: 0.25 * l.width, most: 4},
		)
	}
	l.endTable()
	more := ""
	if l.FillsMore > 0 {
		more = l.words.MoreFill.Of(l.FillsMore)
	}
	if l.ReachedMore > 0 {
		more = join(", ", more, l.words.MoreReached.Of(l.ReachedMore))
	}
	l.note(more)
}

// addMoves adds what changed since last week.
func (l *layout) addMoves() {
	if len(l.Up)+len(l.Down) == 0 {
		return
	}
	l.section(l.words.ChangedSince, label)
	for _, moves := range [][]report.Move{l.Up, l.Down} {
		for _, m := range moves {
			l.addRow(
				cell{text: m.Amount.Text, room: 80, bold: true, most: 1},
				cell{
					text: m.Sentence, sub: join("; ", l.words.AtMost(m.Changes, changeLines)...),
					x: 90, room: l.width - 90, most: 3,
				},
			)
		}
	}
	l.endTable()
	more := ""
	if l.UpMore > 0 {
		more = l.words.MoreRose.Of(l.UpMore)
	}
	if l.DownMore > 0 {
		more = join(", ", more, l.words.MoreFell.Of(l.DownMore))
	}
	l.note(more)
}

// sharesInRow is how many shares of the cluster are beside each other.
const sharesInRow = 4

// addShares adds the shares of resources that the whole cluster uses.
func (l *layout) addShares() {
	shares := l.Fleet()
	if len(shares) == 0 {
		return
	}
	l.section(l.words.Fleet, label)
	wide := (l.width - (sharesInRow-1)*2*gutter) / sharesInRow
	for len(shares) > 0 {
		row := shares[:min(len(shares), sharesInRow)]
		shares = shares[len(row):]
		l.add(block{height: pitch(body) + pitch(small) + 12, draw: func(p *paper, y float64) {
			for i, s := range row {
				x := side + float64(i)*(wide+2*gutter)
				value := p.file.Width(s.Text, strong)
				p.file.Write(p.file.Elide(s.Word, body, wide-value-4), body, x, y+rise(body))
				p.right(s.Text, strong, x+wide, y)
				p.share(s.Ratio, "", x, y+pitch(body)+1, wide)
				p.file.Write(p.file.Elide(s.Used, small, wide), small, x,
					y+pitch(body)+6+rise(small))
			}
		}})
	}
}

// addNodes adds the table of the worst nodes.
func (l *layout) addNodes() {
	nodes := l.Nodes()
	most := firstNodes
	if l.Info.PDF.Full {
		most = mostNodes
	}
	rows := nodes.Lines[:min(len(nodes.Lines), most)]
	if len(rows) == 0 || nodes.Bare {
		return
	}
	l.section(l.words.NodeByNode, heading)
	if nodes.Summary != "" {
		b := l.paragraph(nodes.Summary, body, 3)
		b.height, b.with = b.height+4, true
		l.add(b)
	}
	name := max(0.3*l.width, l.width-90*float64(len(nodes.Heads)))
	wide := (l.width - name) / float64(max(len(nodes.Heads), 1))
	head := l.nodeHead(nodes.Heads, name, wide)
	l.blocks[len(l.blocks)-1].with = true
	head.with = true
	for i := range rows {
		l.addNode(&rows[i], head, name, wide)
	}
	l.endTable()
	if rest := len(nodes.Lines) - len(rows); rest > 0 {
		l.note(l.words.MoreNodes.Of(rest))
	}
}

// nodeHead adds the headings of the table of nodes.
func (l *layout) nodeHead(heads []string, name, wide float64) *block {
	return l.add(block{height: pitch(small) + 3, draw: func(p *paper, y float64) {
		p.file.Write(l.words.Node, small, side, y+rise(small))
		for i, h := range heads {
			p.file.Write(p.file.Elide(h, small, wide-gutter), small,
				side+name+float64(i)*wide+gutter, y+rise(small))
		}
	}})
}

// addNode adds a row of the table of nodes.
func (l *layout) addNode(n *report.Node, head *block, name, wide float64) {
	facts := ""
	for _, f := range n.Machine.Facts {
		facts = join(" · ", facts, f.Text)
	}
	for _, b := range n.Machine.Badges {
		facts = join(" · ", b.Word, facts)
	}
	sub := l.file.Elide(facts, small, name-gutter)
	height := pitch(body) + 8
	if sub != "" {
		height += pitch(small)
	}
	state := small
	state.Colour = toneOf(n.Class).text
	state.Bold = n.Class == "critical"
	said := n.State
	if n.Class == "ok" {
		said = ""
	}
	used := l.file.Width(said, state) + 6
	title := l.file.Elide(n.Name, body, name-gutter-used)
	l.add(block{height: height, head: head, draw: func(p *paper, y float64) {
		p.file.Box(side, y, p.width, hairline, lineColour)
		p.file.Write(title, body, side, y+3+rise(body))
		p.right(said, state, side+name-gutter, y+3+rise(body)-rise(state))
		p.file.Write(sub, small, side, y+3+pitch(body)+rise(small))
		for i, f := range n.Figures {
			x, st := side+name+float64(i)*wide+gutter, body
			if f.Class == "critical" || f.Class == "warning" {
				st = strong
				st.Colour = toneOf(f.Class).text
			}
			p.file.Write(p.file.Elide(f.Text, st, wide-gutter), st, x, y+3+rise(st))
			p.share(f.Share, f.Class, x, y+4+pitch(body), wide-2*gutter)
		}
	}})
}

// addSums adds a line for each part of the page that has its own tables there.
func (l *layout) addSums() {
	var lines []string
	if l.Rules != nil {
		lines = append(lines, l.Rules.Sum)
	}
	lines = append(lines, l.FiredLines()...)
	if l.Targets != nil {
		lines = append(lines, l.Targets.Sum)
	}
	if l.Sizing != nil {
		lines = append(lines, l.Sizing.Sums...)
	}
	l.addList(l.words.AlsoInPage, lines)
}

// addRun adds what is wrong with the data and the run.
func (l *layout) addRun() {
	l.addList(l.words.Blind, l.Blind)
	var failed, warned []string
	for _, f := range l.FailureGroups() {
		failed = append(failed, join(": ", l.words.FirstOf(f.Titles), f.Error))
	}
	for _, w := range l.WarningGroups() {
		warned = append(warned, join(": ", l.words.FirstOf(w.Titles), w.Text))
	}
	l.addList(l.words.FailuresHead, failed)
	l.addList(l.words.WarningsHead, warned)
}

// addList adds a heading and a paragraph for each line; nothing if there are none.
func (l *layout) addList(head string, lines []string) {
	if len(lines) == 0 {
		return
	}
	l.section(head, label)
	for _, line := range lines[:min(len(lines), mostLines)] {
		b := l.paragraph(line, body, 4)
		b.before = 2
		l.add(b)
	}
	if rest := len(lines) - mostLines; rest > 0 {
		l.note(l.words.AndMore.Of(rest))
	}
}

// mostClusters is how many clusters of a fleet are listed, and of a full document.
const mostClusters, allClusters = 20, 200

// addClusters adds the table of a fleet's clusters, the worst first.
func (l *layout) addClusters() {
	rows := l.Clusters()
	if len(rows) == 0 {
		return
	}
	most := mostClusters
	if l.Info.PDF.Full {
		most = allClusters
	}
	l.section(l.words.Clusters, label)
	for i := range rows[:min(len(rows), most)] {
		c := &rows[i]
		said, class := c.Headline, string(c.Verdict)
		if c.IsBlind() {
			said, class = c.Blind, string(report.VerdictNoData)
		}
		l.addCluster(c, said, class)
	}
	l.endTable()
	l.note(l.notListed(min(len(rows), most), len(rows)))
}

// addCluster adds a row of the table of clusters.
func (l *layout) addCluster(c *report.ClusterRow, said, class string) {
	x := float64(pillWidth + gutter)
	name := l.wrap(c.Name, strong, 110, 2)
	sub := l.wrap(c.LabelText, small, 110, 1)
	text := l.wrap(said, body, l.width-x-118-50, 3)
	height := max(float64(len(name))*pitch(body)+float64(len(sub))*pitch(small),
		float64(len(text))*pitch(body), 16) + 8
	l.add(block{height: height, draw: func(p *paper, y float64) {
		p.file.Box(side, y, p.width, hairline, lineColour)
		l.pill(class, c.State, false, y+5)
		at := p.lines(name, strong, side+x, y+5)
		p.lines(sub, small, side+x, at)
		p.lines(text, body, side+x+118, y+5)
		p.right(p.file.Elide(c.Nodes, small, 48), small, side+p.width, y+5+rise(body)-rise(small))
	}})
}
