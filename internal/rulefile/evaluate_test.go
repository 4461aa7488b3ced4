package rulefile

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

var t0 = time.Unix(1773100800, 0).UTC()

// row returns a series whose samples are numbers, and _ where there is none.
func row(labels series.Labels, samples string) series.Series {
	s := series.Series{Labels: labels}
	for _, f := range strings.Fields(samples) {
		v := math.NaN()
		switch f {
		case "_":
		case "NaN":
			v = series.NotANumber()
		default:
			if _, err := fmt.Sscan(f, &v); err != nil {
				panic(err)
			}
		}
		s.Values = append(s.Values, v)
	}
	return s
}

// minutes returns a grid of n evaluations.
func minutes(n int) series.Grid { return series.Grid{Start: t0, Step: time.Minute, Len: n} }

// picture returns the states of an episode: a letter for each evaluation of a grid.
func picture(e Episode, grid series.Grid) string {
	var b strings.Builder
	for i := range grid.Len {
		b.WriteByte("-pF"[e.State(grid.At(i))])
	}
	return b.String()
}

func replayed(t *testing.T, rule Rule, o Options, answer ...series.Series) Result {
	t.Helper()
	e := NewEvaluator(rule, o)
	n := 0
	for _, s := range answer {
		n = max(n, len(s.Values))
	}
	if err := e.Add(minutes(n), answer); err != nil {
		t.Fatal(err)
	}
	return e.Result()
}

