package snapshot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/series"
)

const (
	mostForecasts = 50 // with a day, and without one
	mostMoved     = 5  // in each direction
	// leastShare is the least share of Most that a change must have. A share of the sum would be a
	// whole node in a fleet of a hundred.
	leastShare = 0.01
	// mostAmounts is the number of amounts that Kept has in each direction. More changes than these
	// may be counted too low after a merge.
	mostAmounts = 1000
	week        = 7 * 24 * time.Hour
)

// History is what the panel's query showed over four weeks. Nil: it was not asked, or it failed
// (NoteHistoryUnknown).
type History struct {
	Grid series.Grid // as queried
	// Had is how much of it has data, at most the range of the grid.
	Had time.Duration
	// Partial means that the answer is incomplete, so a series may be missing.
	Partial bool
	// Unjudged are rows (Row.Key, sorted) of which rules with FullIn cannot say whether they are
	// well: alerts of them neither begin nor end. They are beyond their limit without a forecast
	// before, or have no history that is long enough.
	Unjudged []uint64
	// Forecasts are those with a day, the soonest first, then those without one, the fullest first.
	// At most mostForecasts of each kind.
	Forecasts []Forecast
	// Up and Down are the series that moved, the largest change first, at most mostMoved each.
	Up, Down []Moved
	// UpAll and DownAll are how many moved.
	UpAll, DownAll int
	// Sum is the sum of all levels, in the unit of the amounts, and Most is the highest of them.
	// What changed by less than 1 % of the highest is not news, and is left out.
	Sum, Most float64
}

// Forecast is the forecast of one series.
type Forecast struct {
	Ref      string // its query (panel.Query.Ref)
	Labels   series.Labels
	Name     string // the series' Row.Name
	Node     string // its Row.Node
	Capacity float64
	forecast.Forecast
}

// Moved is a series whose level changed. A pod's series are one, by workload.
type Moved struct {
	Ref      string
	Labels   series.Labels // with workload instead of pod
	Name     string        // without a pod's name
	Node     string
	Capacity float64
	Amount   float64 // of the change, without a sign: in the capacity's unit, else the panel's
	change.Change
	// Week and Before are the samples of the last seven days and of the seven days before, one an
	// hour, the newest last.
	Week, Before []float64
}

// ForecastOf returns the forecast of a series, nil if there is none.
func (p *Panel) ForecastOf(ref string, ls series.Labels) *Forecast {
	if p.History == nil {
		return nil
	}
	ref = p.Spec.Query(ref).Ref
	for i := range p.History.Forecasts {
		f := &p.History.Forecasts[i]
		if f.Ref == ref && f.Labels.Compare(ls) == 0 {
			return f
		}
	}
	return nil
}

// has reports whether the series has a forecast, and not only the reason why there is none.
func (f *Forecast) has() bool { return f.Why == "" }

// full is how near the level is to the limit: 1 at the limit.
func (f *Forecast) full(below bool) float64 {
	if below {
		return f.Limit / f.Level
	}
	return f.Level / f.Limit
}

// soonest orders forecasts that have a day.
func soonest(a, b *Forecast) int {
	return cmp.Or(cmp.Compare(a.Days, b.Days), byLabels(a.Ref, b.Ref, a.Labels, b.Labels))
}

// fullest returns the order of the series without a forecast.
func fullest(below bool) func(a, b *Forecast) int {
	return func(a, b *Forecast) int {
		return cmp.Or(cmp.Compare(b.full(below), a.full(below)),
			byLabels(a.Ref, b.Ref, a.Labels, b.Labels))
	}
}

// largest orders the series that moved, those with the largest change first.
func largest(a, b *Moved) int {
	return cmp.Or(cmp.Compare(b.Amount, a.Amount), byLabels(a.Ref, b.Ref, a.Labels, b.Labels))
}

func byLabels(ref, otherRef string, ls, others series.Labels) int {
	return cmp.Or(cmp.Compare(ref, otherRef), ls.Compare(others))
}

// insert adds x to a sorted list of at most this many elements, and returns its place. Nil: all of
// the list come before it.
func insert[T any](list *[]T, x T, compare func(a, b *T) int, most int) *T {
	at, _ := slices.BinarySearchFunc(*list, x, func(a, b T) int { return compare(&a, &b) })
	if at >= most {
		return nil
	}
	if len(*list) == most {
		*list = (*list)[:most-1]
	}
	*list = slices.Insert(*list, at, x)
	return &(*list)[at]
}

