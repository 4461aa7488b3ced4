package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Distances of every picture, in logical pixels.
const (
	edge       = 16.0 // between the picture's border and what is in it
	titleLine  = 27.0 // the title's baseline
	subLine    = 46.0 // the first subtitle's
	subPitch   = 18.0 // between two subtitles
	underSub   = 16.0 // from the last subtitle to the plot
	betweenSub = 12.0 // between two phrases of a subtitle
)

var (
	titleStyle   = style{17, medium, textInk}
	subStyle     = style{12, regular, mutedInk}
	findingStyle = style{12, medium, criticalText}
)

// writeHeader writes the title, and below it the worst finding and what the picture shows, which goes to a line of its own where one
// does not hold both. It returns where the plot may begin.
func (p *picture) writeHeader(panel *snapshot.Panel, o Options) (bottom int) {
	title := cmp.Or(panel.Spec.Title, panel.Spec.Name)
	phrases := subtitle(panel, o.Zone)
	p.alt = title
	for _, ph := range phrases {
		p.alt += ". " + ph.name + ph.rest
	}
	if o.Bare {
		return int(edge)
	}
	heading := phrase{title, "", titleStyle}
	if worst := phrases[0]; o.Phone && len(phrases) > 1 {
		heading = phrase{worst.name, worst.rest, style{titleStyle.size, medium, worst.style.ink}}
		phrases[0] = phrase{title, "", style{subStyle.size, medium, textInk}}
	}
	room := float64(p.width) - 2*edge
	name := p.elide(heading.name, heading.style, max(room-p.textWidth(heading.rest, heading.style), room/3))
	p.write(p.elide(name+heading.rest, heading.style, room), heading.style, edge, titleLine, left)
	x, y := edge, subLine
	for _, ph := range phrases {
		name := p.elide(ph.name, ph.style, max(room-p.textWidth(ph.rest, ph.style), room/3))
		words := p.elide(name+ph.rest, ph.style, room)
		if x > edge && x+p.textWidth(words, ph.style) > edge+room {
			x, y = edge, y+subPitch
		}
		x = p.write(words, ph.style, x, y, left).right + betweenSub
	}
	return int(y + underSub)
}

// phrase is a part of the subtitle. Where it is too long, the name in it is shortened first.
type phrase struct {
	name, rest string
	style      style
}

// subtitle is what is wrong, what is missing and what is shown, in this order.
func subtitle(panel *snapshot.Panel, zone *time.Location) []phrase {
	var out []phrase
	if f := worst(panel); f != nil {
		st := findingStyle
		st.ink = severityText(f.Severity)
		name, rest := findingWords(panel, f, zone)
		out = append(out, phrase{name, rest, st})
	}
	for _, caveat := range caveats(panel) {
		st := subStyle
		st.ink = warningText
		out = append(out, phrase{"", caveat, st})
	}
	return append(out, phrase{"", scopeOf(panel, zone), subStyle})
}

// caveats are what a reader must know before trusting the picture.
func caveats(panel *snapshot.Panel) []string {
	var out []string
	if panel.Data == snapshot.DataPartial {
		out = append(out, "incomplete data")
	}
	for _, l := range panel.Lines {
		if slices.ContainsFunc(l.Values, func(v float64) bool { return math.IsInf(v, 0) }) {
			return append(out, "infinite samples are not drawn")
		}
	}
	return out
}

// scopeOf says how many series are drawn, and of which time: "12 of 42 nodes · 24 h to Sun 22 Nov 2026 09:00 KST".
func scopeOf(panel *snapshot.Panel, zone *time.Location) string {
	drawn, total := min(len(panel.Lines), mostLines), max(panel.Total, len(panel.Lines))
	count := strconv.Itoa(total) + " " + noun(panel, total)
	if drawn < total {
		count = fmt.Sprintf("%d of %s", drawn, count)
	}
	if drawn == 0 {
		count = ""
	}
	end := panel.Grid.End().In(zone)
	when := "at " + end.Format("Mon 2 Jan 2006 15:04 ") + zoneName(end)
	if span := panel.Grid.Range(); span > 0 {
		when = spanWords(span) + " to" + strings.TrimPrefix(when, "at")
	}
	if count == "" {
		return when
	}
	return count + " · " + when
}

