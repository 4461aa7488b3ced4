package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
)

// server is a Prometheus that holds the answers of a few queries.
type server struct {
	answers map[string][]series.Series
	err     error
	partial string
}

func (s server) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	answer, known := s.answers[q.Expr]
	if !known && strings.HasPrefix(q.Expr, "behind ") {
		// one or two things behind every series, by its labels
		h := fnv.New32a()
		_, _ = h.Write([]byte(q.Expr))
		for i := range h.Sum32() % 3 {
			answer = append(answer, series.Series{
				Labels: series.FromPairs("pod", fmt.Sprintf("p%d-%d", i, h.Sum32()%9)),
				Values: []float64{float64(i)},
			})
		}
		known = true
	}
	if q.Expr == "count by zone" {
		answer, known = s.zones(), true
	}
	if s.err != nil || !known {
		return promapi.Meta{}, cmp.Or(s.err, errors.New("refused"))
	}
	for _, a := range answer {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = a.Values[i*len(a.Values)/len(values)]
		}
		if err := each(series.Series{Labels: a.Labels, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	m := promapi.Meta{Expr: q.Expr, Grid: q.Grid}
	if s.partial != "" {
		m.Partial, m.Warnings = true, []string{s.partial}
	}
	return m, nil
}

// zones counts the series of every zone.
func (s server) zones() []series.Series {
	n := map[string]float64{}
	for _, x := range s.answers["used"] {
		n[x.Labels.Get("zone")]++
	}
	var out []series.Series
	for zone, v := range n {
		out = append(out, series.Series{
			Labels: series.FromPairs("zone", zone), Values: []float64{v},
		})
	}
	return out
}

func (s server) Present(_ context.Context, names []string, _,
	_ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out, nil
}

// only returns the server of the series that belong to one part of several.
func (s server) only(part, parts int) server {
	out := s
	out.answers = map[string][]series.Series{}
	for q, all := range s.answers {
		out.answers[q] = nil
		for _, x := range all {
			if partOf(x.Labels, parts) == part {
				out.answers[q] = append(out.answers[q], x)
			}
		}
	}
	return out
}

// partOf is the part that a series is in: what no label divides is in the first.
func partOf(ls series.Labels, parts int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(ls.Get("cluster")))
	return int(h.Sum32()) % parts
}

const mergePoints = 21

// drawServer draws a server of up to 700 series, more than a band's sample has. What the values are
// like is drawn, they themselves come from a seed: drawing each of 15,000 takes rapid too long.
func drawServer(t *rapid.T) server {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.IntRange(300, 900)).Draw(t,
		"series")
	few := rapid.Bool().Draw(t, "few values")
	holes := rapid.SampledFrom([]float64{0, .05, .5}).Draw(t, "holes")
	clusters, names := rapid.IntRange(1, 6).Draw(t, "clusters"),
		rapid.SampledFrom([]int{3, 40, 1000}).Draw(t, "names")
	lags := rapid.IntRange(0, 2).Draw(t, "one lags") == 2
	s := server{
		answers: map[string][]series.Series{"used": nil, "whole": nil, "limit": nil, "has": nil},
	}
	seen := map[uint64]bool{}
	for i := range n {
		ls := series.FromPairs(
			"cluster", fmt.Sprintf("c%d", r.IntN(clusters)), "pod",
			fmt.Sprintf("pod-%d", r.IntN(names)), "zone", fmt.Sprint(r.IntN(3)), "uid",
			fmt.Sprint(i%max(1, n/2)))
		if r.IntN(3) == 0 {
			ls = ls.With("node", fmt.Sprintf("n%d", r.IntN(names)))
		}
		if seen[ls.Hash()] {
			continue
		}
		seen[ls.Hash()] = true
		values := drawValues(r, few, holes)
		if lags && ls.Get("cluster") == "c0" {
			copy(values[mergePoints/2:], nans(mergePoints))
		}
		s.answers["used"] = append(s.answers["used"], series.Series{Labels: ls, Values: values})
		if r.IntN(2) == 0 {
			s.answers["has"] = append(s.answers["has"], series.Series{
				Labels: ls, Values: drawValues(r, few, holes),
			})
		}
		if r.IntN(2) == 0 {
			s.answers["whole"] = append(s.answers["whole"], series.Series{
				Labels: ls.With("device", fmt.Sprint("d", r.IntN(2))),
				Values: []float64{float64(r.IntN(3))},
			})
		}
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "references") {
		if used := s.answers["used"]; len(used) > 0 { // nobody asks for the references of nothing
			s.answers["limit"] = append(s.answers["limit"], series.Series{
				Labels: series.FromPairs("cluster", used[r.IntN(len(used))].Labels.Get("cluster"),
					"of", fmt.Sprint(i%2), "id", fmt.Sprint(i)),
				Values: drawValues(r, few, 0),
			})
		}
	}
	return s
}

