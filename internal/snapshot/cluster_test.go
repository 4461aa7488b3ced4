package snapshot

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// kept is what a slim panel has in any case, in a form that can be compared.
func kept(p Panel) []string {
	out := []string{NoteOf("counts", p.Total, p.OK, p.LeftOut, int(p.Data)).Args[0]}
	for i := range p.Rows {
		out = append(out, "row "+p.Rows[i].Ref+p.Rows[i].Labels.String())
	}
	for i := range p.Lines {
		out = append(out, "line "+p.Lines[i].Ref+p.Lines[i].Labels.String())
	}
	for i := range p.Findings {
		out = append(out, "finding "+p.Findings[i].Ref+p.Findings[i].Rule+
			p.Findings[i].Labels.String())
	}
	return out
}

// TestSlimBeforeMerging checks that the worst of slim parts are the worst of all, however many are
// merged at a time: a fleet's report merges thousands of parts within little memory.
func TestSlimBeforeMerging(t *testing.T) {
	cut := 0
	rapid.Check(t, func(t *rapid.T) {
		_, _, parts := drawParts(t)
		most := rapid.IntRange(0, 12).Draw(t, "most")
		want := mustMerge(t, parts...)
		if len(want.Rows) > most {
			cut++
		}
		want.Slim(most)
		got := parts[0]
		got.Slim(most)
		for _, p := range parts[1:] {
			p.Slim(most)
			got = mustMerge(t, got, p)
			got.Slim(most)
		}
		if !slices.Equal(kept(got), kept(want)) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(kept(got), "\n"),
				strings.Join(kept(want), "\n"))
		}
		if (got.Rest == nil) != (want.Rest == nil) {
			t.Fatalf("got the rest %v, want %v", got.Rest, want.Rest)
		}
		if got.Rest != nil {
			sameSigns(t, got.Rest, want.Rest)
			for i := range got.Rest.Min {
				if !sameValue(got.Rest.Min[i], want.Rest.Min[i]) ||
					!sameValue(got.Rest.Max[i], want.Rest.Max[i]) ||
					got.Rest.Count[i] != want.Rest.Count[i] {
					t.Fatalf("the rest at %d: got %v %v %d, want %v %v %d", i, got.Rest.Min[i],
						got.Rest.Max[i], got.Rest.Count[i], want.Rest.Min[i], want.Rest.Max[i],
						want.Rest.Count[i])
				}
			}
		}
	})
	if cut == 0 {
		t.Error("got no case with rows that are left out, want some")
	}
}

func TestOfCluster(t *testing.T) {
	own := series.FromPairs("instance", "a")
	other := series.FromPairs("cluster", "x", "instance", "b")
	p := Panel{
		Rows:     []Row{{Name: "n1", Node: "n1", Labels: own}, {Name: "n2", Labels: other}},
		Lines:    []Line{{Row: Row{Name: "n1", Labels: own}}},
		Findings: []Finding{{Name: "n1", Node: "n1", Finding: rules.Finding{Labels: own}}},
		Past:     []Past{{Labels: own}}, History: &History{},
	}
	got := p.OfCluster("prod", p.Grid)
	if err := got.CheckCluster("prod"); err != nil {
		t.Errorf("CheckCluster: got %v, want none", err)
	}
	if err := got.CheckCluster("dev"); err == nil {
		t.Error("CheckCluster of another cluster: got no error, want one")
	}
	for _, tc := range []struct{ got, want string }{
		{got.Rows[0].Name, "prod/n1"}, {got.Rows[0].Node, "prod/n1"},
		{got.Rows[0].Labels.String(), `{cluster="prod", instance="a"}`},
		{got.Rows[1].Labels.String(), `{cluster="prod", exported_cluster="x", instance="b"}`},
		{got.Rows[1].Node, ""}, {got.Lines[0].Name, "prod/n1"}, {got.Findings[0].Name, "prod/n1"},
		{got.Findings[0].Labels.String(), `{cluster="prod", instance="a"}`},
		{p.Rows[0].Name, "n1"}, {p.Rows[0].Labels.String(), `{instance="a"}`}, // unchanged
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
	if got.Past != nil || got.History != nil {
		t.Errorf("got the past %v and the history %v, want none", got.Past, got.History)
	}
}
