package html

import (
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// foresightView is what is likely to come and what has changed: two tables, each of which is nil if
// it has no rows.
type foresightView struct {
	W     *words.Words
	Fills *fillTable
	Moves *moveTable
	Calm  string // of what was looked at and has no rows; "" if there is no such table
}

// fillTable is the table of what fills next.
type fillTable struct {
	Rows []fillView
	More string // how many are not listed; "" if all are
}

type fillView struct {
	report.Fill
	Anchor string
	When   string // the day on which it is full
	Sure   string // the word for how sure that is
}

// moveTable is the table of what changed since last week.
type moveTable struct {
	Rows []moveView
	More string
}

type moveView struct {
	report.Move
	Anchor  string
	Changes []string
	Spark   *spark
}

// foresight returns the view of what fills next and of what changed, or nil if nobody looked.
func (l layout) foresight() *foresightView {
	w := l.words
	v := &foresightView{W: w, Fills: l.fills(), Moves: l.moves()}
	forecast, compared := l.asked()
	if v.Fills == nil && forecast {
		v.Calm = w.NothingFills
		if n := l.Unforecast(); n > 0 {
			v.Calm = spaced(v.Calm, w.Unforecast.Of(n))
		}
	}
	if v.Moves == nil && compared {
		v.Calm = spaced(v.Calm, w.NothingChanged)
	}
	if v.Fills == nil && v.Moves == nil && v.Calm == "" {
		return nil
	}
	return v
}

// leastHistory is how much history must be there to say that nothing fills and nothing changed.
const leastHistory = 14 * 24 * time.Hour

// asked reports whether the series of the report were forecast, and whether they were compared with
// the weeks before. Where a panel's history is unknown or short, nobody knows whether it fills or
// changed.
func (l layout) asked() (forecast, compared bool) {
	fills, changes := true, true
	for i := range l.Panels {
		p := &l.Panels[i]
		f, c := p.Spec.Forecast, p.Spec.Change
		if f == nil && c == nil || p.Total == 0 {
			continue
		}
		if p.History == nil || p.History.Had < leastHistory {
			fills, changes = fills && f == nil, changes && c == nil
			continue
		}
		forecast = forecast || f != nil && len(p.History.Forecasts) > 0
		compared = compared || c != nil
	}
	return forecast && fills, compared && changes
}

func (l layout) fills() *fillTable {
	if len(l.Fills) == 0 {
		return nil
	}
	t := &fillTable{}
	for _, f := range l.Fills {
		v := fillView{Fill: f, Anchor: panelAnchor(f.Panel)}
		v.Short, v.Growth = report.Joined(f.Short), report.Joined(f.Growth)
		v.Explained = report.Joined(f.Explained)
		switch {
		case f.Sure:
			v.Sure = l.words.Sure
		case f.In != "":
			v.Sure = l.words.NotSure
		}
		if !f.At.IsZero() {
			v.When = l.words.Date(f.At.In(l.Info.Zone))
		}
		t.Rows = append(t.Rows, v)
	}
	if l.FillsMore > 0 {
		t.More = l.words.MoreFill.Of(l.FillsMore)
	}
	if l.ReachedMore > 0 {
		t.More = listed(t.More, l.words.MoreReached.Of(l.ReachedMore))
	}
	return t
}

func (l layout) moves() *moveTable {
	if len(l.Up)+len(l.Down) == 0 {
		return nil
	}
	t := &moveTable{}
	for _, moves := range [][]report.Move{l.Up, l.Down} {
		for _, m := range moves {
			v := moveView{
				Move: m, Anchor: panelAnchor(m.Panel), Spark: weekOf(m.Week, m.Before),
				Changes: l.words.AtMost(m.Changes, changeLines),
			}
			v.Sentence = report.Joined(m.Sentence)
			t.Rows = append(t.Rows, v)
		}
	}
	if l.UpMore > 0 {
		t.More = l.words.MoreRose.Of(l.UpMore)
	}
	if l.DownMore > 0 {
		t.More = listed(t.More, l.words.MoreFell.Of(l.DownMore))
	}
	return t
}

// outlookList is when the fullest series of a panel reach the limit, or why nobody knows.
type outlookList struct {
	Head string
	Rows []report.Fill
}

// outlooks returns the list of a panel, nil if it has no forecasts that a reader asks for.
func (l layout) outlooks(p *snapshot.Panel) *outlookList {
	rows := l.Forecasts(p)
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		rows[i].Sentence = report.Joined(rows[i].Sentence)
	}
	return &outlookList{l.words.WhenReached, rows}
}

// soonest returns the soonest forecast of a panel for its line, which names the worst series.
func (l layout) soonest(p report.Panel) string {
	for _, f := range l.Forecasts(p.Panel) {
		switch {
		case f.In == "":
		case f.Name == p.Glance.Name:
			return f.Short
		default:
			return f.Name + " " + f.Short
		}
	}
	return ""
}

// spaced returns two sentences, of which the first may be empty.
func spaced(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

// listed returns two phrases as a list, of which the first may be empty.
func listed(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
