package grafana

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/dashboards"
)

// boards returns the directory of real dashboards, and the lines of its INDEX.csv.
func boards(t *testing.T) (dir string, index [][]string) {
	t.Helper()
	dir = dashboards.Dir(t)
	f, err := os.Open(filepath.Join(dir, "INDEX.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	index, err = csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("reading INDEX.csv: %v", err)
	}
	return dir, index[1:]
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// cluster answers every question of a variable with something likely.
type cluster struct{}

func (cluster) LabelNames(context.Context, string) ([]string, error) {
	return []string{"instance", "job"}, nil
}

func (cluster) LabelValues(_ context.Context, label, selector string) ([]string, error) {
	if selector != "" {
		if _, err := panel.Parser().ParseMetricSelector(selector); err != nil {
			return nil, err
		}
	}
	return []string{label + "-1", label + ".two", "argocd"}, nil
}

// Query answers with one sample that has every label that the query's selectors name.
func (cluster) Query(_ context.Context, expr string) ([]Sample, error) {
	e, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	ls := map[string]string{
		"namespace": "n", "strimzi_io_cluster": "my", "pod_name": "my-kafka-0", "topic": "t",
		"partition": "0", "mountpoint": "/",
	}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			for _, m := range s.LabelMatchers {
				if m.Type == labels.MatchEqual {
					ls[m.Name] = m.Value
				}
			}
		}
		return nil
	})
	if strings.HasPrefix(expr, "count(") {
		ls = nil
	}
	return []Sample{{Labels: series.FromMap(ls), Value: 3, Time: time.Unix(1_700_000_000, 0)}}, nil
}

// counted counts the panels of a file by its JSON alone: what has a type and is in a list of
// panels, or is a panel of a layout.
func counted(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for key, sub := range v {
			list, isList := sub.([]any)
			if key == "panels" && isList {
				for _, p := range list {
					if m, ok := p.(map[string]any); ok && m["type"] != "row" {
						n++
					}
				}
			}
			n += counted(sub)
		}
		if kind := v["kind"]; kind == "Panel" || kind == "LibraryPanel" {
			n++
		}
	case []any:
		for _, sub := range v {
			n += counted(sub)
		}
	}
	return n
}

func TestRealDashboards(t *testing.T) {
	dir, index := boards(t)
	all, there, queries, problems := 0, 0, 0, 0
	for _, line := range index {
		name := line[0]
		data := read(t, dir, name)
		b, err := Decode(data)
		if err != nil {
			t.Errorf("%s: got error %v, want none", name, err)
			continue
		}
		var raw any
		if err := json.Unmarshal(data, &raw); err != nil {
			t.Fatal(err)
		}
		for _, src := range []Source{nil, cluster{}} {
			p := b.Plan(resolved(t, b, src, nil), Request{Width: 1000})
			e := p.Explain()
			if want := counted(raw); len(e.Panels) != want {
				t.Errorf("%s: got %d entries, want one for each of %d panels", name, len(e.Panels),
					want)
			}
			if want, _ := strconv.Atoi(line[6]); len(e.Panels) != want {
				t.Errorf("%s: got %d entries, want %d, as INDEX.csv says", name, len(e.Panels),
					want)
			}
			if len(e.Variables) != len(b.Variables) {
				t.Errorf("%s: got %d variables, want %d", name, len(e.Variables), len(b.Variables))
			}
			if src == nil {
				continue
			}
			for _, v := range e.Variables {
				if v.Status != "resolved" {
					t.Errorf("%s: variable %s: got status %s (%s), want resolved", name, v.Name,
						v.Status, v.Reason)
				}
			}
			for _, v := range e.Panels {
				all++
				if v.Status != LeftOut {
					there++
				} else {
					t.Logf("%s: panel %d %q is left out: %s", name, v.ID, v.Title, v.Reason)
				}
				for _, q := range v.Queries {
					queries++
					if q.Problem != "" || q.Dialect != "" {
						problems++
						t.Logf("%s: panel %d %q query %s: %s %s: %s", name, v.ID, v.Title, q.Ref,
							q.Problem, q.Dialect, q.Expr)
					}
				}
			}
			checkSent(t, name, p)
			checkVariables(t, name, p)
		}
	}
	t.Logf("%d of %d panels are imported or approximated; %d queries, %d with a problem", there,
		all, queries, problems)
	if there*100 < all*99 {
		t.Errorf("%d of %d panels are imported or approximated, want 99 %%", there, all)
	}
	if problems > 0 {
		t.Errorf("%d of %d queries have a problem, want none: these authors made no errors",
			problems, queries)
	}
}

// checkSent checks that what is sent is PromQL, and that panels are on the grid.
func checkSent(t *testing.T, name string, p *Plan) {
	t.Helper()
	for _, c := range p.Panels {
		if c.Grid.W < 1 || c.Grid.X < 0 || c.Grid.X+c.Grid.W > columns || c.Grid.H < 1 ||
			c.Grid.Y < 0 {
			t.Errorf("%s: panel %q: got place %v, want it inside %d columns", name, c.Title, c.Grid,
				columns)
		}
		for _, q := range c.Queries {
			if q.Problem != "" || q.Pending || q.Dialect != "" {
				continue
			}
			if _, err := panel.Parser().ParseExpr(q.Expr); err != nil {
				t.Errorf("%s: panel %q: got query %s (%v), want PromQL", name, c.Title, q.Expr, err)
			}
			if !q.Instant && q.Step <= 0 {
				t.Errorf("%s: panel %q: got a range query with step %v, want a positive step", name,
					c.Title, q.Step)
			}
		}
	}
}

// checkVariables checks that no query that is sent refers to a variable.
func checkVariables(t *testing.T, name string, p *Plan) {
	t.Helper()
	for _, c := range p.Panels {
		for _, q := range c.Queries {
			for _, m := range reference.FindAllString(q.Expr, -1) {
				if q.Problem == "" && !isCapture(q.Expr, strings.Trim(m, "${}")) {
					t.Errorf("%s: panel %q: got variable %s in query %s, want its value", name,
						c.Title, m, q.Expr)
				}
			}
		}
	}
}

// The same file and the same answers give the same explanation.
func TestRealDashboardsAreDeterministic(t *testing.T) {
	dir, index := boards(t)
	for _, line := range index {
		data := read(t, dir, line[0])
		var first string
		for range 3 {
			b, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			e := b.Plan(resolved(t, b, cluster{}, nil), Request{}).Explain()
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = string(text)
			} else if string(text) != first {
				t.Errorf("%s: got another explanation the second time\n%s\nwant\n%s", line[0],
					text, first)
			}
		}
	}
}
