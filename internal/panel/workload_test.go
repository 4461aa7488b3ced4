package panel_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// recorded runs a query in the real engine on series, whose values have the notation of promtool
// and are an hour apart.
func recorded(t *testing.T, expr string, hours int, input map[string]string) promql.Matrix {
	t.Helper()
	file := "interval: 1h\ninput_series:\n"
	for s, values := range input {
		file += fmt.Sprintf("- {series: '%s', values: '%s'}\n", strings.ReplaceAll(s, "'", "''"),
			values)
	}
	r, err := lab.ReadRecording(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.New(lab.Options{Recording: r})
	if err != nil {
		t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		Parser: panel.Parser(),
	})
	t.Cleanup(func() { _ = engine.Close() })
	q, err := engine.NewRangeQuery(context.Background(), l, nil, expr, r.Start,
		r.Start.Add(time.Duration(hours-1)*time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	m, err := q.Exec(context.Background()).Matrix()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return m
}

// The query and the alerts find the same workload in the name of a pod.
func TestWorkloadOfPod(t *testing.T) {
	for pod, want := range map[string]string{
		"web-7d9f8c6b5-x2lkq":              "web",                  // of a Deployment
		"my-web-2-6bcdf7-x2lkq":            "my-web-2",             // its hash may be short
		"web-x2lkq":                        "web",                  // of a ReplicaSet or a DaemonSet
		"kafka-0":                          "kafka",                // of a StatefulSet
		"kafka-2-10":                       "kafka-2",              //
		"export-29384750-x2lkq":            "export",               // of a CronJob
		"export-once-x2lkq":                "export-once",          // of a Job
		"export-29384750-0-x2lkq":          "export-29384750-0",    // of an indexed Job
		"toolbox":                          "toolbox",              // bare
		"api-gateway-7d9f8c6b5-x2lkq":      "api-gateway",          // not a hash: it has vowels
		"kube-proxy-ip-10-0-1-12":          "kube-proxy-ip-10-0-1", // of a node
		"정산-배치-7d9f8c6b5-x2lkq":            "정산-배치",
		"two\nlines-7d9f8c6b5-x2lkq":       "two\nlines",
		"-0":                               "-0",
		"a-0-0":                            "a-0",
		"daily-etl-x2lkqz-exec-1":          "daily-etl-x2lkqz-exec",
		"prometheus-server-b5f7d9c84-0000": "prometheus-server",
	} {
		if got := alerts.WorkloadOfPod(pod); got != want {
			t.Errorf("alerts of %q: got %q, want %q", pod, got, want)
		}
		m := recorded(t, panel.ByWorkload("m"), 1, map[string]string{
			fmt.Sprintf(`m{namespace="a",pod=%q,container="c"}`, pod): "1",
		})
		if len(m) != 1 || m[0].Metric.Get("workload") != want {
			t.Errorf("query of %q: got %v, want one series of %q", pod, m, want)
		}
	}
}

// The highest pod counts. Labels beyond those of a container do no harm: they would make two series
// of the same labels, which is an error.
func TestByWorkload(t *testing.T) {
	m := recorded(t, panel.ByWorkload("m"), 1, map[string]string{
		`m{namespace="a",pod="web-7d9f8c6b5-x2lkq",container="app"}`:                "1",
		`m{namespace="a",pod="web-7d9f8c6b5-zzzzz",container="app"}`:                "3",
		`m{namespace="a",pod="web-6666666bc-zzzzz",container="app"}`:                "2",
		`m{namespace="a",pod="web-7d9f8c6b5-x2lkq",container="proxy"}`:              "4",
		`m{namespace="b",pod="web-7d9f8c6b5-x2lkq",container="app"}`:                "5",
		`m{cluster="x",namespace="a",pod="web-7d9f8c6b5-x2lkq",container="app"}`:    "6",
		`m{namespace="a",pod="db-0",container="app",workload="one"}`:                "7",
		`m{namespace="a",pod="db-0",container="app",workload="two"}`:                "8",
		`m{namespace="a",pod="db-1",container="app",workload="two",node="n",id=""}`: "9",
		`m{namespace="a",pod="db-2"}`:                                               "10",
		`m{namespace="a"}`:                                                          "11",
	})
	var got []string
	for _, s := range m {
		got = append(got, fmt.Sprintf("%s %v", s.Metric, s.Floats[0].F))
	}
	slices.Sort(got)
	want := []string{
		`{cluster="x", container="app", namespace="a", workload="web"} 6`,
		`{container="app", namespace="a", workload="db"} 9`,
		`{container="app", namespace="a", workload="web"} 3`,
		`{container="app", namespace="b", workload="web"} 5`,
		`{container="proxy", namespace="a", workload="web"} 4`,
		`{namespace="a", workload="db"} 10`,
		`{namespace="a"} 11`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Clusters that another label tells apart are not one workload.
func TestByWorkloadOfClusters(t *testing.T) {
	input := map[string]string{
		`m{k8s_cluster="a",namespace="n",pod="web-7d9f8c6b5-x2lkq",container="app"}`: "1",
		`m{k8s_cluster="b",namespace="n",pod="web-7d9f8c6b5-zzzzz",container="app"}`: "3",
	}
	for _, tc := range []struct {
		expr string
		want int
	}{{panel.ByWorkload("m"), 1}, {panel.ByWorkload("m", "k8s_cluster"), 2}} {
		if got := recorded(t, tc.expr, 1, input); len(got) != tc.want {
			t.Errorf("%s: got %d series, want %d: %v", tc.expr, len(got), tc.want, got)
		}
	}
}

// A rollout renames every pod, which is no change of the workload. A step that comes with it is
// one, and it has the past of the old pods.
func TestRollout(t *testing.T) {
	const hours, ago = 28 * 24, 40
	values := func(value string, from, to int) string { // in hours before the end
		return strings.Repeat("_ ", hours-from) + strings.Repeat(value+" ", from-to)
	}
	m := recorded(t, panel.ByWorkload("m"), hours, map[string]string{
		// the old and the new pod run beside each other for an hour
		`m{namespace="a",pod="same-7d9f8c6b5-x2lkq",container="app"}`: values("0.4", hours, ago),
		`m{namespace="a",pod="same-6666666bc-zzzzz",container="app"}`: values("0.4", ago+1, 0),
		`m{namespace="a",pod="more-7d9f8c6b5-x2lkq",container="app"}`: values("0.4", hours, ago),
		`m{namespace="a",pod="more-6666666bc-zzzzz",container="app"}`: values("0.6", ago+1, 0),
	})
	start := time.Unix(0, 0).UTC()
	g := series.Grid{Start: start, Step: time.Hour, Len: hours}
	got := map[string]string{}
	for _, s := range m {
		values := make([]float64, 0, hours)
		for _, f := range s.Floats {
			values = append(values, f.F)
		}
		if len(values) != hours {
			t.Fatalf("%s: got %d samples, want %d", s.Metric, len(values), hours)
		}
		c, ok := change.Of(values, g, change.Floor{By: 0.05}, nil)
		got[s.Metric.Get("workload")] = fmt.Sprintf("%v %.1f to %.1f, %v before the end, new %v", ok,
			c.From, c.To, g.End().Sub(c.Begin), c.New)
	}
	if w := "true 0.4 to 0.6, 40h0m0s before the end, new false"; got["more"] != w {
		t.Errorf("a step: got %s, want %s", got["more"], w)
	}
	if !strings.HasPrefix(got["same"], "false") {
		t.Errorf("a rollout: got %s, want no change", got["same"])
	}
}
