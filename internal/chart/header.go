package chart

import (
	"cmp"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Distances of every picture, in logical pixels.
const (
	edge       = 16.0 // between the picture's border and its content
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

// writeHeader writes the title and, below it, the worst finding and what the picture shows, on one
// line or two. drawn is the number of series with their own place. It returns where the plot may
// begin.
func (p *picture) writeHeader(data *snapshot.Panel, drawn int, o Options) (bottom int) {
	title := cmp.Or(data.Spec.Title, data.Spec.Name)
	phrases := p.say.subtitle(data, drawn)
	p.alt = title
	for _, ph := range phrases {
		p.alt += ". " + ph.name + ph.rest
	}
	if o.Bare {
		return int(edge)
	}
	heading := phrase{title, "", titleStyle}
	if worst := phrases[0]; o.Phone && worst.style.ink != mutedInk {
		heading = phrase{worst.name, worst.rest, style{titleStyle.size, medium, worst.style.ink}}
		phrases[0] = phrase{title, "", style{subStyle.size, medium, textInk}}
	}
	room := float64(p.width) - 2*edge
	name := p.elide(heading.name, heading.style, max(room-p.textWidth(heading.rest, heading.style),
		room/3))
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

// rowsThatFit returns how many of n rows fit. On a phone that is the height left by the header and
// by used.
func rowsThatFit(data *snapshot.Panel, o Options, n, pitch, used int) int {
	if !o.Phone {
		return n
	}
	for { // fewer rows may have a longer header: it says of how many they are
		top := newPicture(o).writeHeader(data, n, o)
		fit := max(min(n, (phoneHeight-top-used)/pitch), 1)
		if fit == n {
			return n
		}
		n = fit
	}
}

// phrase is a part of the subtitle. If it is too long, the name in it is shortened first.
type phrase struct {
	name, rest string
	style      style
}

// subtitle returns what is wrong, what is missing and what is shown, in this order.
func (s speech) subtitle(data *snapshot.Panel, drawn int) []phrase {
	var out []phrase
	if f := worst(data); f != nil {
		st := findingStyle
		st.ink = severityText(f.Severity)
		name, rest, ok := "", "", false
		if s.brief && f.Status == rules.Breach && f.Streak != nil {
			name, rest, ok = s.alike(data, f)
		}
		if !ok {
			name, rest = s.finding(data, f)
		}
		out = append(out, phrase{name, rest, st})
	}
	for _, caveat := range s.caveats(data) {
		st := subStyle
		st.ink = warningText
		out = append(out, phrase{"", caveat, st})
	}
	if was := s.past(data); was != "" && worst(data) == nil {
		out = append(out, phrase{"", was, subStyle})
	}
	return append(out, phrase{"", s.scope(data, drawn), subStyle})
}

// worst returns the finding to show first, or nil if nothing is wrong now.
func worst(data *snapshot.Panel) *snapshot.Finding {
	for i := range data.Findings {
		if f := &data.Findings[i]; f.Status == rules.Breach || f.Status == rules.NoData {
			return f
		}
	}
	return nil
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
