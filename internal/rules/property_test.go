package rules

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

// naive judges an alert from the definition alone: it asks of every pair of samples whether they
// are the ends of a streak.
func naive(r Rule, values []float64, g series.Grid) Finding {
	f := Finding{Status: OK, Value: math.NaN()}
	newest := series.Newest(values)
	silent := NoData
	if r.NoData == ResolveOnNoData {
		silent = Gone
	}
	if newest < 0 {
		f.Status = silent
		return f
	}
	f.Value, f.Newest = values[newest], g.At(newest)
	var all []*Streak
	fresh := max(5*time.Minute, 2*g.Step)
	for _, l := range []struct {
		Limit
		Severity
	}{{r.Critical, Critical}, {r.Warning, Warning}} {
		if !l.Set {
			continue
		}
		for _, s := range naiveStreaks(r, l.Value, values, g) {
			s.Severity = l.Severity
			if s.To.Equal(f.Newest) && s.Lasted() >= r.For {
				fresh = max(fresh, min(naiveHole(values[at(g, s.From):at(g, s.To)+1], g.Step),
					r.For))
			}
			all = append(all, s)
		}
	}
	stale := g.End().Sub(f.Newest) > fresh
	if stale {
		f.Status = silent
	}
	var earlier []*Streak
	for _, s := range all {
		touches, lasted := s.To.Equal(f.Newest), s.Lasted() >= r.For
		switch {
		case !touches && lasted:
			earlier = append(earlier, s)
		case !touches:
		case stale && lasted && f.Streak == nil:
			f.Severity, f.Streak = s.Severity, s
		case stale:
		case lasted && f.Status != Breach:
			f.Status, f.Severity, f.Streak = Breach, s.Severity, s
		case f.Status == OK:
			f.Status, f.Severity, f.Streak = Pending, s.Severity, s
		}
	}
	if f.Streak != nil {
		f.Streak.Expected = g.Len - at(g, f.Streak.From)
	}
	for _, s := range all {
		for i := at(g, s.From) - 1; i >= 0 && s.Well.IsZero(); i-- {
			v := values[i]
			if !math.IsNaN(v) && !r.beyond(r.Warning, v) &&
				(r.Warning.Set || !r.beyond(r.Critical, v)) {
				s.Well = g.At(i)
			}
		}
	}
	for _, s := range earlier {
		w := f.Earlier
		if w == nil || s.Severity > w.Severity || s.Severity == w.Severity &&
			(s.Lasted() > w.Lasted() || s.Lasted() == w.Lasted() && s.To.After(w.To)) {
			f.Earlier = s
		}
		if l := f.Latest; l == nil || s.To.After(l.To) ||
			s.To.Equal(l.To) && s.Severity > l.Severity {
			f.Latest = s
		}
	}
	return f
}

// at returns the index of a time.
func at(g series.Grid, t time.Time) int { return int(t.Sub(g.Start) / g.Step) }

// naiveHole returns the duration of the longest hole.
func naiveHole(values []float64, step time.Duration) time.Duration {
	var longest, hole time.Duration
	for _, v := range values {
		hole += step
		if !math.IsNaN(v) {
			hole = 0
		}
		longest = max(longest, hole)
	}
	return longest
}

// naiveStreaks returns every streak: all samples from a to b are beyond the limit, no hole ends it,
// and it cannot be made longer. A hole of more than two samples that is as long as For ends a
// streak unless For passed before it.
func naiveStreaks(r Rule, limit float64, values []float64, g series.Grid) []*Streak {
	d := r.Direction
	beyond := func(i int) bool {
		return d == Above && values[i] > limit || d == Below && values[i] < limit
	}
	holds := func(a, b int) bool {
		if !beyond(a) || !beyond(b) {
			return false
		}
		missing := 0
		for i := a; i <= b; i++ {
			if math.IsNaN(values[i]) {
				missing++
			} else if missing = 0; !beyond(i) {
				return false
			}
			if lasted := time.Duration(i-missing-a) * g.Step; missing > 2 &&
				time.Duration(missing)*g.Step >= r.For && lasted < r.For {
				return false
			}
		}
		return true
	}
	var found []*Streak
	for a := range values {
		for b := a; b < len(values); b++ {
			if !holds(a, b) {
				continue
			}
			longest := true
			for c := range values {
				if c < a && holds(c, b) || c > b && holds(a, c) {
					longest = false
				}
			}
			if !longest {
				continue
			}
			s := &Streak{
				From: g.At(a), To: g.At(b), Open: a <= longestHole && series.Newest(values[:a]) < 0,
				Limit: limit, Expected: b + 1 - a,
			}
			first := true
			for i := a; i <= b; i++ {
				if !math.IsNaN(values[i]) {
					s.Seen++
				}
				if !math.IsNaN(values[i]) && (first || d == Above && values[i] > s.Peak ||
					d == Below && values[i] < s.Peak) {
					s.Peak, s.PeakAt, first = values[i], g.At(i), false
				}
			}
			found = append(found, s)
		}
	}
	return found
}

