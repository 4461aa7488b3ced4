package changelog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// search is a search for the changes of several objects.
type search struct {
	q       snapshot.Querier
	nodes   snapshot.Nodes
	o       Options
	grid    series.Grid
	objects []object
	listed  map[string][]Event // by namespace or node
}

// byAge divides the candidates into those that began lately, whose changes need a fine grid, and
// the others, whose grid is long.
func byAge(all []candidate, end time.Time) [][]candidate {
	var lately, earlier []candidate
	for _, c := range all {
		if end.Sub(c.begin) <= recent {
			lately = append(lately, c)
		} else {
			earlier = append(earlier, c)
		}
	}
	return slices.DeleteFunc([][]candidate{lately, earlier}, func(part []candidate) bool {
		return len(part) == 0
	})
}

// mostSteps is the number of steps that a grid has at most, except with the coarsest step.
const mostSteps = 400

// plan chooses the objects, and the grid: from before the first beginning to just after the last.
func (s *search) plan(part []candidate) {
	s.objects = nil
	first, last := part[0].begin, part[0].begin
	for _, c := range part {
		if c.begin.Before(first) {
			first = c.begin
		}
		if c.begin.After(last) {
			last = c.begin
		}
		if !slices.Contains(s.objects, c.about) {
			s.objects = append(s.objects, c.about)
		}
	}
	step := time.Minute
	if last.Sub(first)+window > mostSteps*step {
		step = 5 * time.Minute
	}
	end := last.Add(step)
	if end.After(s.o.End) {
		end = s.o.End
	}
	s.grid = panel.PlanGrid(end, end.Sub(first)+window+step, step)
}

// each runs a query and calls f with every series of its answer. The series are valid only during
// the call.
func (s *search) each(ctx context.Context, what, expr string, g series.Grid,
	f func(series.Labels, []float64)) error {
	_, err := s.q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: mostSeries},
		func(one series.Series) error {
			f(one.Labels, one.Values)
			return nil
		})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// joinOwner adds the owner to the series of pods. Its second argument selects the owners. A pod has
// at most one owner that is its controller, so no pod matches twice.
const joinOwner = ` * on (cluster, namespace, pod) group_left (owner_kind, owner_name)` +
	` max by (cluster, namespace, pod, owner_kind, owner_name)` +
	` (kube_pod_owner{%[2]s,owner_is_controller!="false"})`

// findOwners replaces the pods and claims that findings are about by their workloads. Pods without
// an owner have nothing that could change.
func (s *search) findOwners(ctx context.Context, all []candidate) error {
	pods, claims := byNamespace{}, byNamespace{}
	n := 0
	for _, c := range all {
		switch {
		case n == mostCandidates:
			continue
		case c.about.kind == podObject:
			pods.add(c.about.namespace, c.about.name)
		case c.about.kind == claimObject:
			claims.add(c.about.namespace, c.about.name)
		default:
			continue
		}
		n++
	}
	if n == 0 {
		return nil
	}
	var parts []string
	if len(pods) > 0 {
		parts = append(parts, fmt.Sprintf(`max by (cluster, namespace, pod, owner_kind,`+
			` owner_name) (last_over_time(kube_pod_owner{%s,owner_is_controller!="false"}[%s]))`,
			pods.matchers("pod"), model.Duration(oldest+window)))
	}
	if len(claims) > 0 {
		parts = append(parts, fmt.Sprintf(`max by (cluster, namespace, persistentvolumeclaim,`+
			` owner_kind, owner_name) (max by (cluster, namespace, pod, persistentvolumeclaim)`+
			` (kube_pod_spec_volumes_persistentvolumeclaims_info{%[1]s})`+joinOwner+`)`,
			claims.matchers("persistentvolumeclaim"), claims.namespaces()))
	}
	owners := map[object]object{}
	err := s.each(ctx, "the owners of pods (kube_pod_owner)", strings.Join(parts, " or "),
		series.Grid{Start: s.o.End, Step: time.Minute, Len: 1},
		func(ls series.Labels, _ []float64) {
			of := object{
				kind: podObject, cluster: s.nodes.ClusterOf(ls), namespace: ls.Get("namespace"),
				name: ls.Get("pod"),
			}
			if claim := ls.Get("persistentvolumeclaim"); claim != "" {
				of.kind, of.name = claimObject, claim
			}
			owners[of] = ownerOf(ls, of)
		})
	for i := range all {
		if k := all[i].about.kind; k == podObject || k == claimObject {
			all[i].about = owners[all[i].about]
		}
	}
	return err
}

// ownerOf returns the workload that the owner in the labels of a series belongs to.
func ownerOf(ls series.Labels, of object) object {
	kind, name := ls.Get("owner_kind"), ls.Get("owner_name")
	workload := alerts.OwnerName("", kind, name)
	switch {
	case workload == "":
		return object{}
	case kind == "ReplicaSet" && workload != name:
		kind = "Deployment"
	case kind == "Job" && workload != name:
		kind = "CronJob"
	}
	return object{
		kind: workloadObject, cluster: of.cluster, namespace: of.namespace, name: workload,
		owner: kind,
	}
}

// byNamespace holds names by their namespace.
type byNamespace map[string][]string

func (b byNamespace) add(namespace, name string) {
	if !slices.Contains(b[namespace], name) {
		b[namespace] = append(b[namespace], name)
	}
}

// matchers returns matchers of a namespace and a label that select at least these names.
func (b byNamespace) matchers(label string) string {
	return b.namespaces() + "," + oneOf(label, slices.Concat(slices.Collect(maps.Values(b))...))
}

// namespaces returns a matcher of the namespaces.
func (b byNamespace) namespaces() string {
	return oneOf("namespace", slices.Collect(maps.Keys(b)))
}

// oneOf returns a matcher of a label whose value is one of some names.
func oneOf(label string, names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return matching(label, quoted)
}

// matching returns a matcher of a label whose value matches one of some patterns. PromQL reads
// strings as Go does, but no literal U+FFFD.
func matching(label string, patterns []string) string {
	slices.Sort(patterns)
	return label + "=~" + strconv.QuoteToASCII(strings.Join(slices.Compact(patterns), "|"))
}

// ask returns the changes of the objects within the grid. If a query fails, only what it would have
// found is missing.
func (s *search) ask(ctx context.Context) (map[object][]Change, error) {
	found := map[object][]Change{}
	if len(s.objects) == 0 {
		return found, nil
	}
	containers, err := s.askImages(ctx, found)
	errs := []error{err}
	for _, ask := range []func(context.Context, map[object][]Change) error{
		func(ctx context.Context, found map[object][]Change) error {
			return s.askResources(ctx, found, containers)
		},
		s.askWorkloads, s.askNodes, s.askTargets,
	} {
		if ctx.Err() == nil {
			errs = append(errs, ask(ctx, found))
		}
	}
	return found, errors.Join(errs...)
}
