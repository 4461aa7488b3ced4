package alerts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// many is the most causes of one kind that are named one by one. If more workloads break the same
// rules, the rules are the cause; if more nodes of a cluster are down, all of them are one cause.
const many = 5

// setCauses sets the cause of every finding: the first of a node that is down, a source of metrics
// that is gone, the workload of its pod, and its rule. Causes of different clusters differ.
func setCauses(panels []snapshot.Panel, own *owners, seen evidence) {
	x := &explainer{nodes: own.nodes, own: own, evidence: seen}
	for i := range panels {
		x.subjects = append(x.subjects, subjectOf(&panels[i]))
	}
	x.down = downNodes(panels, own.nodes, seen)
	x.findGone(panels)
	x.countQuiet(panels)
	x.blameJobs()
	ofWorkload := map[rules.Object][]*rules.Finding{}
	for i := range panels {
		p := &panels[i]
		for j := range p.Findings {
			f := &p.Findings[j].Finding
			f.Cause = x.cause(p, i, f)
			if w := own.workload(f.Labels); f.Cause.Kind == rules.CauseRule && w != "" &&
				isActive(f) && x.subjects[i].pods {
				o := own.object(f.Labels, w)
				ofWorkload[o] = append(ofWorkload[o], f)
			}
		}
	}
	blameWorkloads(ofWorkload)
}

// blameWorkloads sets the cause of findings about workloads: the workload, unless many workloads
// of its cluster break just the same rules.
func blameWorkloads(findings map[rules.Object][]*rules.Finding) {
	type brokenRules struct{ cluster, rules string }
	broken, alike := map[rules.Object]brokenRules{}, map[brokenRules]int{}
	for o, fs := range findings {
		broken[o] = brokenRules{o.Cluster, rulesOf(fs)}
		alike[broken[o]]++
	}
	for o, fs := range findings {
		if alike[broken[o]] > many {
			continue
		}
		for _, f := range fs {
			f.Cause = rules.Cause{
				Kind: rules.CauseWorkload, Cluster: o.Cluster, Namespace: o.Namespace, Name: o.Name,
			}
		}
	}
}

// rulesOf returns the rules of findings whose cause is still their rule.
func rulesOf(fs []*rules.Finding) string {
	if len(fs) == 1 {
		return fs[0].Cause.Name
	}
	names := map[string]bool{}
	for _, f := range fs {
		names[f.Cause.Name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), "\n")
}

// isActive reports whether a finding has not ended and is not in order.
func isActive(f *rules.Finding) bool {
	return f.Status == rules.Breach || f.Status == rules.Pending || f.Status == rules.NoData
}

// place is something of a cluster: a node, a source, or a job.
type place struct{ cluster, name string }

// explainer knows what explains findings.
type explainer struct {
	nodes snapshot.Nodes
	own   *owners
	evidence
	subjects []subject              // of the panels
	down     map[place]time.Time    // nodes that are down, with the time since which; zero: unknown
	crowded  map[string]bool        // clusters in which many nodes are down
	quiet    map[string]int         // by cluster: how many nodes have no data for no known reason
	gone     map[place]bool         // sources that are gone, at least in part
	without  map[place]bool         // nodes without node_exporter that are not down
	parts    map[place]string       // by source: the part that is gone, if others are not
	sources  map[place]panel.Source // by job: the source that is gone and whose targets it has
	jobs     map[place]rules.Cause  // what explains that targets of a job are down
}

// subject is what the series of a panel are about, by its queries.
type subject struct {
	sources []panel.Source
	only    panel.Source // of all their metrics, "" if they have several or an unknown one
	targets bool         // they are targets, because the panel only reads up
	pods    bool         // the label pod names what they are about
}

// subjectOf returns what a panel is about.
func subjectOf(p *snapshot.Panel) subject {
	if len(p.Rows) == 0 && len(p.Findings) == 0 {
		return subject{}
	}
	return subjectOfQueries(p)
}

