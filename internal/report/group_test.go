package report_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// found is a finding of a built-in panel. It began so many minutes before the slot.
type found struct {
	panel, labels string
	status        rules.Status
	severity      rules.Severity
	value         float64
	ago           int
}

var slot = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// mute is a Prometheus that does not answer.
type mute struct{}

// Range implements snapshot.Querier.
func (mute) Range(context.Context, promapi.Query, func(series.Series) error) (promapi.Meta, error) {
	return promapi.Meta{}, errors.New("no route")
}

// Present implements snapshot.Querier.
func (mute) Present(context.Context, []string, time.Time, time.Time) (map[string]bool, error) {
	return nil, errors.New("no route")
}

// judged returns the built-in panels with findings and their causes. Every panel has a row for each
// node.
func judged(t *testing.T, l words.Language, nodes int, fs []found) []snapshot.Panel {
	t.Helper()
	all := panels.In(l)
	out := make([]snapshot.Panel, len(all))
	vars := panel.Vars{Step: time.Minute, ScrapeInterval: time.Minute, Range: time.Hour}
	for i, s := range all {
		out[i] = snapshot.Panel{
			Spec: s, Exprs: []string{panel.Expand(s.Queries[0].Expr, vars)},
			Data: snapshot.DataComplete,
			Grid: series.Grid{Start: slot.Add(-time.Hour), Step: time.Minute, Len: 61},
		}
		for n := range nodes {
			name := fmt.Sprint("n", n)
			out[i].Rows = append(out[i].Rows, snapshot.Row{
				Name: name, Node: name, Labels: series.FromPairs("node", name),
			})
		}
	}
	for _, f := range fs {
		i := slices.IndexFunc(out, func(p snapshot.Panel) bool { return p.Spec.Name == f.panel })
		if i < 0 {
			t.Fatalf("got the panel %q, want one of the built-in ones", f.panel)
		}
		out[i].Findings = append(out[i].Findings, f.finding(&out[i]))
	}
	alerts.Settle(t.Context(), mute{}, out, snapshot.Nodes{}, alerts.Window{
		End: slot, Range: time.Hour,
	})
	return out
}

func (f found) finding(p *snapshot.Panel) snapshot.Finding {
	m := map[string]string{}
	for _, pair := range strings.Fields(f.labels) {
		name, value, _ := strings.Cut(pair, "=")
		m[name] = value
	}
	rule := p.Spec.Rules[0]
	limit := rule.Warning.Value
	if f.severity == rules.Critical {
		limit = rule.Critical.Value
	}
	began := slot.Add(-time.Duration(f.ago) * time.Minute)
	out := snapshot.Finding{
		Name: strings.NewReplacer("{{node}}", m["node"], "{{condition}}", m["condition"],
			"{{namespace}}", m["namespace"], "{{pod}}", m["pod"], "{{container}}", m["container"],
			"{{job}}", m["job"], "{{reason}}", m["reason"], "{{mountpoint}}", m["mountpoint"],
			"{{alertname}}", m["alertname"],
			"{{persistentvolumeclaim}}", m["persistentvolumeclaim"], " ({{device}})", "",
		).Replace(p.Spec.Queries[0].Legend),
		Node: m["node"], Capacity: math.NaN(),
		Finding: rules.Finding{
			Rule: rule.Name, Labels: series.FromMap(m), Status: f.status, Severity: f.severity,
			Value: f.value, Limit: limit, Newest: began,
		},
	}
	if f.labels == "" {
		out.Name = strings.ReplaceAll(p.Spec.WithoutAll, "{{value}}", "42")
	}
	if f.status != rules.NoData {
		out.Streak = &rules.Streak{
			From: began, To: slot, Severity: f.severity, Limit: limit, Peak: f.value, PeakAt: slot,
			Event: slot.Add(-10 * time.Minute), Seen: f.ago + 1, Expected: f.ago + 1,
		}
	}
	return out
}

// each returns one finding for each number up to n.
func each(n int, f found) []found {
	out := make([]found, n)
	for i := range out {
		out[i] = f
		out[i].labels = strings.ReplaceAll(f.labels, "#", fmt.Sprint(i))
		out[i].value -= float64(i) * 0.001
	}
	return out
}

