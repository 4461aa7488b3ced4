//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/fetch/grafanadouble"
	"github.com/promsnap/promsnap/internal/grafana/value"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/testdata/dashboards"
)

// queryOffset is how long before its slot the range of a report ends, by default.
const queryOffset = time.Minute

// TestDashboardOfThisMachine makes a report of dashboard 1860 by its number alone, over Debian's
// node_exporter and Prometheus. It compares its figures with those of the queries, sent directly.
func TestDashboardOfThisMachine(t *testing.T) {
	t.Parallel()
	file := realDashboard(t, nodeExporterFull)
	double := grafanadouble.Start("")
	t.Cleanup(double.Close)
	double.Publish(1860, string(file))
	s, _ := startMachine(t)
	at := awaitMinute(t, s)
	recorded := record(t, s.url)

	o := promsnap(t, "run", "--dashboard", "1860", "--grafana-com-url", double.URL(),
		"--prometheus-url", recorded.url, "--range", "10m", "--time", at.Format(time.RFC3339),
		"--output-dir", "out").want(t, 0)
	const name = "node-exporter-full"
	doc := o.document(t, name, at)
	recorded.check(t, 250)
	checkBoardPictures(t, o, name, at)
	if d := doc.Dashboard; d == nil || len(d.Panels) != 125 || len(d.LeftOut) != 0 {
		t.Fatalf("got the dashboard %.300v, want its 125 panels, and none left out", d)
	}
	page := string(o.file(t, name, at, "index.html"))
	for _, want := range []string{"CPU Busy", "Network Traffic Basic", "Node Exporter Scrape"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	compareBoard(t, s, doc, file, at.Add(-queryOffset), 10*time.Minute).want(t, 80, 10)
}

// awaitMinute waits until Prometheus has samples for the last step of a report, and returns the
// report's slot. The step of most panels is a minute, and the range ends queryOffset before the
// slot.
func awaitMinute(t *testing.T, s *server) time.Time {
	t.Helper()
	await(t, "a minute of samples", func() error {
		return s.has("count_over_time(node_load1[70s]) >= 60")
	})
	var slot time.Time
	await(t, "half a minute of samples before a full minute", func() error {
		slot = time.Now().UTC().Truncate(time.Minute)
		return s.has(fmt.Sprintf("count_over_time(node_load1[30s] @ %d) >= 25",
			slot.Add(-queryOffset).Unix()))
	})
	return slot
}

// has returns an error if an instant query has no result.
func (s *server) has(query string) error {
	got, err := s.instant(query)
	if err == nil && len(got) == 0 {
		err = fmt.Errorf("%s is empty", query)
	}
	return err
}

// TestDashboardsOfACluster makes reports of dashboards about Kubernetes over a simulated cluster.
func TestDashboardsOfACluster(t *testing.T) {
	t.Parallel()
	dir := dashboards.Dir(t)
	s := startPromlab(t, 12, demoSlot)
	for _, c := range []struct {
		file, name     string
		figures, texts int
	}{
		{"dotdc_grafana-dashboards-kubernetes__k8s-views-global.json", "kubernetes-views-global", 15, 3},
		{"dotdc_grafana-dashboards-kubernetes__k8s-views-nodes.json", "kubernetes-views-nodes", 20, 5},
		{"prometheus-operator_kube-prometheus__nodes.json", "node-exporter-nodes", 5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			recorded := record(t, s.url)
			path := filepath.Join(dir, c.file)
			o := promsnap(t, "run", "--dashboard", path, "--prometheus-url", recorded.url,
				"--range", "6h", "--time", demoSlot.Format(time.RFC3339), "--output-dir",
				"out").want(t, 0)
			name := onlyReport(t, o)
			recorded.check(t, 10)
			checkBoardPictures(t, o, name, demoSlot)
			doc := o.document(t, name, demoSlot)
			compareBoard(t, s, doc, realDashboard(t, c.file),
				demoSlot.Add(-queryOffset), 6*time.Hour).want(t, c.figures, c.texts)
		})
	}
}

// checkBoardPictures checks the sizes of a dashboard's pictures.
func checkBoardPictures(t *testing.T, o outcome, name string, at time.Time) {
	t.Helper()
	size := func(file string) (int, int) {
		c, err := png.DecodeConfig(bytes.NewReader(o.file(t, name, at, file)))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return c.Width, c.Height
	}
	width, height := size("dashboard.png")
	large, tall := size("dashboard-2x.png")
	phone, cut := size("dashboard-phone.png")
	if width != 1200 || height < 500 || large != 2*width || tall != 2*height ||
		phone > 1000 || cut > 1500 || cut < 300 {
		t.Errorf("got pictures of %d × %d, %d × %d and %d × %d, want 1200 wide, twice that, and "+
			"one for a phone", width, height, large, tall, phone, cut)
	}
}

// comparison counts the panels whose figures are those of their queries.
type comparison struct {
	panels int // with any figure
	texts  int // whose figures have a text, which Grafana's format of the value gives too
}

func (c comparison) want(t *testing.T, panels, texts int) {
	t.Helper()
	t.Logf("the figures of %d panels are those of their queries, of %d also as text", c.panels,
		c.texts)
	if c.panels < panels || c.texts < texts {
		t.Errorf("got the figures of %d panels and the texts of %d to compare, want at least %d "+
			"and %d", c.panels, c.texts, panels, texts)
	}
}