// drawValues draws a series: one that stays, one that came and went, or one of all kinds of values.
func drawValues(r *rand.Rand, few bool, holes float64) []float64 {
	values := make([]float64, mergePoints)
	base := float64(r.IntN(3))
	kind := r.IntN(5)
	from, to := r.IntN(mergePoints), r.IntN(mergePoints)
	for i := range values {
		switch {
		case few && kind < 3, kind == 0:
			values[i] = base
			if kind == 2 && i >= from && i < to {
				values[i] = 1 - base
			}
		case kind == 1:
			values[i] = []float64{
				math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1,
			}[r.IntN(6)]
		default:
			values[i] = r.NormFloat64() * 3
		}
		if r.Float64() < holes || kind == 4 && i >= from {
			values[i] = math.NaN()
		}
	}
	return values
}

func drawSpec(t *rapid.T) panel.Spec {
	rule := func(name string) rules.Rule {
		r := rules.Rule{
			Name: name,
			Direction: rapid.SampledFrom([]rules.Direction{rules.Above, rules.Below}).Draw(t,
				"direction"),
			Warning: rules.At(rapid.SampledFrom([]float64{0, .5, 1}).Draw(t, "warning")),
			NoData: rapid.SampledFrom([]rules.NoDataPolicy{
				rules.AlertOnNoData, rules.ResolveOnNoData,
			}).Draw(t, "no data"),
			Reduce: rapid.SampledFrom([]rules.Reduce{
				"", "", rules.Max, rules.P90, rules.Last,
			}).Draw(t, "reduce"),
		}
		if rapid.Bool().Draw(t, "critical") {
			r.Critical = rules.At(rapid.SampledFrom([]float64{-1, 2}).Draw(t, "critical"))
		}
		if r.IsAlert() {
			r.For = rapid.SampledFrom([]time.Duration{0, 5 * time.Minute}).Draw(t, "for")
			r.Condition = rapid.Bool().Draw(t, "condition")
		}
		return r
	}
	spec := panel.Spec{
		Name: "p", EmptyIsOK: true, Needs: []string{"used"},
		Kind: rapid.SampledFrom(panel.Kinds()).Draw(t, "kind"),
		Top:  rapid.SampledFrom([]int{0, 1, 3, 10}).Draw(t, "top"),
		Queries: []panel.Query{
			{
				Expr: "used", Unit: units.PercentUnit,
				Legend: rapid.SampledFrom([]string{
					"", "{{pod}}", "{{pod}} ({{device}})", "{{zone}}", "plain", panel.AutoLegend,
					"{{node}}",
				}).Draw(t, "legend"),
			},
		},
		Builtin: rapid.Bool().Draw(t, "builtin"),
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "rules") {
		spec.Rules = append(spec.Rules, rule(fmt.Sprint("R", i)))
	}
	if rapid.Bool().Draw(t, "override") {
		spec.Overrides = []panel.Override{
			{Match: []panel.Matcher{{Label: "zone", Op: "=", Value: "1"}}, Warning: rules.At(2)},
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "and") {
	case 4: // which nodes lack something
		spec.Without = "has"
	case 5:
		spec.Queries[0].Ref = "A"
		spec.Queries = append(spec.Queries, panel.Query{
			Ref: "B", Expr: "has", Legend: rapid.SampledFrom([]string{
				"{{pod}}", panel.AutoLegend,
			}).Draw(t, "other legend"),
		})
		for i := range spec.Rules {
			spec.Rules[i].Ref = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "ref")
		}
	}
	if rapid.Bool().Draw(t, "capacity") {
		spec.Capacity = &panel.Capacity{Query: "whole", Aside: []string{"device"}}
	}
	if rapid.Bool().Draw(t, "detail") {
		spec.Detail = &panel.Detail{Query: `behind {{cluster}} {{pod}} {{uid}}`, Legend: "{{pod}}"}
	}
	if rapid.Bool().Draw(t, "remark") {
		spec.Remarks = []panel.Remark{{Query: "count by zone", Text: "zone {{zone}}: {{value}}"}}
	}
	if rapid.Bool().Draw(t, "reference") {
		spec.References = []panel.Reference{{Name: "limit {{of}}", Query: "limit"}}
	}
	return spec
}

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
	return Take(context.Background(), q, []panel.Spec{spec}, o)[0]
}