// subjectOfQueries returns what a panel is about, also if it has no series.
func subjectOfQueries(p *snapshot.Panel) subject {
	names := p.Metrics()
	s := subject{targets: slices.Equal(names, []string{"up"}), pods: panel.NamePods(names)}
	unknown := false
	for _, name := range names {
		source := panel.SourceOf(name)
		unknown = unknown || source == ""
		if source != "" && !slices.Contains(s.sources, source) {
			s.sources = append(s.sources, source)
		}
	}
	if len(s.sources) == 1 && !unknown {
		s.only = s.sources[0]
	}
	slices.Sort(s.sources)
	return s
}

// cause returns the cause of a finding. Workloads are not among them yet.
func (x *explainer) cause(p *snapshot.Panel, i int, f *rules.Finding) rules.Cause {
	cluster := x.nodes.ClusterOf(f.Labels)
	own := rules.CauseOf(rules.RuleID{Panel: p.Spec.Name, Rule: f.Rule})
	own.Cluster = cluster
	if !isActive(f) {
		return own
	}
	if x.subjects[i].targets && f.Labels.Get("instance") == "" {
		if c, ok := x.jobs[place{cluster, f.Labels.Get("job")}]; ok {
			return c
		}
		return own
	}
	if node, ok := x.downNode(p, i, f); ok {
		return x.nodeCause(node)
	}
	if source := x.goneSource(p, i, f); source != "" {
		return x.sourceCause(cluster, source)
	}
	if node := x.node(f); x.isQuiet(i, f) && node.name != "" {
		return x.quietCause(node, i, own)
	}
	return own
}

// node returns the node of a finding; its name may be "".
func (x *explainer) node(f *rules.Finding) place {
	return place{x.nodes.ClusterOf(f.Labels), x.nodes.Of(f.Labels)}
}

// isQuiet reports whether a finding only says that a node has no data, and no alert fired before.
func (x *explainer) isQuiet(i int, f *rules.Finding) bool {
	return f.Status == rules.NoData && f.Streak == nil && !x.subjects[i].targets &&
		(f.Labels.Get("pod") == "" || !x.subjects[i].pods)
}

// quietCause returns the cause of missing data of a node that nothing explains: the node or, if
// many nodes are silent, a source of the data that is silent too, else the rule.
func (x *explainer) quietCause(node place, i int, own rules.Cause) rules.Cause {
	if x.quiet[node.cluster] <= many {
		return rules.Cause{Kind: rules.CauseNode, Cluster: node.cluster, Name: node.name}
	}
	for _, source := range x.subjects[i].sources {
		if x.isSilent(source, node) {
			return x.sourceCause(node.cluster, source)
		}
	}
	return own
}

// isSilent reports whether it is known that a source reports nothing about a node now.
func (x *explainer) isSilent(source panel.Source, node place) bool {
	switch source {
	case panel.NodeExporter:
		has, known := x.nodes.HasExporter(node.cluster, node.name)
		return known && !has
	case panel.KubeStateMetrics:
		return x.nodes.Silent(node.cluster)
	case panel.Kubelet:
		return slices.ContainsFunc(x.targets, func(t target) bool {
			return t.host && snapshot.IsKubelet(t.job) && place{t.cluster, t.node} == node
		})
	}
	return false
}

// countQuiet counts the nodes without data by cluster.
func (x *explainer) countQuiet(panels []snapshot.Panel) {
	x.quiet = map[string]int{}
	seen := map[place]bool{}
	for i := range panels {
		for j := range panels[i].Findings {
			f := &panels[i].Findings[j].Finding
			node := x.node(f)
			if !x.isQuiet(i, f) || node.name == "" || seen[node] {
				continue
			}
			seen[node] = true
			if _, down := x.down[node]; !down && !x.without[node] {
				x.quiet[node.cluster]++
			}
		}
	}
}

