package targets

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// vanishedQuery finds the targets that were in up within a range and are not now. The value is the
// time of their last sample. Its arguments are the range and a step, between which no target is
// missed: up is known for five minutes after a sample.
const vanishedQuery = `max_over_time(timestamp(up)[%s:%s]) unless up`

// vanishedStep returns the step of vanishedQuery.
func vanishedStep(rng time.Duration) time.Duration {
	const steps, least, most = 360, time.Minute, 5 * time.Minute
	return min(max((rng/steps).Truncate(time.Minute), least), most)
}

// vanished finds the targets that vanished within the range.
func (t *taking) vanished(ctx context.Context) error {
	found := map[Vanished]*Vanished{}
	find, succeeded := t.index(), t.successors()
	query := fmt.Sprintf(vanishedQuery, model.Duration(t.o.Range),
		model.Duration(vanishedStep(t.o.Range)))
	err := t.each(ctx, query, t.limit(), func(ls series.Labels, at float64) {
		one, ok := t.target(ls)
		switch {
		case !ok, find(ls) != nil, t.o.Nodes.IsVirtual(ls):
			return
		case succeeded(ls):
			t.list.Replaced++
			return
		}
		last := time.UnixMilli(int64(math.Round(at * 1000))).UTC()
		v := Vanished{Cluster: one.Cluster, Job: one.Job, Workload: workload(ls)}
		k := v
		if v.Workload == "" {
			k.Instance = one.Instance
		}
		if found[k] == nil {
			found[k] = &v
		}
		f := found[k]
		if f.Count++; last.After(f.Last) {
			f.Instance, f.Node, f.Last = one.Instance, one.Node, last
		}
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		t.list.Range = 0
		t.note(snapshot.NoteTargetsVanished, err)
		return nil
	}
	for _, v := range found {
		t.list.Vanished = append(t.list.Vanished, *v)
	}
	return nil
}

// limit is the most series that vanished may have.
func (t *taking) limit() int {
	if t.o.MaxSeries > 0 {
		return t.o.MaxSeries
	}
	return promapi.DefaultLimit
}

// workload returns the workload of a target that is a pod, as the pod's name suggests it, or the
// Service of an endpoint, each with its namespace; "" for other targets.
func workload(ls series.Labels) string {
	namespace, name := ls.Get("namespace"), alerts.WorkloadOfPod(ls.Get("pod"))
	if name == "" {
		name = ls.Get("service")
	}
	if namespace == "" || name == "" {
		return ""
	}
	return outside.Line(namespace + "/" + name)
}

// successors returns a function that reports whether something took the place of a target that
// vanished: the same address with other labels, another target of the job on its node, or another
// pod of its workload or Service. The target of a node that left the cluster is not missed either.
func (t *taking) successors() func(series.Labels) bool {
	type place struct{ cluster, job, kind, id string }
	now := map[place]bool{}
	places := func(ls series.Labels) (all [3]place) {
		cluster, job := t.o.Nodes.ClusterOf(ls), ls.Get("job")
		for i, p := range [3][2]string{
			{"instance", instance(ls)}, {"host", t.o.Nodes.HostOf(ls)}, {"workload", workload(ls)},
		} {
			all[i] = place{cluster, job, p[0], p[1]}
		}
		return all
	}
	for _, x := range t.list.Targets {
		for _, p := range places(x.Labels) {
			if p.id != "" {
				now[p] = true
			}
		}
	}
	return func(ls series.Labels) bool {
		all := places(ls)
		switch host := all[1].id; {
		case now[all[0]]:
			return true
		case host == "":
			return now[all[2]]
		case now[all[1]], t.o.Nodes.Departed(ls, host):
			return true
		default:
			cluster := t.o.Nodes.ClusterOf(ls)
			return t.o.Nodes.Current(cluster) && !t.o.Nodes.Has(cluster, host)
		}
	}
}
