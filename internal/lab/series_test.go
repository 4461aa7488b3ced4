package lab

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"pgregory.net/rapid"
)

// walk returns the samples of a series between two times as time=value.
func walk(present spans, from, to, end int64) []string {
	s := &series{present: present, offset: 3, value: func(t int64) float64 { return float64(t) }}
	q := &querier{store: &store{interval: 10, end: func() int64 {
		return end
	}}, mint: from, maxt: to}
	it := readable{s, q}.Iterator(nil)
	var all []string
	for it.Next() == chunkenc.ValFloat {
		t, v := it.At()
		if value.IsStaleNaN(v) {
			all = append(all, fmt.Sprintf("%d=stale", t))
			continue
		}
		all = append(all, fmt.Sprintf("%d=%v", t, v))
	}
	return all
}

func TestSamplesSitOnScrapesAndEndWithAMarker(t *testing.T) {
	for _, c := range []struct {
		name          string
		present       spans
		from, to, end int64
		want          []string
	}{
		{
			"all of it, both ends included", always(), 13, 33, 100, []string{
				"13=13", "23=23", "33=33",
			},
		},
		{"between scrapes", always(), 14, 22, 100, nil},
		{"nothing after the end", always(), 0, 100, 25, []string{"3=3", "13=13", "23=23"}},
		{
			"a marker at the first scrape without it", spans{{0, 20}}, 0, 100, 100, []string{
				"3=3", "13=13", "23=stale",
			},
		},
		{
			"a marker is not written before the end", spans{{0, 20}}, 0, 100, 22,
			[]string{"3=3", "13=13"},
		},
		{"only the marker is in the time", spans{{0, 20}}, 15, 100, 100, []string{"23=stale"}},
		{
			"a hole", spans{{0, 20}, {40, 60}}, 0, 100, 100, []string{
				"3=3", "13=13", "23=stale", "43=43", "53=53", "63=stale",
			},
		},
		{
			"a hole between two scrapes is not seen", spans{{0, 15}, {20, 30}}, 0, 100, 100,
			[]string{"3=3", "13=13", "23=23", "33=stale"},
		},
		{"before 1970", always(), -20, 0, 100, []string{"-17=-17", "-7=-7"}},
	} {
		if got := walk(c.present, c.from, c.to, c.end); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestSeekFindsWhatNextComesTo compares every mixture of Seek and Next with reading all samples.
func TestSeekFindsWhatNextComesTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		present := anySpans(t, "present")
		s := &series{
			present: present, offset: rapid.Int64Range(0, 9).Draw(t, "offset"),
			value: func(t int64) float64 { return float64(t) },
		}
		q := &querier{store: &store{interval: 10, end: func() int64 {
			return 150
		}}, mint: 0, maxt: 200}
		var times []int64
		for it := (readable{s, q}).Iterator(nil); it.Next() != chunkenc.ValNone; {
			times = append(times, it.AtT())
		}
		it := readable{s, q}.Iterator(nil)
		at := int64(-1)
		for range 10 {
			var target int64
			var kind chunkenc.ValueType
			if rapid.Bool().Draw(t, "seek") {
				target = rapid.Int64Range(0, 200).Draw(t, "to")
				kind = it.Seek(target)
				target = max(target, at)
			} else {
				target = at + 1
				kind = it.Next()
			}
			i, _ := slices.BinarySearch(times, target)
			if i == len(times) {
				if kind != chunkenc.ValNone {
					t.Fatalf("at %d, want the end after %v", it.AtT(), times)
				}
				return
			}
			if kind != chunkenc.ValFloat || it.AtT() != times[i] {
				t.Fatalf("at %d, want %d of %v", it.AtT(), times[i], times)
			}
			at = times[i]
		}
	})
}
