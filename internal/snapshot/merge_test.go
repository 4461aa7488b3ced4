package snapshot

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

func simple(q Querier, part string) Panel {
	return takeOne(q, panel.Spec{
		Name: "p", Queries: []panel.Query{{Expr: "used", Legend: "{{pod}}"}}, Top: 2,
		Rules: []rules.Rule{{Name: "R", Warning: rules.At(1)}},
	}, part)
}

// holding returns a server with one sample for each pod.
func holding(values map[string]float64) server {
	s := server{answers: map[string][]series.Series{"used": {}}}
	for _, pod := range slices.Sorted(maps.Keys(values)) {
		s.answers["used"] = append(s.answers["used"], series.Series{
			Labels: series.FromPairs("pod", pod), Values: []float64{values[pod]},
		})
	}
	return s
}

// TestMergeIncompleteParts checks that data unknown in a part is unknown in the merged panel.
func TestMergeIncompleteParts(t *testing.T) {
	refused := errors.New("connection refused")
	full, other := simple(holding(map[string]float64{"a": 2, "b": 0}), "eu"),
		simple(holding(map[string]float64{"c": 3}), "us")
	failed := simple(server{err: refused}, "ap")
	partial := simple(server{
		answers: holding(map[string]float64{"d": 4}).answers, partial: "a store is down",
	}, "sa")
	absent := full
	absent.Rows, absent.Lines, absent.Findings, absent.Total, absent.OK = nil, nil, nil, 0, 0
	absent.Data, absent.Missing, absent.Kept = DataAbsent, []string{"used"}, &Kept{Part: "me"}
	old := simple(server{
		answers: map[string][]series.Series{
			"used": {{Labels: series.FromPairs("pod", "e"), Values: []float64{1, math.NaN()}}},
		},
	}, "af")

	for _, tc := range []struct {
		name    string
		parts   []Panel
		data    Data
		partial string
		old     bool
		total   int
		lacks   string
		note    string // one of the notes
		err     error
	}{
		{"all there", []Panel{full, other}, DataComplete, "", false, 3, "", "", nil},
		{
			"one failed", []Panel{full, failed, other}, DataPartial, "0 ap connection refused",
			false, 3, "ap", "", nil,
		},
		{
			"one partial", []Panel{full, partial}, DataPartial, "0 sa a store is down", false, 3,
			"sa", "", nil,
		},
		{
			"one absent", []Panel{full, absent}, DataPartial, "", false, 2, "me",
			"{parts_absent [1 me]}", nil,
		},
		{"one old", []Panel{full, old}, DataPartial, "", true, 3, "af", "{parts_old [1 af]}", nil},
		{
			"old and failed", []Panel{full, old, failed}, DataPartial, "0 ap connection refused",
			false, 3, "af ap", "{parts_old [1 af]}", nil,
		},
		{"all failed", []Panel{failed, failed}, DataFailed, "", false, 0, "ap ap", "", refused},
		{
			"failed and absent", []Panel{absent, failed}, DataFailed, "", false, 0, "ap me", "",
			refused,
		},
		{"all absent", []Panel{absent, absent}, DataAbsent, "", false, 0, "me me", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustMerge(t, tc.parts...)
			var lacks []string
			for _, l := range p.Lacks {
				lacks = append(lacks, l.Part)
			}
			partial := strings.Join(p.Partial.Args, " ")
			if p.Data != tc.data || partial != tc.partial || p.Old != tc.old ||
				p.Total != tc.total || strings.Join(lacks, " ") != tc.lacks ||
				(p.Failure == nil) != (tc.err == nil) ||
				p.Failure != nil && !strings.Contains(p.Failure.Message, tc.err.Error()) {
				t.Errorf("got data %d, partial %q, old %v, total %d, lacks %q, error %v; want "+
					"data %d, partial %q, old %v, total %d, lacks %q, error %v",
					p.Data, partial, p.Old, p.Total, lacks, p.Failure, tc.data, tc.partial, tc.old,
					tc.total, tc.lacks, tc.err)
			}
			if notes := fmt.Sprint(p.Notes); !strings.Contains(notes, tc.note) {
				t.Errorf("got the notes %s, want %s among them", notes, tc.note)
			}
			if p.Data != DataFailed && p.Grid != full.Grid {
				t.Errorf("got the grid %v, want %v", p.Grid, full.Grid)
			}
		})
	}
	absent.Spec.Optional, full.Spec.Optional = true, true
	if p := mustMerge(t, full, absent); p.Data != DataComplete || p.Lacks != nil ||
		p.Missing != nil {
		t.Errorf("an optional panel of one part: got data %v, lacks %v, missing %v; want it "+
			"complete", p.Data, p.Lacks, p.Missing)
	}
}

