package changelog

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// object is what a finding is about. It is comparable.
type object struct {
	kind      objectKind
	cluster   string
	namespace string // of a pod, a claim or a workload
	name      string // of a target its job
	owner     string // the kind of a workload: Deployment, StatefulSet, …
	instance  string // of a target; "" if the finding is about the whole job
	node      string // of a target that runs on a node
}

type objectKind uint8

const (
	unknownObject objectKind = iota
	podObject                // its workload is not known yet
	claimObject              // neither is the workload that uses it
	workloadObject
	nodeObject
	targetObject
)

// maxName is the longest name in bytes that is looked for; Kubernetes allows 253.
const maxName = 253

// candidate is a finding that may have a cause among the changes.
type candidate struct {
	key   Key
	of    *snapshot.Finding
	begin time.Time
	open  bool
	about object
}

// candidates returns the findings that may have changes, one of each cause before the others of the
// same cause, the worst first.
func candidates(panels []snapshot.Panel, nodes snapshot.Nodes, o Options) []candidate {
	var all []candidate
	for i := range panels {
		p := &panels[i]
		if len(p.Findings) == 0 {
			continue
		}
		of := sourceOf(p)
		for j := range p.Findings {
			f := &p.Findings[j]
			if !p.Spec.Rule(f.Rule).IsAlert() {
				continue
			}
			begin, open := o.beginOf(p, f)
			about := objectOf(f, nodes, of)
			if begin.IsZero() || o.End.Sub(begin) > oldest || about.kind == unknownObject {
				continue
			}
			all = append(all, candidate{KeyOf(p, f), f, begin, open, about})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return a.of.Compare(b.of.Finding)
	})
	var first, rest []candidate
	seen := map[rules.Cause]bool{}
	for _, c := range all {
		if cause := c.of.Cause; !seen[cause] {
			seen[cause] = true
			first = append(first, c)
		} else {
			rest = append(rest, c)
		}
	}
	return append(first, rest...)
}

// beginOf returns when a finding began that fires or is silent, and whether it may have begun
// earlier. The time is zero if it is unknown, or if the finding is of another kind.
func (o Options) beginOf(p *snapshot.Panel, f *snapshot.Finding) (begin time.Time, open bool) {
	switch {
	case f.Status != rules.Breach && f.Status != rules.NoData:
		return time.Time{}, false
	case f.Streak != nil && f.Streak.Open && o.Begins != nil:
		if begin, open = o.Begins(p, f); !begin.IsZero() && begin.Before(f.Streak.From) {
			return begin, open
		}
		return f.Streak.From, true
	case f.Streak != nil:
		return f.Streak.From, f.Streak.Open
	case f.Status == rules.NoData:
		return f.Newest, false
	}
	return time.Time{}, false
}

// source is where the series of a panel come from, which decides what their labels name.
type source struct {
	pods    bool // their labels namespace and pod are not those of an exporter
	objects bool // kube-state-metrics reports them, so their job says nothing about them
}

// sourceOf returns the source of a panel's series.
func sourceOf(p *snapshot.Panel) source {
	return source{
		pods: p.NamesPods(),
		objects: slices.ContainsFunc(p.Metrics(), func(name string) bool {
			return panel.SourceOf(name) == panel.KubeStateMetrics
		}),
	}
}

// objectOf returns the object of a finding: the node that explains it, if there is one, or what its
// labels name.
func objectOf(f *snapshot.Finding, nodes snapshot.Nodes, of source) object {
	ls := f.Labels
	o := object{cluster: nodes.ClusterOf(ls)}
	if of.pods || of.objects {
		o.namespace = ls.Get("namespace")
	}
	node := nodes.Of(ls)
	switch {
	case f.Cause.Kind == rules.CauseNode && f.Cause.Name != "":
		o = object{kind: nodeObject, cluster: f.Cause.Cluster, name: f.Cause.Name}
	case o.namespace != "" && of.pods && ls.Get("pod") != "":
		o.kind, o.name = podObject, ls.Get("pod")
	case o.namespace != "" && ls.Get("persistentvolumeclaim") != "":
		o.kind, o.name = claimObject, ls.Get("persistentvolumeclaim")
	case o.namespace != "" && workloadOf(ls).name != "":
		w := workloadOf(ls)
		o.kind, o.name, o.owner = workloadObject, w.name, w.kind.kind
	case of.objects && !of.pods && ls.Get("node") != "":
		o.kind, o.name = nodeObject, node
	case ls.Get("job") != "":
		o.kind, o.name, o.instance, o.node = targetObject, ls.Get("job"), ls.Get("instance"), node
	case node != "":
		o.kind, o.name = nodeObject, node
	}
	if o.kind != workloadObject && o.kind != podObject && o.kind != claimObject {
		o.namespace = ""
	}
	for _, name := range []string{o.name, o.namespace, o.instance, o.node} {
		if len(name) > maxName {
			return object{}
		}
	}
	return o
}

// A workloadKind is a kind of workload with its metrics.
type workloadKind struct {
	kind     string // as in owner_kind, with the Deployment of a ReplicaSet
	label    string
	replicas string // "" if the number of its pods is not set
}

// workloadKinds are the kinds whose changes kube-state-metrics reports.
var workloadKinds = []workloadKind{
	{"Deployment", "deployment", "kube_deployment_spec_replicas"},
	{"StatefulSet", "statefulset", "kube_statefulset_replicas"},
	{"DaemonSet", "daemonset", ""},
}

// namedWorkload is a workload that a label names.
type namedWorkload struct {
	kind workloadKind
	name string
}

// workloadOf returns the workload that the labels of a series name, such as deployment="checkout".
func workloadOf(ls series.Labels) namedWorkload {
	for _, k := range workloadKinds {
		if name := ls.Get(k.label); name != "" {
			return namedWorkload{k, name}
		}
	}
	return namedWorkload{}
}

// choose returns the candidates of the first mostObjects objects.
func choose(all []candidate) []candidate {
	objects := map[object]bool{}
	var out []candidate
	for _, c := range all {
		if c.about.kind == unknownObject || !objects[c.about] && len(objects) == mostObjects {
			continue
		}
		objects[c.about] = true
		out = append(out, c)
	}
	return out
}
