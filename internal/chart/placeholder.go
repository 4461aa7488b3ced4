package chart

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// nothingToDraw returns why a panel has no chart and what is known about that, or two empty strings
// if it has one.
func (s speech) nothingToDraw(data *snapshot.Panel) (headline, detail string) {
	switch {
	case data.Failure != nil:
		return s.QueryFailed, data.Failure.Error()
	case len(data.Lines) == 0 && data.Spec.EmptyIsOK && data.Data == snapshot.DataComplete:
		return s.NothingToReport, s.EmptyAsItShould
	case len(data.Lines) == 0 && len(data.Missing) > 0:
		return s.NoData, fmt.Sprintf(s.MetricsMissing, strings.Join(data.Missing, ", ")) + " " +
			data.Spec.Hint
	case len(data.Lines) == 0:
		return s.NoData, s.EmptyAnswer + " " + data.Spec.Hint
	case !drawableGrid(data.Grid):
		return s.NoData, s.TimesNotDrawable
	case !extent(data, data.Lines).any:
		return s.NoData, s.NothingFinite
	}
	return "", ""
}

// drawableGrid reports whether g can be a time axis: ascending times between the years 1 and 9999,
// with a bounded number of samples.
func drawableGrid(g series.Grid) bool {
	const mostSamples = 1 << 20 // Prometheus answers with 11,000 at most
	inCalendar := func(t time.Time) bool {
		return t.Unix() > -62_135_596_800 && t.Unix() < 253_402_300_800
	}
	if g.Len <= 0 || g.Len > mostSamples || g.Step < 0 || !inCalendar(g.Start) {
		return false
	}
	return g.Step <= math.MaxInt64/time.Duration(g.Len) && inCalendar(g.End())
}

const (
	placeholderHeight = 150
	detailLines       = 4
	detailPitch       = 17
)

var (
	headlineStyle = style{17, medium, mutedInk}
	detailStyle   = style{12, regular, mutedInk}
)

// composePlaceholder lays out a picture without data.
func composePlaceholder(data *snapshot.Panel, o Options, headline, detail string) *picture {
	p := newPicture(o)
	p.plot.Top = p.writeHeader(data, len(data.Lines), o)
	p.plot.Bottom = p.plot.Top + min(o.Height, placeholderHeight)
	p.plot.Left, p.plot.Right = int(edge), o.Width-int(edge)
	p.height = p.plot.Bottom + int(edge)
	p.inside = []shape{emptyPlot{}}

	f := p.frame()
	st := headlineStyle
	if data.Failure != nil {
		st.ink = criticalText
	}
	lines := p.wrap(detail, detailStyle, f.width()-80,
		min(detailLines, int(f.height()-50)/detailPitch))
	middle, y := (f.left+f.right)/2, (f.top+f.bottom)/2-float64(len(lines))*detailPitch/2
	around := p.write(headline, st, middle, y+4, centre)
	for i, l := range lines {
		b := p.write(l, detailStyle, middle, y+28+float64(i)*detailPitch, centre)
		around = box{min(around.left, b.left), around.top, max(around.right, b.right), b.bottom}
	}
	p.around = append(p.around, block{
		box{around.left - 16, around.top - 12, around.right + 16, around.bottom + 12}, solid(paper),
	})
	return p
}

// emptyPlot is a plot without content.
type emptyPlot struct{}

func (emptyPlot) draw(s surface, f frame) {
	s.Rect(f.box, solid(zebraInk))
	s.Hatch(f.box, paint{gridInk, 255})
}

// wrap breaks text between words into at most most lines of at most room. It elides what does not
// fit.
func (p *picture) wrap(text string, st style, room float64, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && p.textWidth(longer, st) > room {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > most {
		lines[most-1] = strings.Join(lines[most-1:], " ")
		lines = lines[:most]
	}
	for i := range lines {
		lines[i] = p.elide(lines[i], st, math.Max(room, 1))
	}
	return lines
}