const (
	breach, mutely, pending = rules.Breach, rules.NoData, rules.Pending
	warn, crit              = rules.Warning, rules.Critical
	app                     = "namespace=shop pod=checkout-7d9f8c6b5-x2x4z container=app"
)

// situations are what the findings of several causes look like.
var situations = map[string]struct {
	findings        []found
	english, korean []string // the sentences of the groups
}{
	"41 nodes above a limit": {
		findings: append(each(41, found{"node-memory", "node=n#", breach, crit, 0.946, 60}),
			each(1, found{"node-disk", "node=n3 mountpoint=/", breach, warn, 0.86, 20})...),
		english: []string{
			"memory above 90 % on 41 of 42 nodes; worst n0 94.6 % since 11:00",
			"n3 / disk 86 % since 11:40",
		},
		korean: []string{
			"노드 42개 중 41개 메모리 90% 초과, 최악은 n0 94.6%, 11:00부터",
			"n3 / 디스크 86%, 11:40부터",
		},
	},
	"some of them critical": {
		findings: append(each(2, found{"node-memory", "node=n#", breach, crit, 0.946, 60}),
			found{"node-memory", "node=n7", breach, warn, 0.82, 20},
			found{"node-memory", "node=n8", pending, warn, 0.82, 5}),
		english: []string{
			"memory above 80 % on 3 of 42 nodes, 2 critical; worst n0 " +
				"94.6 % since 11:00; 1 pending",
		},
		korean: []string{
			"노드 42개 중 3개 (위험 2) 메모리 80% 초과, 최악은 n0 94.6%, 11:00부터; 대기: 1",
		},
	},
	"nodes that are not ready": {
		findings: each(3, found{
			"node-conditions", "node=n# condition=DiskPressure", breach, crit, 1, 30,
		}),
		english: []string{
			"DiskPressure on 3 of 42 nodes since 11:30: n0, n1, n2",
		},
		korean: []string{
			"노드 42개 중 3개 DiskPressure, 11:30부터: n0, n1, n2",
		},
	},
	"a node is down": {
		findings: slices.Concat([]found{
			{"node-conditions", "node=n1 condition=NotReady", breach, crit, 1, 30},
			{"coverage", "node=n1", breach, warn, 1, 29},
			{"node-memory", "node=n1", mutely, warn, 0, 31},
			{"node-cpu", "node=n1", mutely, warn, 0, 31},
			{"node-disk", "node=n1 mountpoint=/", breach, warn, 0.86, 40},
		}),
		english: []string{
			"n1 down since 11:30: NotReady, without node_exporter, no data for memory, CPU",
			"n1 / disk 86 % since 11:20",
		},
		korean: []string{
			"n1 다운, 11:30부터: NotReady, node_exporter 없음, 메모리, CPU 데이터 없음",
			"n1 / 디스크 86%, 11:20부터",
		},
	},
	"seven nodes are down": {
		findings: slices.Concat(
			each(7, found{"node-conditions", "node=n# condition=NotReady", breach, crit, 1, 30}),
			each(7, found{"coverage", "node=n#", breach, warn, 1, 29}),
		),
		english: []string{
			"7 of 42 nodes down since 11:30: n0, n1, n2 and 4 more; " +
				"NotReady, 7 nodes without node_exporter",
		},
		korean: []string{
			"노드 42개 중 7개 다운, 11:30부터: n0, n1, n2 외 4개. NotReady, 노드 7개 node_exporter 없음",
		},
	},
	"no node_exporter": {
		findings: slices.Concat(
			[]found{{"coverage", "", breach, warn, 1, 29}},
			each(42, found{"node-memory", "node=n#", mutely, warn, 0, 31}),
			each(42, found{"node-cpu", "node=n#", mutely, warn, 0, 31}),
			[]found{{"container-oom", app, breach, crit, 3, 50}},
		),
		english: []string{
			"shop/checkout-7d9f8c6b5-x2x4z/app 3 OOM kills, last 11:50",
			"no node_exporter on 42 of 42 nodes since 11:29; no data for Node memory, Node CPU",
		},
		korean: []string{
			"shop/checkout-7d9f8c6b5-x2x4z/app OOM 종료 3회, 마지막 11:50",
			"노드 42개 중 42개 node_exporter 없음, 11:29부터. 노드 메모리, 노드 CPU 데이터 없음",
		},
	},
	"metrics that no node has any more": {
		findings: slices.Concat(
			each(6, found{"node-memory", "node=n#", mutely, warn, 0, 31}),
			each(42, found{"node-cpu", "node=n#", mutely, warn, 0, 31}),
		),
		english: []string{
			"no data for memory on 6 of 42 nodes: n0, n1, n2 and 3 more",
			"no data for CPU on 42 of 42 nodes",
		},
		korean: []string{
			"노드 42개 중 6개 메모리 데이터 없음: n0, n1, n2 외 3개",
			"노드 42개 중 42개 CPU 데이터 없음",
		},
	},
	"no node_exporter on two nodes": {
		findings: slices.Concat(
			each(2, found{"coverage", "node=n#", breach, warn, 1, 29}),
			each(2, found{"node-memory", "node=n#", mutely, warn, 0, 31}),
		),
		english: []string{
			"no node_exporter on 2 of 42 nodes since 11:29: n0, n1; no data for Node memory",
		},
		korean: []string{
			"노드 42개 중 2개 node_exporter 없음, 11:29부터: n0, n1. 노드 메모리 데이터 없음",
		},
	},
	"a workload": {
		findings: []found{
			{"container-oom", app, breach, crit, 3, 50},
			{"container-restarts", app, breach, warn, 5, 50},
			{"container-memory", app, breach, warn, 0.97, 55},
			{
				"pod-waiting", "namespace=shop pod=checkout-7d9f8c6b5-zzzzz reason=ImagePullBackOff",
				breach, warn, 1, 20,
			},
		},
		english: []string{
			"shop/checkout: 3 OOM kills, memory 97 %, 5 restarts, not " +
				"starting (ImagePullBackOff) since 11:05",
		},
		korean: []string{
			"shop/checkout: OOM 종료 3회, 메모리 97%, 재시작 5회, 시작하지 못함 (ImagePullBackOff), 11:05부터",
		},
	},
	"a workload that only restarts": {
		findings: []found{
			{"container-oom", app, breach, crit, 3, 50},
			{"container-restarts", app, breach, warn, 5, 50},
		},
		english: []string{
			"shop/checkout: 3 OOM kills, 5 restarts, last 11:50",
		},
		korean: []string{
			"shop/checkout: OOM 종료 3회, 재시작 5회, 마지막 11:50",
		},
	},
	"alerts of other rules": {
		findings: each(2, found{"alerts", "alertname=A# severity=warning", breach, warn, 2, 0}),
		english:  []string{"2 alerts firing since 12:00: A0, A1"},
		korean:   []string{"알림 2개 발생 중, 12:00부터: A0, A1"},
	},
	"600 containers of many workloads": {
		findings: slices.Concat(
			each(600, found{
				"container-memory", "namespace=shop pod=w#x-0 container=app", breach, warn, 0.97, 55,
			}),
			each(8, found{
				"container-oom", "namespace=pay pod=w#x-0 container=app", breach, crit, 3, 50,
			}),
			each(7, found{
				"pod-waiting", "namespace=etl pod=w#x-0 reason=Unschedulable", breach, warn, 1, 20,
			}),
			each(3, found{
				"pvc", "namespace=pay persistentvolumeclaim=data-#", breach, warn, 0.9, 50,
			}),
			each(2, found{"scrape-health", "job=api-#", breach, warn, 0.9, 50}),
		),
		english: []string{
			"24 OOM kills in 8 containers; worst pay/w0x-0/app 3 OOM kills, last 11:50",
			"memory above 85 % in 600 containers; worst shop/w0x-0/app 97 % since 11:05",
			"7 pods not starting since 11:40: etl/w0x-0 Unschedulable, " +
				"etl/w1x-0 Unschedulable, etl/w2x-0 Unschedulable and 4 more",
			"volume above 80 % on 3 volumes; worst pay/data-0 90 % since 11:10",
			"targets up below 100 % in 2 scrape jobs; worst api-0 90 % since 11:10",
		},
		korean: []string{
			"컨테이너 8개 OOM 종료 24회, 최악은 pay/w0x-0/app OOM 종료 3회, 마지막 11:50",
			"컨테이너 600개 메모리 85% 초과, 최악은 shop/w0x-0/app 97%, 11:05부터",
			"파드 7개 시작하지 못함, 11:40부터: etl/w0x-0 Unschedulable, etl/w1x-0 " +
				"Unschedulable, etl/w2x-0 Unschedulable 외 4개",
			"볼륨 3개 볼륨 80% 초과, 최악은 pay/data-0 90%, 11:10부터",
			"scrape job 2개 응답하는 대상 100% 미만, 최악은 api-0 90%, 11:10부터",
		},
	},
}