func genLimit() *rapid.Generator[Limit] {
	return rapid.Custom(func(t *rapid.T) Limit {
		if !rapid.Bool().Draw(t, "set") {
			return Limit{}
		}
		return At(float64(rapid.IntRange(0, 4).Draw(t, "limit")))
	})
}

func genValues() *rapid.Generator[[]float64] {
	one := rapid.SampledFrom([]float64{
		nan, nan, nan, 0, 1, 2, 3, 4, 5, 5, 5, math.Inf(1), math.Inf(-1),
	})
	return rapid.SliceOfN(one, 0, 28)
}

func TestJudgeAgreesWithTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := genValues().Draw(t, "values")
		r := Rule{
			Direction: rapid.SampledFrom([]Direction{Above, Below}).Draw(t, "direction"),
			Warning:   genLimit().Draw(t, "warning"),
			Critical:  genLimit().Draw(t, "critical"),
			For:       time.Duration(rapid.IntRange(0, 8).Draw(t, "for")) * time.Minute,
			NoData: rapid.SampledFrom([]NoDataPolicy{AlertOnNoData, ResolveOnNoData}).Draw(t,
				"no data"),
		}
		g := series.Grid{
			Start: start, Step: time.Duration(rapid.IntRange(1, 4).Draw(t, "step")) * time.Minute,
			Len: len(values),
		}
		got, want := Judge(r, series.Series{Values: values}, g), naive(r, values, g)
		got.Limit, want.Limit = 0, 0 // may be NaN; TestJudgeAlert checks it
		if brief(got) != brief(want) || !got.Newest.Equal(want.Newest) ||
			!reflect.DeepEqual(got.Latest, want.Latest) ||
			!reflect.DeepEqual(got.Streak, want.Streak) {
			t.Fatalf("%v\n got %s\nwant %s", values, brief(got), brief(want))
		}
		if s := got.Streak; s != nil && (got.Status == Pending) != (s.Lasted() < r.For) {
			t.Fatalf("got %v for a streak of %s, want Pending exactly if shorter than a for of %s",
				got.Status, s.Lasted(), r.For)
		}
	})
}

// A rule turned upside down gives the same finding for samples turned upside down.
func TestJudgeIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := genValues().Draw(t, "values")
		r := Rule{
			Warning: genLimit().Draw(t, "warning"), Critical: genLimit().Draw(t, "critical"),
			For: 3 * time.Minute,
		}
		turned, turnedRule := slices.Clone(values), r
		for i := range turned {
			turned[i] = -turned[i]
		}
		turnedRule.Direction = Below
		turnedRule.Warning.Value, turnedRule.Critical.Value = -r.Warning.Value, -r.Critical.Value
		a := Judge(r, series.Series{Values: values}, grid(len(values)))
		b := Judge(turnedRule, series.Series{Values: turned}, grid(len(values)))
		if a.Status != b.Status || a.Severity != b.Severity ||
			(a.Streak == nil) != (b.Streak == nil) || (a.Earlier == nil) != (b.Earlier == nil) {
			t.Fatalf("got above %s, below %s; want the same", brief(a), brief(b))
		}
	})
}

func TestQuantileIsTheNearestRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few distinct values, many, and the shapes that are bad for a quickselect: sorted and
		// falling.
		values := rapid.OneOf(
			rapid.SliceOfN(rapid.SampledFrom([]float64{1, 2, 3, nan, math.Inf(1)}), 0, 200),
			rapid.SliceOfN(rapid.Float64(), 0, 200),
			rapid.Custom(func(t *rapid.T) []float64 {
				all := make([]float64, rapid.IntRange(0, 3000).Draw(t, "n"))
				slope := rapid.SampledFrom([]float64{1, -1}).Draw(t, "slope")
				for i := range all {
					all[i] = slope * float64(i)
				}
				return all
			}),
		).Draw(t, "values")
		var finite []float64
		for _, v := range values {
			if series.Finite(v) {
				finite = append(finite, v)
			}
		}
		slices.Sort(finite)
		before := slices.Clone(values)
		for reduce, percent := range map[Reduce]int{P50: 50, P90: 90, P95: 95, P99: 99} {
			got := reduce.of(values)
			if len(finite) == 0 {
				if !math.IsNaN(got) {
					t.Fatalf("%s of nothing: got %v, want NaN", reduce, got)
				}
				continue
			}
			// ⌈n·percent/100⌉ in whole numbers
			if want := finite[(len(finite)*percent+99)/100-1]; got != want {
				t.Fatalf("%s of %d samples: got %v, want %v", reduce, len(finite), got, want)
			}
		}
		for i := range values {
			if math.Float64bits(values[i]) != math.Float64bits(before[i]) {
				t.Fatalf("the samples were reordered: got %v, want %v", values, before)
			}
		}
	})
}

// FuzzJudge checks what is true of every finding, whatever the samples, the limits and the grid.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{1, 2, 3, 255, 200, 200, 200}, 80.0, 90.0, int64(time.Minute), int64(5*time.Minute),
		uint8(0))
	f.Add([]byte{}, 0.0, math.Inf(1), int64(-1), int64(-5), uint8(7))
	f.Add([]byte{255, 255}, nan, 1.0, int64(math.MaxInt64), int64(math.MaxInt64), uint8(3))
	f.Fuzz(func(t *testing.T, bytes []byte, warning, critical float64, step, lasts int64,
		kind uint8) {
		values := make([]float64, len(bytes))
		for i, b := range bytes {
			values[i] = float64(b)
			if b == 255 {
				values[i] = nan
			}
		}
		r := Rule{
			Direction: Direction(kind & 1), Warning: At(warning), Critical: At(critical),
			For: time.Duration(lasts), NoData: NoDataPolicy(kind >> 1 & 1), Flaps: kind>>6&1 == 1,
			Within: time.Duration(kind>>5&1) * time.Hour,
		}
		if kind&4 != 0 {
			r.Reduce = figures()[kind>>3%8]
		}
		got := Judge(r, series.Series{Values: values}, series.Grid{
			Start: start, Step: time.Duration(step), Len: len(values),
		})
		switch {
		case got.Status == Unknown || got.Status == Failed:
			t.Fatalf("got the status %v, want neither Unknown nor Failed", got.Status)
		case r.IsAlert() && (got.Streak != nil) != (got.Severity != None):
			t.Fatalf("got streak %v with severity %v, want both or none", got.Streak, got.Severity)
		case r.IsAlert() && (got.Status == Breach || got.Status == Pending) && got.Streak == nil,
			got.Status == OK && got.Streak != nil:
			t.Fatalf("got status %v with streak %v, want one for an alert in breach or pending, "+
				"none for OK", got.Status, got.Streak)
		case got.Streak != nil && (got.Streak.Seen < 1 || got.Streak.Seen > got.Streak.Expected ||
			got.Streak.Beyond > got.Streak.Seen):
			t.Fatalf("got %d samples beyond of %d seen of %d expected, want no more than the "+
				"next", got.Streak.Beyond, got.Streak.Seen, got.Streak.Expected)
		case !r.IsAlert() && (got.Status == Pending || got.Streak != nil || got.Earlier != nil):
			t.Fatalf("got %s for a verdict, want it not pending and without a streak", brief(got))
		case got.Status == Breach && (got.Streak == nil || got.Streak.Bouts == 0) &&
			!r.Direction.Beyond(got.Value, got.Limit):
			t.Fatalf("got a breach by %v, want a value beyond %v", got.Value, got.Limit)
		}
		r.Check(time.Hour, time.Duration(step))
	})
}