// filePanel is what the test reads of a panel in the file, apart from the program.
type filePanel struct {
	ID              int
	Type            string
	Panels          []filePanel
	Transformations []any
	TimeFrom        string
	Targets         []struct {
		RefID, Format string
		Hide          bool
	}
	Options struct {
		ReduceOptions struct {
			Calcs  []string
			Fields string
		}
	}
	FieldConfig struct {
		Defaults struct {
			Unit     string
			Decimals *int
			Mappings []struct{ Type string }
		}
		Overrides []any
	}
}

// filePanels returns the panels of a file by their ID.
func filePanels(t *testing.T, file []byte) map[int]filePanel {
	t.Helper()
	var all struct{ Panels []filePanel }
	if err := json.Unmarshal(file, &all); err != nil {
		t.Fatal(err)
	}
	byID := map[int]filePanel{}
	for _, p := range all.Panels {
		for _, inner := range append(p.Panels, p) {
			if inner.Type != "row" {
				byID[inner.ID] = inner
			}
		}
	}
	return byID
}

// plain reports whether the figures of a panel are the last values of its queries.
func (p filePanel) plain() bool {
	calcs := p.Options.ReduceOptions.Calcs
	for _, target := range p.Targets {
		if target.Format == "table" || target.Format == "heatmap" {
			return false
		}
	}
	return len(p.Transformations) == 0 && p.TimeFrom == "" &&
		p.Options.ReduceOptions.Fields == "" &&
		(p.Type == "timeseries" || len(calcs) == 1 && calcs[0] == "lastNotNull")
}

// unmapped reports whether no number of the panel has a text other than that of its unit.
func (p filePanel) unmapped() bool {
	for _, m := range p.FieldConfig.Defaults.Mappings {
		if m.Type != "special" { // of null and NaN
			return false
		}
	}
	return len(p.FieldConfig.Overrides) == 0
}

// compareBoard compares the figures of a report's dashboard with those of its queries.
func compareBoard(t *testing.T, s *server, doc reportjson.Document, file []byte, at time.Time,
	over time.Duration) comparison {
	t.Helper()
	var c comparison
	inFile := filePanels(t, file)
	for _, p := range doc.Dashboard.Panels {
		of, ok := inFile[p.ID]
		if !ok {
			t.Errorf("%s: the file has no panel %d", p.Title, p.ID)
		}
		if len(p.Figures) == 0 || len(p.Failures) > 0 || len(p.Notes) > 0 || !of.plain() {
			continue
		}
		var want, got []float64
		for _, q := range p.Queries {
			want = append(want, askLast(t, s, q, at, over)...)
		}
		for _, f := range p.Figures {
			got = append(got, float64(f.Value))
		}
		if !sameNumbers(got, want) {
			t.Errorf("%s: got the figures %v, want %v of %+v", p.Title, got, want, p.Queries)
			continue
		}
		c.panels++
		if d := of.FieldConfig.Defaults; p.Figures[0].Text != "" && of.unmapped() &&
			!slices.ContainsFunc(got, math.IsNaN) {
			c.texts++
			format := value.New(d.Unit, at)
			for _, f := range p.Figures {
				if want := format.Format(float64(f.Value), d.Decimals).String(); f.Text != want {
					t.Errorf("%s: got the text %q of %v, want %q", p.Title, f.Text, f.Value, want)
				}
			}
		}
	}
	return c
}

// askLast sends a query directly, with the times that Grafana would send, and returns the last
// value of each series.
func askLast(t *testing.T, s *server, q reportjson.DocBoardQuery, at time.Time,
	over time.Duration) []float64 {
	t.Helper()
	path, form := "/api/v1/query", url.Values{
		"query": {q.Query}, "time": {strconv.FormatInt(at.Unix(), 10)},
	}
	if q.Step > 0 {
		floor := func(at time.Time) string {
			return strconv.FormatFloat(math.Floor(float64(at.Unix())/q.Step)*q.Step, 'f', -1, 64)
		}
		path, form = "/api/v1/query_range", url.Values{
			"query": {q.Query}, "start": {floor(at.Add(-over))}, "end": {floor(at)},
			"step": {strconv.FormatFloat(q.Step, 'f', -1, 64)},
		}
	}
	body, err := s.get(path, form)
	if err != nil {
		t.Fatalf("%s: %v", q.Query, err)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value  []any
				Values [][]any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v", q.Query, err)
	}
	var last []float64
	for _, one := range answer.Data.Result {
		sample := one.Value
		for _, v := range one.Values {
			if v[1] != "NaN" {
				sample = v
			}
		}
		if len(sample) == 0 {
			sample = []any{0, "NaN"}
		}
		v, err := strconv.ParseFloat(fmt.Sprint(sample[1]), 64)
		if err != nil {
			t.Fatalf("%s: %v", q.Query, err)
		}
		last = append(last, v)
	}
	return last
}

// sameNumbers reports whether both have the same numbers, in any order. A series that is drawn
// below zero may have the opposite sign.
func sameNumbers(a, b []float64) bool {
	norm := func(list []float64) []string {
		var all []string
		for _, v := range list {
			all = append(all, strconv.FormatFloat(math.Abs(v), 'g', 12, 64))
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(norm(a), norm(b))
}
