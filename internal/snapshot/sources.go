package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// target is a scrape target within one cluster.
type target struct{ cluster, job, instance string }

// Lost is a target, such as one shard of kube-state-metrics, that reported objects within the last
// day but is silent now, and whose objects no other target reports. It is unknown what became of
// these objects.
type Lost struct {
	Cluster, Job, Instance string
	Last                   time.Time // its last sample
	Left                   bool      // it is no longer a target: up does not have it
	nodes                  map[string]string
}

// Complete reports whether kube-state-metrics reports a cluster in full: no shard is lost and no
// answer was incomplete. If the source is not complete, an object that it does not report may still
// exist.
func (n Nodes) Complete(cluster string) bool {
	return n.Current(cluster) && !n.Lacks(cluster)
}

// Lacks reports whether a part of kube-state-metrics is lost.
func (n Nodes) Lacks(cluster string) bool {
	return slices.ContainsFunc(n.lost, func(l Lost) bool {
		return l.Cluster == cluster && l.nodes != nil
	})
}

// The bounds of the search for lost targets.
const (
	sourceWindow = 24 * time.Hour // as long as an alert without data lasts
	sourceStep   = 10 * time.Minute
	podStep      = 30 * time.Minute
	// In a cluster with more nodes than manyNodes every shard reports nodes. The query of pods, for
	// a source that only reports pods, then uses the coarser fewPodStep.
	manyNodes   = 300
	fewPodStep  = 6 * time.Hour
	mostSilent  = 8  // silent targets that are checked, newest first; a rollout leaves one behind
	mostMembers = 50 // objects of a target that are looked up elsewhere
	// fewNodes is the number of nodes that a target must have reported so that they alone show
	// whether another target replaced it.
	fewNodes = 5
)

const (
	nodeSourcesQuery = `group by (cluster, job, instance) (kube_node_info)`
	podSourcesQuery  = `group by (cluster, job, instance) (kube_pod_info)`
	upQuery          = `max by (cluster, job, instance) (up{job=~"%s"})`
	// kubeletsQuery finds the targets of cAdvisor by the usual names of their jobs.
	kubeletsQuery = `group by (cluster, job, instance) (up{job=~"` + kubeletJobs + `"})`
)

// loadSources finds the lost targets. A failure adds a note.
func (l *nodeLoader) loadSources(ctx context.Context) {
	err := l.findLostKSM(ctx)
	if err == nil {
		err = l.findLostKubelets(ctx)
	}
	if err == nil {
		err = l.checkScrapes(ctx)
	}
	if err != nil {
		l.note(NoteSourcesUnknown, err)
	}
	slices.SortFunc(l.n.lost, compareLost)
}

func compareLost(a, b Lost) int {
	return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Job, b.Job),
		cmp.Compare(a.Instance, b.Instance))
}

// checkScrapes resets Left for the lost targets of clusters in which no target has samples now: it
// is their Prometheus that is silent.
func (l *nodeLoader) checkScrapes(ctx context.Context) error {
	if len(l.n.lost) == 0 {
		return nil
	}
	scraped := map[string]bool{}
	err := l.each(ctx, l.now, `group by (cluster) (up)`, func(ls series.Labels, _ []float64) {
		scraped[ls.Get("cluster")] = true
	})
	for i := range l.n.lost {
		l.n.lost[i].Left = l.n.lost[i].Left && scraped[l.n.lost[i].Cluster]
	}
	return err
}

// span is the time in which the last sample of a target lies.
type span struct{ from, to time.Time }

// findLostKSM finds instances or shards of kube-state-metrics that are silent and that no other
// instance has replaced. After a rollout, and in a pair, another instance reports the same objects.
func (l *nodeLoader) findLostKSM(ctx context.Context) error {
	seen := map[target]span{}
	if err := l.seen(ctx, seen, nodeSourcesQuery, sourceStep); err != nil {
		return err
	}
	step := podStep
	if len(l.n.list) > manyNodes {
		step = fewPodStep
	}
	if err := l.seen(ctx, seen, podSourcesQuery, step); err != nil {
		return err
	}
	if len(seen) == 0 {
		return nil
	}
	silent, up, err := l.silentOf(ctx, seen)
	if err != nil {
		return err
	}
	for _, t := range silent {
		lost, err := l.lostOf(ctx, t, seen[t])
		if err != nil {
			return err
		}
		if lost != nil {
			_, isTarget := up[t]
			lost.Left = !isTarget
			l.n.lost = append(l.n.lost, *lost)
		}
	}
	return nil
}