func TestEvaluator(t *testing.T) {
	a := series.FromPairs("job", "a")
	const m = time.Minute
	for name, tt := range map[string]struct {
		rule    Rule
		samples string
		want    []string
	}{
		"no for fires at once":        {Rule{}, "_ 1 1 _ 1", []string{"-FF--", "----F"}},
		"for counts from the first":   {Rule{For: 2 * m}, "_ 1 1 1 1", []string{"-ppFF"}},
		"for between two evaluations": {Rule{For: 90 * time.Second}, "1 1 1 1", []string{"ppFF"}},
		"for shorter than interval":   {Rule{For: time.Second}, "1 1 _ 1", []string{"pF--", "---p"}},
		"one missing ends pending":    {Rule{For: 2 * m}, "1 1 _ 1 1 1 1", []string{"pp-----", "---ppFF"}},
		"one missing ends firing":     {Rule{For: m}, "1 1 1 _ 1 1", []string{"pFF---", "----pF"}},
		"keeps firing":                {Rule{KeepFiringFor: 2 * m}, "1 _ _ _ _ 1", []string{"FFF---", "-----F"}},
		"keeps firing over a gap":     {Rule{For: m, KeepFiringFor: 2 * m}, "1 1 _ _ 1 _ _ _", []string{"pFFFFFF-"}},
		"keeps firing a little":       {Rule{KeepFiringFor: time.Second}, "1 _ _ 1", []string{"FF--", "---F"}},
		"keeps no pending":            {Rule{For: m, KeepFiringFor: 5 * m}, "1 _ 1 1 _ _", []string{"p-----", "--pFFF"}},
		"at the end":                  {Rule{For: 2 * m}, "_ _ 1 1", []string{"--pp"}},
		"nothing":                     {Rule{}, "_ _", nil},
		"a sample that is NaN":        {Rule{For: m}, "_ NaN 1 NaN _ NaN", []string{"-pFF--", "-----p"}},
	} {
		tt.rule.Alert = "A"
		r := replayed(t, tt.rule, Options{}, row(a, tt.samples))
		var got []string
		for _, e := range r.Episodes {
			got = append(got, picture(e, minutes(r.Evaluations)))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEvaluatorEpisode(t *testing.T) {
	rule := Rule{
		Alert: "A", For: time.Minute, KeepFiringFor: 2 * time.Minute,
		Labels: series.FromPairs("severity", "page", "zone", ""),
	}
	source := series.FromPairs("__name__", "m", "job", "a", "zone", "z")
	r := replayed(t, rule, Options{}, row(source, "_ 5 9 2 4 _ _ _ 1"))
	at := func(m int) time.Time { return t0.Add(time.Duration(m) * time.Minute) }
	labels := series.FromPairs("alertname", "A", "job", "a", "severity", "page")
	want := Result{First: t0, Last: at(8), Evaluations: 9, Episodes: []Episode{{
		Labels: labels, ActiveSince: at(1), FiredAt: at(2), Ended: at(7),
		LastHeld: at(4), Source: source, Value: 4, Lowest: 2, Highest: 9,
	}, {
		Labels: labels, ActiveSince: at(8), LastHeld: at(8), Source: source, Value: 1,
		Lowest: 1, Highest: 1,
	}}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for samples, want := range map[string][3]float64{
		"NaN 5 NaN 7 6": {6, 5, 7}, "5 NaN": {math.NaN(), 5, 5},
		"NaN NaN": {math.NaN(), math.NaN(), math.NaN()},
	} {
		e := replayed(t, rule, Options{}, row(source, samples)).Episodes[0]
		got := [3]float64{e.Value, e.Lowest, e.Highest}
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("value, lowest and highest of %s (-want +got):\n%s", samples, diff)
		}
	}
	if r := replayed(t, rule, Options{}, row(source, "5")); !r.Episodes[0].Cut {
		t.Errorf("active at the first evaluation: got %+v, want Cut", r.Episodes[0])
	}
}

// A label that depends on the value makes another alert of every value.
func TestEvaluatorIdentityOfTheValue(t *testing.T) {
	rule := Rule{
		Alert: "A", For: time.Minute,
		Labels: series.FromPairs("level", "{{ if gt $value 10.0 }}high{{ else }}low{{ end }}"),
	}
	r := replayed(t, rule, Options{}, row(series.FromPairs("job", "a"), "5 6 20 30 7 _"))
	var got []string
	for _, e := range r.Episodes {
		got = append(got, e.Labels.Get("level")+" "+picture(e, minutes(6)))
	}
	want := []string{"low pF----", "high --pF--", "low ----p-"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEvaluatorDuplicates(t *testing.T) {
	rule := Rule{Alert: "A", For: 2 * time.Minute, Labels: series.FromPairs("instance", "")}
	r := replayed(t, rule, Options{},
		row(series.FromPairs("instance", "1", "job", "a"), "1 1 _ 1 1 _"),
		row(series.FromPairs("instance", "2", "job", "a"), "_ 1 1 1 _ _"),
		row(series.FromPairs("instance", "3", "job", "b"), "_ 1 1 1 _ _"))
	var got []string
	for _, e := range r.Episodes {
		got = append(got, e.Labels.Get("job")+" "+picture(e, minutes(6)))
	}
	// the second and the fourth evaluation fail: states stay
	if diff := cmp.Diff([]string{"a ppFFF-", "b --pp--"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	twice := series.FromPairs("alertname", "A", "job", "a")
	want := []Failure{
		{Reason: Duplicate, From: t0.Add(time.Minute), To: t0.Add(time.Minute), Evaluations: 1, Labels: twice},
		{Reason: Duplicate, From: t0.Add(3 * time.Minute), To: t0.Add(3 * time.Minute), Evaluations: 1, Labels: twice},
	}
	if diff := cmp.Diff(want, r.Failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestEvaluatorLimit(t *testing.T) {
	rule := Rule{Alert: "A", For: time.Minute}
	r := replayed(t, rule, Options{Limit: 1},
		row(series.FromPairs("job", "a"), "1 1 1 1 1 1"),
		row(series.FromPairs("job", "b"), "_ _ 1 1 _ _"))
	var got []string
	for _, e := range r.Episodes {
		got = append(got, e.Labels.Get("job")+" "+picture(e, minutes(6)))
	}
	if diff := cmp.Diff([]string{"a pF----", "a ----pF"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := []Failure{{
		Reason: LimitExceeded, From: t0.Add(2 * time.Minute), To: t0.Add(3 * time.Minute),
		Evaluations: 2, Alerts: 2,
	}}
	if diff := cmp.Diff(want, r.Failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestEvaluatorRefusesThePast(t *testing.T) {
	e := NewEvaluator(Rule{Alert: "A"}, Options{})
	if err := e.Add(minutes(3), nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Add(minutes(3), nil); err == nil {
		t.Error("got no error for evaluations twice, want one")
	}
	if err := e.Add(series.Grid{}, nil); err != nil {
		t.Errorf("no evaluation: got %v, want no error", err)
	}
}

func TestEvaluatorLimitsEpisodes(t *testing.T) {
	flapping := make([]series.Series, 1000)
	for i := range flapping {
		flapping[i] = row(series.FromPairs("i", fmt.Sprint(i)), strings.Repeat("1 _ ", 300))
	}
	err := NewEvaluator(Rule{Alert: "A"}, Options{}).Add(minutes(600), flapping)
	if err == nil || !strings.Contains(err.Error(), "more than 200000 alerts") {
		t.Errorf("got %v, want an error about too many alerts", err)
	}
}

func TestEvaluatorNotes(t *testing.T) {
	rule := Rule{Alert: "A", Labels: series.FromPairs(
		"a", `{{ query "up" | first | value }}`, "b", "{{ $x }}", "c", "{{ $labels.job }}")}
	r := replayed(t, rule, Options{}, row(series.FromPairs("job", "a"), "1 1"),
		row(series.FromPairs("job", "b"), "1 _"))
	var got []string
	for _, n := range r.Notes {
		got = append(got, n.Name+" "+string(n.Code))
	}
	if diff := cmp.Diff([]string{"a needs_query", "b template_failed"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// drawn draws a rule and its answer.
func drawn(t *rapid.T) (Rule, Options, []series.Series, int) {
	rule := Rule{
		Alert:         "A",
		For:           time.Duration(rapid.IntRange(0, 4).Draw(t, "for")) * 40 * time.Second,
		KeepFiringFor: time.Duration(rapid.IntRange(0, 4).Draw(t, "keep")) * 40 * time.Second,
		Labels: series.FromMap(rapid.SampledFrom([]map[string]string{
			nil, {"severity": "page"}, {"i": ""}, {"v": "{{ $value }}"}, {"job": "{{ $labels.i }}"},
			{"t": "{{ now }}"}, {"i": "{{ if lt $value 2.0 }}x{{ end }}"},
		}).Draw(t, "labels")),
	}
	o := Options{Limit: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "limit")}
	n := rapid.IntRange(0, 30).Draw(t, "evaluations")
	answer := make([]series.Series, rapid.IntRange(0, 4).Draw(t, "series"))
	for i := range answer {
		answer[i].Labels = series.FromPairs("i", fmt.Sprint(i), "job", "j")
		answer[i].Values = rapid.SliceOfN(rapid.SampledFrom([]float64{
			math.NaN(), math.NaN(), 1, 1, 1, 2, math.Inf(1), series.NotANumber(),
		}), n, n).Draw(t, "values")
	}
	return rule, o, answer, n
}

// part returns the evaluations from i to j.
func part(answer []series.Series, i, j int) ([]series.Series, series.Grid) {
	var out []series.Series
	for _, s := range answer {
		values := s.Values[i:j]
		if !slices.ContainsFunc(values, func(v float64) bool { return !series.IsGap(v) }) {
			continue // a server does not send a series without samples
		}
		out = append(out, series.Series{Labels: s.Labels, Values: slices.Clone(values)})
	}
	grid := minutes(j - i)
	grid.Start = t0.Add(time.Duration(i) * time.Minute)
	return out, grid
}

func TestEvaluatorChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule, o, answer, n := drawn(t)
		whole, parts := NewEvaluator(rule, o), NewEvaluator(rule, o)
		if err := whole.Add(minutes(n), answer); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < n; {
			j := i + rapid.IntRange(1, n-i).Draw(t, "chunk")
			some, grid := part(answer, i, j)
			if err := parts.Add(grid, some); err != nil {
				t.Fatal(err)
			}
			i = j
		}
		if diff := cmp.Diff(whole.Result(), parts.Result(), cmpopts.EquateEmpty(),
			cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("in one (-), in parts (+):\n%s", diff)
		}
	})
}

func TestEvaluatorIsPrometheus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule, o, answer, n := drawn(t)
		e, p := NewEvaluator(rule, o), newReference(rule, o)
		if err := e.Add(minutes(n), answer); err != nil {
			t.Fatal(err)
		}
		r := e.Result()
		for i := range n {
			at := minutes(n).At(i)
			var vector []series.Series
			for _, s := range answer {
				if !series.IsGap(s.Values[i]) {
					vector = append(vector, series.Series{Labels: s.Labels,
						Values: s.Values[i : i+1]})
				}
			}
			want := p.eval(at, vector)
			var got []string
			for _, ep := range r.Episodes {
				if s := ep.State(at); s != Inactive {
					got = append(got, fmt.Sprintf("%v %d since %v", ep.Labels, s, ep.ActiveSince))
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("evaluation %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

// A replay that begins Lookback earlier has the right states, if the alert is not kept firing over
// gaps by shorter and shorter streaks.
func TestEvaluatorLookback(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule, o, answer, n := drawn(t)
		if rule.KeepFiringFor > 0 || o.Limit > 0 || n == 0 {
			return
		}
		whole, late := NewEvaluator(rule, o), NewEvaluator(rule, o)
		if err := whole.Add(minutes(n), answer); err != nil {
			t.Fatal(err)
		}
		from := rapid.IntRange(0, n-1).Draw(t, "from")
		some, grid := part(answer, from, n)
		if err := late.Add(grid, some); err != nil {
			t.Fatal(err)
		}
		states := func(r Result, at time.Time) (out []string) {
			for _, ep := range r.Episodes {
				if s := ep.State(at); s != Inactive {
					out = append(out, fmt.Sprint(ep.Labels, s))
				}
			}
			slices.Sort(out)
			return out
		}
		a, b := whole.Result(), late.Result()
		if len(a.Failures) > 0 {
			return // states stay over a failed evaluation, for any time
		}
		for i := from + int(rule.Lookback(time.Minute)/time.Minute); i < n; i++ {
			at := minutes(n).At(i)
			if diff := cmp.Diff(states(a, at), states(b, at)); diff != "" {
				t.Fatalf("evaluation %d, from %d (-whole +late):\n%s", i, from, diff)
			}
		}
	})
}

// BenchmarkEvaluator replays a rule over a day, of whose series one in ten has samples at a time.
func BenchmarkEvaluator(b *testing.B) {
	answer := make([]series.Series, 100)
	for i := range answer {
		var s strings.Builder
		for k := range 1440 {
			if (k/30+i)%10 == 0 {
				s.WriteString("1 ")
			} else {
				s.WriteString("_ ")
			}
		}
		answer[i] = row(series.FromPairs("instance", fmt.Sprint(i), "job", "node"), s.String())
	}
	rule := Rule{
		Alert: "A", For: 5 * time.Minute,
		Labels: series.FromPairs("severity", "page", "host", "{{ $labels.instance }}"),
	}
	for b.Loop() {
		e := NewEvaluator(rule, Options{})
		if err := e.Add(minutes(1440), answer); err != nil {
			b.Fatal(err)
		}
		if n := len(e.Result().Episodes); n == 0 {
			b.Fatalf("got %d episodes, want some", n)
		}
	}
}