// drawParts draws an answer, and takes it as a whole and in two to four parts.
func drawParts(t *rapid.T) (server, Panel, []Panel) {
	s, spec := drawServer(t), drawSpec(t)
	n := rapid.IntRange(2, 4).Draw(t, "parts")
	parts := make([]Panel, n)
	for i := range parts {
		parts[i] = takeOne(s.only(i, n), spec, fmt.Sprintf("part %d", i))
	}
	return s, takeOne(s, spec, "whole"), parts
}

func mustMerge(t interface{ Fatalf(string, ...any) }, parts ...Panel) Panel {
	p, err := Merge(parts...)
	if err != nil {
		t.Fatalf("merging: %v", err)
	}
	return p
}

// same holds two panels against one another: bit by bit, but for the sums of the rest, which may
// differ by rounding.
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
				t.Fatalf("%s: the sum at %d is %v, want %v within %g", what, i, got.Rest.Sum[i], sum, bound)
			}
		}
		got.Rest, want.Rest = withoutSum(got.Rest), withoutSum(want.Rest)
	}
	got.Kept, want.Kept = withoutName(got.Kept), withoutName(want.Kept)
	if !alike(reflect.ValueOf(got), reflect.ValueOf(want)) {
		t.Fatalf("%s (-want +got):\n%s", what, gocmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateComparable(labels.Matcher{}), cmpopts.EquateErrors()))
	}
}

// sortNotes puts the notes of a panel, whose order depends on that of the parts, in the order of
// their words.
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

// alike is reflect.DeepEqual, to which NaN is NaN. Diff takes fifty times as long for panels
// without a difference.
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

// sharp looks at what Diff does not: the sign of a zero.
func sharp(t *rapid.T, got, want *Band) {
	t.Helper()
	if got == nil || want == nil {
		return
	}
	for name, pair := range map[string][2][]float64{"min": {got.Min, want.Min}, "max": {got.Max, want.Max}} {
		for i, v := range pair[0] {
			if math.Signbit(v) != math.Signbit(pair[1][i]) && !math.IsNaN(v) {
				t.Fatalf("the %s at %d is %v, want %v", name, i, v, pair[1][i])
			}
		}
	}
}

// TestMergeIsTakeOfTheUnion is what fleets stand on.
func TestMergeIsTakeOfTheUnion(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		_, whole, parts := drawParts(t)
		merged := mustMerge(t, parts...)
		count(seen, whole, parts)
		sortNotes(&merged)
		sortNotes(&whole)
		if slices.ContainsFunc(parts, func(p Panel) bool { return p.Data != DataComplete }) {
			if merged.Data != DataPartial {
				t.Fatalf("a part is old: got data %d, want %d", merged.Data, DataPartial)
			}
			merged.Data, merged.Old, merged.Lacks = whole.Data, whole.Old, whole.Lacks
			merged.Notes, whole.Notes = nil, nil // how old which part is
		}
		same(t, "merged parts against the union", merged, whole)
		sharp(t, merged.Rest, whole.Rest)
	})
	for what, n := range seen {
		if n == 0 {
			t.Errorf("no case has %s: the test shows less than it says", what)
		}
	}
}