func TestGroupSentences(t *testing.T) {
	for name, tt := range situations {
		t.Run(name, func(t *testing.T) {
			for l, want := range map[words.Language][]string{
				words.English: tt.english, words.Korean: tt.korean,
			} {
				var nodes []snapshot.Node
				for i := range 42 {
					nodes = append(nodes, snapshot.Node{Name: fmt.Sprint("n", i), Exporter: true})
				}
				r := report.Build(report.Info{
					Name: "daily", Slot: slot, Range: time.Hour, Language: l, Nodes: nodes,
				}, judged(t, l, 42, tt.findings))
				var got []string
				for i := range r.Groups {
					got = append(got, r.Groups[i].Sentence)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: got\n  %s\nwant\n  %s", l, strings.Join(got, "\n  "),
						strings.Join(want, "\n  "))
				}
			}
		})
	}
}

// Every finding that has not ended is in exactly one group, whatever its cause.
func TestNoFindingIsLostInGroups(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		var fs []found
		for range 200 {
			f := []found{
				{"node-conditions", "node=n# condition=NotReady", breach, crit, 1, 30},
				{"coverage", "node=n#", breach, warn, 1, 29},
				{"node-memory", "node=n#", mutely, warn, 0, 31},
				{"node-memory", "node=n#", breach, crit, 0.95, 31},
				{"container-oom", "namespace=shop pod=w#x-0 container=app", breach, crit, 3, 50},
				{"container-memory", "namespace=shop pod=w#x-0 container=app", pending, warn, 1, 5},
				{"scrape-health", "job=#", breach, warn, 0.9, 50},
			}[r.IntN(7)]
			f.labels = strings.ReplaceAll(f.labels, "#", fmt.Sprint(r.IntN(40)))
			if !slices.ContainsFunc(fs, func(o found) bool {
				return o.panel == f.panel && o.labels == f.labels
			}) {
				fs = append(fs, f)
			}
		}
		rep := report.Build(report.Info{Name: "daily", Slot: slot, Range: time.Hour},
			judged(t, words.English, 42, fs))
		groups := map[*report.Finding]int{}
		counted := 0
		for i := range rep.Groups {
			g := &rep.Groups[i]
			if counted += g.Critical + g.Warning + g.NoData + g.Pending; g.Sentence == "" {
				t.Errorf("seed %d: got no sentence of %+v, want one", seed, g.Cause)
			}
			for _, f := range g.Findings {
				groups[f]++
				if f.Cause != g.Cause {
					t.Errorf("seed %d: got a finding of %+v in the group of %+v", seed, f.Cause,
						g.Cause)
				}
			}
		}
		for i := range rep.Findings {
			if f := &rep.Findings[i]; groups[f] != 1 {
				t.Errorf("seed %d: %s: got it in %d groups, want 1", seed, f.Sentence, groups[f])
			}
		}
		if want := rep.Critical + rep.Warning + rep.NoData + rep.Pending; counted != want {
			t.Errorf("seed %d: got %d findings in groups, want %d", seed, counted, want)
		}
	}
}
