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
			t.Fatalf("%v and %v compare differently both ways", a, b)
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatalf("%v ≤ %v ≤ %v but not %v ≤ %v", a, b, c, a, c)
		}
		if (a.Compare(b) == 0) != slices.Equal(a, b) {
			t.Fatalf("%v and %v are equal only to one of the two", a, b)
		}
		if (a.Hash() == b.Hash()) != slices.Equal(a, b) {
			t.Fatalf("hash of %v and %v", a, b)
		}
	})
}

func TestHashTellsNamesFromValues(t *testing.T) {
	if series.FromPairs("a", "bc").Hash() == series.FromPairs("ab", "c").Hash() {
		t.Error(`{a="bc"} and {ab="c"} hash alike`)
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
			t.Fatalf("%v with b=new is %v", ls, got)
		}
		if ls.String() != before {
			t.Fatalf("With changed what it was called on: %s, was %s", ls, before)
		}
		if got := ls.With("b", ""); got.Get("b") != "" || len(got) > len(ls) {
			t.Fatalf("%v without b is %v", ls, got)
		}
	})
}

func TestGrid(t *testing.T) {
	g := series.Grid{Start: time.Unix(1000, 0), Step: time.Minute, Len: 4}
	if !g.End().Equal(time.Unix(1180, 0)) || g.Range() != 3*time.Minute ||
		!g.At(1).Equal(time.Unix(1060, 0)) {
		t.Errorf("grid ends at %v, range %v, second sample at %v", g.End(), g.Range(), g.At(1))
	}
	if empty := (series.Grid{Start: g.Start}); !empty.End().Equal(g.Start) {
		t.Errorf("an empty grid ends at %v", empty.End())
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
