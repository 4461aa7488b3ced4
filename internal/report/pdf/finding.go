package pdf

import (
	"math"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// findingColumns are where the columns of the findings begin, from the left margin.
type findingColumns struct{ age, what, value, time, course float64 }

// Widths of the columns of findings, in points.
const (
	pillWidth   = 50
	courseWidth = 66
	indent      = 10 // of a finding below its cause
	gutter      = 8
)

func (l *layout) findingColumns() findingColumns {
	c := findingColumns{age: pillWidth + gutter, course: l.width - courseWidth}
	c.what = c.age
	if l.Aged() {
		c.what += 44
	}
	c.time = c.course - 84
	c.value = c.time - 88
	return c
}

// findingText is the text of a row, broken into lines.
type findingText struct {
	row       report.FindingRow
	columns   findingColumns
	name      []string // bold
	subject   string   // after the last line of the name, or below it
	below     bool
	details   []string // small
	runbook   string   // the address; "": none
	member    bool
	used      []string
	what      float64 // where the text begins
	height    float64
	wholeName bool // the name takes the column of the value too
}

// changeLines is how many changes of one finding are listed.
const changeLines = 3

// addFinding adds a row of the findings. A sentence says what several findings have in common.
func (l *layout) addFinding(row report.FindingRow, sentence string, member bool) {
	f := row.Finding
	t := &findingText{row: row, columns: l.findingColumns(), member: member}
	t.what = t.columns.what
	if member {
		t.what += indent
	}
	room := t.columns.value - gutter - t.what
	name, subject := f.Name, f.Subject
	if name == words.Unlabelled {
		name, subject = subject, ""
	}
	st, most := strong, 3
	if sentence != "" {
		name, subject, t.wholeName = sentence, "", true
		room, most = t.columns.time-gutter-t.what, 4
	}
	if row.Class == "ended" || member {
		st = body
	}
	t.name, t.subject = l.wrap(name, st, room, most), subject
	used := 0.0
	if n := len(t.name); n > 0 {
		used = l.file.Width(t.name[n-1], st) + 4
	}
	t.below = len(t.name) == 0 || used+l.file.Width(subject, muted) > room
	t.subject = l.file.Elide(subject, muted, room)
	if !member {
		if _, err := exchange.WebURL(f.Runbook); err == nil {
			t.runbook = f.Runbook
		}
	}
	if sentence == "" {
		for _, text := range []string{f.Said, row.Top, f.Outlook()} {
			t.details = append(t.details, l.wrap(text, small, room, 2)...)
		}
	}
	if !member {
		for _, text := range l.words.AtMost(f.Changes, changeLines) {
			t.details = append(t.details, l.wrap(text, small, room, 2)...)
		}
	}
	t.used = l.wrap(f.Used, small, t.columns.time-gutter-t.columns.value, 2)
	t.height = l.heightOf(t)
	l.add(block{height: t.height, draw: func(p *paper, y float64) { l.finding(t, st, y) }})
}

// heightOf returns the height of a row.
func (l *layout) heightOf(t *findingText) float64 {
	left := float64(len(t.name))*pitch(body) + float64(len(t.details))*pitch(small)
	if t.below && t.subject != "" {
		left += pitch(body)
	}
	if t.runbook != "" {
		left += pitch(small)
	}
	middle := pitch(body) + float64(len(t.used))*pitch(small)
	if t.row.Value == "" && len(t.used) == 0 || t.wholeName {
		middle = 0
	}
	right := pitch(body)
	if t.row.Lasted != "" && t.row.Since != "" || t.row.Trend != "" {
		right += pitch(small)
	}
	return max(left, middle, right, 16) + 9
}

// finding draws a row.
func (l *layout) finding(t *findingText, st chart.TextStyle, y float64) {
	p, row := l.paper, t.row
	rule := 0.0
	if t.member {
		rule = t.columns.what + indent
	}
	p.file.Box(side+rule, y, p.width-rule, hairline, lineColour)
	y += 5
	l.pill(row.Class, row.State, t.member, y)
	if row.AgeWord != "" {
		age := small
		age.Bold = row.AgeClass == "new"
		p.file.Write(p.file.Elide(row.AgeWord, age, t.columns.what-t.columns.age-2), age,
			side+t.columns.age, y+rise(body))
	}
	x := side + t.what
	at := p.lines(t.name, st, x, y)
	switch {
	case t.subject == "":
	case t.below:
		at = p.lines([]string{t.subject}, muted, x, at)
	default:
		after := p.file.Width(t.name[len(t.name)-1], st) + 4
		p.file.Write(t.subject, muted, x+after, at-pitch(st)+rise(st))
	}
	at = p.lines(t.details, smallInk, x, at)
	if t.runbook != "" {
		p.link(l.words.Runbook, t.runbook, x, at)
	}
	if !t.wholeName {
		l.value(t, y)
	}
	l.course(t, y)
}

// link writes a word that leads to a web address.
func (p *paper) link(word, url string, x, y float64) {
	st := small
	st.Colour = linkColour
	p.file.Write(word, st, x, y+rise(st))
	p.file.Link(url, x, y, p.file.Width(word, st), pitch(st))
}

// pill draws the state of a finding. It is filled if it is critical, so that it differs from
// others without colours too.
func (l *layout) pill(class, state string, member bool, y float64) {
	p, st := l.paper, small
	c := toneOf(class)
	st.Size, st.Colour = 8, c.text
	state = p.file.Elide(state, st, pillWidth-4)
	const height = 13
	baseline := y + rise(body)
	switch {
	case member:
		st.Bold = class == "critical"
		p.file.Write(state, st, side+indent, baseline)
		return
	case class == "critical":
		p.file.Box(side, baseline-9.6, pillWidth, height, c.mark)
		st.Bold, st.Colour = true, white
	case class == "warning":
		p.file.Box(side, baseline-9.6, pillWidth, height, c.soft)
		p.file.Frame(side, baseline-9.6, pillWidth, height, 0.8, c.mark)
	default:
		p.file.Frame(side, baseline-9.6, pillWidth, height, 0.6, c.mark)
	}
	p.file.Write(state, st, side+(pillWidth-p.file.Width(state, st))/2, baseline-0.2)
}

// value writes the value of a finding with its limit.
func (l *layout) value(t *findingText, y float64) {
	p, row, st := l.paper, t.row, strong
	x, room := side+t.columns.value, t.columns.time-gutter-t.columns.value
	switch row.Class {
	case "critical", "warning":
		st.Colour = toneOf(row.Class).text
	case "ended":
		st = muted
	}
	text := p.file.Elide(row.Value, st, room)
	p.file.Write(text, st, x, y+rise(st))
	if row.Limit != "" {
		wide := p.file.Width(text, st) + 3
		p.file.Write(p.file.Elide("/ "+row.Limit, muted, room-wide), muted, x+wide, y+rise(st))
	}
	below := y
	if row.Value != "" {
		below += pitch(st)
	}
	p.lines(t.used, small, x, below)
}

// course writes how long a finding lasts, and draws its samples.
func (l *layout) course(t *findingText, y float64) {
	p, row := l.paper, t.row
	x, room := side+t.columns.time, float64(84-gutter)
	if row.Lasted != "" {
		p.file.Write(p.file.Elide(row.Lasted, body, room), body, x, y+rise(body))
		p.lines([]string{p.file.Elide(row.Since, small, room)}, small, x, y+pitch(body))
	} else {
		p.file.Write(p.file.Elide(row.Since, body, room), body, x, y+rise(body))
	}
	p.spark(row.Course, row.Class, side+t.columns.course, y, courseWidth, 14)
	if row.Trend != "" {
		p.right(row.Trend, small, side+p.width, y+pitch(body)+2)
	}
}

// The number of points of a sparkline, and the fewest that are drawn.
const sparkPoints, sparkFewest = 48, 4

// spark draws a series with its limit. Values that are not finite break the line.
func (p *paper) spark(c report.Course, class string, x, y, width, height float64) {
	points := c.Extremes(sparkPoints)
	lo, hi, drawn := math.Inf(1), math.Inf(-1), 0
	for _, v := range points {
		if series.Finite(v) {
			lo, hi = min(lo, v), max(hi, v)
			drawn++
		}
	}
	if drawn < sparkFewest {
		return
	}
	if series.Finite(c.Limit) {
		lo, hi = min(lo, c.Limit), max(hi, c.Limit)
	}
	if c.Zero {
		lo, hi = min(lo, 0), max(hi, 0)
	}
	span := hi/2 - lo/2 // halves, so that no difference overflows
	at := func(v float64) float64 {
		if span == 0 {
			return y + height/2
		}
		return y + float64(height*((hi/2-v/2)/span))
	}
	xs, ys := make([]float64, len(points)), make([]float64, len(points))
	for i, v := range points {
		xs[i], ys[i] = x+float64(width*float64(i)/float64(len(points)-1)), math.NaN()
		if series.Finite(v) {
			ys[i] = at(v)
		}
	}
	if series.Finite(c.Limit) {
		level := at(c.Limit)
		p.file.Course([]float64{x, x + width}, []float64{level, level}, 0.5, []float64{1.5, 2},
			mutedColour)
	}
	colour := barColour
	if class == "critical" || class == "warning" {
		colour = toneOf(class).mark
	}
	p.file.Course(xs, ys, 1, nil, colour)
}

// span returns how long something lasted as words.Figure reads it.
func span(d time.Duration) string { return strings.TrimSpace(units.Span(d)) }
