package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
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
	"github.com/promsnap/promsnap/testdata/race"
)

func takeOne(q Querier, spec panel.Spec, part string) Panel {
	slot := time.Unix(1_760_000_040, 0).UTC()
	o := Options{
		Slot: slot, Range: (mergePoints - 1) * time.Minute, ScrapeInterval: time.Minute, Part: part,
		Nodes: Nodes{
			several:  true,
			departed: map[nodeKey]bool{{"c0", "n1"}: true, {"c1", "n2"}: true},
			detail:   map[nodeKey]string{{"c1", "n1"}: "m5.large, a"},
		},
	}
	panels := Take(context.Background(), q, []panel.Spec{spec}, o)
	TakeHistory(context.Background(), q, panels, o, nil)
	return panels[0]
}

// drawParts draws an answer and takes it both as a union and in two to four parts.
func drawParts(t *rapid.T) (server, Panel, []Panel) {
	s, spec := drawServer(t), drawSpec(t)
	n := rapid.IntRange(2, 4).Draw(t, "parts")
	parts := make([]Panel, n)
	for i := range parts {
		parts[i] = takeOne(s.only(i, n), spec, fmt.Sprintf("part %d", i))
	}
	return s, takeOne(s, spec, "union"), parts
}

func mustMerge(t interface{ Fatalf(string, ...any) }, parts ...Panel) Panel {
	p, err := Merge(parts...)
	if err != nil {
		t.Fatalf("merging: %v", err)
	}
	return p
}

// same compares two panels exactly, except for the sums of the rest, which may differ by rounding.
func same(t *rapid.T, what string, got, want Panel) {
	t.Helper()
	if got.Rest != nil && want.Rest != nil {
		n := float64(want.Rest.Series)
		for i, sum := range want.Rest.Sum {
			// Each of n additions rounds what is at most n times the largest value by half an ulp,
			// in both orders.
			largest := math.Max(math.Abs(want.Rest.Min[i]), math.Abs(want.Rest.Max[i]))
			bound := n * n * largest * 0x1p-52
			if math.Abs(got.Rest.Sum[i]-sum) > bound ||
				math.IsNaN(sum) != math.IsNaN(got.Rest.Sum[i]) {
				t.Fatalf("%s: the sum at %d is %v, want %v within %g", what, i, got.Rest.Sum[i],
					sum, bound)
			}
		}
		got.Rest, want.Rest = withoutSum(got.Rest), withoutSum(want.Rest)
	}
	if got.History != nil && want.History != nil {
		a, b := *got.History, *want.History
		if math.Abs(a.Sum-b.Sum) > 1e-9*math.Abs(b.Sum) {
			t.Fatalf("%s: got the sum %v of all levels, want %v", what, a.Sum, b.Sum)
		}
		a.Sum, b.Sum = 0, 0
		got.History, want.History = &a, &b
	}
	got.Kept, want.Kept = withoutName(got.Kept), withoutName(want.Kept)
	if !alike(reflect.ValueOf(got), reflect.ValueOf(want)) {
		t.Fatalf("%s (-want +got):\n%s", what, gocmp.Diff(want, got, cmpopts.EquateNaNs(),
			cmpopts.EquateComparable(labels.Matcher{}), cmpopts.EquateErrors()))
	}
}

// sortNotes sorts the notes of a panel, whose order depends on the order of the parts.
func sortNotes(p *Panel) {
	p.Notes = slices.SortedFunc(slices.Values(p.Notes), func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), slices.Compare(a.Args, b.Args))
	})
}

func withoutSum(b *Band) *Band {
	out := *b
	out.Sum = nil
	return &out
}

func withoutName(p *Kept) *Kept {
	out := *p
	out.Part = ""
	return &out
}

// alike is reflect.DeepEqual with NaN equal to NaN. Diff takes fifty times as long for equal
// panels.
func alike(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float64:
		return sameValue(a.Float(), b.Float())
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !alike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Kind() == reflect.Pointer && a.Pointer() == b.Pointer() {
			return a.IsNil() == b.IsNil()
		}
		return alike(a.Elem(), b.Elem())
	}
	return a.Equal(b)
}

// sameSigns compares what Diff does not: the sign of a zero.
func sameSigns(t *rapid.T, got, want *Band) {
	t.Helper()
	if got == nil || want == nil {
		return
	}
	for name, pair := range map[string][2][]float64{
		"min": {got.Min, want.Min}, "max": {got.Max, want.Max},
	} {
		for i, v := range pair[0] {
			if math.Signbit(v) != math.Signbit(pair[1][i]) && !math.IsNaN(v) {
				t.Fatalf("%s at %d: got %v, want %v", name, i, v, pair[1][i])
			}
		}
	}
}

// TestMergeIsTakeOfTheUnion checks the property that reports of fleets rely on.
func TestMergeIsTakeOfTheUnion(t *testing.T) {
	seen := map[string]int{}
	check := func(t *rapid.T) {
		_, union, parts := drawParts(t)
		merged := mustMerge(t, parts...)
		count(seen, union, parts)
		sortNotes(&merged)
		sortNotes(&union)
		if slices.ContainsFunc(parts, func(p Panel) bool { return p.Data != DataComplete }) {
			if merged.Data != DataPartial {
				t.Fatalf("an old part: got data %d, want %d", merged.Data, DataPartial)
			}
			merged.Data, merged.Old, merged.Lacks = union.Data, union.Old, union.Lacks
			merged.Notes, union.Notes = nil, nil // they differ by the age of each part
		}
		same(t, "merged parts against the union", merged, union)
		sameSigns(t, merged.Rest, union.Rest)
	}
	lacks := func() bool { return slices.Contains(slices.Collect(maps.Values(seen)), 0) }
	rapid.Check(t, check)
	for range 20 { // some cases are rare
		if lacks() {
			rapid.Check(t, check)
		}
	}
	for what, n := range seen {
		if n == 0 {
			t.Errorf("got no case with %s, want some", what)
		}
	}
}

