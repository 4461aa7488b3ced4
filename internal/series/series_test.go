package series_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

func labels(t *rapid.T) series.Labels {
	return series.FromMap(rapid.MapOf(rapid.StringMatching(`[a-c]{1,2}`),
		rapid.StringMatching(`[x-z]{0,2}`)).Draw(t, "labels"))
}

func TestCompareIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := labels(t), labels(t), labels(t)
		if a.Compare(b) != -b.Compare(a) {
			t.Fatalf("%v and %v: got %d, and %d the other way; want opposite signs", a, b,
				a.Compare(b), b.Compare(a))
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatalf("%v ≤ %v ≤ %v: got %d for the first and the last, want at most 0", a, b, c,
				a.Compare(c))
		}
		if (a.Compare(b) == 0) != slices.Equal(a, b) {
			t.Fatalf("%v and %v: got %d from Compare, want it to agree with slices.Equal", a, b,
				a.Compare(b))
		}
		if (a.Hash() == b.Hash()) != slices.Equal(a, b) {
			t.Fatalf("%v and %v: got hashes %x and %x, want the same: %v", a, b, a.Hash(), b.Hash(),
				slices.Equal(a, b))
		}
	})
}

func TestHashSeparatesNamesAndValues(t *testing.T) {
	if series.FromPairs("a", "bc").Hash() == series.FromPairs("ab", "c").Hash() {
		t.Error(`{a="bc"} and {ab="c"}: got the same hash, want different ones`)
	}
}

func TestWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ls := labels(t)
		before := ls.String()
		got := ls.With("b", "new")
		if got.Get("b") != "new" || !slices.IsSortedFunc(got, func(a, b series.Label) int {
			return series.Labels{a}.Compare(series.Labels{b})
		}) {
			t.Fatalf("%v with b=new: got %v, want it sorted with the label", ls, got)
		}
		if ls.String() != before {
			t.Fatalf("With changed its receiver: got %s, want %s", ls, before)
		}
		if got := ls.With("b", ""); got.Get("b") != "" || len(got) > len(ls) {
			t.Fatalf("%v without b: got %v, want no b and nothing more", ls, got)
		}
	})
}

func TestGrid(t *testing.T) {
	g := series.Grid{Start: time.Unix(1000, 0), Step: time.Minute, Len: 4}
	if !g.End().Equal(time.Unix(1180, 0)) || g.Range() != 3*time.Minute ||
		!g.At(1).Equal(time.Unix(1060, 0)) {
		t.Errorf("got end %v, range %v, second sample at %v; want 1180s, 3m and 1060s", g.End(),
			g.Range(), g.At(1))
	}
	if empty := (series.Grid{Start: g.Start}); !empty.End().Equal(g.Start) {
		t.Errorf("an empty grid: got end %v, want %v", empty.End(), g.Start)
	}
}

func TestNewest(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		values []float64
		want   int
	}{
		{nil, -1}, {[]float64{nan, nan}, -1}, {[]float64{1, nan}, 0}, {
			[]float64{nan, math.Inf(1)}, 1,
		},
	} {
		if got := series.Newest(tc.values); got != tc.want {
			t.Errorf("Newest(%v) = %d, want %d", tc.values, got, tc.want)
		}
	}
}

func ExampleLabels_String() {
	ls := series.FromPairs("pod", `api"1`, "namespace", "shop")
	fmt.Println(ls)
	fmt.Println(ls.Get("namespace"), ls.With("node", "n1"))
	// Output:
	// {namespace="shop", pod="api\"1"}
	// shop {namespace="shop", node="n1", pod="api\"1"}
}
