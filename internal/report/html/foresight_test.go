package html

import (
	"flag"
	"fmt"
	"html/template"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/templates"
)

// stepped returns a week of hours with a daily rhythm that goes to a level after two days.
func stepped(to float64) []float64 {
	values := make([]float64, 168)
	for i := range values {
		values[i] = 0.41 + 0.03*math.Sin(float64(i)*math.Pi/12)
		if i >= 48 && !math.IsNaN(to) {
			values[i] += to - 0.41
		}
	}
	return values
}

// TestForesight checks the tables of what fills and of what changed, and where they are.
func TestForesight(t *testing.T) {
	r := reporttest.Foresight(t)
	root := pageOf(t, r)
	var order []string
	for _, h := range all(root, "h2") {
		order = append(order, text(h))
	}
	at := slices.Index(order, "Fills next")
	if want := []string{"Findings", "Fills next", "Changed since last week", "Fleet"}; at < 1 ||
		!slices.Equal(order[at-1:at+3], want) {
		t.Fatalf("got the headings %q, want in them %q", order, want)
	}
	fills := classed(root, "fills")[0]
	var got []string
	for _, row := range all(all(fills, "tbody")[0], "tr") {
		got = append(got, text(row))
	}
	when := []string{
		"", "Mon 23 Nov Forecast: sure", "Fri 27 Nov Forecast: sure",
		"Wed 9 Dec Forecast: not sure",
	}
	var want []string
	for i, f := range r.Fills {
		row := fmt.Sprint(f.Name, " ", f.Title, " ", f.Level, " ", f.Used, " ", f.Short, " ", when[i],
			" ", f.Growth, f.Explained)
		want = append(want, strings.Join(strings.Fields(row), " "))
	}
	equalRows(t, got, want)
	for _, d := range all(fills, "details") {
		if isOpen(d) {
			t.Error("got an explanation that is open, want it on demand")
		}
	}
	moves := classed(root, "moves")[0]
	got = nil
	for _, row := range all(all(moves, "tbody")[0], "tr") {
		got = append(got, fmt.Sprint(text(row), " ", len(classed(row, "spark")), " ",
			len(classed(row, "ghost"))))
	}
	want = nil
	for i, m := range slices.Concat(r.Up, r.Down) {
		row := []string{"▲", m.Amount.Text, m.Sentence + strings.Join(m.Changes, ""), "1", "1"}
		if !m.Up {
			row[0] = "▼"
		}
		if m.New {
			row[4] = "0"
		}
		if i == 1 && len(m.Changes) != 1 {
			t.Errorf("got the changes %q of %s, want one", m.Changes, m.Name)
		}
		want = append(want, strings.Join(row, " "))
	}
	equalRows(t, got, want)
	if got := text(classed(moves.Parent, "note")[0]); got != "2 more rose" {
		t.Errorf("got the note %q, want how many are not listed", got)
	}
}

// TestGlanceSaysWhatFillsFirst checks that the line of a folded panel says when its first series
// reaches the limit, and names it if it is not the worst one.
func TestGlanceSaysWhatFillsFirst(t *testing.T) {
	r := reporttest.Foresight(t)
	var got []string
	for _, n := range classed(pageOf(t, r), "soon") {
		got = append(got, text(n))
	}
	equalRows(t, got, []string{
		"ip-10-0-1-13 /dev/nvme0n1p1 reaches 85 % in about 5 days (3–8)",
		"ip-10-0-1-16 full tomorrow",
	})
	for i := range r.Panels {
		p := report.Panel{Panel: &r.Panels[i], Glance: report.Glance{Name: reporttest.NodeName(6)}}
		if want := "full tomorrow"; p.Spec.Name == "node-requests" && layoutOf(r).soonest(p) != want {
			t.Errorf("got %q for the worst series, want %q", layoutOf(r).soonest(p), want)
		}
	}
}

// TestPanelsSayWhenTheirSeriesAreFull checks the folded list under a panel and the clause under a
// finding.
func TestPanelsSayWhenTheirSeriesAreFull(t *testing.T) {
	r := reporttest.Foresight(t)
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Spec.Name == "node-disk" {
			for j := range p.History.Forecasts {
				if f := &p.History.Forecasts[j]; f.Why == forecast.Reached {
					f.Labels = p.Findings[0].Labels
				}
			}
		}
	}
	root := pageOf(t, report.Build(r.Info, r.Panels))
	list := classed(root, "outlooks")
	if len(list) != 2 || isOpen(list[0]) {
		t.Fatalf("got %d lists, want 2 that are folded", len(list))
	}
	var got []string
	for _, row := range all(list[0], "li") {
		got = append(got, text(row))
	}
	equalRows(t, got[2:4], []string{
		"ip-10-0-1-19 /dev/nvme0n1p1 86.3 %: already above 85 %, where the kubelet deletes images",
		"ip-10-0-1-18 /dev/nvme0n1p1 74 %: no forecast: it has come down by itself from this " +
			"level, last on Tuesday",
	})
	want := "already above 85 %, where the kubelet deletes images"
	if page := text(classed(root, "findings")[0]); !strings.Contains(page, want) {
		t.Errorf("got the findings\n%s\nwant in them %q", page, want)
	}
}

