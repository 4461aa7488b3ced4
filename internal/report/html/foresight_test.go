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

// foreseen returns the daily report with rows of what fills and of what changed.
func foreseen(t testing.TB) *report.Report {
	t.Helper()
	r := reporttest.Daily(t)
	day := func(n float64) time.Time {
		return reporttest.Slot.Add(time.Duration(n * 24 * float64(time.Hour)))
	}
	fill := func(panel, title, name, level, used, in, growth string, days float64,
		sure bool) report.Fill {
		return report.Fill{
			Panel: panel, Title: title, Name: name, Level: level, Used: used, In: in,
			Short: "reaches 85 % " + in, Growth: growth, Days: days, At: day(days), Sure: sure,
			Sentence: "full " + in + ": " + growth,
			Explained: "Limit 85 %, now 78.2 %: at the median growth of 21 pairs of days a week " +
				"apart, 1.4 GiB a day. The interval is from the fastest and the slowest tenth.",
		}
	}
	r.Fills = []report.Fill{
		fill("node-disk", "Node disks", "ip-10-0-1-19 /dev/nvme0n1p1", "78.2 %",
			"156 of 200 GiB", "in about 5 days (3–8)", "1.4 GiB a day in 21 of 21 weeks", 5,
			true),
		fill("node-disk", "Node disks", "ip-10-0-2-14 /dev/nvme0n1p1", "71 %",
			"142 of 200 GiB", "in about 9 days (5–15)", "3.1 GiB a day in 20 of 21 weeks", 9,
			true),
		fill("node-requests", "Node memory requests", "ip-10-0-2-17", "87 %", "",
			"in about 16 days (9–27)", "0.8 % a day in 18 of 21 weeks", 16, false),
	}
	r.FillsMore = 2
	r.Up = []report.Move{
		{
			Panel: "container-memory", Title: "Container memory", Name: "shop/checkout/app",
			Up: true, Sentence: "memory of shop/checkout/app rose from 41 to 63 % since Tuesday " +
				"(usual Sundays 40–43 %)",
			Amount: report.Figure{Text: "+22 GiB", Value: 22 << 30}, Since: day(-5),
			Changes: []string{"4 min before: image of shop/checkout 1.4.1 → 1.5.0"},
			Week:    stepped(0.63), Before: stepped(math.NaN()),
		},
		{
			Panel: "node-cpu", Title: "Node CPU", Name: "ip-10-0-1-17", Up: true, New: true,
			Sentence: "ip-10-0-1-17 is new: CPU 43 %",
			Amount:   report.Figure{Text: "+6.9 cores", Value: 6.9},
			Week:     stepped(0.63)[100:],
		},
	}
	r.Down = []report.Move{{
		Panel: "node-memory", Title: "Node memory", Name: "ip-10-0-1-21",
		Sentence: "memory of ip-10-0-1-21 fell from 52 to 31 % since Friday (usual Sundays 51–54 %)",
		Amount:   report.Figure{Text: "−13.4 GiB", Value: -13.4 * (1 << 30)}, Since: day(-2),
		Week: stepped(0.2), Before: stepped(math.NaN()),
	}}
	r.UpMore, r.DownMore = 9, 1
	return r
}

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
	root := pageOf(t, foreseen(t))
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
	explained := "Limit 85 %, now 78.2 %: at the median growth of 21 pairs of days a week apart," +
		" 1.4 GiB a day. The interval is from the fastest and the slowest tenth."
	want := []string{
		"ip-10-0-1-19 /dev/nvme0n1p1 Node disks 78.2 % 156 of 200 GiB reaches 85 % in " +
			"about 5 days (3–8) Fri 27 Nov sure 1.4 GiB a day in 21 of 21 weeks" + explained,
		"ip-10-0-2-14 /dev/nvme0n1p1 Node disks 71 % 142 of 200 GiB reaches 85 % in " +
			"about 9 days (5–15) Tue 1 Dec sure 3.1 GiB a day in 20 of 21 weeks" + explained,
		"ip-10-0-2-17 Node memory requests 87 % reaches 85 % in about 16 days " +
			"(9–27) Tue 8 Dec likely 0.8 % a day in 18 of 21 weeks" + explained,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, d := range all(fills, "details") {
		if isOpen(d) {
			t.Error("got an explanation that is open, want it on demand")
		}
	}
	moves := classed(root, "moves")[0]
	got = nil
	for _, row := range all(all(moves, "tbody")[0], "tr") {
		got = append(got, fmt.Sprint(text(row), len(classed(row, "spark")),
			len(classed(row, "ghost"))))
	}
	want = []string{
		"▲ +22 GiB memory of shop/checkout/app rose from 41 to 63 % since Tuesday (usual Sundays " +
			"40–43 %)4 min before: image of shop/checkout 1.4.1 → 1.5.01 1",
		"▲ +6.9 cores ip-10-0-1-17 is new: CPU 43 %1 0",
		"▼ −13.4 GiB memory of ip-10-0-1-21 fell from 52 to 31 % since Friday (usual Sundays " +
			"51–54 %)1 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var notes []string
	for _, n := range append(classed(fills.Parent, "note"), classed(moves.Parent, "note")...) {
		if n.Parent == fills.Parent || n.Parent == moves.Parent {
			notes = append(notes, text(n))
		}
	}
	if want := []string{"2 more fill later", "9 more rose, 1 more fell"}; !slices.Equal(notes,
		want) {
		t.Errorf("got the notes %q, want %q", notes, want)
	}
}

// TestForesightWithoutRows checks that the page says in a line that nothing fills and nothing
// changed, and says nothing if nobody looked.
func TestForesightWithoutRows(t *testing.T) {
	look := func(p *snapshot.Panel) {
		p.History = &snapshot.History{Forecasts: []snapshot.Forecast{
			{Forecast: forecast.Forecast{Why: forecast.Flat}},
		}}
	}
	for name, tt := range map[string]struct {
		change func(p *snapshot.Panel)
		want   string
	}{
		"nobody looked": {func(*snapshot.Panel) {}, ""},
		"forecasts": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Forecast = &panel.Forecast{Horizon: 30 * 24 * time.Hour}
		}, "Nothing fills within 30 d."},
		"both": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Forecast = &panel.Forecast{Horizon: 30 * 24 * time.Hour}
			p.Spec.Change = &panel.Change{By: 0.05}
		}, "Nothing fills within 30 d. Nothing changed since last week."},
		"changes": {func(p *snapshot.Panel) {
			look(p)
			p.Spec.Change = &panel.Change{By: 0.05}
		}, "Nothing changed since last week."},
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