// count counts what a case contains.
func count(seen map[string]int, union Panel, parts []Panel) {
	inPart := func(has func(Panel) bool) bool { return slices.ContainsFunc(parts, has) }
	found := func(has func(Finding) bool) bool {
		return slices.ContainsFunc(union.Findings, has)
	}
	history := func(has func(*History) bool) bool {
		return union.History != nil && has(union.History)
	}
	for what, present := range map[string]bool{
		"a rest":                       union.Rest != nil,
		"a rest in a part":             inPart(func(p Panel) bool { return p.Rest != nil }),
		"more series than are sampled": union.Total > sampleMost,
		"a part with more than that":   inPart(func(p Panel) bool { return p.Total > sampleMost }),
		"a part without series":        inPart(func(p Panel) bool { return p.Total == 0 }),
		"renamed series":               union.Kept.Legends != nil,
		"findings":                     len(union.Findings) > 0,
		"an ended streak":              found(func(f Finding) bool { return f.Earlier != nil }),
		"details":                      found(func(f Finding) bool { return f.Details != nil }),
		"references":                   len(union.References) > 0,
		"nodes without something":      union.Spec.Without != "" && len(union.Rows) > 0,
		"several queries":              len(union.Spec.Queries) > 1 && len(union.Rows) > 0,
		"an old part":                  inPart(func(p Panel) bool { return p.Old }),
		"lines as they were before": slices.ContainsFunc(union.Lines, func(l Line) bool {
			return l.Before != nil
		}),
		"findings by forecasts": found(func(f Finding) bool {
			return f.Rule == "Full" && f.Status == rules.Breach
		}),
		"forecasts": history(func(h *History) bool {
			return len(h.Forecasts) > 0 && h.Forecasts[0].has()
		}),
		"series without a forecast": history(func(h *History) bool {
			return slices.ContainsFunc(h.Forecasts, func(f Forecast) bool { return !f.has() })
		}),
		"more forecasts than are kept": history(func(h *History) bool {
			return len(h.Forecasts) > mostForecasts
		}),
		"series that rose": history(func(h *History) bool { return len(h.Up) > 0 }),
		"more than are kept": history(func(h *History) bool {
			return h.UpAll > mostMoved && h.DownAll > mostMoved
		}),
		"new series": history(func(h *History) bool {
			return slices.ContainsFunc(h.Up, func(m Moved) bool { return m.New })
		}),
		"workloads that moved": history(func(h *History) bool {
			return slices.ContainsFunc(h.Up, func(m Moved) bool {
				return m.Labels.Get("workload") != ""
			})
		}),
	} {
		if present {
			seen[what]++
		} else {
			seen[what] += 0
		}
	}
}

func TestMergeInAnyOrderAndAFewAtATime(t *testing.T) {
	race.SkipSerial(t)
	rapid.Check(t, func(t *rapid.T) {
		s, _, parts := drawParts(t)
		all := mustMerge(t, parts...)
		shuffled := rapid.Permutation(parts).Draw(t, "another order")
		same(t, "another order", mustMerge(t, shuffled...), all)
		step := parts[0]
		for _, p := range parts[1:] {
			step = mustMerge(t, step, p)
		}
		sorted := all
		sortNotes(&step)
		sortNotes(&sorted)
		same(t, "one after the other", step, sorted)
		same(t, "one part", mustMerge(t, parts[0]), parts[0])
		none := map[string][]series.Series{"used": {}, "capacity": {}, "limit": {}, "has": {}}
		empty := takeOne(server{answers: none}, parts[0].Spec, "nothing")
		if parts[0].Data == DataComplete {
			same(t, "with an empty answer", mustMerge(t, parts[0], empty), parts[0])
		}
		for i, p := range parts {
			again := takeOne(s.only(i, len(parts)), p.Spec, fmt.Sprintf("part %d", i))
			same(t, "a part after the merges", p, again)
		}
	})
}

// TestMergeOfAnything checks that merging untrusted snapshots gives a result or an error, never a
// panic.
func TestMergeOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSnapshot(t), drawSnapshot(t)
		codes := []string{
			NoteAnswer, NoteMoreAnswers, NoteWindowsNodes, NoteLeftOut, NoteReferenceEmpty,
			NoteReferencesLeft, NotePartSaid,
		}
		args := rapid.SampledFrom([]string{"", "-1", "0", "1", "9", "x"})
		odd := rapid.Custom(func(t *rapid.T) Note {
			return Note{
				Code: rapid.SampledFrom(codes).Draw(t, "code"),
				Args: rapid.SliceOfN(args, 0, 4).Draw(t, "args"),
			}
		})
		for i := range min(len(a.Panels), len(b.Panels)) {
			b.Panels[i].Spec, b.Panels[i].Grid = a.Panels[i].Spec, a.Panels[i].Grid
			fillGrid(t, &b.Panels[i])
		}
		for _, p := range slices.Concat(a.Panels, b.Panels) {
			notes := append(rapid.SliceOfN(odd, 0, 3).Draw(t, "odd notes"),
				odd.Draw(t, "an odd note"))
			copy(p.Notes, notes)
			copy(p.Remarks, notes)
		}
		_ = MergeAll(a.Panels, b.Panels)
		_, _ = MergeNodes(a.Nodes, b.Nodes)
		a.Report, a.Slot, a.End, a.Range = b.Report, b.Slot, b.End, b.Range
		_, _ = MergeSnapshots(*a, *b)
	})
}
