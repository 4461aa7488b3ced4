package chart

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// mostSpoken is how many figures a screen reader reads of one panel.
const mostSpoken = 12

// spoken returns a panel in one sentence, for screen readers: its title and its figures.
func (p *picture) spoken(v *board.View) string {
	var said []string
	add := func(name string, f value.Formatted) {
		said = append(said, strings.TrimSpace(name+" "+strings.TrimSpace(f.String())))
	}
	switch {
	case v.Empty:
	case v.Tiles != nil:
		for _, t := range v.Tiles.Items[:min(len(v.Tiles.Items), mostSpoken+1)] {
			if t.Hidden {
				t.Text = value.Formatted{}
			}
			add(t.Name, t.Text)
		}
		said = p.say.atMost(said, len(v.Tiles.Items))
	case v.Bars != nil && v.Bars.Style != board.ChartBars:
		for _, b := range v.Bars.Items[:min(len(v.Bars.Items), mostSpoken+1)] {
			add(b.Name, b.Parts[0].Text)
		}
		said = p.say.atMost(said, len(v.Bars.Items))
	}
	if len(said) == 0 {
		return v.Title
	}
	if v.Title == "" {
		return strings.Join(said, ", ")
	}
	return v.Title + ": " + strings.Join(said, ", ")
}

// atMost returns the first of n texts, and how many more there are.
func (s speech) atMost(said []string, n int) []string {
	if n <= mostSpoken {
		return said
	}
	return append(said[:mostSpoken:mostSpoken], s.AndMore.Of(n-mostSpoken))
}

// UndrawableInBoard returns the runes in the texts of a dashboard that neither an embedded font nor
// f has, each once and in order. A PNG shows an empty box for them.
func UndrawableInBoard(b *board.Board, f *Font) []rune {
	faces := Options{Font: f}.faces()
	var missing []rune
	look := func(text string) {
		for _, r := range text {
			if r >= utf8.RuneSelf && faces[regular].find(r).font == nil &&
				!slices.Contains(missing, r) {
				missing = append(missing, r)
			}
		}
	}
	look(b.Title)
	for _, v := range b.Variables {
		look(v.Label)
		for _, value := range v.Values {
			look(value)
		}
	}
	for _, r := range b.Rows {
		look(r.Tab)
		look(r.Title)
	}
	for i := range b.Panels {
		eachText(&b.Panels[i].View, look)
	}
	return missing
}

// eachText calls look with each text of a panel that comes from the dashboard or from labels.
func eachText(v *board.View, look func(string)) {
	look(v.Title)
	switch {
	case v.Graph != nil:
		for i := range v.Graph.Curves {
			look(v.Graph.Curves[i].Name)
		}
		look(v.Graph.Axes[0].Label)
		look(v.Graph.Axes[1].Label)
	case v.Tiles != nil:
		for i := range v.Tiles.Items {
			look(v.Tiles.Items[i].Name)
			look(v.Tiles.Items[i].Text.String())
		}
	case v.Bars != nil:
		eachBarText(v.Bars, look)
	case v.Table != nil:
		eachCellText(v.Table, look)
	case v.Heat != nil:
		for _, b := range v.Heat.Buckets {
			look(b.Name)
		}
	case v.Histogram != nil:
		for _, s := range v.Histogram.Series {
			look(s.Name)
		}
	case v.States != nil:
		for _, r := range v.States.Rows {
			look(r.Name)
		}
		for _, s := range v.States.Legend {
			look(s.Text)
		}
	case v.Text != nil:
		eachSpanText(v.Text, look)
	}
}

func eachBarText(bars *board.Bars, look func(string)) {
	for _, s := range bars.Series {
		look(s.Name)
	}
	for _, b := range bars.Items {
		look(b.Name)
		for _, part := range b.Parts {
			look(part.Text.String())
		}
	}
}

func eachCellText(t *board.Table, look func(string)) {
	for _, c := range t.Columns {
		look(c.Name)
	}
	for _, row := range t.Rows {
		for _, c := range row {
			look(c.Text)
		}
	}
}

func eachSpanText(t *board.Text, look func(string)) {
	for _, b := range t.Blocks {
		for _, spans := range append(b.Cells[:len(b.Cells):len(b.Cells)], b.Spans) {
			for _, s := range spans {
				look(s.Text)
			}
		}
		look(b.Code)
	}
}
