package dashboard

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

func TestLevel(t *testing.T) {
	for _, tt := range []struct {
		numbers []int
		total   int
		want    []int
	}{
		{[]int{5, 3}, 10, []int{5, 3}},
		{[]int{20000, 3, 900}, 1000, []int{498, 3, 498}},
		{[]int{0, 9, 1}, 5, []int{0, 4, 1}},
		{[]int{5, 5, 5}, 2, []int{0, 0, 0}},
		{nil, 5, []int{}},
	} {
		if got := level(tt.numbers, tt.total); !slices.Equal(got, tt.want) {
			t.Errorf("level(%v, %d): got %v, want %v", tt.numbers, tt.total, got, tt.want)
		}
	}
}

// The series with the highest peaks are kept in the server's order. Among equal peaks, the first by
// labels are.
func TestTop(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	kept := top{most: 3}
	values := make([]float64, 2)
	for i, v := range [][2]float64{{1, 2}, {nan, nan}, {inf, 1}, {9, nan}, {2, 1}, {2, 2}, {3, 0}} {
		copy(values, v[:])
		kept.add(series.FromPairs("i", fmt.Sprint(9-i)), values)
	}
	var got []string
	for _, s := range kept.inOrder() {
		got = append(got, fmt.Sprint(s.Labels, s.Values))
	}
	want := []string{`{i="6"} [9 NaN]`, `{i="4"} [2 2]`, `{i="3"} [3 0]`}
	if diff := cmp.Diff(want, got); diff != "" || kept.total != 7 {
		t.Errorf("got %d series (-want +got):\n%s", kept.total, diff)
	}
}

// A panic while a panel is computed loses only this panel.
func TestPanic(t *testing.T) {
	good := &grafana.Panel{ID: 2, Type: "text", Row: -1}
	p := &Plan{
		source: &grafana.Dashboard{}, plan: &grafana.Plan{Values: &grafana.Values{}},
		panels: []shown{
			{planned: &grafana.Planned{Panel: &grafana.Panel{ID: 1}}, name: "bad-1", row: -1},
			{planned: &grafana.Planned{Panel: good, Content: "words"}, name: "good-2", row: -1},
		},
	}
	show := func(planned *grafana.Planned, a []board.Answer, s board.Setting) board.View {
		if planned.Panel.ID == 1 {
			panic("at the disco")
		}
		return board.Show(planned, a, s)
	}
	var stack []byte
	r := newRun(t.Context(), p)
	r.compute = show
	got := r.all(func(e Event) {
		if e.Panel != nil && e.Index == 0 {
			stack = e.Stack
		}
	})
	f := got.Panels[0].Failures
	if len(f) != 1 || !f[0].Sent || !strings.Contains(f[0].Reason, "at the disco") ||
		!strings.Contains(string(stack), "TestPanic") {
		t.Errorf("got failures %+v and stack %.200s, want the panic", f, stack)
	}
	if v := got.Panels[1]; v.Text == nil || len(v.Text.Blocks) != 1 {
		t.Errorf("the other panel: got %+v, want its text", v.View)
	}
}

// If too many values are kept for later panels, an answer is dropped and asked for again.
func TestSharedAnswers(t *testing.T) {
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[`+
			`{"metric":{},"value":[0,"7"]}]}}`)
	}))
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	planned := &grafana.Planned{
		Panel: &grafana.Panel{ID: 1, Type: "stat"},
		Queries: []grafana.Query{{Ref: "A", Expr: "up", Instant: true}, {Ref: "B", Expr: "up",
			Instant: true}},
	}
	one := shown{planned: planned, row: -1}
	for _, tt := range []struct{ shared, want int }{{0, 1}, {maxShared, 3}} {
		asked.Store(0)
		r := newRun(t.Context(), &Plan{
			client: client, source: &grafana.Dashboard{},
			plan:   &grafana.Plan{Values: &grafana.Values{}},
			panels: []shown{one, one, one},
		})
		r.shared = tt.shared
		got := r.all(nil)
		for _, p := range got.Panels {
			if n := len(p.Tiles.Items); n != 2 || len(p.Failures) > 0 {
				t.Errorf("shared %d: got %d tiles, failures %+v, want 2 tiles", tt.shared, n,
					p.Failures)
			}
		}
		if n := int(asked.Load()); n != tt.want {
			t.Errorf("shared %d: got %d requests, want %d", tt.shared, n, tt.want)
		}
	}
}
