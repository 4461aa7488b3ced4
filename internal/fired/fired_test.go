package fired_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

var end = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// double is a Prometheus and an Alertmanager.
type double struct {
	alerts  []series.Series // with a count at each of the newest steps
	missed  map[string]float64
	days    int // of history
	ever    []string
	groups  []promapi.RuleGroup
	lists   bool // it has /api/v1/rules
	firing  []promapi.Firing
	failing string // the query that fails
	asked   []string
}

func (d *double) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	d.asked = append(d.asked, q.Expr)
	if d.failing != "" && strings.Contains(q.Expr, d.failing) {
		return promapi.Meta{}, errors.New("no luck")
	}
	values := func(newest ...float64) []float64 {
		out := make([]float64, q.Grid.Len)
		for i := range out {
			out[i] = math.NaN()
		}
		copy(out[len(out)-len(newest):], newest)
		return out
	}
	switch {
	case q.Expr == "count(up)":
		known := make([]float64, d.days+1)
		return promapi.Meta{}, each(series.Series{Values: values(known...)})
	case strings.Contains(q.Expr, "missed_total"):
		for group, v := range d.missed {
			if err := each(series.Series{
				Labels: series.Labels{{Name: "rule_group", Value: group}}, Values: values(v),
			}); err != nil {
				return promapi.Meta{}, err
			}
		}
	case strings.HasPrefix(q.Expr, "count by (alertname, severity)"):
		for _, a := range d.alerts {
			a.Values = values(a.Values...)
			if err := each(a); err != nil {
				return promapi.Meta{}, err
			}
		}
	default:
		return promapi.Meta{}, fmt.Errorf("unexpected query %s", q.Expr)
	}
	return promapi.Meta{}, nil
}

func (d *double) LabelValues(_ context.Context, label string,
	s promapi.Selection) ([]string, promapi.Meta, error) {
	d.asked = append(d.asked, label+" of "+s.Selector+" since "+s.End.Sub(s.Start).String())
	return d.ever, promapi.Meta{}, nil
}

func (d *double) RuleGroups(_ context.Context, begin func(),
	each func(promapi.RuleGroup)) (bool, error) {
	if d.failing == "rules" {
		return false, errors.New("no luck")
	}
	begin()
	for _, g := range d.groups {
		each(g)
	}
	return d.lists, nil
}

func (d *double) Firing(_ context.Context, begin func(), each func(promapi.Firing)) error {
	begin()
	for _, f := range d.firing {
		each(f)
	}
	return nil
}

// counted is how many objects of an alert fire at the newest steps.
func counted(name, severity string, counts ...float64) series.Series {
	ls := series.Labels{{Name: "alertname", Value: name}}
	if severity != "" {
		ls = append(ls, series.Label{Name: "severity", Value: severity})
	}
	return series.Series{Labels: ls, Values: counts}
}

func rule(name, severity string) promapi.RuleState {
	return promapi.RuleState{Name: name, Alerting: true, Severity: severity}
}

var nan = math.NaN()