// amounts are the changes of all series of one direction that moved.
type amounts []float64

// atLeast returns those that are not below the floor, the largest first.
func (a amounts) atLeast(floor float64) amounts {
	var out amounts
	for _, v := range a {
		if v >= floor {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b float64) int { return cmp.Compare(b, a) })
	return out
}

// leaveOutSmall leaves out the changes that are not news, and counts the others. It returns the
// amounts of those.
func (h *History) leaveOutSmall(up, down amounts) (ups, downs amounts) {
	floor := h.Most * leastShare
	ups, downs = up.atLeast(floor), down.atLeast(floor)
	h.UpAll, h.DownAll = len(ups), len(downs)
	h.Up, h.Down = firstFew(h.Up, h.UpAll), firstFew(h.Down, h.DownAll)
	return firstFew(ups, mostAmounts), firstFew(downs, mostAmounts)
}

// firstFew returns at most n elements, nil if there are none.
func firstFew[L ~[]T, T any](list L, n int) L {
	if n = min(n, len(list)); n == 0 {
		return nil
	}
	return list[:n]
}

// mergeHistory keeps the soonest forecasts and the largest changes of all parts. A part without a
// history makes the whole partial.
func (m *merging) mergeHistory() {
	out, asked := &History{}, false
	var without []Forecast
	var ups, downs amounts
	below := m.out.Spec.Forecast != nil && m.out.Spec.Forecast.Below
	for _, p := range m.parts {
		h := p.History
		if h == nil {
			out.Partial = out.Partial || len(p.Rows) > 0 || p.Data == DataFailed
			continue
		}
		asked = true
		if h.Grid.Len > out.Grid.Len {
			out.Grid = h.Grid
		}
		out.Had, out.Partial = max(out.Had, h.Had), out.Partial || h.Partial
		out.Unjudged = append(out.Unjudged, h.Unjudged...)
		out.Sum, out.Most = out.Sum+h.Sum, max(out.Most, h.Most)
		for _, f := range h.Forecasts {
			if f.has() {
				insert(&out.Forecasts, f, soonest, mostForecasts)
			} else {
				insert(&without, f, fullest(below), mostForecasts)
			}
		}
		for _, moved := range h.Up {
			insert(&out.Up, moved, largest, mostMoved)
		}
		for _, moved := range h.Down {
			insert(&out.Down, moved, largest, mostMoved)
		}
		if p.Kept != nil {
			ups, downs = append(ups, p.Kept.Up...), append(downs, p.Kept.Down...)
		}
	}
	if !asked {
		return
	}
	slices.Sort(out.Unjudged)
	out.Forecasts = append(out.Forecasts, without...)
	m.out.Kept.Up, m.out.Kept.Down = out.leaveOutSmall(ups, downs)
	m.out.History = out
	m.out.renameHistory(m.rename)
}

// renameHistory renames the series of the history.
func (p *Panel) renameHistory(rename func(name *string, key uint64)) {
	if p.History == nil {
		return
	}
	for i := range p.History.Forecasts {
		f := &p.History.Forecasts[i]
		rename(&f.Name, keyOf(f.Ref, f.Labels))
	}
	for _, moved := range [][]Moved{p.History.Up, p.History.Down} {
		for i := range moved {
			rename(&moved[i].Name, keyOf(moved[i].Ref, moved[i].Labels))
		}
	}
}

// check returns an error if the history cannot be one.
func (h *History) check() error {
	if err := checkGrid(h.Grid); err != nil {
		return err
	}
	if len(h.Forecasts) > 2*mostForecasts || max(len(h.Up), len(h.Down)) > mostMoved {
		return fmt.Errorf("%d forecasts, %d series up and %d down", len(h.Forecasts), len(h.Up),
			len(h.Down))
	}
	const most = int(week / historyStep)
	for _, m := range slices.Concat(h.Up, h.Down) {
		if n := max(len(m.Week), len(m.Before)); n > most {
			return fmt.Errorf("a week of %d samples, want at most %d", n, most)
		}
	}
	return nil
}

// level returns the median of the samples of the last day, NaN if it has none.
func level(values []float64, step time.Duration) float64 {
	var day []float64
	for _, v := range values[max(0, len(values)-int(24*time.Hour/step)):] {
		if series.Finite(v) {
			day = append(day, v)
		}
	}
	if len(day) == 0 {
		return math.NaN()
	}
	slices.Sort(day)
	return (day[(len(day)-1)/2] + day[len(day)/2]) / 2
}