func TestMergeRefuses(t *testing.T) {
	a, b := simple(holding(map[string]float64{"a": 2}), "eu"),
		simple(holding(map[string]float64{"b": 0}), "us")
	moved, alone, twice, question := b, b, simple(holding(map[string]float64{"a": 1}), "us"), b
	moved.Grid.Start = moved.Grid.Start.Add(time.Second)
	alone.Kept = nil
	question.Spec.Queries = []panel.Query{{Expr: "free"}}
	for _, tc := range []struct {
		name  string
		parts []Panel
		want  string
	}{
		{"nothing", nil, "merging panels: no panels"},
		{
			"other times", []Panel{a, moved}, "merging the panel p: the samples of us are at " +
				"other times (21 from 2025-10-09T08:34:01Z, each 1m0s) than those of eu (21 from " +
				"2025-10-09T08:34:00Z, each 1m0s)",
		},
		{"no part", []Panel{a, alone}, "merging the panel p: a panel was not taken as a part"},
		{
			"one series in two", []Panel{a, twice},
			`merging the panel p: eu and us both have the series {pod="a"}: a label must ` +
				"distinguish them",
		},
		{
			"another question", []Panel{a, question},
			"merging the panel p: us has other queries or rules than eu",
		},
	} {
		if _, err := Merge(tc.parts...); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.want)
		}
	}
}

func TestMergeAll(t *testing.T) {
	a, b := simple(holding(map[string]float64{"a": 2}), "eu"),
		simple(holding(map[string]float64{"b": 0}), "us")
	only, moved := a, b
	only.Spec.Name, moved.Spec.Name = "only", "moved"
	atOther := moved
	atOther.Grid.Start = atOther.Grid.Start.Add(time.Second)
	atOther.Kept = &Kept{Part: "eu"}
	all := MergeAll([]Panel{a, only, atOther}, []Panel{moved, b})
	var got []string
	for _, p := range all {
		got = append(got, fmt.Sprintf("%s: data %d, %d series, partial %q, failed %v", p.Spec.Name,
			p.Data, p.Total, p.Partial.Args, p.Failure != nil))
	}
	want := []string{
		`p: data 2, 2 series, partial [], failed false`,
		`only: data 1, 1 series, partial ["0" "us" "the part does not have this panel"], ` +
			"failed false",
		`moved: data 0, 0 series, partial [], failed true`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNotesThatCountAreAdded(t *testing.T) {
	for _, tc := range []struct {
		a, b Note
		want []Note
	}{
		{
			NoteOf(NoteWindowsNodes, 7, "a", "c", "d", "e", "f"), NoteOf(NoteWindowsNodes, 1, "b"),
			[]Note{NoteOf(NoteWindowsNodes, 8, "a", "b", "c", "d", "e")},
		},
		{
			NoteOf(NoteDoubledNodes, 1, "n1"), NoteOf(NoteDoubledNodes, 1, "n1"), []Note{
				NoteOf(NoteDoubledNodes, 2, "n1", "n1"),
			},
		},
		{
			NoteOf(NoteLeftOutLower, 20, 30, 10), NoteOf(NoteLeftOutLower, 1, 11, 10), []Note{
				NoteOf(NoteLeftOutLower, 21, 41, 10),
			},
		},
		{
			NoteOf(NoteLeftOut, 20, 30, time.Minute, 0.8, "percentunit", 10),
			NoteOf(NoteLeftOut, 1, 11, time.Hour, 0.8, "percentunit", 10),
			[]Note{
				NoteOf(NoteLeftOut, 20, 30, time.Minute, 0.8, "percentunit", 10),
				NoteOf(NoteLeftOut, 1, 11, time.Hour, 0.8, "percentunit", 10),
			},
		},
		{
			NoteOf(NoteServerWarns, "slow"), NoteOf(NoteServerWarns, "slow"), []Note{
				NoteOf(NoteServerWarns, "slow"),
			},
		},
		{
			NoteOf(NoteServerWarns, "slow"), NoteOf(NoteServerNotes, "slow"), []Note{
				NoteOf(NoteServerWarns, "slow"), NoteOf(NoteServerNotes, "slow"),
			},
		},
	} {
		if got := addNote(addNote(nil, tc.a), tc.b); !slices.EqualFunc(got, tc.want, Note.equal) {
			t.Errorf("%v and %v: got %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}
