package app

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

func TestSeriesNames(t *testing.T) {
	pairs := series.FromPairs
	two := []series.Labels{
		pairs("__name__", "up", "instance", "a:1", "job", "x", "pod", "p-1"),
		pairs("__name__", "up", "instance", "b:1", "job", "x", "pod", "p-2"),
	}
	for _, c := range []struct {
		names SeriesNames
		all   []series.Labels
		want  []string
	}{
		{FewLabels, two, []string{"a:1", "b:1"}},
		{AllLabels, two, []string{
			`up{instance="a:1", job="x", pod="p-1"}`, `up{instance="b:1", job="x", pod="p-2"}`,
		}},
		{FewLabels, two[:1], []string{`up{instance="a:1", job="x", pod="p-1"}`}},
		{
			FewLabels, []series.Labels{
				pairs("device", "sda", "node", "n1"), pairs("device", "sdb", "node", "n1"),
				pairs("device", "sda", "node", "n2"), pairs("node", "n2"),
			}, []string{"n1 sda", "n1 sdb", "n2 sda", "n2 –"},
		},
		{AllLabels, []series.Labels{nil}, []string{"sum(up)"}},
		{FewLabels, []series.Labels{nil, pairs("a", "b")}, []string{"{}", "b"}},
		{
			FewLabels, []series.Labels{
				pairs("node", "n1", "instance", "10.0.0.1:9100"), pairs("instance", "10.0.0.2:9100"),
			}, []string{"n1", "10.0.0.2"},
		},
		{AllLabels, []series.Labels{pairs("__name__", "up")}, []string{"up"}},
		{AllLabels, []series.Labels{pairs("__name__", "a.b")}, []string{`{__name__="a.b"}`}},
		{AllLabels, []series.Labels{pairs("a", "x\x1b[31my")}, []string{`{a="x\x1b[31my"}`}},
	} {
		if got := c.names.Name(c.all, "sum(up)"); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %q, want %q", c.all, got, c.want)
		}
	}
}

// TestFewLabelsTellSeriesApart checks that no two series have the same few labels.
func TestFewLabelsTellSeriesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"", "a", "b", "c"})
		var all []series.Labels
		for range rapid.IntRange(0, 8).Draw(t, "series") {
			ls := series.FromPairs("x", value.Draw(t, "x"), "node", value.Draw(t, "node"), "pod",
				value.Draw(t, "pod"), "z", value.Draw(t, "z"))
			if !slices.ContainsFunc(all, func(o series.Labels) bool { return o.Compare(ls) == 0 }) {
				all = append(all, ls)
			}
		}
		if few := fewest(all); few != nil && !tells(all, few...) {
			t.Fatalf("%v do not tell %v apart", few, all)
		}
	})
}
