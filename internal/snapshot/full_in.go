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
	u := &untilFull{values: s.Values, grid: g, aim: h.aim(), horizon: h.p.Spec.Forecast.Horizon}
	for _, r := range h.fullIn {
		limit := r.Warning
		if !limit.Set {
			limit = r.Critical
		}
		got := rules.Judge(r, series.Series{
			Labels: s.Labels, Values: u.newest(n, limit.Value, r.For),
		}, at)
		silent := got.Status == rules.NoData || got.Status == rules.Gone
		switch {
		case silent && got.Streak == nil: // the panel's other rules say so
		case got.Status != rules.OK || got.Earlier != nil:
			h.found = append(h.found, Finding{
				Finding: got, Name: row.Name, Node: row.Node, Ref: row.Ref, Capacity: row.Capacity,
			})
		}
		h.judged[row.Key()] = true
	}
}

// untilFull says how many seconds before its limit a series was, at the hours of its grid.
type untilFull struct {
	values  []float64
	grid    series.Grid
	aim     forecast.Aim
	horizon time.Duration
	limit   float64 // in seconds
	// grown is the newest hour known before the series was beyond its limit, and the seconds then
	grown struct {
		at   int
		from float64
	}
}

// newest returns the seconds at the newest n hours: infinite without a sure forecast, NaN without a
// sample. If no streak below the limit can have lasted as long as hold, or touch the newest hour,
// it only computes enough hours to know that, and leaves the others infinite.
func (u *untilFull) newest(n int, limit float64, hold time.Duration) []float64 {
	u.limit = limit
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Inf(1)
	}
	first, calm := len(u.values)-n, true
	for i := n - 1; i >= 0 && calm; i -= max(int(hold/u.grid.Step)/2, 1) {
		calm = u.at(first+i) >= limit
	}
	if !calm {
		for i := range out {
			out[i] = u.at(first + i)
		}
	}
	return out
}

// at returns the seconds at one hour. They are 0 for a series beyond its limit that has grown into
// it as forecast.
func (u *untilFull) at(i int) float64 {
	v, reached := u.ask(i)
	if !reached {
		return v
	}
	if u.grown.at == 0 || i < u.grown.at {
		u.grown.at, u.grown.from = u.beforeReached(i)
	}
	if u.grown.from < u.limit {
		return 0
	}
	return math.Inf(1)
}

// ask returns the seconds at one hour, and whether the series is beyond its limit already.
func (u *untilFull) ask(i int) (seconds float64, reached bool) {
	if math.IsNaN(u.values[i]) {
		return math.NaN(), false
	}
	g := u.grid
	g.Len = i + 1
	f := forecast.Of(u.values[:g.Len], g, u.aim)
	if f.Why != "" || f.Sure > u.horizon.Hours()/24 {
		return math.Inf(1), f.Why == forecast.Reached
	}
	return f.Sure * (24 * time.Hour).Seconds(), false
}

// beforeReached returns the newest time a number of days before the hour i when the series was not
// yet beyond its limit, and the seconds at that time. They are infinite if that is not known.
func (u *untilFull) beforeReached(i int) (at int, seconds float64) {
	day := int(24 * time.Hour / u.grid.Step)
	for at = i - day; at > 0; at -= day {
		if v, reached := u.ask(at); !reached && !math.IsNaN(v) {
			return at, v
		}
	}
	return max(at, 1), math.Inf(1)
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
		case !judged[r.Key()]:
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