// nodeCause returns the cause of what a node that is down explains.
func (x *explainer) nodeCause(node place) rules.Cause {
	c := rules.Cause{Kind: rules.CauseNode, Cluster: node.cluster, Name: node.name}
	if x.crowded[node.cluster] {
		c.Name = ""
	}
	return c
}

// downNode returns the node that is down and explains a finding.
func (x *explainer) downNode(p *snapshot.Panel, i int, f *rules.Finding) (place, bool) {
	on := x.node(f)
	pod := f.Labels.Get("pod")
	if !x.subjects[i].pods {
		pod = ""
	}
	if pod != "" {
		if node, ok := x.podOn[x.own.object(f.Labels, pod)]; ok {
			on.name = node
		}
	}
	since, ok := x.down[on]
	if !ok {
		return on, false
	}
	rule := p.Spec.Rule(f.Rule)
	switch {
	case x.subjects[i].targets, p.Spec.Without != "":
		return on, true
	case pod != "":
		// What went wrong before the node did has another cause.
		return on, f.Status == rules.NoData || rule.Condition && beganWith(f.Streak, since)
	case rule.Condition && isReadiness(f.Labels):
		return on, true
	}
	// An alert that fired before the node fell silent has another cause.
	return on, f.Status == rules.NoData && f.Streak == nil
}

// beganWith reports whether a streak began when or after a node went down.
func beganWith(s *rules.Streak, down time.Time) bool {
	return s != nil && !down.IsZero() && !s.Open && s.From.After(down.Add(-5*time.Minute))
}

// isReadiness reports whether a series is about the condition Ready of a node.
func isReadiness(ls series.Labels) bool {
	c := ls.Get("condition")
	return c == "NotReady" || c == "Ready"
}

// goneSource returns the source that is gone and explains a finding, or "".
func (x *explainer) goneSource(p *snapshot.Panel, i int, f *rules.Finding) panel.Source {
	node := x.node(f)
	cluster := node.cluster
	switch {
	case p.Spec.Without != "":
		return withoutSource(p)
	case x.subjects[i].targets && f.Streak != nil && f.Streak.Bouts > 0:
		return "" // it answers now and then
	case x.subjects[i].targets:
		return x.sources[place{cluster, f.Labels.Get("job")}]
	case f.Status != rules.NoData || f.Streak != nil:
		// An alert that fired before the source fell silent has another cause.
		return ""
	}
	for _, source := range x.subjects[i].sources {
		if x.gone[place{cluster, string(source)}] &&
			(source != panel.NodeExporter || x.without[node] || x.without[place{cluster, ""}]) {
			return source
		}
	}
	return ""
}

// withoutSource returns the source that a panel of nodes without it looks for, "" if it is unknown.
func withoutSource(p *snapshot.Panel) panel.Source {
	names, _ := panel.MetricNames(p.Spec.Without)
	for _, name := range names {
		if source := panel.SourceOf(name); source != "" {
			return source
		}
	}
	return ""
}

// findGone finds the sources that are gone, and the nodes without node_exporter.
func (x *explainer) findGone(panels []snapshot.Panel) {
	x.gone, x.without, x.crowded = map[place]bool{}, map[place]bool{}, map[string]bool{}
	x.parts = map[place]string{}
	inCluster := map[string]int{}
	for node := range x.down {
		inCluster[node.cluster]++
		x.crowded[node.cluster] = inCluster[node.cluster] > many
	}
	for _, l := range x.nodes.Lost() {
		source := place{l.Cluster, string(l.Source())}
		switch {
		case x.gone[source] && x.parts[source] != l.Instance:
			delete(x.parts, source) // one address does not stand for several
		case l.Source() == panel.KubeStateMetrics && x.nodes.Current(l.Cluster):
			x.parts[source] = l.Instance
		}
		x.gone[source] = true
		if l.Source() == panel.NodeExporter {
			x.without[place{l.Cluster, ""}] = true
		}
	}
	for i := range panels {
		source := withoutSource(&panels[i])
		for j := range panels[i].Findings {
			f := &panels[i].Findings[j].Finding
			node := x.node(f)
			if _, down := x.down[node]; source == "" || down || !isActive(f) {
				continue
			}
			x.gone[place{node.cluster, string(source)}] = true
			if source == panel.NodeExporter {
				x.without[node] = true // all of the cluster, if the series names no node
			}
		}
	}
}