// equalRows compares the rows of a table.
func equalRows(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got the rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestForesightWithoutRows checks that the page says in a line that nothing fills and nothing
// changed, and says nothing if nobody looked.
func TestForesightWithoutRows(t *testing.T) {
	look := func(p *snapshot.Panel) {
		p.History = &snapshot.History{Had: forecast.History, Forecasts: []snapshot.Forecast{
			{Forecast: forecast.Forecast{Why: forecast.Flat}},
		}}
		p.Spec.Forecast, p.Spec.Change = nil, nil
	}
	for name, tt := range map[string]struct {
		change func(p *snapshot.Panel)
		want   string
	}{
		"nobody looked": {func(*snapshot.Panel) {}, ""},
		"forecasts": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Forecast = &panel.Forecast{Horizon: 30 * 24 * time.Hour}
		}, "No series has a forecast that reaches its limit."},
		"a full one without a forecast": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Forecast = &panel.Forecast{Limit: 0.85, Horizon: 30 * 24 * time.Hour}
			p.History.Forecasts[0] = snapshot.Forecast{
				Forecast: forecast.Forecast{Why: forecast.TooShort, Level: 0.8, Limit: 0.85},
			}
		}, "No series has a forecast that reaches its limit. 1 fuller series cannot be forecast."},
		"both": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Forecast = &panel.Forecast{Horizon: 30 * 24 * time.Hour}
			p.Spec.Change = &panel.Change{By: 0.05}
		}, "No series has a forecast that reaches its limit. Nothing changed since last week."},
		"changes": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Change = &panel.Change{By: 0.05}
		}, "Nothing changed since last week."},
		"too little history": {func(p *snapshot.Panel) {
			look(p)
			p.History.Had = 10 * 24 * time.Hour
			p.Spec.Forecast = &panel.Forecast{Horizon: 30 * 24 * time.Hour}
			p.Spec.Change = &panel.Change{By: 0.05}
		}, ""},
		"one query failed": {func(p *snapshot.Panel) {
			p.Spec.Forecast = &panel.Forecast{Horizon: 30 * 24 * time.Hour}
			p.Spec.Change = &panel.Change{By: 0.05}
		}, ""},
	} {
		r := reporttest.Daily(t)
		tt.change(&r.Panels[2])
		got := ""
		for _, n := range classed(pageOf(t, r), "foresight") {
			got += text(n)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestWeek checks the sparkline of a week and its ghost, of which each place is seven days older.
func TestWeek(t *testing.T) {
	week, before := stepped(0.63), stepped(math.NaN())
	week[100], week[101] = math.NaN(), math.Inf(1)
	for i := 60; i < 72; i++ {
		before[i] = math.NaN()
	}
	before[141], before[142], before[143] = 0.9, 0.9, 0.9 // on the sixth day
	s := weekOf(week, before)
	// The peak in the 48th three hours of the ghost is the highest of all.
	if at := fmt.Sprintf("L%s 1L", coordinate(weekWidth*47.0/55)); !strings.Contains(s.Ghost, at) {
		t.Errorf("got the ghost %s, want its peak as %s, above the same hours a week later", s.Ghost,
			at)
	}
	for name, path := range map[string]string{"week": s.Path, "ghost": s.Ghost} {
		if parts := strings.Count(path, "M"); parts != map[string]int{"week": 1, "ghost": 2}[name] {
			t.Errorf("%s: got %d parts in %s, want a gap only where three hours lack samples", name,
				parts, path)
		}
	}
	goldenSpark(t, "testdata/week.svg", s)
	goldenSpark(t, "testdata/week-short.svg", weekOf(week[120:], before[90:]))
	for name, s := range map[string]*spark{
		"nothing": weekOf(nil, nil), "no number": weekOf(week[100:102], before),
		"only the ghost": weekOf(nil, before),
	} {
		if s != nil {
			t.Errorf("%s: got %+v, want nothing", name, s)
		}
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenSpark compares a sparkline with a file that a browser can show.
func goldenSpark(t *testing.T, file string, s *spark) {
	t.Helper()
	tmpl, err := template.New("report").Parse(templates.ReportHTML)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := tmpl.ExecuteTemplate(&b, "spark", s); err != nil {
		t.Fatal(err)
	}
	got := strings.Replace(b.String(), "<svg ", `<svg xmlns="http://www.w3.org/2000/svg" `+
		`width="504" height="112" fill="none" stroke="#5b6770" `, 1)
	got = strings.Replace(got, `class="ghost" `, `class="ghost" stroke="#c0c8d0" `, 1)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}