func TestAsk(t *testing.T) {
	group := promapi.RuleGroup{
		Name: "g", File: "f.yml", Interval: 30 * time.Second, Evaluated: end.Add(-20 * time.Second),
		Rules: []promapi.RuleState{
			rule("A", "warning"), rule("B", "critical"), rule("C", ""), rule("Watchdog", "none"),
			rule("Info", "info"), {Name: "a:b"},
		},
	}
	healthy := &fired.Rules{Groups: 1, Alerting: 5, Recording: 1}
	const step = time.Minute
	for _, tt := range []struct {
		name  string
		d     double
		alone bool // without an Alertmanager
		want  *fired.Fired
		notes []string
	}{
		{
			name: "alerts that come and go",
			d: double{
				alerts: []series.Series{
					counted("A", "warning", 1, nan, 1, 2, 3, 0, 1), // 1 + 1 + 1 + 1 + 1
					counted("A", "critical", nan, 1, nan, nan, nan, nan, nan),
					counted("B", "critical", 2, 2, 2, nan, nan, nan, nan),
					counted("D", "", 1, 1, 1, 1, 1, 1, 1),
				},
				days: 12, ever: []string{"A", "B", "Watchdog"}, groups: []promapi.RuleGroup{group},
				lists: true,
			},
			want: &fired.Fired{
				Range: time.Hour, Step: step, Rules: healthy,
				Alerts: []fired.Alert{
					{Name: "A", Severity: "critical", Times: 6, Lasted: 6 * step, Now: 1},
					{Name: "B", Severity: "critical", Times: 2, Lasted: 3 * step},
					{Name: "D", Times: 1, Lasted: 7 * step, Now: 1},
				},
				Never: []string{"C"}, NeverIn: 12 * 24 * time.Hour,
			},
		},
		{
			name: "nothing fired", d: double{
				days: 30, groups: []promapi.RuleGroup{group}, lists: true,
			},
			want: &fired.Fired{
				Range: time.Hour, Step: step, Rules: healthy, Never: []string{"A", "B", "C"},
				NeverIn: 30 * 24 * time.Hour,
			},
		},
		{
			name: "a server that is new", d: double{groups: []promapi.RuleGroup{group}, lists: true},
			want: &fired.Fired{Range: time.Hour, Step: step, Rules: healthy},
		},
		{
			name: "a server without a list of rules",
			d:    double{alerts: []series.Series{counted("A", "warning", 1)}},
			want: &fired.Fired{
				Range: time.Hour, Step: step,
				Alerts: []fired.Alert{
					{Name: "A", Severity: "warning", Times: 1, Lasted: step, Now: 1},
				},
			},
		},
		{
			name: "rules that cannot be read",
			d: double{
				alerts: []series.Series{counted("A", "warning", 1)}, failing: "rules",
			},
			want: &fired.Fired{
				Range: time.Hour, Step: step,
				Alerts: []fired.Alert{
					{Name: "A", Severity: "warning", Times: 1, Lasted: step, Now: 1},
				},
			},
			notes: []string{"rules_unknown"},
		},
		{
			name: "a history that cannot be read",
			d: double{
				groups: []promapi.RuleGroup{group}, lists: true, failing: "count(up)",
			},
			want:  &fired.Fired{Range: time.Hour, Step: step, Rules: healthy},
			notes: []string{"never_unknown"},
		},
		{name: "neither alerts nor rules", d: double{lists: true}, alone: true},
		{name: "a server without rules, and an Alertmanager without alerts", want: &fired.Fired{
			Manager: true,
		}},
		{
			name: "an Alertmanager",
			d: double{firing: []promapi.Firing{
				{Labels: counted("A", "warning").Labels, Since: end.Add(-time.Hour)},
				{Labels: counted("A", "critical").Labels, Suppressed: true},
				{Labels: counted("A", "warning").Labels, Since: end.Add(-2 * time.Hour)},
				{Labels: counted("Watchdog", "none").Labels},
				{Labels: counted("InfoInhibitor", "warning").Labels},
				{Labels: counted("B", "").Labels},
			}},
			want: &fired.Fired{
				Manager: true, Alerts: []fired.Alert{
					{
						Name: "A", Severity: "critical", Now: 3, Suppressed: 1,
						Since: end.Add(-2 * time.Hour),
					},
					{Name: "B", Now: 1},
				},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := fired.Manager(&tt.d)
			if tt.alone {
				m = nil
			}
			got, notes, err := fired.Ask(t.Context(), &tt.d, m, fired.Options{
				End: end, Range: time.Hour, ScrapeInterval: time.Minute,
			})
			if err != nil {
				t.Fatalf("Ask: got error %v, want none", err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("what fired differs (-want +got):\n%s", diff)
			}
			var codes []string
			for _, n := range notes {
				codes = append(codes, n.Code)
			}
			if !cmp.Equal(codes, tt.notes, cmpopts.EquateEmpty()) {
				t.Errorf("got the notes %q, want %q", codes, tt.notes)
			}
		})
	}
}

func TestAskFails(t *testing.T) {
	d := &double{failing: "ALERTS"}
	f, _, err := fired.Ask(t.Context(), d, nil, fired.Options{End: end, Range: time.Hour})
	if want := "asking which alerts fired: no luck"; f != nil || err == nil || err.Error() != want {
		t.Errorf("got %v and error %v, want none and %s", f, err, want)
	}
}

func TestRules(t *testing.T) {
	at := func(ago time.Duration) time.Time { return end.Add(-ago) }
	d := &double{
		lists: true, missed: map[string]float64{"f;late": 2.9, "f;some": 0.2, "f;x": 7},
		groups: []promapi.RuleGroup{
			{
				Name: "fails", File: "b", Interval: time.Minute, Evaluated: at(time.Minute),
				Rules: []promapi.RuleState{
					{Name: "r2", LastError: "e"}, {Name: "r1", LastError: "e"},
				},
			},
			{Name: "slow", File: "b", Interval: 30 * time.Second, Took: time.Minute},
			{Name: "slower", File: "b", Interval: 10 * time.Second, Took: time.Minute},
			{Name: "stale", File: "b", Interval: time.Minute, Evaluated: at(6 * time.Minute)},
			{Name: "seldom", File: "b", Interval: time.Hour, Evaluated: at(2 * time.Hour)},
			{Name: "new", File: "b", Interval: time.Minute},
			{Name: "ahead", File: "b", Interval: time.Minute, Evaluated: at(-time.Hour)},
		},
	}
	f, _, err := fired.Ask(t.Context(), d, nil, fired.Options{End: end, Range: time.Hour})
	if err != nil {
		t.Fatalf("Ask: got error %v, want none", err)
	}
	want := &fired.Rules{
		Groups: 7, Recording: 2, FailingAll: 2, SlowAll: 2, StaleAll: 1,
		Failing: []fired.Failing{{"b", "fails", "r1", "e"}, {"b", "fails", "r2", "e"}},
		Slow: []fired.Slow{
			{"b", "slower", 10 * time.Second, time.Minute},
			{"b", "slow", 30 * time.Second, time.Minute},
		},
		Stale:  []fired.Stale{{"b", "stale", time.Minute, at(6 * time.Minute)}},
		Missed: []fired.Missed{{"f;x", 7}, {"f;late", 3}},
	}
	if diff := cmp.Diff(want, f.Rules); diff != "" {
		t.Errorf("the rules differ (-want +got):\n%s", diff)
	}
}

// 5,000 rules that all fail: what is kept has a bound, and the numbers are right.
func TestManyRules(t *testing.T) {
	d := &double{lists: true, days: 30}
	for i := range 250 {
		g := promapi.RuleGroup{Name: fmt.Sprint("g", i), Interval: 1, Took: 2, Evaluated: end.AddDate(-1, 0, 0)}
		for j := range 20 {
			g.Rules = append(g.Rules, promapi.RuleState{
				Name: fmt.Sprint("r", i, "-", j), Alerting: true, LastError: "e",
			})
		}
		d.groups = append(d.groups, g)
	}
	f, _, err := fired.Ask(t.Context(), d, nil, fired.Options{End: end, Range: time.Hour})
	if err != nil {
		t.Fatalf("Ask: got error %v, want none", err)
	}
	r := f.Rules
	if len(f.Never) != 5000 || r.FailingAll != 5000 || r.SlowAll != 250 || r.StaleAll != 250 ||
		len(r.Failing) != 50 || len(r.Slow) != 50 || len(r.Stale) != 50 {
		t.Errorf("got %d never, %d failing, %d slow, %d stale, and lists of %d, %d and %d, want "+
			"5000, 5000, 250, 250 and lists of 50", len(f.Never), r.FailingAll, r.SlowAll,
			r.StaleAll, len(r.Failing), len(r.Slow), len(r.Stale))
	}
}

// Whatever the counts are, an alert has fired at least once if it lasted, and never longer than the
// range.
func TestFiringIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.SampledFrom([]float64{nan, 0, 1, 2, 10_000, math.Inf(1), -1, 1e300})
		var d double
		for i := range rapid.IntRange(1, 4).Draw(t, "series") {
			d.alerts = append(d.alerts, counted("A", []string{"", "warning", "critical", "x"}[i],
				rapid.SliceOfN(count, 1, 60).Draw(t, "counts")...))
		}
		f, _, err := fired.Ask(context.Background(), &d, nil, fired.Options{
			End: end, Range: time.Hour, ScrapeInterval: time.Minute,
		})
		if err != nil || len(f.Alerts) != 1 {
			t.Fatalf("got %+v and error %v, want one alert", f, err)
		}
		a := f.Alerts[0]
		if (a.Times > 0) != (a.Lasted > 0) || a.Times < a.Now || a.Lasted > time.Hour {
			t.Errorf("got %+v, want an alert that fired as often as it has objects, within 1 h", a)
		}
	})
}