// blameJobs finds out why targets are down: all of those of a job are on nodes that are down, or
// they are a source that is gone.
func (x *explainer) blameJobs() {
	x.jobs = map[place]rules.Cause{}
	byJob := map[place][]target{}
	for _, t := range x.targets {
		k := place{t.cluster, t.job}
		byJob[k] = append(byJob[k], t)
	}
	x.sources = map[place]panel.Source{}
	for _, l := range x.nodes.Lost() {
		x.sources[place{l.Cluster, l.Job}] = l.Source()
	}
	for job, ts := range byJob {
		if x.sources[job] == "" {
			x.blameJob(job, ts)
		}
	}
	for job, source := range x.sources {
		x.jobs[job] = x.sourceCause(job.cluster, source)
	}
}

// sourceCause returns the cause of what a source that is gone explains. If only a part of it is,
// such as one shard of kube-state-metrics, the name has the part's address.
func (x *explainer) sourceCause(cluster string, source panel.Source) rules.Cause {
	c := rules.Cause{Kind: rules.CauseSource, Cluster: cluster, Name: string(source)}
	if part := x.parts[place{cluster, c.Name}]; part != "" {
		c.Name += " " + part
	}
	return c
}

// blameJob finds out why targets of a job are down that are not lost.
func (x *explainer) blameJob(job place, ts []target) {
	on, exporters := map[place]int{}, true
	for _, t := range ts {
		node := place{t.cluster, t.node}
		if _, down := x.down[node]; down {
			on[node]++
		}
		exporters = exporters && t.exporter
	}
	total := 0
	for _, n := range on {
		total += n
	}
	switch {
	case total == len(ts):
		// The cause is the node with most of them.
		worst := slices.MinFunc(slices.Collect(maps.Keys(on)), func(a, b place) int {
			return cmp.Or(cmp.Compare(on[b], on[a]), cmp.Compare(a.name, b.name))
		})
		x.jobs[job] = x.nodeCause(worst)
	case exporters && x.gone[place{job.cluster, string(panel.NodeExporter)}]:
		x.sources[job] = panel.NodeExporter
	}
}

// downNodes finds the nodes that are down: those that are not ready, and those whose kubelet and
// another source are silent together. What only the kubelet reports is no other source. A node that
// is not ready now and then is not down.
func downNodes(panels []snapshot.Panel, nodes snapshot.Nodes, seen evidence) map[place]time.Time {
	down, silent := map[place]time.Time{}, map[place]bool{}
	for i := range panels {
		p := &panels[i]
		about := subjectOf(p)
		for j := range p.Findings {
			f := &p.Findings[j].Finding
			node := place{nodes.ClusterOf(f.Labels), nodes.Of(f.Labels)}
			switch {
			case node.name == "" || !isActive(f):
			case p.Spec.Rule(f.Rule).Condition && isReadiness(f.Labels):
				if s := f.Streak; s != nil && s.Bouts == 0 {
					down[node] = s.From
				}
			case p.Spec.Without != "",
				f.Status == rules.NoData && about.only != panel.Kubelet &&
					(f.Labels.Get("pod") == "" || !about.pods):
				silent[node] = true
			}
		}
	}
	kubelets := map[place]bool{}
	for _, t := range seen.targets {
		node := place{t.cluster, t.node}
		switch {
		case !t.host:
		case snapshot.IsKubelet(t.job):
			kubelets[node] = true
		default:
			silent[node] = true
		}
	}
	for node := range kubelets {
		if _, known := down[node]; silent[node] && !known {
			down[node] = time.Time{}
		}
	}
	return down
}
