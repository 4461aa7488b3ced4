package html

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// read decodes one sample as the page's script does: its text, and its value from its height in the
// plot, or NaN.
func (s *samples) read(line string, i int) (text string, value float64) {
	n := 0
	for _, c := range line[i*s.Digits : (i+1)*s.Digits] {
		n = n*len(letters) + strings.IndexRune(letters, c)
	}
	if n == 0 {
		return "–", math.NaN()
	}
	at := n - 1
	value = math.NaN()
	if h := s.Heights[at]; h >= 0 {
		value = s.Low + (s.High-s.Low)*(float64(h)/float64(s.Resolution))
	}
	for s.Texts[at] == "" {
		at--
	}
	return s.Texts[at], value
}

func TestSamplesReadAsTheReportWritesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]units.Unit{
			units.PercentUnit, units.Short, units.Duration,
		}).Draw(t, "unit")
		odd := rapid.SampledFrom([]float64{
			math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1),
		})
		value := rapid.OneOf(odd, rapid.Float64Range(0, 1), rapid.Float64Range(-1e12, 1e12))
		values := rapid.SliceOfN(value, 1, 200).Draw(t, "values")
		p := snapshot.Panel{
			// one sample too few
			Spec: panel.Spec{Queries: []panel.Query{{Unit: unit}}}, Grid: series.Grid{
				Start: reporttest.Slot, Step: time.Minute, Len: len(values) + 1,
			},
			Lines: []snapshot.Line{{Values: values}},
		}
		s := layoutOf(report.Build(report.Info{Slot: reporttest.Slot}, nil)).samplesOf(&p)
		for i, v := range values {
			text, at := s.read(s.Lines[0], i)
			if want := unit.Format(v); text != want {
				t.Fatalf("sample %d, %v: got %q, want %q", i, v, text, want)
			}
			if series.Finite(v) != series.Finite(at) ||
				series.Finite(v) && math.Abs(at-v) > (s.High-s.Low)/resolution {
				t.Fatalf("sample %d: got height %v in %v to %v, want about %v", i, at, s.Low,
					s.High, v)
			}
		}
		if text, _ := s.read(s.Lines[0], len(values)); text != "–" {
			t.Fatalf("missing sample: got %q, want –", text)
		}
	})
}

func TestSamplesOfManyLevels(t *testing.T) {
	values := make([]float64, 5000)
	for i := range values {
		values[i] = math.Pow(1.01, float64(i)/2) // more texts than two letters can count
	}
	p := snapshot.Panel{
		Spec:  panel.Spec{Queries: []panel.Query{{Unit: units.Short}}},
		Grid:  series.Grid{Start: reporttest.Slot, Step: time.Minute, Len: len(values)},
		Lines: []snapshot.Line{{Values: values}},
	}
	s := layoutOf(report.Build(report.Info{Slot: reporttest.Slot}, nil)).samplesOf(&p)
	if s.Digits != 2 && s.Digits != 3 || len(s.Lines[0]) != s.Digits*len(values) {
		t.Fatalf("got %d levels in %d letters, %d bytes; want 2 or 3 letters for each of %d values",
			len(s.Heights), s.Digits, len(s.Lines[0]), len(values))
	}
	for i, v := range values {
		if text, _ := s.read(s.Lines[0], i); text != units.Short.Format(v) {
			t.Fatalf("sample %d, %v: got %q, want its own text", i, v, text)
		}
	}
}

func TestSamplesOfWhatHasNoTimes(t *testing.T) {
	grid, lines := series.Grid{
		Start: reporttest.Slot, Step: time.Minute, Len: 1,
	}, []snapshot.Line{{Values: []float64{1}}}
	for name, p := range map[string]snapshot.Panel{
		"no lines": {Grid: grid}, "no grid": {Lines: lines},
		"bars": {Spec: panel.Spec{Kind: panel.Bars}, Grid: grid, Lines: lines}, "stat": {
			Spec: panel.Spec{Kind: panel.Stat}, Grid: grid, Lines: lines,
		},
	} {
		if s := layoutOf(report.Build(report.Info{Slot: reporttest.Slot}, nil)).
			samplesOf(&p); s != nil {
			t.Errorf("%s: got samples %+v, want none", name, s)
		}
	}
}

