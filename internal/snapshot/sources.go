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

// Lost is a target that told of objects within the last day, such as one shard of
// kube-state-metrics, and that is silent now, while no other tells of them: nobody can say what
// became of these objects.
type Lost struct {
	Cluster, Job, Instance string
	Last                   time.Time // its last sample
	Left                   bool      // it is no target any more: up does not know it
	nodes                  map[string]string
}

// Complete reports whether what kube-state-metrics says now of a cluster is all that it should say:
// no shard of it is lost, and the answers are not only a part. An object that an incomplete source
// does not name may be there.
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
	sourceWindow = 24 * time.Hour // as long as a silent alert lasts
	sourceStep   = 10 * time.Minute
	podStep      = 30 * time.Minute
	// In a large cluster every shard tells of nodes; its pods are looked at seldom, for a source of
	// pods alone.
	manyNodes   = 300
	fewPodStep  = 6 * time.Hour
	mostSilent  = 8  // targets that are looked at, the newest first; a rollout leaves one behind
	mostMembers = 50 // objects of one that are looked for elsewhere
	// fewNodes is how many nodes a target must have told of so that they alone show whether another
	// took its place.
	fewNodes = 5
)

const (
	// A node that is there twice, and a pod of a node that is gone, say nothing of a target.
	nodeSourcesQuery = `group by (cluster, job, instance) (kube_node_info)`
	podSourcesQuery  = `group by (cluster, job, instance) (kube_pod_info)`
	upQuery          = `max by (cluster, job, instance) (up{job=~"%s"})`
	// kubeletsQuery finds the targets that cAdvisor is read from, by the usual names of their jobs.
	kubeletsQuery = `group by (cluster, job, instance) (up{job=~".*(kubelet|cadvisor).*"})`
)

// loadSources finds the targets that are lost. That it fails costs a note.
func (l *nodeLoader) loadSources(ctx context.Context) {
	err := l.loseKSM(ctx)
	if err == nil {
		err = l.loseKubelets(ctx)
	}
	if err == nil {
		err = l.hearScrapes(ctx)
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

// hearScrapes says of the lost targets of a cluster none of whose targets has samples now that they
// did not leave: its Prometheus is silent.
func (l *nodeLoader) hearScrapes(ctx context.Context) error {
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

// span is the time within which the last sample of a target lies.
type span struct{ from, to time.Time }

// loseKSM finds kube-state-metrics, or shards of it, that are silent and that no other has taken
// the place of. After a rollout another tells of the same objects, and so does the other one of a
// pair.
func (l *nodeLoader) loseKSM(ctx context.Context) error {
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
			_, there := up[t]
			lost.Left = !there
			l.n.lost = append(l.n.lost, *lost)
		}
	}
	return nil
}

// seen adds the targets of a query's answers within the last day, with when each was seen last.
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

// silentOf returns the targets that neither answer now nor tell of anything, those that fell silent
// last first, and what up says of all.
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
	// it answers: its objects are gone
	silent = slices.DeleteFunc(silent, func(t target) bool { return up[t] == 1 })
	slices.SortFunc(silent, func(a, b target) int {
		return cmp.Or(seen[b].from.Compare(seen[a].from), cmp.Compare(a.cluster, b.cluster),
			cmp.Compare(a.job, b.job), cmp.Compare(a.instance, b.instance))
	})
	return silent[:min(len(silent), mostSilent)], up, err
}

// lostOf returns what is lost with a target that is silent, nil where others tell of most of its
// objects at some time since then.
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
		// those of a node that is gone are gone with it
		_, ours := lost.nodes[ls.Get("node")]
		return !ours && !l.n.Has(t.cluster, ls.Get("node"))
	})
	if len(nodes)+len(pods) == 0 {
		return nil, nil
	}
	taken, err := l.taken(ctx, t, last, []asked{
		{"kube_node_info", "cluster, node", "node", nodes}, {
			"kube_pod_info", "cluster, namespace, pod", "pod", pods,
		},
	}, own)
	if err != nil || taken {
		return nil, err
	}
	return lost, nil
}

// members returns the objects that a target told of at its end, and when that was.
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

// asked are objects that are looked for elsewhere: of a metric, by labels, one of which names them.
type asked struct {
	metric, by, name string
	objects          []series.Labels
}

// taken reports whether others tell of at least half of some objects at one time since then.
func (l *nodeLoader) taken(ctx context.Context, t target, since time.Time, of []asked,
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

// loseKubelets finds that no kubelet of a cluster is a target any more, while its nodes are there.
// One that is not is no news: nodes come and go.
func (l *nodeLoader) loseKubelets(ctx context.Context) error {
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

// loseExporters finds that no node_exporter is a target any more where nothing else tells of nodes:
// without kube-state-metrics nobody knows which nodes lack one.
func (l *nodeLoader) loseExporters(ctx context.Context, exporters []exporter) error {
	known, reports, lost := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for k := range l.n.known {
		known[k.cluster] = true
	}
	for _, e := range exporters {
		reports[e.labels.Get("cluster")] = reports[e.labels.Get("cluster")] || e.reports
	}
	for cluster, is := range reports {
		lost[cluster] = !is && !known[cluster]
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
		if _, there := up[t]; !there && !seen[t].from.Before(newest[t.cluster].Add(-l.step)) {
			l.n.lost = append(l.n.lost, Lost{
				Cluster: t.cluster, Job: t.job, Instance: t.instance, Last: seen[t].from,
				Left: true,
			})
		}
	}
	if err == nil {
		err = l.hearScrapes(ctx)
	}
	return err
}
