package snapshot

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// fullInRange is how long rules with FullIn judge a series, in addition to their For.
const fullInRange = 24 * time.Hour

// fullIn returns the panel's rules that judge when its series reach their limit, and for how many
// hours they need forecasts.
func (p *Panel) fullIn() (all []rules.Rule, hours int) {
	for _, r := range p.Spec.Rules {
		if r.FullIn {
			all, hours = append(all, r), max(hours, int((fullInRange+r.For)/historyStep)+1)
		}
	}
	return all, hours
}

// judgeFullIn judges one series by its forecasts of the newest hours. A series without a row has
// ended.
func (h *historyFold) judgeFullIn(f *fold, s identified) {
	row := h.rows[keyOf(f.asked().Ref, s.Labels)]
	if row == nil || len(h.fullIn) == 0 {
		return
	}
	g := h.grid
	n := min(h.hours, g.Len)
	at := series.Grid{Start: g.At(g.Len - n), Step: g.Step, Len: n}
	u := &untilFull{values: s.Values, grid: g, aim: h.aim(f, s), horizon: h.p.Spec.Forecast.Horizon}
	decided := true
	for _, r := range h.fullIn {
		limit := r.Warning
		if !limit.Set {
			limit = r.Critical
		}
		got := rules.Judge(r, series.Series{
			Labels: s.Labels, Values: u.newest(n, limit.Value, r.For),
		}, at)
		silent := got.Status == rules.NoData || got.Status == rules.Gone
		decided = decided && (silent || got.Status == rules.Breach || u.decided())
		switch {
		case silent && got.Streak == nil && row.Status != rules.Unknown: // other rules say so
		case got.Status != rules.OK || got.Earlier != nil:
			h.found = append(h.found, Finding{
				Finding: got, Name: row.Name, Node: row.Node, Ref: row.Ref, Capacity: row.Capacity,
			})
		}
	}
	h.judged[row.Key()] = decided
}

const (
	// forecastBefore is how long after a sure forecast a series that is beyond its limit counts as
	// one that has grown into it.
	forecastBefore = 14 * 24 * time.Hour
	// forecastEvery is how often such a forecast is looked for.
	forecastEvery = 6 * time.Hour
	// leastUnrisen is how long a history too short for a forecast must be to show that a series
	// does not grow.
	leastUnrisen = 6 * 24 * time.Hour
)

// untilFull says how many seconds before its limit a series was, at the hours of its grid.
type untilFull struct {
	values  []float64
	grid    series.Grid
	aim     forecast.Aim
	horizon time.Duration
	limit   float64 // in seconds
	known   map[int]fullAt
}

// fullAt is what is known at one hour.
type fullAt struct {
	seconds float64 // infinite without a sure forecast
	why     forecast.Reason
}

// newest returns the seconds at the newest n hours: infinite without a sure forecast, NaN without a
// sample. If no streak below the limit can have lasted as long as hold, or touch the newest hour,
// it only computes enough hours to know that, and leaves the others infinite.
func (u *untilFull) newest(n int, limit float64, hold time.Duration) []float64 {
	u.limit = limit
	out := make([]float64, n)
	first, calm := len(u.values)-n, true
	for i := range out {
		out[i] = math.Inf(1)
		if math.IsNaN(u.values[first+i]) {
			out[i] = math.NaN()
		}
	}
	for i := n - 1; i >= 0 && calm; i -= max(int(hold/u.grid.Step)/2, 1) {
		calm = math.IsNaN(out[i]) || u.at(first+i) >= limit
	}
	if calm {
		return out
	}
	for i := range out {
		if !math.IsNaN(out[i]) {
			out[i] = u.at(first + i)
		}
	}
	return out
}

