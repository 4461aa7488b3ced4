package alerts

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// owners holds the workload of every pod in a window and the objects that exist at its end. The
// zero value knows none and derives workloads from pod names.
type owners struct {
	// of is the workload of each pod.
	of map[rules.Object]string
	// live are the workloads with a running or pending pod at the end of the window.
	live map[rules.Object]rules.Presence
	// partial means that the answer was incomplete: a pod that is not in it may exist.
	partial bool
	// claims are the persistent volume claims at the end of the window; nil: not loaded.
	claims map[rules.Object]rules.Presence
	// claimsErr is the error of loading the claims.
	claimsErr error
	// nodes know the cluster of a series if the source's cluster label has another name.
	nodes snapshot.Nodes
}

// object returns the pod, workload or claim with this name in the cluster and namespace of a
// series.
func (o *owners) object(ls series.Labels, name string) rules.Object {
	return rules.Object{Cluster: o.nodes.ClusterOf(ls), Namespace: ls.Get("namespace"), Name: name}
}

// mostPods is the least limit for answers about pods or claims, whatever the panels' limit is:
// 5,000 nodes with 60 pods each. A pod takes about 200 bytes.
const mostPods = 300_000

// ownersQuery finds the owner of every pod; the value is 0 for a pod that has ended. Its argument
// is the step, so that no pod between two steps is missed.
const ownersQuery = `max by (cluster, namespace, pod, owner_kind, owner_name) (last_over_time(` +
	`kube_pod_owner[%[1]s]))` +
	` * on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod)` +
	` (kube_pod_status_phase{phase=~"Pending|Running|Unknown"})` +
	` or max by (cluster, namespace, pod, owner_kind, owner_name) (last_over_time(` +
	`kube_pod_owner[%[1]s]))`

// loadOwners queries the workload of each pod in a window.
func loadOwners(ctx context.Context, q snapshot.Querier, nodes snapshot.Nodes,
	w Window) (owners, error) {
	step := max((w.Range / 12).Truncate(time.Minute), time.Minute)
	own := owners{
		of: map[rules.Object]string{}, live: map[rules.Object]rules.Presence{}, nodes: nodes,
	}
	query := promapi.Query{
		Expr: fmt.Sprintf(ownersQuery, model.Duration(step)),
		Grid: panel.PlanGrid(w.End, w.Range, step), Limit: max(w.MaxSeries, mostPods),
	}
	meta, err := q.Range(ctx, query, func(s series.Series) error {
		pod := s.Labels.Get("pod")
		workload := OwnerName(pod, s.Labels.Get("owner_kind"), s.Labels.Get("owner_name"))
		own.of[own.object(s.Labels, pod)] = workload
		if s.Values[len(s.Values)-1] > 0 { // false for NaN
			own.live[own.object(s.Labels, workload)] = rules.Present
		}
		return nil
	})
	if err != nil {
		return owners{nodes: nodes}, fmt.Errorf("querying the owners of pods (kube_pod_owner): %w",
			err)
	}
	own.partial = meta.Partial
	return own, nil
}

// Kubernetes appends a hash of this alphabet to the names of a Deployment's ReplicaSets and of
// pods, and a number to those of a CronJob's Jobs and a StatefulSet's pods.
var (
	replicaSetName = regexp.MustCompile(`^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}$`)
	jobName        = regexp.MustCompile(`^(.+)-[0-9]{8,11}$`)
	podName        = regexp.MustCompile("^(?s:" + panel.Workload + ")$") // as PromQL matches
)

// OwnerName returns the name of a pod's workload: the Deployment of a ReplicaSet, the CronJob of a
// Job. A pod without an owner, or whose owner is its node, is its own workload.
func OwnerName(pod, kind, name string) string {
	switch kind {
	case "", "<none>", "Node":
		return pod
	case "ReplicaSet":
		return replicaSetName.ReplaceAllString(name, "$1")
	case "Job":
		return jobName.ReplaceAllString(name, "$1")
	}
	return name
}

// workload returns the workload of a pod's series, "" if the series is not about a pod. If
// kube-state-metrics does not know the pod, the pod's name decides.
func (o *owners) workload(ls series.Labels) string {
	pod := ls.Get("pod")
	if pod == "" || ls.Get("namespace") == "" {
		return ""
	}
	if w, ok := o.of[o.object(ls, pod)]; ok {
		return w
	}
	return WorkloadOfPod(pod)
}

// WorkloadOfPod returns the workload that a pod's name suggests.
func WorkloadOfPod(pod string) string { return podName.ReplaceAllString(pod, "$1") }

// claimsQuery finds the persistent volume claims.
const claimsQuery = `group by (cluster, namespace, persistentvolumeclaim)` +
	` (kube_persistentvolumeclaim_info)`

// loadClaims queries which persistent volume claims exist.
func (o *owners) loadClaims(ctx context.Context, q snapshot.Querier, w Window) {
	o.claims = map[rules.Object]rules.Presence{}
	query := promapi.Query{
		Expr: claimsQuery, Grid: series.Grid{Start: w.End, Step: time.Minute, Len: 1},
		Limit: max(w.MaxSeries, mostPods),
	}
	meta, err := q.Range(ctx, query, func(s series.Series) error {
		o.claims[o.object(s.Labels, s.Labels.Get("persistentvolumeclaim"))] = rules.Present
		return nil
	})
	switch {
	case err != nil:
		o.claimsErr = fmt.Errorf("querying the claims (kube_persistentvolumeclaim_info): %w", err)
	case meta.Partial:
		o.claimsErr = errors.New("querying the claims (kube_persistentvolumeclaim_info): the " +
			"answer is incomplete")
	}
}
