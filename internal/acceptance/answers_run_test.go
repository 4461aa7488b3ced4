//go:build acceptance

package acceptance

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/series"
)

// fixtureGrid is the grid of a six-hour report at the slot. It ends a minute before the slot.
var fixtureGrid = series.Grid{Start: clock("17:59"), Step: time.Minute, Len: 6*60 + 1}

// testAnswers sends the built-in queries to Prometheus itself and compares every sample with the
// answers. If this passes and testReport fails, promsnap is wrong. If this fails, the query, the
// fixture or the arithmetic is wrong.
func testAnswers(t *testing.T, c chart, s *server) {
	want := answers(c)
	for _, p := range panels.All() {
		if _, ok := want[p.Name]; !ok {
			t.Errorf("panel %s has no answers in this test, want some", p.Name)
		}
		query := panel.Expand(p.Queries[0].Expr, panel.Vars{
			Step: fixtureGrid.Step, ScrapeInterval: time.Minute, Range: fixtureGrid.Range(),
		})
		expected := want[p.Name]
		if p.Without != "" { // the query only lists the nodes
			expected = slices.Clone(expected)
			for i := range expected {
				expected[i].shape = flat(1)
			}
		}
		compareSamples(t, p.Name, queryRange(t, s, query, fixtureGrid), expected)
	}
}

// matrix is the result of a range query as Prometheus writes it.
type matrix []struct {
	Metric lbl
	Values [][2]any // seconds, and the value as a string
}

func queryRange(t *testing.T, s *server, query string, g series.Grid) matrix {
	t.Helper()
	body, err := s.get("/api/v1/query_range", url.Values{
		"query": {query}, "start": {g.Start.Format(time.RFC3339)},
		"end": {g.End().Format(time.RFC3339)}, "step": {g.Step.String()},
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var answer struct{ Data struct{ Result matrix } }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer.Data.Result
}

// compareSamples compares each series of got with its answer. It skips series of another cluster,
// because promsnap's matchers exclude them.
func compareSamples(t *testing.T, panel string, got matrix, want []answer) {
	t.Helper()
	known := 0
	for _, s := range got {
		if s.Metric["cluster"] == "other" {
			continue
		}
		known++
		a := answerOf(want, s.Metric)
		if a == nil {
			t.Errorf("%s: got series %v, want none with these labels", panel, s.Metric)
			continue
		}
		samples := map[int64]float64{}
		for _, v := range s.Values {
			f, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				t.Fatalf("%s: %v: %v", panel, s.Metric, err)
			}
			samples[int64(v[0].(float64))] = f
		}
		for i := range fixtureGrid.Len {
			at := fixtureGrid.At(i)
			v, ok := samples[at.Unix()]
			if !ok {
				v = math.NaN()
			}
			if w := a.shape.at(at); !near(v, w) {
				t.Errorf("%s: %v at %s: %v, want %v", panel, s.Metric, at.Format("15:04"), v, w)
				break
			}
		}
	}
	if known != len(want) {
		t.Errorf("%s: %d series, want %d", panel, known, len(want))
	}
}

// answerOf returns the answer whose labels are all among labels, or nil.
func answerOf(as []answer, labels map[string]string) *answer {
	for i, a := range as {
		if a.labels.in(labels) {
			return &as[i]
		}
	}
	return nil
}

func (l lbl) in(labels map[string]string) bool {
	for n, v := range l {
		if labels[n] != v {
			return false
		}
	}
	return true
}

// near allows for the rounding of one formula written in two ways.
func near(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b))
}