// at returns the seconds at an hour with a sample. They are 0 for a series beyond its limit if a
// forecast was sure in the two weeks before. That of a single time would not do: a small clean-up
// hides the growth for a week.
func (u *untilFull) at(i int) float64 {
	if !u.beyond(i) {
		return u.ask(i).seconds
	}
	every := int(forecastEvery / u.grid.Step)
	oldest := max(i-int(forecastBefore/u.grid.Step), 0)
	// The same hours of the day at each slot, so that the answer does not change with the slot.
	j := i - int(u.grid.At(i).Sub(time.Time{})%forecastEvery/u.grid.Step)
	for ; j >= oldest; j -= every {
		if !math.IsNaN(u.values[j]) && !u.passed(j) && u.ask(j).seconds < u.limit {
			return 0
		}
	}
	return math.Inf(1)
}

// beyond reports whether a series was beyond its limit at an hour.
func (u *untilFull) beyond(i int) bool { return u.passed(i) || u.ask(i).why == forecast.Reached }

// passed reports whether the sample of an hour is beyond the limit.
func (u *untilFull) passed(i int) bool {
	if u.aim.Below {
		return u.values[i] <= u.aim.Limit
	}
	return u.values[i] >= u.aim.Limit
}

// ask returns what is known at an hour.
func (u *untilFull) ask(i int) fullAt {
	if at, known := u.known[i]; known {
		return at
	}
	g := u.grid
	g.Len = i + 1
	f := forecast.Of(u.values[:g.Len], g, u.aim)
	at := fullAt{seconds: math.Inf(1), why: f.Why}
	if f.Why == "" && f.Sure <= u.horizon.Hours()/24 {
		at.seconds = f.Sure * (24 * time.Hour).Seconds()
	}
	if u.known == nil {
		u.known = map[int]fullAt{}
	}
	u.known[i] = at
	return at
}

// decided reports whether a series that is not in breach is well, so that its alert may end. It is
// not while it is beyond its limit, nor if its history is too short for a forecast, unless it shows
// that the series does not grow.
func (u *untilFull) decided() bool {
	newest := series.Newest(u.values)
	switch {
	case newest < 0:
		return false
	case u.beyond(newest):
		return false
	}
	switch u.ask(newest).why {
	case forecast.TooShort, forecast.NoData:
		return u.unrisen(newest)
	}
	return true
}

// unrisen reports whether days of data show that a series does not grow to its limit.
func (u *untilFull) unrisen(newest int) bool {
	first, step := slices.IndexFunc(u.values, series.Finite), u.grid.Step
	if first < 0 || time.Duration(newest-first)*step < leastUnrisen {
		return false
	}
	day := int(24 * time.Hour / step)
	begin, now := level(u.values[:first+day], step), level(u.values[:newest+1], step)
	if u.aim.Below {
		return now >= begin
	}
	return now <= begin
}

// addJudged adds the findings of the rules with FullIn to those of the panel, and corrects the
// status of the rows.
func (p *Panel) addJudged(found []Finding, judged map[uint64]bool) {
	p.Findings = append(p.Findings, found...)
	slices.SortStableFunc(p.Findings, func(a, b Finding) int { return a.Compare(b.Finding) })
	worst := map[uint64]*rules.Finding{}
	for i := range found {
		f := &found[i]
		if w := worst[f.Key()]; f.Status != rules.OK && (w == nil || f.Compare(*w) < 0) {
			worst[f.Key()] = &f.Finding
		}
	}
	update := func(r *Row) {
		f := worst[r.Key()]
		switch well := r.Status == rules.OK || r.Status == rules.Unknown; {
		case f == nil && !judged[r.Key()]:
		case f != nil && (well || f.Compare(rules.Finding{
			Status: r.Status, Severity: r.Severity,
		}) < 0):
			r.Status, r.Severity = f.Status, f.Severity
		case r.Status == rules.Unknown:
			r.Status = rules.OK
		}
	}
	for i := range p.Rows {
		was := p.Rows[i].Status
		update(&p.Rows[i])
		if was == rules.OK {
			p.OK--
		}
		if p.Rows[i].Status == rules.OK {
			p.OK++
		}
	}
	for i := range p.Lines {
		update(&p.Lines[i].Row)
	}
}
