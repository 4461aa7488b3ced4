package snapshot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// shapes are typical courses of a day: at gets the time from 0 to 1 and a noise of 1. Levels are in
// percent; the limit is 90.
var shapes = []struct {
	name string
	at   func(x, noise float64) float64
	want Trend
}{
	{"flat", func(_, _ float64) float64 { return 94 }, Steady},
	{"flat with noise", func(_, e float64) float64 { return 94 + e }, Steady},
	{"flat with much noise", func(_, e float64) float64 { return 60 + 12*e }, Steady},
	{"step up long ago", func(x, e float64) float64 { return 50 + jump(x, 0.3)*44 + e }, Steady},
	{"step up before the last quarter", func(x, e float64) float64 {
		return 50 + jump(x, 0.74)*44 + e
	}, Steady},
	{"step up in the last quarter", func(x, e float64) float64 {
		return 50 + jump(x, 0.875)*44 + e
	}, Steady},
	{"step up in the last eighth", func(x, e float64) float64 {
		return 50 + jump(x, 0.9375)*44 + e
	}, Steady},
	{"step up just now", func(x, e float64) float64 { return 50 + jump(x, 0.985)*44 + e }, Steady},
	{"step down in the last quarter", func(x, e float64) float64 {
		return 94 - jump(x, 0.875)*44 + e
	}, Steady},
	{"slow ramp", func(x, e float64) float64 { return 50 + 45*x + e }, Rising},
	{"slow ramp without noise", func(x, _ float64) float64 { return 50 + 45*x }, Rising},
	{"ramp since the last quarter", func(x, e float64) float64 {
		return 50 + 45*ramp(x, 0.75, 1) + e
	}, Rising},
	{"ramp in the last hour", func(x, e float64) float64 {
		return 50 + 45*ramp(x, 0.95, 1) + e
	}, Rising},
	{"exponential growth", func(x, e float64) float64 {
		return 40 + 55*math.Exp(6*(x-1)) + e
	}, Rising},
	{"ramp that levelled off", func(x, e float64) float64 {
		return 50 + 45*ramp(x, 0.6, 0.85) + e
	}, Steady},
	{"rose and turned", func(x, e float64) float64 {
		return 50 + 45*ramp(x, 0.7, 0.9) - 30*ramp(x, 0.9, 1) + e
	}, Falling},
	{"saw-teeth of an hour", func(x, e float64) float64 { return 60 + 30*tooth(x*24) + e }, Steady},
	{"saw-teeth of 90 minutes", func(x, e float64) float64 {
		return 60 + 30*tooth(x*16) + e
	}, Steady},
	{"saw-teeth of two hours", func(x, e float64) float64 {
		return 60 + 30*tooth(x*12-0.1) + e
	}, Steady},
	{"saw-teeth of four hours", func(x, e float64) float64 {
		return 60 + 30*tooth(x*6-0.2) + e
	}, Steady},
	{"saw-teeth of six hours", func(x, e float64) float64 {
		return 60 + 30*tooth(x*4-0.05) + e
	}, Steady},
	{"spike at the end", func(x, e float64) float64 { return 60 + 35*jump(x, 0.99) + e }, Steady},
	{"spike at the beginning", func(x, e float64) float64 {
		return 95 - 35*jump(x, 0.01) + e
	}, Steady},
	{"spike at the beginning of the last quarter", func(x, e float64) float64 {
		return 60 + 35*(jump(x, 0.76)-jump(x, 0.78)) + e
	}, Steady},
	{"ramp with a spike", func(x, e float64) float64 {
		return 50 + 40*x + 9*(jump(x, 0.9)-jump(x, 0.91)) + e
	}, Rising},
	{"fall", func(x, e float64) float64 { return 95 - 45*x + e }, Falling},
	{"fall after a rise", func(x, e float64) float64 {
		return 60 + 35*ramp(x, 0.2, 0.6) - 15*ramp(x, 0.7, 1) + e
	}, Falling},
	{"fall in the last hour", func(x, e float64) float64 {
		return 95 - 45*ramp(x, 0.95, 1) + e
	}, Falling},
	{"a day's rhythm on its way up", func(x, e float64) float64 {
		return 60 - 30*math.Cos(2*math.Pi*(x-0.65)) + e
	}, Rising},
	{"a day's rhythm past its height", func(x, e float64) float64 {
		return 60 - 30*math.Cos(2*math.Pi*(x+0.56)) + e
	}, Steady},
	{"seven days' rhythm on its way up", func(x, e float64) float64 {
		return 60 - 30*math.Cos(2*math.Pi*(7*x-0.3)) + e
	}, Steady},
	{"three days' rhythm on its way up", func(x, e float64) float64 {
		return 60 - 30*math.Cos(2*math.Pi*(3*x-0.4)) + e
	}, Steady},
	{"seven days' rhythm that grows", func(x, e float64) float64 {
		return 20 + 70*x + 0.5*math.Cos(2*math.Pi*7*x) + e
	}, Rising},
	{"no noise but a hair", func(x, e float64) float64 { return 94 + 0.5*x }, Steady},
	{"scraped late, then a ramp", func(x, e float64) float64 {
		if x < 0.7 {
			return math.NaN()
		}
		return 50 + 45*ramp(x, 0.7, 1) + e
	}, Rising},
	{"ramp with gaps", func(x, e float64) float64 {
		if math.Mod(x*40, 1) > 0.6 {
			return math.NaN()
		}
		return 50 + 45*x + e
	}, Rising},
	{"ramp before a gap to the end", func(x, e float64) float64 {
		if x > 0.85 {
			return math.NaN()
		}
		return 50 + 45*x + e
	}, Steady},
	{"silent", func(_, _ float64) float64 { return math.NaN() }, Steady},
}

