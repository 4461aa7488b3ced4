package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

var diskHigh = rules.Rule{
	Name: "DiskHigh", Warning: rules.At(0.80), Critical: rules.At(0.90), For: 15 * time.Minute,
}

// bump is a time above a value.
type bump struct {
	day   int
	hour  float64
	lasts time.Duration
	to    float64
}

// month returns 30 days of nodes that are at 40 % apart from their bumps, at 5-minute steps.
func month(of ...[]bump) *past {
	p := &past{grid: series.Grid{Start: start, Step: 5 * time.Minute, Len: 30*24*12 + 1}}
	for n, bumps := range of {
		values := make([]float64, p.grid.Len)
		for i := range values {
			values[i] = 0.40 + 0.01*math.Sin(float64(i)/50)
		}
		for _, b := range bumps {
			from := int((float64(b.day)*24 + b.hour) * 12)
			for i := from; i <= from+int(b.lasts/p.grid.Step) && i < len(values); i++ {
				values[i] = b.to
			}
		}
		p.series = append(p.series, series.Series{
			Labels: series.FromPairs("node", fmt.Sprintf("n%d", n+1)), Values: values,
		})
	}
	return p
}

// daily returns a bump on each of some days, from a level to four percent above it.
func daily(from, to int, hour float64, lasts time.Duration, level float64) []bump {
	var out []bump
	for day := from; day < to; day++ {
		out = append(out, bump{day, hour, lasts, level + 0.01*float64(day*7%5)})
	}
	return out
}

// monthly are the options for month.
func monthly() Options {
	return Options{
		Report: "check", Since: 30 * 24 * time.Hour, Slots: every(5 * time.Minute),
		Query: snapshot.Options{
			Slot: start.Add(30 * 24 * time.Hour), Range: time.Hour,
			ScrapeInterval: 5 * time.Minute,
		},
	}
}

// disk is the panel with the rule, at 5-minute steps.
func disk(rs ...rules.Rule) panel.Spec {
	spec := wide(rs...)
	spec.Step = 5 * time.Minute
	return spec
}

// row writes a candidate as one line.
func row(c Candidate) string {
	about := ""
	if c.About {
		about = " about"
	}
	return fmt.Sprintf("%.2f %v: %d alerts, %.2f a week, held %.2f; %d objects, %v, longest %v, "+
		"top %.0f%%, %d flaps%s", c.Level, c.For, c.Alerts, c.PerWeek, c.Held, c.Objects, c.Firing,
		c.Longest, 100*c.TopShare, c.Flaps, about)
}

func rows(r *Result) string {
	var out []string
	for i, c := range r.Candidates {
		mark := " "
		switch i {
		case r.Proposed:
			mark = "▸"
		case r.Now:
			mark = "●"
		}
		out = append(out, mark+" "+row(c))
	}
	return strings.Join(out, "\n") + "\n" + string(r.Why)
}

// On 24 of 30 days one node is at 81 to 85 % for an hour, and another one at 84 to 88 % for half an
// hour. Once in ten days a third one is at 95 %.
func nightly() *past {
	return month(daily(1, 25, 2, time.Hour, 0.815), daily(1, 25, 4, 30*time.Minute, 0.845),
		[]bump{{5, 12, 2 * time.Hour, 0.95}, {15, 12, 2 * time.Hour, 0.95}, {25, 12, time.Hour,
			0.95}}, nil)
}

