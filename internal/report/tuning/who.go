package tuning

import (
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
)

// who lists the objects of a candidate.
func (t teller) who(c backtest.Candidate, head string) Who {
	out := Who{Head: head}
	for i, o := range c.By {
		if i == shownObjects {
			out.More = t.b.MoreObjects.Of(len(c.By) - i)
			break
		}
		out.Objects = append(out.Objects, t.object(o, c.Alerts))
	}
	switch {
	case c.About:
		out.More = t.b.NotByObject
	case len(c.By) == 0:
		out.More = t.b.NoAlerts
	}
	return out
}

// object words the alerts of an object, by day.
func (t teller) object(o backtest.Object, of int) Object {
	out := Object{Name: said(o.Name), Count: t.b.Times.Of(len(o.Episodes))}
	if of > 0 {
		out.Count += ", " + fmt.Sprintf(t.b.OfAll, t.percent(float64(len(o.Episodes))/float64(of)))
	}
	var day time.Time
	for _, e := range slices.Backward(o.Episodes) {
		from, to := e.From.In(t.Zone), e.To.In(t.Zone)
		text := t.w.Clock(from)
		switch {
		case e.Firing:
			text += none + " (" + t.b.StillFires + ")"
		case !sameDay(from, to):
			text += none + t.w.Date(to) + " " + t.w.Clock(to)
		case to.After(from):
			text += none + t.w.Clock(to)
		}
		if n := len(out.Days); n > 0 && sameDay(day, from) {
			out.Days[n-1] += ", " + text
		} else {
			out.Days = append(out.Days, t.w.Date(from)+" "+text)
		}
		day = from
	}
	if n := len(out.Days); n > shownDays {
		out.Days, out.More = out.Days[:shownDays], t.b.MoreDays.Of(n-shownDays)
	}
	return out
}
