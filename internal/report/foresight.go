package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Fill is the forecast of one series.
type Fill struct {
	Panel, Title string
	Subject      string // what the value is: "disk"
	Ref          string
	Of           *snapshot.Forecast
	Name, Node   string
	Level        string    // the newest daily high: "78.2 %"
	Used         string    // the same of a capacity: "391 of 500 GiB"; "" without a capacity
	In           string    // "in about 5 days (3–8)", "tomorrow"; "" without a forecast
	Rate         string    // "1.4 GiB a day"
	Growth       string    // "1.4 GiB a day, higher than a week before on 21 of 21 days"
	Days         float64   // until the limit; NaN without a forecast
	At           time.Time // when that is
	// also at the growth that seven in ten weeks exceeded, within the horizon
	Sure      bool
	Short     string // "reaches 85 % in about 5 days (3–8)", or why there is no forecast
	Sentence  string // Short and Growth
	Explained string // how the forecast was made, in one line
}

// Move is a series whose level changed since last week.
type Move struct {
	Panel, Title string
	Subject      string // what the value is: "memory"
	Of           *snapshot.Moved
	Name, Node   string
	Up, New      bool
	Short        string // "shop/checkout memory 41 → 63 % (+3.5 GiB)"
	Sentence     string // "memory of checkout rose from 41 to 63 % since Tuesday (usual …)"
	Amount       Figure // of the change
	From, To     string // "41 %", "63 %"; From is "" if it is new
	Usual        string // the levels of this weekday before: "40–43 %"; "" if they are not known
	Since        time.Time
	SinceDay     string   // "since Tuesday"
	Changes      []string // what changed on the object shortly before
	Week, Before []float64
}

// The rows of the tables of what fills and what changed.
const (
	mostFills   = 5
	mostReached = 2 // of these
	mostMoves   = 5 // up, and as many down
)

// addForesight adds what fills next and what changed since last week.
func (r *Report) addForesight() {
	type fill struct {
		p *snapshot.Panel
		f *snapshot.Forecast
	}
	var fills, reached []fill
	for i := range r.Panels {
		p := &r.Panels[i]
		if p.History == nil {
			continue
		}
		for j := range p.History.Forecasts {
			switch f := &p.History.Forecasts[j]; {
			case isNear(p, f):
				fills = append(fills, fill{p, f})
			case f.Why == forecast.Reached:
				reached = append(reached, fill{p, f})
			}
		}
	}
	slices.SortStableFunc(fills, func(a, b fill) int { return cmp.Compare(a.f.Days, b.f.Days) })
	first := min(len(reached), mostReached)
	r.ReachedMore = len(reached) - first
	r.FillsMore = max(0, len(fills)-(mostFills-first))
	for _, f := range slices.Concat(reached[:first], fills[:len(fills)-r.FillsMore]) {
		r.Fills = append(r.Fills, r.words.fill(f.p, f.f, r.Info))
	}
	up, down := Moved(r.Panels)
	r.Up, r.UpMore = r.moves(up, true), up.More
	r.Down, r.DownMore = r.moves(down, false), down.More
}

// horizonOf returns how far away the limit of a panel's forecasts may be.
func horizonOf(p *snapshot.Panel) time.Duration {
	if f := p.Spec.Forecast; f != nil && f.Horizon > 0 {
		return f.Horizon
	}
	return forecast.History
}

// isNear reports whether a series has a forecast whose limit is within the horizon.
func isNear(p *snapshot.Panel, f *snapshot.Forecast) bool {
	return f.Why == "" && f.Days*24 <= horizonOf(p).Hours()
}

// notedShare is the share of its limit, or of the whole, from which on a reader asks why a series
// has no forecast.
const notedShare = 0.6

// isFull reports whether so much of a series is used that a reader asks when it is full.
func isFull(p *snapshot.Panel, f *snapshot.Forecast) bool {
	level, limit := p.Spec.Share(f.Level), p.Spec.Share(f.Limit)
	switch {
	case p.Spec.Forecast != nil && p.Spec.Forecast.Below:
		return level*notedShare <= limit
	case p.Spec.IsRatio():
		return level >= notedShare
	}
	return level >= notedShare*limit
}

// Unforecast returns how many series are rather full and cannot be forecast.
func (r *Report) Unforecast() int {
	n := 0
	for i := range r.Panels {
		p := &r.Panels[i]
		if p.History == nil {
			continue
		}
		for j := range p.History.Forecasts {
			f := &p.History.Forecasts[j]
			if isFull(p, f) && !isAnswer(f.Why) && r.words.reason(p, f, r.Info) != "" {
				n++
			}
		}
	}
	return n
}

// isAnswer reports whether the reason for no forecast tells when the limit is reached: it is
// reached already, or it is not near.
func isAnswer(why forecast.Reason) bool {
	switch why {
	case forecast.Reached, forecast.Flat, forecast.LevelOff, forecast.TooFar:
		return true
	}
	return false
}

// mostOutlooks is how many forecasts of a panel its view lists, and as many without one.
const mostOutlooks = 10

// Forecasts returns the forecasts of a panel that a reader wants to know: those within the horizon,
// the soonest first, and then those without a day of series that are rather full, with the reason.
func (r *Report) Forecasts(p *snapshot.Panel) []Fill {
	if p.History == nil {
		return nil
	}
	var near, without []Fill
	for i := range p.History.Forecasts {
		f := &p.History.Forecasts[i]
		switch {
		case isNear(p, f) && len(near) < mostOutlooks:
			near = append(near, r.words.fill(p, f, r.Info))
		case !isNear(p, f) && isFull(p, f) && len(without) < mostOutlooks:
			if one := r.words.fill(p, f, r.Info); one.Sentence != "" {
				without = append(without, one)
			}
		}
	}
	return append(near, without...)
}

// soonMoves is how many changes the last lines of a terminal have.
const soonMoves = 3

// soon returns lines about what is full, what fills next and what changed most, each if there is
// one.
func (r *Report) soon() []string {
	var lines []string
	for i := range r.Fills {
		f := &r.Fills[i]
		said := fmt.Sprintf(r.words.Breach, r.words.About(f.Name, f.Subject), f.Sentence)
		more := 0
		if f.Of.Why == "" {
			more = len(r.Fills) - i - 1 + r.FillsMore
		}
		if more > 0 {
			said = fmt.Sprintf(r.words.AndAlso, said, r.words.MoreFill.Of(more))
		}
		lines = append(lines, fmt.Sprintf(r.words.NamedFinding, r.words.FillsNext, said))
		if f.Of.Why == "" {
			break
		}
	}
	moves := slices.Concat(r.Up, r.Down)
	for _, m := range moves[:min(len(moves), soonMoves)] {
		said := m.Short + ", " + m.SinceDay
		if len(m.Changes) > 0 {
			said = fmt.Sprintf(r.words.AndAlso, said, m.Changes[0])
		}
		lines = append(lines, fmt.Sprintf(r.words.NamedFinding, r.words.ChangedSince, said))
	}
	return lines
}
