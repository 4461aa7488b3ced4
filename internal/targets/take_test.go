package targets

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var end = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// server is a Server and a Querier with fixed answers.
type server struct {
	snapshot.Querier // nil: only Range is called
	list             []promapi.Target
	served           bool
	err              error
	of               map[string][]promapi.Sample // by the query's beginning
	fails            string                      // the beginning of a query that fails
	asked            []string
}

func (s *server) Targets(_ context.Context, begin func(),
	each func(promapi.Target)) (bool, promapi.Meta, error) {
	begin()
	for _, t := range s.list {
		each(t)
	}
	return s.served, promapi.Meta{}, s.err
}

func (s *server) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	s.asked = append(s.asked, q.Expr)
	if s.fails != "" && strings.HasPrefix(q.Expr, s.fails) {
		return promapi.Meta{}, errors.New("it failed")
	}
	for name, samples := range s.of {
		if !strings.HasPrefix(q.Expr, name) {
			continue
		}
		for _, x := range samples {
			if err := each(series.Series{Labels: x.Labels, Values: []float64{x.Value}}); err != nil {
				return promapi.Meta{}, err
			}
		}
	}
	return promapi.Meta{}, nil
}

func sample(v float64, pairs ...string) promapi.Sample {
	return promapi.Sample{Labels: series.FromPairs(pairs...), Value: v}
}

func scraped(h promapi.Health, message string, pairs ...string) promapi.Target {
	return promapi.Target{
		Labels: series.FromPairs(pairs...), Health: h, LastError: message,
		LastScrape: end.Add(-10 * time.Second), Duration: .5, Samples: math.NaN(),
		Timeout: 10 * time.Second,
	}
}

// at returns the value of a sample of timestamp().
func at(before time.Duration) float64 { return float64(end.Add(-before).Unix()) }

func node(instance string, more ...string) []string {
	return append([]string{"job", "node", "instance", instance}, more...)
}

// brief describes a list in short.
func brief(l *List) (out []string) {
	if l == nil {
		return nil
	}
	for i := range l.Jobs {
		j := &l.Jobs[i]
		line := j.Name + " " + strings.Repeat("U", j.Up) + strings.Repeat("D", j.Down) +
			strings.Repeat("?", j.Unknown) + strings.Repeat("V", j.Vanished)
		out = append(out, line)
	}
	for _, t := range l.Targets {
		line := t.Instance + " " + string(t.Health)
		if t.Trouble != (Trouble{}) {
			line += " " + t.Trouble.Code + t.Trouble.Arg
		}
		if !math.IsNaN(t.Samples) {
			line += " " + units(t.Samples)
		}
		out = append(out, line)
	}
	for _, v := range l.Vanished {
		out = append(out, "vanished "+v.Job+" "+v.Workload+" "+v.Instance+" "+
			end.Sub(v.Last).String())
	}
	return out
}

