package sizing

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

// drawRow draws a row with anything that a server may say.
func drawRow(t *rapid.T) (Row, float64, Reason) {
	amount := func(name string, most float64) float64 {
		v := rapid.OneOf(rapid.Float64Range(0, most), rapid.Just(math.NaN())).Draw(t, name)
		if v == 0 {
			return math.NaN()
		}
		return v
	}
	resource := func(name string, most float64) Resource {
		x := Resource{
			Request: amount(name+" request", most), Limit: amount(name+" limit", most),
			Used: amount(name+" used", most),
		}
		if x.Peak = x.Used; name == "CPU" && rapid.Bool().Draw(t, name+" peaks") {
			x.Peak *= 3
		}
		if rapid.Bool().Draw(t, name+" equal") {
			x.Limit = x.Request
		}
		return x
	}
	r := Row{
		Pods:      float64(rapid.IntRange(1, 5000).Draw(t, "pods")),
		Killed:    rapid.Bool().Draw(t, "killed"),
		KilledAt:  math.NaN(),
		Restarted: rapid.Bool().Draw(t, "restarted"),
		CPU:       resource("CPU", 64), Memory: resource("memory", 256*gib),
		history: rapid.SampledFrom([]time.Duration{day, minCut}).Draw(t, "history"),
	}
	if r.Killed {
		r.KilledAt = amount("killed at", 256*gib)
		if rapid.Bool().Draw(t, "limit as then") {
			r.KilledAt = r.Memory.Limit
		}
	}
	return r, rapid.Float64Range(0, 2).Draw(t, "headroom"),
		rapid.SampledFrom([]Reason{"", "", "", Short, NoPeak}).Draw(t, "unknown")
}

// TestAdviceIsSafe checks what must be true for any data.
func TestAdviceIsSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, headroom, unknown := drawRow(t)
		r.advise(headroom, unknown)
		for _, w := range []Which{CPU, Memory} {
			x := r.Of(w)
			if got := math.IsNaN(x.Advised); got != (x.Withheld != "") {
				t.Fatalf("withheld: got %v with the reason %q", got, x.Withheld)
			}
			if math.IsNaN(x.Advised) {
				if !math.IsNaN(x.AdvisedLimit) {
					t.Fatalf("a limit of %v without a request", x.AdvisedLimit)
				}
				continue
			}
			if (r.Killed || r.Restarted) && x.Advised < x.Request {
				t.Fatalf("perhaps OOM-killed: got %v, want at least %v", x.Advised, x.Request)
			}
			if r.Killed && x.AdvisedLimit < x.Limit {
				t.Fatalf("OOM-killed: got the limit %v, want at least %v", x.AdvisedLimit, x.Limit)
			}
			if !math.IsNaN(x.AdvisedLimit) && math.IsNaN(x.Limit) {
				t.Fatalf("got the limit %v where none is set", x.AdvisedLimit)
			}
			if x.Advised < x.Used*(1+headroom)*(1-1e-6) && x.Advised != x.Request {
				t.Fatalf("got %v, want at least the use %v and %v", x.Advised, x.Used, headroom)
			}
			limit := x.AdvisedLimit
			if math.IsNaN(limit) {
				limit = x.Limit
			}
			if limit < x.Advised || limit < x.Peak*(1-1e-9) {
				t.Fatalf("got the limit %v below the request %v or the peak %v", limit, x.Advised,
					x.Peak)
			}
			if x.AdvisedLimit < x.Limit && w == Memory && r.history < minCut {
				t.Fatalf("got the limit %v, want none below %v after %v", x.AdvisedLimit, x.Limit,
					r.history)
			}
			if x.Request != x.Limit && x.AdvisedLimit < x.Limit {
				t.Fatalf("got the limit %v, want no lower one than %v", x.AdvisedLimit, x.Limit)
			}
			one, amount := x.Request, x.Advised
			if one == amount {
				one, amount = x.Limit, x.AdvisedLimit // only the limit is too low
			}
			if !(math.Abs(amount-one) >= worthwhile*one*(1-1e-9)) {
				t.Fatalf("got %v for %v, want no advice about so little", amount, one)
			}
			if x.Advised > x.Request && x.Request != x.Limit &&
				x.Advised > memQuantity.up(x.Used*(1+headroom)) && w == Memory {
				t.Fatalf("got the request %v, want no more than the use %v", x.Advised, x.Used)
			}
			if unknown != "" && (w == CPU || math.IsNaN(r.KilledAt)) {
				t.Fatalf("got advice although the use is not known: %s", unknown)
			}
		}
	})
}