// seen adds the targets in a query's answers of the last day, with the time of their last sample.
func (l *nodeLoader) seen(ctx context.Context, seen map[target]span, expr string,
	step time.Duration) error {
	add := func(g series.Grid) error {
		return l.each(ctx, g, expr, func(ls series.Labels, values []float64) {
			t := target{ls.Get("cluster"), ls.Get("job"), ls.Get("instance")}
			if from := g.At(series.Newest(values)); from.After(seen[t].from) {
				seen[t] = span{from, from.Add(step)}
			}
		})
	}
	if err := add(panel.PlanGrid(l.at, sourceWindow, step)); err != nil {
		return err
	}
	return add(l.now)
}

// silentOf returns the targets that are down now and report nothing, the ones that fell silent last
// first, and the value of up for all of them.
func (l *nodeLoader) silentOf(ctx context.Context,
	seen map[target]span) (silent []target, up map[target]float64, err error) {
	jobs := map[string]bool{}
	for t, s := range seen {
		if s.from.Before(l.at) {
			silent = append(silent, t)
			jobs[quoted(regexp.QuoteMeta(t.job))] = true
		}
	}
	if len(silent) == 0 {
		return nil, nil, nil
	}
	up = map[target]float64{}
	err = l.each(ctx, l.now,
		fmt.Sprintf(upQuery, strings.Join(slices.Sorted(maps.Keys(jobs)), "|")),
		func(ls series.Labels, values []float64) {
			up[target{ls.Get("cluster"), ls.Get("job"), ls.Get("instance")}] = values[0]
		})
	// the target is up, so its objects are gone
	silent = slices.DeleteFunc(silent, func(t target) bool { return up[t] == 1 })
	slices.SortFunc(silent, func(a, b target) int {
		return cmp.Or(seen[b].from.Compare(seen[a].from), cmp.Compare(a.cluster, b.cluster),
			cmp.Compare(a.job, b.job), cmp.Compare(a.instance, b.instance))
	})
	return silent[:min(len(silent), mostSilent)], up, err
}

// lostOf returns the loss of a silent target, nil if others have reported most of its objects
// since.
func (l *nodeLoader) lostOf(ctx context.Context, t target, s span) (*Lost, error) {
	lost := &Lost{Cluster: t.cluster, Job: t.job, Instance: t.instance, nodes: map[string]string{}}
	own := fmt.Sprintf(`job="%s",instance="%s"`, quoted(t.job), quoted(t.instance))
	to := s.to
	if to.After(l.at) {
		to = l.at
	}
	step := max((to.Sub(s.from) / windowSteps).Truncate(time.Minute), time.Minute)
	around := series.Grid{Start: s.from, Step: step, Len: int(to.Sub(s.from)/step) + 1}
	nodes, last, err := l.members(ctx, around, t,
		`max by (cluster, node, internal_ip) (kube_node_info{`+own+`})`, "node")
	if err != nil {
		return nil, err
	}
	var pods []series.Labels
	if len(nodes) < fewNodes {
		var lastPod time.Time
		pods, lastPod, err = l.members(ctx, around, t,
			`max by (cluster, node, namespace, pod) (kube_pod_info{`+own+`})`, "pod")
		if err != nil {
			return nil, err
		}
		if lastPod.After(last) {
			last = lastPod
		}
	}
	lost.Last = last
	for _, ls := range nodes {
		lost.nodes[ls.Get("node")] = ls.Get("internal_ip")
	}
	pods = slices.DeleteFunc(pods, func(ls series.Labels) bool {
		// pods of a node that is gone are gone too
		_, ours := lost.nodes[ls.Get("node")]
		return !ours && !l.n.Has(t.cluster, ls.Get("node"))
	})
	if len(nodes)+len(pods) == 0 {
		return nil, nil
	}
	replaced, err := l.replaced(ctx, t, last, []asked{
		{"kube_node_info", "cluster, node", "node", nodes}, {
			"kube_pod_info", "cluster, namespace, pod", "pod", pods,
		},
	}, own)
	if err != nil || replaced {
		return nil, err
	}
	return lost, nil
}

// members returns the objects that a target reported at its end, and the time of its end.
func (l *nodeLoader) members(ctx context.Context, g series.Grid, t target, expr,
	name string) ([]series.Labels, time.Time, error) {
	type member struct {
		ls   series.Labels
		last time.Time
	}
	var all []member
	var last time.Time
	err := l.each(ctx, g, expr, func(ls series.Labels, values []float64) {
		if ls.Get("cluster") != t.cluster || ls.Get(name) == "" {
			return
		}
		at := g.At(series.Newest(values))
		all = append(all, member{ls, at})
		if at.After(last) {
			last = at
		}
	})
	var out []series.Labels
	for _, m := range all {
		if !m.last.Before(last.Add(-g.Step)) {
			out = append(out, m.ls)
		}
	}
	return out, last, err
}

// asked are objects to look up elsewhere: the series of a metric, grouped by labels, one of which
// is the name.
type asked struct {
	metric, by, name string
	objects          []series.Labels
}