func units(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func TestTake(t *testing.T) {
	live := []promapi.Target{
		scraped("up", "", node("a:1")...),
		scraped("down", "connection refused", node("b:1")...),
		scraped("up", "", "job", "api", "instance", "x:1", "namespace", "shop", "pod",
			"api-6f7d8c9b5d-xk2zz"),
		scraped("unknown", "", "job", "new", "instance", "n:1"),
	}
	old := scraped("up", "", node("a:1")...)
	old.LastScrape = end.Add(-time.Hour)
	gone := map[string][]promapi.Sample{
		"max_over_time": {
			sample(at(time.Hour), node("c:1")...),
			// the same address with another label
			sample(at(time.Hour), node("a:1", "version", "1")...),
			// a pod that another one replaced
			sample(at(2*time.Hour), "job", "api", "instance", "y:1", "namespace", "shop", "pod",
				"api-6f7d8c9b5d-bv7rq"),
			// two pods of one workload without another
			sample(at(3*time.Hour), "job", "batch", "instance", "z:1", "namespace", "shop", "pod",
				"import-29000000-xk2zz"),
			sample(at(4*time.Hour), "job", "batch", "instance", "z:2", "namespace", "shop", "pod",
				"import-28999999-bv7rq"),
		},
		"scrape_samples_scraped": {
			sample(100, node("a:1", "cluster", "prod", "__name__", "x")...),
		},
		"up": {sample(1, node("a:1")...), sample(0, node("b:1")...)},
		"scrape_duration_seconds": {
			sample(.2, node("a:1")...),
		},
	}
	fromUp := []string{
		"batch VV", "api V", "node UDV", "b:1 down", "a:1 up 100", "vanished node  c:1 1h0m0s",
		"vanished api shop/api y:1 2h0m0s", "vanished batch shop/import z:1 3h0m0s",
	}
	for name, tc := range map[string]struct {
		s     *server
		o     Options
		want  []string
		codes string
		err   bool
	}{
		"live": {
			&server{list: live, served: true, of: gone}, Options{Range: 6 * time.Hour},
			[]string{
				"batch VV", "new ?", "node UDV", "api U",
				"b:1 down refused", "n:1 unknown", "a:1 up 100", "x:1 up",
				"vanished node  c:1 1h0m0s", "vanished batch shop/import z:1 3h0m0s",
			}, "", false,
		},
		"one job, no range": {
			&server{list: live, served: true, of: gone},
			Options{Keep: func(job string) bool { return job == "node" }},
			[]string{"node UD", "b:1 down refused", "a:1 up 100"}, "", false,
		},
		"no list": {
			&server{of: gone}, Options{Range: 6 * time.Hour}, nil, "targets_no_list", false,
		},
		"the past": {
			&server{list: []promapi.Target{old}, served: true, of: gone},
			Options{Range: 6 * time.Hour}, nil, "targets_past", false,
		},
		"refused": {
			&server{err: &promapi.Error{Kind: promapi.KindDenied}, of: gone},
			Options{Range: 6 * time.Hour}, nil, "targets_refused", false,
		},
		"the list fails": {
			&server{err: &promapi.Error{Kind: promapi.KindServer}, of: gone},
			Options{Range: 6 * time.Hour}, nil, "targets_unlisted", false,
		},
		"nothing listens": {
			&server{err: &promapi.Error{Kind: promapi.KindRefused}}, Options{}, nil, "", true,
		},
		"up fails": {&server{fails: "up"}, Options{}, nil, "", true},
		"vanished fails": {
			&server{list: live[:1], served: true, fails: "max_over_time"},
			Options{Range: time.Hour}, []string{"node U", "a:1 up"}, "targets_vanished", false,
		},
		"samples fail": {
			&server{list: live[:1], served: true, fails: "scrape_samples"}, Options{},
			[]string{"node U", "a:1 up"}, "targets_figures", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.o.End = end
			got, err := Take(t.Context(), tc.s, tc.s, tc.o)
			want := tc.want
			if want == nil && !tc.err {
				want = fromUp
			}
			if (err != nil) != tc.err {
				t.Errorf("got error %v, want one: %v", err, tc.err)
			}
			if d := cmp.Diff(want, brief(got)); d != "" && !tc.err {
				t.Errorf("targets (-want +got):\n%s", d)
			}
			if codes := codesOf(got); codes != tc.codes {
				t.Errorf("got notes %q, want %q", codes, tc.codes)
			}
		})
	}
}

func codesOf(l *List) string {
	if l == nil {
		return ""
	}
	var codes []string
	for _, n := range l.Notes {
		codes = append(codes, n.Code)
	}
	return strings.Join(codes, " ")
}

// A probe's instance is a URL that may have a token, and so may any label.
func TestTakeHidesCredentials(t *testing.T) {
	s := &server{served: true, list: []promapi.Target{
		scraped("down", "x", "job", "probe", "instance", "https://u:s3cret@h/p?token=s3cret",
			"target", "see https://h/?key=s3cret"),
	}}
	got, err := Take(t.Context(), s, s, Options{End: end})
	if err != nil || len(got.Targets) != 1 {
		t.Fatalf("got %v, %v; want one target", got, err)
	}
	text := got.Targets[0].Instance + " " + got.Targets[0].Labels.String()
	if want := `https://h/p?… {instance="https://h/p?…", job="probe", target="see https://h/?…"}`; text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestVanishedStep(t *testing.T) {
	for _, tt := range []struct{ rng, want time.Duration }{
		{time.Hour, time.Minute}, {6 * time.Hour, time.Minute}, {24 * time.Hour, 4 * time.Minute},
		{7 * 24 * time.Hour, 5 * time.Minute},
	} {
		if got := vanishedStep(tt.rng); got != tt.want {
			t.Errorf("vanishedStep(%v): got %v, want %v", tt.rng, got, tt.want)
		}
	}
}