// TestAdviceThatIsAppliedIsNotGivenAgain checks that advice does not grow each time it is applied.
func TestAdviceThatIsAppliedIsNotGivenAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, headroom, unknown := drawRow(t)
		if r.Memory.Request > r.Memory.Limit {
			r.Memory.Request = r.Memory.Limit // Kubernetes allows no more
		}
		r.advise(headroom, unknown)
		next, equal := r, r.Memory.Request == r.Memory.Limit
		x := &next.Memory
		if math.IsNaN(x.Advised) {
			return
		}
		x.Request = x.Advised
		if !math.IsNaN(x.AdvisedLimit) {
			x.Limit = x.AdvisedLimit
		}
		if equal != (x.Request == x.Limit) {
			return // by chance
		}
		next.advise(headroom, unknown)
		if !math.IsNaN(x.Advised) {
			t.Fatalf("got %v and %v after %v and %v, want nothing more", x.Advised, x.AdvisedLimit,
				r.Memory.Advised, r.Memory.AdvisedLimit)
		}
	})
}

// TestMemoryOfKilled says what a kill means for the request and for the limit.
func TestMemoryOfKilled(t *testing.T) {
	none := math.NaN()
	for _, tt := range []struct {
		name                 string
		request, limit, used float64
		killedAt             float64
		unknown              Reason
		advised, to          float64
		withheld             Reason
	}{
		{"only the limit", 512 * mib, gib, 300 * mib, gib, "", 512 * mib, 1280 * mib, ""},
		{"a limit that nothing can request", 256 * mib, 64 * gib, 300 * mib, 64 * gib, "",
			384 * mib, 80 * gib, ""},
		{"both", 512 * mib, gib, 900 * mib, gib, "", 1136 * mib, 1280 * mib, ""},
		{"equal", gib, gib, 900 * mib, gib, "", 1280 * mib, 1280 * mib, ""},
		{"raised since", 1280 * mib, 1280 * mib, 900 * mib, gib, "", none, none, OOMKilled},
		{"raised since, and equal no more", 512 * mib, 2 * gib, 300 * mib, gib, "", none, none,
			OOMKilled},
		{"nobody knows the limit", gib, gib, 300 * mib, none, "", none, none, OOMKilled},
		{"a short history", 512 * mib, gib, 100 * mib, gib, Short, 512 * mib, 1280 * mib, ""},
		{"a short history, and no limit", 512 * mib, none, 100 * mib, none, Short, none, none,
			OOMKilled},
		{"no limit", 512 * mib, none, 900 * mib, none, "", 1136 * mib, none, ""},
		{"the use is not known", 512 * mib, gib, none, gib, NoPeak, 512 * mib, 1280 * mib, ""},
	} {
		r := Row{
			Pods: 2, Killed: true, KilledAt: tt.killedAt, CPU: Resource{Request: none},
			Memory: Resource{Request: tt.request, Limit: tt.limit, Used: tt.used, Peak: tt.used},
		}
		r.advise(.25, tt.unknown)
		if x := r.Memory; !near(x.Advised, tt.advised, 0) || !near(x.AdvisedLimit, tt.to, 0) ||
			x.Withheld != tt.withheld {
			t.Errorf("%s: got %v, %v, %q, want %v, %v, %q", tt.name, x.Advised, x.AdvisedLimit,
				x.Withheld, tt.advised, tt.to, tt.withheld)
		}
	}
}

// TestMemoryLimitsAreLoweredLate checks that a limit is lowered only by two weeks of history.
func TestMemoryLimitsAreLoweredLate(t *testing.T) {
	none := math.NaN()
	for _, tt := range []struct {
		limit, advised, to float64
		history            time.Duration
		withheld           Reason
	}{
		{gib, none, none, 13 * day, ShortCut}, {gib, 128 * mib, 128 * mib, 14 * day, ""},
		{2 * gib, 128 * mib, none, 3 * day, ""}, {none, 128 * mib, none, 3 * day, ""},
	} {
		r := Row{Pods: 2, KilledAt: none, history: tt.history, Memory: Resource{
			Request: gib, Limit: tt.limit, Used: 100 * mib, Peak: 100 * mib,
		}}
		r.advise(.25, "")
		if x := r.Memory; !near(x.Advised, tt.advised, 0) || !near(x.AdvisedLimit, tt.to, 0) ||
			x.Withheld != tt.withheld {
			t.Errorf("limit %v after %v: got %v, %v, %q, want %v, %v, %q", tt.limit, tt.history,
				x.Advised, x.AdvisedLimit, x.Withheld, tt.advised, tt.to, tt.withheld)
		}
	}
}

// TestMorePodsChangeOnlyTheSum checks that the advice for one pod does not depend on their number,
// except that it may be too small to be advice.
func TestMorePodsChangeOnlyTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, headroom, unknown := drawRow(t)
		more := r
		more.Pods *= 10
		r.advise(headroom, unknown)
		more.advise(headroom, unknown)
		for _, w := range []Which{CPU, Memory} {
			one, ten := r.Of(w), more.Of(w)
			if one.Withheld == Fits || r.Killed && (one.Withheld == OOMKilled || r.Change(w) == 0) {
				continue
			}
			if !near(one.Advised, ten.Advised, 0) || one.Withheld != ten.Withheld {
				t.Fatalf("got %v %s, with more pods %v %s", one.Advised, one.Withheld, ten.Advised,
					ten.Withheld)
			}
			if !near(more.Change(w), 10*r.Change(w), 1e-9) {
				t.Fatalf("got a change of %v, want ten times %v", more.Change(w), r.Change(w))
			}
		}
	})
}

