package lab

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	grid "github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/race"
)

// month returns the values of a panel's query in the last 28 days, one an hour, by what they are
// of.
func month(t *testing.T, l *Lab, query string) (map[string][]float64, grid.Grid) {
	t.Helper()
	g := grid.Grid{Start: now().Add(-671 * time.Hour), Step: time.Hour, Len: 672}
	all := map[string][]float64{}
	for _, x := range queryRange(t, l, query, g.Range(), g.Step) {
		values := make([]float64, g.Len)
		for i := range values {
			values[i] = math.NaN()
		}
		for _, v := range x.Values {
			at := time.Unix(int64(v[0].(float64)), 0)
			values[int(at.Sub(g.Start)/g.Step)] = number(t, v[1])
		}
		m := x.Metric
		name := m["namespace"] + "/" + m["workload"] + "/" + m["container"]
		if m["workload"] == "" {
			name = m["instance"]
		}
		if claim := m["persistentvolumeclaim"]; claim != "" {
			name = m["namespace"] + "/" + claim
		}
		all[name] = values
	}
	return all, g
}

// TestStoryOfDisks checks what a forecast says of the disks and volumes that are above 60 %, other
// than that they do not grow.
func TestStoryOfDisks(t *testing.T) {
	race.SkipSerial(t)
	for _, p := range profiles() {
		l := newLab(t, Options{Profile: p})
		for _, c := range []struct {
			panel string
			limit float64
			want  []string
		}{
			{"node-disk", .85, []string{
				"10.0.1.20:9100 cycle", "10.0.1.21:9100 too_early", "10.0.3.16:9100 in 5 days",
				"10.0.3.17:9100 reached", "10.0.3.18:9100 too_far",
			}},
			{"pvc", .90, []string{
				"payments/주문-데이터-0 in 6 days", "search/data-opensearch-1 in 10 days",
			}},
		} {
			var got []string
			all, g := month(t, l, panelQueries()[c.panel])
			for name, values := range all {
				f := forecast.Of(values, g, forecast.Aim{Limit: c.limit, For: 15 * time.Minute})
				switch {
				case f.Why == "":
					got = append(got, fmt.Sprintf("%s in %.0f days", name, f.Days))
				case f.Level > .6 && f.Why != forecast.Flat:
					got = append(got, fmt.Sprintf("%s %s", name, f.Why))
				}
			}
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: got %q, want %q", p, c.panel, got, c.want)
			}
		}
	}
}

// TestDiskFillsAsForecast checks that the disk and the volume that grow reach their limits when the
// doc comment of the past says.
func TestDiskFillsAsForecast(t *testing.T) {
	later := now().Add(20 * 24 * time.Hour)
	l, err := New(Options{Now: now(), Clock: func() time.Time { return later }})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		panel, label, of string
		limit            float64
		after            time.Duration
	}{
		{"node-disk", "instance", "10.0.3.16:9100", .85, 5 * 24 * time.Hour},
		{"pvc", "namespace", "search", .90, 10*24*time.Hour + 10*time.Hour},
	} {
		for _, off := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
			got := false
			for _, x := range instant(t, l, panelQueries()[c.panel], -c.after-off) {
				got = got || x.Metric[c.label] == c.of && number(t, x.Value[1]) >= c.limit
			}
			if want := off > 0; got != want {
				t.Errorf("%s of %s is above %v after %v: got %v, want %v", c.panel, c.of, c.limit,
					c.after+off, got, want)
			}
		}
	}
}