func TestSamplesSayWhatElseIsDrawn(t *testing.T) {
	grid := series.Grid{Start: reporttest.Slot, Step: time.Minute, Len: 1}
	p := snapshot.Panel{
		Spec: panel.Spec{Queries: []panel.Query{{Unit: units.Short}}}, Grid: grid,
		Lines:      []snapshot.Line{{Values: []float64{9}}},
		References: []snapshot.ReferenceLine{{Name: "limit", Values: []float64{10}}},
		Rest: &snapshot.Band{
			Series: 3, P05: []float64{1}, P95: []float64{2}, Sum: []float64{4},
		},
	}
	for kind, want := range map[panel.Kind]string{
		panel.Lines: "limit 10; other 3 series 1 2", panel.Area: "limit 10; other 3 series 4",
		panel.Heatmap: "limit 10",
	} {
		p.Spec.Kind = kind
		s := layoutOf(report.Build(report.Info{Slot: reporttest.Slot}, nil)).samplesOf(&p)
		var got []string
		for _, m := range s.More {
			said := m.Name
			for _, line := range m.Lines {
				text, _ := s.read(line, 0)
				said += " " + text
			}
			got = append(got, said)
		}
		if said := strings.Join(got, "; "); said != want {
			t.Errorf("%s: got %q, want %q", kind, said, want)
		}
	}
}

func TestDaysFollowTheClock(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	const summer, winter = -4 * 3600, -5 * 3600
	for name, c := range map[string]struct {
		start time.Time
		want  []dayView
	}{
		"an hour twice": {time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC), []dayView{
			{0, "Sat 31 Oct", "EDT", summer}, {2, "Sun 1 Nov", "EDT", summer}, {
				6, "Sun 1 Nov", "EST", winter,
			},
		}},
		"an hour never": {
			time.Date(2026, 3, 8, 6, 0, 0, 0, time.UTC), []dayView{
				{0, "Sun 8 Mar", "EST", winter}, {2, "Sun 8 Mar", "EDT", summer},
			},
		},
	} {
		l := layoutOf(report.Build(report.Info{Slot: reporttest.Slot, Zone: newYork}, nil))
		if got := l.days(
			series.Grid{Start: c.start, Step: 30 * time.Minute, Len: 8}); !slices.Equal(got,
			c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Other tests check that the script stays in its element and that text from outside does not run.
func TestScriptIsSmall(t *testing.T) {
	size := 0
	for _, n := range all(pageOf(t, report.Build(reporttest.Info(t, nil), nil)), "script") {
		if attribute(n, "type") != "application/json" {
			size += len(n.FirstChild.Data)
		}
	}
	if size == 0 || size > 16<<10 {
		t.Errorf("got scripts of %d bytes, want 1 byte to 16 KiB", size)
	}
}

func TestRemarksStandBelowTheChart(t *testing.T) {
	a := reporttest.Answers{}
	a.Add("up", series.FromPairs("job", "api"), reporttest.Constant(1))
	p := reporttest.Take(a, []panel.Spec{
		{Name: "up", Title: "Up", Queries: []panel.Query{{Expr: "up"}}},
	})[0]
	p.Remarks = []snapshot.Note{
		snapshot.NoteOf(snapshot.NoteAnswer, "down: api 10.0.0.3:8080"),
		snapshot.NoteOf(snapshot.NoteAnswer, "<b>\u202ereversed"),
	}
	root := pageOf(t, report.Build(reporttest.Info(t, nil), []snapshot.Panel{p}))
	list := classed(root, "remarks")
	if len(list) != 1 || text(list[0]) != "down: api 10.0.0.3:8080 <b>reversed" {
		t.Errorf("got %d lists of remarks, the first %q, want one", len(list), text(list[0]))
	}
}

func TestWarningsBeyondTheFirstAreCounted(t *testing.T) {
	in := reporttest.Info(t, nil)
	for range warningLines + 5 {
		in.Notes = append(in.Notes, snapshot.NoteOf(snapshot.NoteServerWarns, "odd labels"))
	}
	run := classed(pageOf(t, report.Build(in, nil)), "run")[0]
	if got := len(all(run, "li")); got != warningLines ||
		!strings.HasSuffix(text(run), "and 5 more") {
		t.Errorf("got %d warnings that end with %q, want %d and \"and 5 more\"", got,
			text(run)[max(0, len(text(run))-30):], warningLines)
	}
}