// TestMoreUseIsNeverLessAdvice checks that advice grows with use, up to the rounding.
func TestMoreUseIsNeverLessAdvice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, headroom, _ := drawRow(t)
		more := r
		factor := rapid.Float64Range(1, 10).Draw(t, "factor")
		for _, w := range []Which{CPU, Memory} {
			more.Of(w).Used *= factor
			more.Of(w).Peak *= factor
		}
		r.advise(headroom, "")
		more.advise(headroom, "")
		for _, w := range []Which{CPU, Memory} {
			one, two := r.Of(w).Advised, more.Of(w).Advised
			if two < one && two != r.Of(w).Request { // that may be less than the least
				t.Fatalf("got %v for more use, want at least %v", two, one)
			}
		}
	})
}

func TestQuantile(t *testing.T) {
	for _, tt := range []struct {
		q      float64
		values []float64
		want   float64
	}{
		{.95, nil, math.NaN()}, {.95, []float64{7}, 7}, {.5, []float64{3, 1}, 2},
		{.95, []float64{2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, 2}, {1, []float64{3, 9, 1}, 9},
		{0, []float64{3, 9, 1}, 1}, {.25, []float64{5, 1, 3}, 2},
	} {
		if got := quantile(tt.q, append([]float64{}, tt.values...)); !near(got, tt.want, 1e-12) {
			t.Errorf("quantile %v of %v: got %v, want %v", tt.q, tt.values, got, tt.want)
		}
	}
}

// TestQuantileIsThatOfSortedValues compares with sorting.
func TestQuantileIsThatOfSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 4), 1, 300).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		sorted := append([]float64{}, values...)
		slices.Sort(sorted)
		rank := q * float64(len(values)-1)
		lo := int(rank)
		hi := min(lo+1, len(values)-1)
		want := sorted[lo] + (sorted[hi]-sorted[lo])*(rank-float64(lo))
		if got := quantile(q, values); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// TestCoverage says of which samples a peak is known.
func TestCoverage(t *testing.T) {
	const steps = 7 * 24
	for _, tt := range []struct {
		name string
		has  func(hour int) bool
		want Reason
	}{
		{"all", func(int) bool { return true }, ""},
		{"none", func(int) bool { return false }, NoPeak},
		{"the last three days", func(h int) bool { return h >= steps-72 }, ""},
		{"two days", func(h int) bool { return h >= steps-48 }, Short},
		{"a hole of half a day", func(h int) bool { return h < 50 || h >= 62 }, ""},
		{"a hole of a day", func(h int) bool { return h < 50 || h >= 74 }, NoPeak},
		{"ended a day ago", func(h int) bool { return h < steps-24 }, NoPeak},
		{"at night only", func(h int) bool { return h%24 < 6 }, NoPeak},
	} {
		values := make([]float64, steps)
		for h := range values {
			if values[h] = 1; !tt.has(h) {
				values[h] = math.NaN()
			}
		}
		g := series.Grid{Start: start, Step: time.Hour, Len: steps}
		_, c := covered(values, nil)
		if got := c.unknown(g); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSumsAndItems(t *testing.T) {
	r := func(workload string, pods, cpu, advised, memory, advisedMemory float64) Row {
		return Row{
			Workload: workload, Pods: pods, CPU: Resource{Request: cpu, Advised: advised},
			Memory: Resource{Request: memory, Advised: advisedMemory},
		}
	}
	none := math.NaN()
	a := Advice{Rows: []Row{
		r("small", 1, 1, .5, gib, 2*gib), r("large", 10, 2, 1, 8*gib, none),
		r("large", 10, 1, .5, gib, none), r("poor", 3, 1, 2, gib, none),
	}, Cost: Cost{CPUHour: .03, MemoryGiBHour: .004}}
	if got, want := a.Sum(CPU, false), (Sum{2, 15.5, 15.5 * .03 * 730}); got != want {
		t.Errorf("CPU: got %v, want %v", got, want)
	}
	if got, want := a.Sum(CPU, true), (Sum{1, 3, 3 * .03 * 730}); got != want {
		t.Errorf("CPU, more: got %v, want %v", got, want)
	}
	if got, want := a.Sum(Memory, true), (Sum{1, gib, .004 * 730}); got != want {
		t.Errorf("memory, more: got %v, want %v", got, want)
	}
	a.sort()
	var got []string
	for _, i := range a.Items(false) {
		got = append(got, i.Workload)
	}
	if len(got) != 3 || got[0] != "large" || got[2] != "small" || a.Rows[0].Workload != "large" ||
		a.Rows[3].Workload != "poor" {
		t.Errorf("got %v of %v", got, a.Rows)
	}
	if more := a.Items(true); len(more) != 2 || more[0].Workload != "poor" {
		t.Errorf("got %v", more)
	}
}
