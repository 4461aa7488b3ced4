package snapshot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

var testGrid = series.Grid{Start: time.Unix(1_760_000_000, 0).UTC(), Step: time.Minute, Len: 6}

// gen draws up to 40 series with gaps and infinities and distinct labels.
func gen(t *rapid.T) []series.Series {
	value := rapid.OneOf(rapid.Float64Range(-100, 100), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), 0, 1,
	}))
	n := rapid.IntRange(0, 40).Draw(t, "series")
	out := make([]series.Series, n)
	for i := range out {
		out[i] = series.Series{
			Labels: series.FromPairs("pod", fmt.Sprintf("pod-%02d", i)),
			Values: rapid.SliceOfN(value, testGrid.Len, testGrid.Len).Draw(t, "values"),
		}
	}
	return out
}

func foldAll(t interface{ Fatal(...any) }, spec panel.Spec, in []series.Series) Panel {
	f, err := newFold(&spec, testGrid, Nodes{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]float64, testGrid.Len)
	for _, s := range in {
		copy(buf, s.Values) // like the client, reuse one buffer
		f.add(series.Series{Labels: s.Labels, Values: buf})
	}
	p := Panel{Spec: spec, Grid: testGrid}
	f.into(&p)
	return p
}

// TestFoldKeepsTheWorst compares the fold with a naive version: sort all series, take the first,
// add up the others.
func TestFoldKeepsTheWorst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := gen(t)
		spec := panel.Spec{
			Queries: []panel.Query{{Legend: "{{pod}}"}}, Top: rapid.IntRange(1, 12).Draw(t, "top"),
			Kind: rapid.SampledFrom([]panel.Kind{panel.Lines, panel.Heatmap}).Draw(t, "kind"),
		}
		if rapid.Bool().Draw(t, "rule") {
			spec.Rules = []rules.Rule{
				{
					Name: "R", Direction: rapid.SampledFrom([]rules.Direction{
						rules.Above, rules.Below,
					}).Draw(t, "direction"), Warning: rules.At(1),
				},
			}
		}
		p := foldAll(t, spec, in)

		sorted := slices.Clone(p.Rows)
		sign := 1.0
		if len(spec.Rules) > 0 && spec.Rules[0].Direction == rules.Below {
			sign = -1
		}
		// cmp.Compare orders NaN, which is no figure, below every other value
		key := func(v float64) float64 { return sign * v }
		furthest := func(r Row) float64 {
			return map[float64]float64{1: r.Stats.Max, -1: r.Stats.Min}[sign]
		}
		longer := func(a, b Row) int {
			if spec.Kind == panel.Lines {
				return 0
			}
			return cmp.Compare(key(b.Stats.Avg), key(a.Stats.Avg))
		}
		slices.SortStableFunc(sorted, func(a, b Row) int {
			return cmp.Or(cmp.Compare(key(b.Rank), key(a.Rank)),
				cmp.Compare(key(furthest(b)), key(furthest(a))), longer(a, b),
				a.Labels.Compare(b.Labels))
		})
		if len(p.Lines) != min(spec.Top, len(in)) {
			t.Fatalf("got %d lines of %d series, want %d", len(p.Lines), len(in),
				min(spec.Top, len(in)))
		}
		drawn := map[string]bool{}
		for i, l := range p.Lines {
			if l.Name != sorted[i].Name || p.Rows[i].Name != sorted[i].Name {
				t.Fatalf("got line %d %s, row %s, want %s", i, l.Name, p.Rows[i].Name,
					sorted[i].Name)
			}
			drawn[l.Name] = true
		}
		checkRest(t, p, in, drawn)
	})
}

func checkRest(t *rapid.T, p Panel, in []series.Series, drawn map[string]bool) {
	if len(in) <= len(p.Lines) {
		if p.Rest != nil {
			t.Fatalf("got the rest %+v, want none", p.Rest)
		}
		return
	}
	for i := range testGrid.Len {
		var all []float64
		for _, s := range in {
			if v := s.Values[i]; !drawn[s.Labels.Get("pod")] && !math.IsNaN(v) &&
				!math.IsInf(v, 0) {
				all = append(all, v)
			}
		}
		if p.Rest.Count[i] != len(all) {
			t.Fatalf("count at %d: got %d, want %d", i, p.Rest.Count[i], len(all))
		}
		if len(all) == 0 {
			if !math.IsNaN(p.Rest.Min[i]) || !math.IsNaN(p.Rest.P95[i]) {
				t.Fatalf("rest at %d: got min %v and p95 %v, want NaN", i, p.Rest.Min[i],
					p.Rest.P95[i])
			}
			continue
		}
		slices.Sort(all)
		var sum float64
		for _, v := range all {
			sum += v
		}
		if p.Rest.Min[i] != all[0] || p.Rest.Max[i] != all[len(all)-1] ||
			math.Abs(p.Rest.Sum[i]-sum) > 1e-9*float64(len(all))*100 {
			t.Fatalf("rest at %d: got %v..%v sum %v, want %v..%v sum %v", i, p.Rest.Min[i],
				p.Rest.Max[i], p.Rest.Sum[i], all[0], all[len(all)-1], sum)
		}
		if want := nearestRank(all, 0.95); p.Rest.P95[i] != want { // 40 series fit into the sample
			t.Fatalf("p95 at %d: got %v, want %v", i, p.Rest.P95[i], want)
		}
	}
}

func TestFoldDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := gen(t)
		spec := panel.Spec{
			Queries: []panel.Query{{Legend: "{{pod}}"}}, Top: 3, Rules: []rules.Rule{
				{Name: "R", Warning: rules.At(10)},
			},
		}
		a := foldAll(t, spec, in)
		b := foldAll(t, spec, rapid.Permutation(in).Draw(t, "shuffled"))
		for _, p := range []*Panel{&a, &b} {
			if p.Rest != nil {
				p.Rest.Sum = nil // a sum of floats may differ in its last bits
			}
		}
		if diff := gocmp.Diff(a, b, cmpopts.EquateNaNs(),
			cmpopts.EquateComparable(labels.Matcher{})); diff != "" {
			t.Fatalf("the panel depends on the order of the series (-want +got):\n%s", diff)
		}
	})
}

func TestSampleIsBoundedAndDropsTheDrawn(t *testing.T) {
	in := make([]series.Series, 3000)
	for i := range in {
		in[i] = series.Series{
			Labels: series.FromPairs("pod", fmt.Sprint(i)), Values: []float64{
				float64(i), 0, 0, 0, 0, 0,
			},
		}
	}
	p := foldAll(t, panel.Spec{Queries: []panel.Query{{Legend: "{{pod}}"}}, Top: 5}, in)
	if p.Rest.Sampled > sampleMost || p.Rest.Sampled < sampleMost-5 {
		t.Errorf("got %d series sampled, want about %d", p.Rest.Sampled, sampleMost)
	}
	// A sample of 256 estimates the 5th and the 95th percentile within a few ranks.
	if p5, p95 := p.Rest.P05[0], p.Rest.P95[0]; math.Abs(p5-150) > 120 || math.Abs(p95-2850) > 120 {
		t.Errorf("got p5 %v and p95 %v of 0..2999, want about 150 and 2850", p5, p95)
	}
}

func TestOverridesGiveOtherLimits(t *testing.T) {
	kafka := panel.Matcher{Label: "pod", Op: "=~", Value: "kafka-.*"}
	spec := panel.Spec{
		Queries:   []panel.Query{{Legend: "{{pod}}"}},
		Rules:     []rules.Rule{{Name: "High", Warning: rules.At(.8), Critical: rules.At(.9)}},
		Overrides: []panel.Override{{Match: []panel.Matcher{kafka}, Warning: rules.At(.97)}},
	}
	flat := []float64{.95, .95, .95, .95, .95, .95}
	p := foldAll(t, spec, []series.Series{
		{Labels: series.FromPairs("pod", "api-1"), Values: flat},
		{Labels: series.FromPairs("pod", "kafka-1"), Values: flat},
	})
	if len(p.Findings) != 1 || p.Findings[0].Name != "api-1" ||
		p.Findings[0].Severity != rules.Critical || p.OK != 1 {
		t.Errorf("got findings %+v and %d OK, want a critical one of api-1 and 1 OK", p.Findings,
			p.OK)
	}
}

func TestDescribe(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tc := range []struct {
		name   string
		values []float64
		want   Stats
	}{
		{
			"gaps", []float64{1, nan, 3, nan}, Stats{
				Last: 3, Avg: 2, Min: 1, Max: 3, MaxAt: testGrid.At(2), Samples: 2,
			},
		},
		{
			"infinities count only as the last", []float64{1, inf}, Stats{
				Last: inf, Avg: 1, Min: 1, Max: 1, MaxAt: testGrid.At(0), Samples: 1,
			},
		},
		{
			"huge", []float64{math.MaxFloat64, math.MaxFloat64}, Stats{
				Last: math.MaxFloat64, Avg: math.MaxFloat64, Min: math.MaxFloat64,
				Max: math.MaxFloat64, MaxAt: testGrid.At(0), Samples: 2,
			},
		},
		{"nothing", []float64{nan, nan}, Stats{Last: nan, Avg: nan, Min: nan, Max: nan}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := describe(tc.values, testGrid); fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