// noun is what the series of a panel are: nodes where each is named after the node that it belongs to.
func noun(panel *snapshot.Panel, count int) string {
	word := "series"
	if len(panel.Rows) > 0 && panel.Rows[0].Node != "" && panel.Rows[0].Node == panel.Rows[0].Name {
		word = "nodes"
	}
	if count == 1 && word == "nodes" {
		return "node"
	}
	return word
}

// spanWords writes a range of time in at most two parts: 24 h, 1 h 30 min, 7 d.
func spanWords(d time.Duration) string {
	parts := []struct {
		size time.Duration
		word string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	if d < 2*day {
		parts = parts[1:] // hours up to two days
	}
	var words []string
	for _, p := range parts {
		if n := d / p.size; n > 0 && len(words) < 2 {
			words = append(words, strconv.FormatInt(int64(n), 10)+" "+p.word)
			d -= n * p.size
		}
	}
	if len(words) == 0 {
		return d.String()
	}
	return strings.Join(words, " ")
}

// momentWords writes a time, with its day where that is not the day of the newest sample.
func momentWords(t time.Time, g series.Grid, zone *time.Location) string {
	t, end := t.In(zone), g.End().In(zone)
	if t.YearDay() == end.YearDay() && t.Year() == end.Year() {
		return t.Format(clockLayout)
	}
	return t.Format(dateLayout + " " + clockLayout)
}

// worst is the finding that a reader must see first; nil where nothing is wrong now.
func worst(panel *snapshot.Panel) *snapshot.Finding {
	for i := range panel.Findings {
		if f := &panel.Findings[i]; f.Status == rules.Breach || f.Status == rules.NoData {
			return f
		}
	}
	return nil
}

// findingWords says what is wrong, the severity in words because colour alone does not reach everybody: "critical: ip-10-0-1-12" and
// " 94 % > 90 % since 02:10, and 2 more".
func findingWords(panel *snapshot.Panel, f *snapshot.Finding, zone *time.Location) (name, rest string) {
	severity := "critical: "
	if f.Severity == rules.Warning {
		severity = "warning: "
	}
	if f.Status == rules.NoData {
		rest = " no data"
		severity = ""
		if !f.Newest.IsZero() {
			rest += " since " + momentWords(f.Newest, panel.Grid, zone)
		}
	} else {
		rest = " " + breachWords(panel, f)
		if s := f.Streak; s != nil && !s.From.IsZero() {
			rest += " since " + momentWords(s.From, panel.Grid, zone)
		}
	}
	more := -1
	for _, other := range panel.Findings {
		if other.Status == rules.Breach || other.Status == rules.NoData {
			more++
		}
	}
	if more > 0 {
		rest += fmt.Sprintf(", and %d more", more)
	}
	return severity + f.Name, rest
}

// breachWords compares a figure with its limit: "94 % > 90 %", of a verdict "p95 94 % > 90 %".
func breachWords(panel *snapshot.Panel, f *snapshot.Finding) string {
	sign, figure := ">", ""
	for _, r := range panel.Spec.Rules {
		if r.Name != f.Rule {
			continue
		}
		if r.Direction == rules.Below {
			sign = "<"
		}
		if !r.IsAlert() {
			figure = string(r.Reduce) + " "
		}
		break
	}
	if math.IsNaN(f.Limit) {
		return figure + panel.Spec.Unit.Format(f.Value)
	}
	value, against := panel.Spec.Unit.FormatAgainst(f.Value, f.Limit)
	return figure + value + " " + sign + " " + against
}

func severityText(s rules.Severity) ink {
	if s == rules.Warning {
		return warningText
	}
	return criticalText
}

func severityInk(s rules.Severity) ink {
	if s == rules.Warning {
		return warningInk
	}
	return criticalInk
}