// TestStoryOfChanges checks everything whose level has changed in the week before the end. A
// rollout is no change.
func TestStoryOfChanges(t *testing.T) {
	race.SkipSerial(t)
	const share = .05
	l := newLab(t, Options{})
	for name, want := range map[string][]string{
		"node-memory": {"10.0.1.12:9100 60 to 81", "10.0.2.14:9100 69 to 81"},
		"node-disk":   {"10.0.1.21:9100 60 to 73", "10.0.3.17:9100 58 to 76"},
		"node-cpu":    nil,
		"pvc":         nil,
		"container-memory": {
			"logging/collector/vector new 42", "shop/checkout/app 42 to 57, 3 days ago",
		},
		"container-cpu": {
			"logging/collector/vector new 63", "ml/features/worker 232 to 110, 2 days ago",
		},
	} {
		query := panelQueries()[name]
		if strings.HasPrefix(name, "container") {
			query = panel.ByWorkload(query)
		}
		all, g := month(t, l, query)
		var got []string
		for of, values := range all {
			c, ok := change.Of(values, g, change.Floor{By: share}, nil)
			text := fmt.Sprintf("%s %.0f to %.0f", of, 100*c.From, 100*c.To)
			switch ago := g.End().Sub(c.Begin).Hours() / 24; {
			case !ok:
				continue
			case c.New:
				text = fmt.Sprintf("%s new %.0f", of, 100*c.To)
			case strings.HasPrefix(name, "container"):
				text += fmt.Sprintf(", %.0f days ago", ago)
			}
			got = append(got, text)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestImageOfCheckout checks that the image of checkout changed when its memory did.
func TestImageOfCheckout(t *testing.T) {
	l := newLab(t, Options{})
	for ago, want := range map[time.Duration]string{
		17 * 24 * time.Hour:     "1.4.0",
		(3*24 + 3) * time.Hour:  "1.4.0",
		(3*24 + 1) * time.Hour:  "1.4.1",
		(19*24 + 6) * time.Hour: "1.3.8",
		5 * time.Hour:           "1.4.1",
		3 * time.Hour:           "1.4.2",
	} {
		var got []string
		for _, x := range instant(t, l, `count by (image_spec) (kube_pod_container_info{`+
			`namespace="shop",pod=~"checkout-.+",container="app"})`, ago) {
			_, version, _ := strings.Cut(x.Metric["image_spec"], ":")
			got = append(got, version+" "+fmt.Sprint(x.Value[1]))
		}
		if len(got) != 1 || got[0] != want+" 5" {
			t.Errorf("%v before: got %q, want five pods of %s", ago, got, want)
		}
	}
}

// TestEpisodesOfMemory counts how often the memory of nodes was above a level for 15 minutes in 30
// days.
func TestEpisodesOfMemory(t *testing.T) {
	race.SkipSerial(t)
	l := newLab(t, Options{})
	lines := queryRange(t, l, panelQueries()["node-memory"], 30*24*time.Hour, 5*time.Minute)
	for _, c := range []struct {
		level           float64
		episodes, nodes int
	}{
		{.80, 35, 13}, {.82, 21, 13}, {.83, 13, 10}, {.85, 4, 4}, {.86, 4, 4},
		{.87, 4, 4}, {.90, 4, 4}, {.96, 0, 0},
	} {
		episodes, nodes := 0, 0
		for _, x := range lines {
			length, had := 0, false
			for _, v := range x.Values {
				if number(t, v[1]) <= c.level {
					length = 0
					continue
				}
				if length++; length == 4 { // 15 minutes
					episodes++
					had = true
				}
			}
			if had {
				nodes++
			}
		}
		if episodes != c.episodes || nodes != c.nodes {
			t.Errorf("above %v: got %d episodes on %d nodes, want %d on %d", c.level,
				episodes, nodes, c.episodes, c.nodes)
		}
	}
}

// TestPastIsOfAnyDay checks that the number of episodes does not depend on the hour and weekday of
// the anchor.
func TestPastIsOfAnyDay(t *testing.T) {
	for h := range 40 {
		end := now().Add(time.Duration(h) * 5 * time.Hour)
		o, err := Options{Now: end, Tame: true}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		peaks := 0
		for _, n := range newCluster(o).nodes {
			for _, p := range n.peaks {
				if p.from > end.Add(-30*24*time.Hour).UnixMilli() &&
					p.to < end.Add(-26*time.Hour).UnixMilli() {
					peaks++
				}
			}
		}
		if peaks != 33 {
			t.Errorf("at %v: got %d peaks from 30 days to 26 hours before, want 33", end, peaks)
		}
	}
}