func TestRun(t *testing.T) {
	got, err := Run(context.Background(), nightly(), disk(diskHigh), "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	const want = `  0.41 15m0s: 51 alerts, 11.90 a week, held 7.70; 3 objects, 41h0m0s, longest 2h0m0s, top 47%, 0 flaps
● 0.80 15m0s: 51 alerts, 11.90 a week, held 7.70; 3 objects, 41h0m0s, longest 2h0m0s, top 47%, 0 flaps
  0.82 15m0s: 47 alerts, 10.97 a week, held 7.00; 3 objects, 37h0m0s, longest 2h0m0s, top 51%, 0 flaps
  0.84 15m0s: 37 alerts, 8.63 a week, held 5.60; 3 objects, 27h0m0s, longest 2h0m0s, top 65%, 0 flaps
  0.85 15m0s: 28 alerts, 6.53 a week, held 4.20; 3 objects, 20h0m0s, longest 2h0m0s, top 71%, 0 flaps
  0.86 15m0s: 18 alerts, 4.20 a week, held 2.80; 2 objects, 12h30m0s, longest 2h0m0s, top 83%, 0 flaps
  0.87 15m0s: 13 alerts, 3.03 a week, held 2.10; 2 objects, 10h0m0s, longest 2h0m0s, top 77%, 0 flaps
  0.88 15m0s: 8 alerts, 1.87 a week, held 1.40; 2 objects, 7h30m0s, longest 2h0m0s, top 62%, 0 flaps
▸ 0.89 15m0s: 3 alerts, 0.70 a week, held 0.70; 1 objects, 5h0m0s, longest 2h0m0s, top 100%, 0 flaps
  0.91 15m0s: 3 alerts, 0.70 a week, held 0.70; 1 objects, 5h0m0s, longest 2h0m0s, top 100%, 0 flaps
  0.93 15m0s: 3 alerts, 0.70 a week, held 0.70; 1 objects, 5h0m0s, longest 2h0m0s, top 100%, 0 flaps
  0.95 15m0s: 0 alerts, 0.00 a week, held 0.00; 0 objects, 0s, longest 0s, top 0%, 0 flaps
fits`
	if got := rows(got); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A server that limits points, samples or series is asked for less, and the result is the same.
func TestRunWithinLimits(t *testing.T) {
	want, err := Run(context.Background(), nightly(), disk(diskHigh), "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	for _, refusal := range []error{
		&promapi.Error{Kind: promapi.KindTooMuch, Message: "too many points"},
		&promapi.Error{Kind: promapi.KindTimeout, Message: "query timed out"},
		&promapi.LimitError{Limit: 3},
	} {
		past := nightly()
		past.refuse = func(points int) error {
			if points > 100 {
				return refusal
			}
			return nil
		}
		got, err := Run(context.Background(), past, disk(diskHigh), "DiskHigh", monthly())
		if err != nil {
			t.Fatalf("%v: got %v, want a result", refusal, err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%v: (-got +want):\n%s", refusal, diff)
		}
		past.refuse = func(int) error { return refusal }
		if _, err := Run(context.Background(), past, disk(diskHigh), "", monthly()); !errors.Is(err,
			refusal) {
			t.Errorf("%v whatever is asked for: got %v, want the refusal", refusal, err)
		}
	}
}

// A query that asks what there is at the end of its range is read by the day.
func TestRunByTheDay(t *testing.T) {
	spec := disk(diskHigh)
	spec.Queries[0].Expr = "disk and disk @ end()"
	past := nightly()
	want, err := Run(context.Background(), nightly(), disk(diskHigh), "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Run(context.Background(), past, spec, "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	if rows(got) != rows(want) {
		t.Errorf("got\n%s\nwant\n%s", rows(got), rows(want))
	}
	// the survey, 24 points a day, and the history, 288 points a day
	if n, most := len(past.questions()), slices.Max(past.questions()); n < 60 || n > 64 || most != 288 {
		t.Errorf("got %d queries of at most %d points, want one for each day, twice", n, most)
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := monthly()
	past := nightly()
	past.refuse = func(points int) error {
		if points > 1000 {
			return &promapi.Error{Kind: promapi.KindTooMuch}
		}
		return nil
	}
	o.Progress = func(p Progress) {
		if p.Done > p.All/2 {
			cancel()
		}
	}
	got, err := Run(ctx, past, disk(diskHigh), "", o)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Stopped || got.To.Sub(got.From) > 20*24*time.Hour || got.Candidates[got.Now].Alerts == 0 {
		t.Errorf("got stopped %v, %v to %v, %d alerts; want what was read, marked", got.Stopped,
			got.From, got.To, got.Candidates[got.Now].Alerts)
	}
	if _, err := Run(ctx, nightly(), disk(diskHigh), "", monthly()); !errors.Is(err,
		context.Canceled) {
		t.Errorf("stopped before it began: got %v, want the end of the context", err)
	}
}

func TestRunRefuses(t *testing.T) {
	condition, verdict, forecast := diskHigh, diskHigh, diskHigh
	condition.Condition, verdict.Reduce, forecast.FullIn = true, rules.Max, true
	verdict.For = 0
	warningOnly := diskHigh
	warningOnly.Critical = rules.Limit{}
	for name, tt := range map[string]struct {
		spec panel.Spec
		rule string
		edit func(*Options, *past)
		want string
	}{
		"condition": {disk(condition), "", nil, "0 or 1"},
		"verdict":   {disk(verdict), "DiskHigh", nil, "verdict"},
		"full_in":   {disk(forecast), "", nil, "full_in"},
		"unknown":   {disk(diskHigh), "DiskLow", nil, "no such rule"},
		"no critical": {
			disk(warningOnly), "", func(o *Options, _ *past) { o.Severity = rules.Critical },
			"no limit of this severity",
		},
		"no schedule": {
			disk(diskHigh), "", func(o *Options, _ *past) { o.Slots = nil }, "schedule:",
		},
		"coarse step": {wide(diskHigh), "", func(o *Options, _ *past) {
			o.Query.Range, o.Query.ScrapeInterval = 7*24*time.Hour, time.Minute
		}, "write step: 5m for the panel"},
		"short for": {
			disk(diskHigh), "", func(o *Options, _ *past) {
				o.Fors = []time.Duration{10 * time.Minute}
			}, "write step: ",
		},
		"long for": {
			disk(diskHigh), "", func(o *Options, _ *past) {
				o.Fors = []time.Duration{2 * time.Hour}
			}, "does not fit into a range of 1h; use 45m or less",
		},
		"short time": {
			disk(diskHigh), "", func(o *Options, _ *past) { o.Since = time.Hour }, "7d or more",
		},
		"short history": {
			disk(diskHigh), "", func(_ *Options, p *past) {
				for _, s := range p.series {
					for i := range s.Values[:25*24*12] {
						s.Values[i] = math.NaN()
					}
				}
			}, "begins only 5d ago",
		},
		"no series": {
			disk(diskHigh), "", func(_ *Options, p *past) { p.series = nil }, "has no series",
		},
	} {
		o, past := monthly(), nightly()
		if tt.edit != nil {
			tt.edit(&o, past)
		}
		_, err := Run(context.Background(), past, tt.spec, tt.rule, o)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tt.want)
		}
	}
}

// A run that is stopped has what one pass counted, also of its own newest third.
func TestStoppedRunIsMarked(t *testing.T) {
	var all [][]bump
	for n := range 40 {
		all = append(all, daily(0, 30, float64(n)/2, 30*time.Minute, 0.85))
	}
	for _, share := range []float64{0.5, 1} { // of what is read
		ctx, cancel := context.WithCancel(context.Background())
		past, o := month(all...), monthly()
		past.refuse = func(points int) error {
			if points > 1000 {
				return &promapi.Error{Kind: promapi.KindTooMuch}
			}
			return nil
		}
		o.Progress = func(p Progress) {
			if float64(p.Done) >= share*float64(p.All) {
				cancel()
			}
		}
		got, err := Run(ctx, past, disk(diskHigh), "", o)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		about := 0
		for _, c := range got.Candidates {
			if c.About && c.Level < 0.84 {
				about++
				if c.Held < 0.7*c.PerWeek || c.Held > 1.3*c.PerWeek {
					t.Errorf("%v read: got %s, want the same number of alerts each week", share,
						row(c))
				}
			}
		}
		if !got.Stopped || about == 0 {
			t.Errorf("%v read: got stopped %v, %d levels of one pass; want it stopped, with some",
				share, got.Stopped, about)
		}
	}
}

// A run whose context ends during the replay is stopped too, and has what one pass counted.
func TestStoppedInTheReplay(t *testing.T) {
	p, err := newPlan(disk(diskHigh), "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	e := loaded(t, p, nightly(), []float64{0.80, 0.84, 0.89}, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := e.result(ctx, false)
	if c := got.Candidates[got.Now]; !got.Stopped || !c.About || c.Alerts == 0 {
		t.Errorf("got stopped %v and %s, want it stopped, counted in one pass", got.Stopped, row(c))
	}
}

// A server that keeps ten days has ten days of result. A gap is blind and not calm.
func TestRunWithoutData(t *testing.T) {
	past := nightly()
	for _, s := range past.series {
		for i := range s.Values {
			if at := past.grid.At(i).Sub(start); at < 20*24*time.Hour ||
				at >= 22*24*time.Hour && at < 24*24*time.Hour {
				s.Values[i] = math.NaN()
			}
		}
	}
	got, err := Run(context.Background(), past, disk(diskHigh), "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	if want := start.Add(20 * 24 * time.Hour); !got.From.Equal(want) {
		t.Errorf("got slots from %v, want from %v", got.From, want)
	}
	want := []Span{{start.Add(22 * 24 * time.Hour), start.Add(24 * 24 * time.Hour)}}
	if diff := cmp.Diff(got.Blind, want); diff != "" {
		t.Errorf("blind (-got +want):\n%s", diff)
	}
	now := got.Candidates[got.Now]
	if want := float64(now.Alerts) * 7 / 8; math.Abs(now.PerWeek-want) > 0.01 || now.Alerts != 7 {
		t.Errorf("got %d alerts, %.2f a week; want 7, %.2f of the 8 days that are not blind",
			now.Alerts, now.PerWeek, want)
	}
}

// A pod is above the level, has no samples for 16 hours, and is above it again. Its workload fires
// without data all that time, unless another pod has samples.
func TestRunOtherPods(t *testing.T) {
	for _, tt := range []struct {
		pods, alerts int
	}{{1, 1}, {2, 2}} {
		past := month([]bump{{3, 2, time.Hour, 0.95}, {3, 19, time.Hour, 0.95}}, nil)
		past.series = past.series[:tt.pods]
		for i := range past.series {
			past.series[i].Labels = series.FromPairs("namespace", "shop", "pod",
				fmt.Sprintf("web-0%d", i+1))
		}
		for i := (3*24+3)*12 + 1; i < (3*24+19)*12; i++ {
			past.series[0].Values[i] = math.NaN()
		}
		got, err := Run(context.Background(), past, disk(diskHigh), "", monthly())
		if err != nil {
			t.Fatal(err)
		}
		now := got.Candidates[got.Now]
		if now.Alerts != tt.alerts || now.Objects != 1 {
			t.Errorf("%d pods: got %d alerts of %d objects, want %d of one", tt.pods, now.Alerts,
				now.Objects, tt.alerts)
		}
	}
}

func TestSuggestedLevels(t *testing.T) {
	var highs []float64
	for i := range 1000 {
		highs = append(highs, float64(i)/1000)
	}
	got := suggested(slices.Clone(highs), rules.Above, units.PercentUnit)
	if got[0] != 0.5 || got[len(got)-1] != 1 || !slices.IsSorted(got) {
		t.Errorf("got %v, want sorted levels from 0.5 to 1", got)
	}
	got = suggested(highs, rules.Below, units.PercentUnit)
	if got[0] != 0.5 || got[len(got)-1] != 0 {
		t.Errorf("below: got %v, want levels from 0.5 to 0", got)
	}
}