// replaced reports whether at some time since then other targets reported at least half of the
// objects.
func (l *nodeLoader) replaced(ctx context.Context, t target, since time.Time, of []asked,
	own string) (bool, error) {
	const step = 5 * time.Minute
	grid := series.Grid{Start: l.at, Step: step, Len: 1}
	if n := int(l.at.Sub(since) / step); n > 0 {
		grid.Start, grid.Len = l.at.Add(-time.Duration(n)*step), n+1
	}
	total, found := 0, make([]float64, grid.Len)
	for _, a := range of {
		var names []string
		for _, ls := range a.objects {
			names = append(names, quoted(regexp.QuoteMeta(ls.Get(a.name))))
		}
		slices.Sort(names)
		names = slices.Compact(names)
		if names = names[:min(len(names), mostMembers)]; len(names) == 0 {
			continue
		}
		total += len(names)
		expr := `count by (cluster) (group by (` + a.by + `) (` + a.metric + `{` + a.name + `=~"` +
			strings.Join(names, "|") + `"} unless ` + a.metric + `{` + own + `}))`
		err := l.each(ctx, grid, expr, func(ls series.Labels, values []float64) {
			for i, v := range values {
				if ls.Get("cluster") == t.cluster && !math.IsNaN(v) {
					found[i] += v
				}
			}
		})
		if err != nil {
			return false, err
		}
	}
	return slices.ContainsFunc(found, func(n float64) bool { return 2*n >= float64(total) }), nil
}

// findLostKubelets finds clusters in which no kubelet is a target any more although the nodes
// exist. A single missing kubelet does not count, because nodes come and go.
func (l *nodeLoader) findLostKubelets(ctx context.Context) error {
	now := map[string]bool{}
	if err := l.each(ctx, l.now, kubeletsQuery, func(ls series.Labels, _ []float64) {
		now[ls.Get("cluster")] = true
	}); err != nil {
		return err
	}
	gone := false
	for cluster := range l.n.current {
		gone = gone || !now[cluster]
	}
	if !gone {
		return nil
	}
	last := map[string]time.Time{}
	var all []Lost
	grid := panel.PlanGrid(l.at, sourceWindow, sourceStep)
	err := l.each(ctx, grid, kubeletsQuery, func(ls series.Labels, values []float64) {
		t := Lost{
			Cluster: ls.Get("cluster"), Job: ls.Get("job"), Instance: ls.Get("instance"),
			Last: grid.At(series.Newest(values)), Left: true,
		}
		if now[t.Cluster] || !l.n.current[t.Cluster] {
			return
		}
		all = append(all, t)
		if t.Last.After(last[t.Cluster]) {
			last[t.Cluster] = t.Last
		}
	})
	for _, t := range all {
		if !t.Last.Before(last[t.Cluster].Add(-sourceStep)) {
			l.n.lost = append(l.n.lost, t)
		}
	}
	return err
}

// findLostExporters finds clusters in which no node_exporter is a target any more and nothing else
// reports nodes: without kube-state-metrics it is unknown which nodes lack an exporter.
func (l *nodeLoader) findLostExporters(ctx context.Context, exporters []exporter) error {
	known, reports, lost := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for k := range l.n.known {
		known[k.cluster] = true
	}
	for _, e := range exporters {
		reports[e.labels.Get("cluster")] = reports[e.labels.Get("cluster")] || e.reports
	}
	for cluster, reporting := range reports {
		lost[cluster] = !reporting && !known[cluster]
	}
	if !slices.Contains(slices.Collect(maps.Values(lost)), true) {
		return nil
	}
	seen := map[target]span{}
	expr := fmt.Sprintf(`group by (cluster, job, instance) (last_over_time(node_uname_info[%s]))`,
		model.Duration(l.step))
	err := l.each(ctx, l.grid, expr, func(ls series.Labels, values []float64) {
		t := target{ls.Get("cluster"), ls.Get("job"), ls.Get("instance")}
		if lost[t.cluster] {
			seen[t] = span{from: l.grid.At(series.Newest(values))}
		}
	})
	if err != nil {
		return err
	}
	silent, up, err := l.silentOf(ctx, seen)
	newest := map[string]time.Time{}
	for _, t := range silent {
		if seen[t].from.After(newest[t.cluster]) {
			newest[t.cluster] = seen[t].from
		}
	}
	for _, t := range silent {
		if _, isTarget := up[t]; !isTarget && !seen[t].from.Before(newest[t.cluster].Add(-l.step)) {
			l.n.lost = append(l.n.lost, Lost{
				Cluster: t.cluster, Job: t.job, Instance: t.instance, Last: seen[t].from,
				Left: true,
			})
		}
	}
	if err == nil {
		err = l.checkScrapes(ctx)
	}
	return err
}
