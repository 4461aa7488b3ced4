package app

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

// owners knows the workload of every pod of a range. The zero value knows none, and goes by the pods' names.
type owners struct {
	of   map[podKey]string
	live map[podKey]bool // by workload: it has a pod at the end of the range that has not ended
	// claims are the persistent volume claims of now, by cluster, namespace and name; nil: it was not asked for.
	claims map[podKey]bool
	// claimsErr is why they are not known.
	claimsErr error
	// partial says that the answer was only a part: a pod that is not in it may be there.
	partial bool
	// nodes know the cluster of a series whose label of it has the source's own name.
	nodes snapshot.Nodes
}

// podKey is a pod, or a workload, within one cluster; the label cluster is empty in a Prometheus of a single cluster.
type podKey struct{ cluster, namespace, name string }

func (o owners) key(ls series.Labels, name string) podKey {
	return podKey{o.nodes.ClusterOf(ls), ls.Get("namespace"), name}
}

// mostPods is how many pods, or claims, are known at least, whatever the panels may have: 5,000 nodes of 60 pods. One takes about 200 bytes.
const mostPods = 300_000

// ownersQuery finds the owner of every pod, 0 for a pod that has ended; its argument is the step, so that no pod is missed between two.
const ownersQuery = `max by (cluster, namespace, pod, owner_kind, owner_name) (last_over_time(kube_pod_owner[%[1]s]))` +
	` * on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running|Unknown"})` +
	` or max by (cluster, namespace, pod, owner_kind, owner_name) (last_over_time(kube_pod_owner[%[1]s]))`

// loadOwners asks which workload each pod of a range is of.
func loadOwners(ctx context.Context, q snapshot.Querier, end time.Time, rng time.Duration, limit int) (owners, error) {
	step := max((rng / 12).Truncate(time.Minute), time.Minute)
	own := owners{of: map[podKey]string{}, live: map[podKey]bool{}}
	query := promapi.Query{Expr: fmt.Sprintf(ownersQuery, model.Duration(step)), Grid: panel.PlanGrid(end, rng, step), Limit: max(limit, mostPods)}
	meta, err := q.Range(ctx, query, func(s series.Series) error {
		pod := s.Labels.Get("pod")
		workload := ownerName(pod, s.Labels.Get("owner_kind"), s.Labels.Get("owner_name"))
		own.of[own.key(s.Labels, pod)] = workload
		if s.Values[len(s.Values)-1] > 0 { // NaN is not
			own.live[own.key(s.Labels, workload)] = true
		}
		return nil
	})
	if err != nil {
		return owners{}, fmt.Errorf("asking for the pods' owners (kube_pod_owner): %w", err)
	}
	own.partial = meta.Partial
	return own, nil
}

// Kubernetes puts a hash of this alphabet behind the names of a Deployment's ReplicaSets and of pods, and a number behind those of a
// CronJob's Jobs and a StatefulSet's pods.
var (
	replicaSetName = regexp.MustCompile(`^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}$`)
	jobName        = regexp.MustCompile(`^(.+)-[0-9]{8,11}$`)
	podName        = regexp.MustCompile(`^(.+?)(-[bcdfghjklmnpqrstvwxz2456789]{6,10}|-[0-9]{8,11})?(-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+)$`)
)

// ownerName is the name of a pod's workload: of the Deployment behind a ReplicaSet, the CronJob behind a Job. A pod that has no owner, or
// whose owner is its node, is one itself.
func ownerName(pod, kind, name string) string {
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

// workload is that of a pod's series, "" where the series is none of a pod. Where kube-state-metrics does not say, the pod's name does.
func (o owners) workload(ls series.Labels) string {
	pod := ls.Get("pod")
	if pod == "" || ls.Get("namespace") == "" {
		return ""
	}
	if w, ok := o.of[o.key(ls, pod)]; ok {
		return w
	}
	return podName.ReplaceAllString(pod, "$1")
}

// presence tells whether a workload has a pod.
func (o owners) presence(identity series.Labels) rules.Presence {
	switch {
	case o.live[o.key(identity, identity.Get("workload"))]:
		return rules.IsThere
	case len(o.live) == 0 || o.partial || o.nodes.Lacks(o.nodes.ClusterOf(identity)):
		return rules.PresenceUnknown
	}
	return rules.IsGone
}

// claimsQuery finds the persistent volume claims.
const claimsQuery = `group by (cluster, namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_info)`

// loadClaims asks which persistent volume claims there are.
func (o *owners) loadClaims(ctx context.Context, q snapshot.Querier, end time.Time, limit int) {
	o.claims = map[podKey]bool{}
	query := promapi.Query{Expr: claimsQuery, Grid: series.Grid{Start: end, Step: time.Minute, Len: 1}, Limit: max(limit, mostPods)}
	meta, err := q.Range(ctx, query, func(s series.Series) error {
		o.claims[o.key(s.Labels, s.Labels.Get("persistentvolumeclaim"))] = true
		return nil
	})
	switch {
	case err != nil:
		o.claimsErr = fmt.Errorf("asking for the claims (kube_persistentvolumeclaim_info): %w", err)
	case meta.Partial:
		o.claimsErr = errors.New("asking for the claims (kube_persistentvolumeclaim_info): the answer is only a part")
	}
}

// presenceOfClaim reports whether a claim is there. The kubelet falls silent of it also where it is the kubelet that does not answer.
func (o owners) presenceOfClaim(identity series.Labels) rules.Presence {
	cluster := o.nodes.ClusterOf(identity)
	known := false // kube-state-metrics tells of claims
	for k := range o.claims {
		known = known || k.cluster == cluster
	}
	switch {
	case o.claims[o.key(identity, identity.Get("persistentvolumeclaim"))]:
		return rules.IsThere
	case o.claimsErr != nil || o.nodes.Silent(cluster):
		return rules.PresenceUnknown
	case !known:
		return rules.NobodyKnows
	}
	return rules.IsGone
}