func jump(x, at float64) float64 {
	if x < at {
		return 0
	}
	return 1
}

func ramp(x, from, to float64) float64 { return min(max((x-from)/(to-from), 0), 1) }

// tooth rises from 0 to 1 and falls at once.
func tooth(x float64) float64 { return x - math.Floor(x) }

// TestTrendIsWhatPeopleSee compares the definition with courses whose trend people agree on, each
// with ten different noises and at three densities.
func TestTrendIsWhatPeopleSee(t *testing.T) {
	for _, shape := range shapes {
		for _, n := range []int{241, 288, 720} {
			wrong, got := 0, Steady
			for seed := range uint64(10) {
				r := rand.New(rand.NewPCG(seed, uint64(n)))
				values := make([]float64, n)
				for i := range values {
					values[i] = shape.at(float64(i)/float64(n-1), r.NormFloat64())
				}
				if trend := climbsOf(values).Trend(90); trend != shape.want {
					wrong, got = wrong+1, trend
				}
			}
			if wrong > 0 {
				t.Errorf("%s, %d samples: got %d in %d of 10, want %d", shape.name, n, got, wrong,
					shape.want)
			}
		}
	}
}

// The trend does not depend on the unit.
func TestTrendKnowsNoUnit(t *testing.T) {
	for _, shape := range shapes {
		for _, factor := range []float64{1e-6, 1, 64 << 30} {
			values := make([]float64, 288)
			r := rand.New(rand.NewPCG(3, 3))
			for i := range values {
				values[i] = factor * shape.at(float64(i)/287, r.NormFloat64())
			}
			if got := climbsOf(values).Trend(factor * 90); got != shape.want {
				t.Errorf("%s times %g: got %d, want %d", shape.name, factor, got, shape.want)
			}
		}
	}
}

// A series of few samples, such as in the short window of a check, has no trend.
func TestTrendOfFewSamples(t *testing.T) {
	for n := range 80 {
		values := make([]float64, n)
		for i := range values {
			values[i] = 50 + 45*float64(i)/80
		}
		want := Steady
		if n >= 24 { // six in the last quarter
			want = Rising
		}
		if got := climbsOf(values).Trend(math.NaN()); got != want {
			t.Errorf("a ramp of %d samples: got %d, want %d", n, got, want)
		}
	}
}

func TestTrend(t *testing.T) {
	of := func(at func(i int) float64) []float64 {
		v := make([]float64, 240)
		for i := range v {
			v[i] = at(i)
		}
		return v
	}
	for _, tc := range []struct {
		name   string
		values []float64
		want   Trend
	}{
		{"none", nil, Steady},
		{"few", []float64{1, 2, 3, 4, 5, 6, 7, 8}, Steady},
		{"flat", of(func(int) float64 { return 0.5 }), Steady},
		{"rising", of(func(i int) float64 { return 0.002 * float64(i) }), Rising},
		{"falling", of(func(i int) float64 { return 1 - 0.002*float64(i) }), Falling},
		{"rising with holes", of(func(i int) float64 {
			if i%5 == 0 {
				return math.NaN()
			}
			return 0.002 * float64(i)
		}), Rising},
		{"hardly rising", of(func(i int) float64 { return 0.5 + 0.00001*float64(i) }), Steady},
		{"saw-tooth", of(func(i int) float64 { return 0.02 * float64(i%20) }), Steady},
		{"rose long ago", of(func(i int) float64 {
			return 0.004 * math.Min(float64(i), 100)
		}), Steady},
		{"infinite", of(func(i int) float64 { return math.Inf(i%2*2 - 1) }), Steady},
	} {
		if got := climbsOf(tc.values).Trend(0.9); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestTrendIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 400).Draw(t, "values")
		turned := make([]float64, len(values))
		for i, v := range values {
			turned[i] = -v
		}
		if a, b := climbsOf(values).Trend(100), climbsOf(turned).Trend(100); a != -b {
			t.Errorf("got %d, and %d upside down, want the opposite", a, b)
		}
	})
}

func ExampleTrend() {
	ramp, step := make([]float64, 100), make([]float64, 100)
	for i := range ramp {
		ramp[i], step[i] = float64(i), jump(float64(i), 85)
	}
	fmt.Println(climbsOf(ramp).Trend(90) == Rising, climbsOf(step).Trend(90) == Steady)
	// Output: true true
}