// count takes note of what a case has in it.
func count(seen map[string]int, whole Panel, parts []Panel) {
	for what, is := range map[string]bool{
		"a rest":                       whole.Rest != nil,
		"a rest in a part":             slices.ContainsFunc(parts, func(p Panel) bool { return p.Rest != nil }),
		"more series than are sampled": whole.Total > sampleMost,
		"a part with more than that":   slices.ContainsFunc(parts, func(p Panel) bool { return p.Total > sampleMost }),
		"a part without series":        slices.ContainsFunc(parts, func(p Panel) bool { return p.Total == 0 }),
		"names told apart":             whole.Kept.Legends != nil,
		"findings":                     len(whole.Findings) > 0,
		"an ended streak":              slices.ContainsFunc(whole.Findings, func(f Finding) bool { return f.Earlier != nil }),
		"details":                      slices.ContainsFunc(whole.Findings, func(f Finding) bool { return f.Details != nil }),
		"references":                   len(whole.References) > 0,
		"nodes without something":      whole.Spec.Without != "" && len(whole.Rows) > 0,
		"several queries":              len(whole.Spec.Queries) > 1 && len(whole.Rows) > 0,
		"an old part":                  slices.ContainsFunc(parts, func(p Panel) bool { return p.Old }),
	} {
		if is {
			seen[what]++
		} else {
			seen[what] += 0
		}
	}
}

func TestMergeInAnyOrderAndAFewAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, parts := drawParts(t)
		all := mustMerge(t, parts...)
		same(t, "another order", mustMerge(t, rapid.Permutation(parts).Draw(t, "another order")...), all)
		step := parts[0]
		for _, p := range parts[1:] {
			step = mustMerge(t, step, p)
		}
		sorted := all
		sortNotes(&step)
		sortNotes(&sorted)
		same(t, "one after the other", step, sorted)
		same(t, "one part", mustMerge(t, parts[0]), parts[0])
		empty := takeOne(server{answers: map[string][]series.Series{"used": {}, "whole": {}, "limit": {}, "has": {}}}, parts[0].Spec, "nothing")
		if parts[0].Data == DataComplete {
			same(t, "with an empty answer", mustMerge(t, parts[0], empty), parts[0])
		}
		for i, p := range parts {
			same(t, "a part after all that", p, takeOne(s.only(i, len(parts)), p.Spec, fmt.Sprintf("part %d", i)))
		}
	})
}

// TestMergeOfAnything: what was read from a file may be anybody's. It merges, or it is an error.
func TestMergeOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSnapshot(t), drawSnapshot(t)
		codes := []string{
			NoteAnswer, NoteMoreAnswers, NoteWindowsNodes, NoteLeftOut, NoteReferenceEmpty,
			NoteReferencesLeft, NotePartSaid,
		}
		odd := rapid.Custom(func(t *rapid.T) Note {
			return Note{
				Code: rapid.SampledFrom(codes).Draw(t, "code"),
				Args: rapid.SliceOfN(rapid.SampledFrom([]string{"", "-1", "0", "1", "9", "x"}), 0, 4).Draw(t, "args"),
			}
		})
		for i := range min(len(a.Panels), len(b.Panels)) {
			b.Panels[i].Spec, b.Panels[i].Grid = a.Panels[i].Spec, a.Panels[i].Grid
			fillGrid(t, &b.Panels[i])
		}
		for _, p := range slices.Concat(a.Panels, b.Panels) {
			notes := append(rapid.SliceOfN(odd, 0, 3).Draw(t, "odd notes"), odd.Draw(t, "an odd note"))
			copy(p.Notes, notes)
			copy(p.Remarks, notes)
		}
		_ = MergeAll(a.Panels, b.Panels)
		_, _ = MergeNodes(a.Nodes, b.Nodes)
		a.Report, a.Slot, a.End, a.Range = b.Report, b.Slot, b.End, b.Range
		_, _ = MergeSnapshots(*a, *b)
	})
}
