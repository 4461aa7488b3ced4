package changelog

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
)

// property is a property of a workload's containers.
type property struct {
	of        object
	container string
	kind      Kind
	resource  string
}

// podPrefix is how many bytes of a workload's name every name of its pods begins with: Kubernetes
// shortens the names of pods.
const podPrefix = 40

// podSelector returns the matchers of the pods of all workloads, and those of their owners. The
// first may match more pods.
func (s *search) podSelector() (pods, owners string) {
	var namespaces, prefixes, names []string
	for _, o := range s.objects {
		if o.kind != workloadObject {
			continue
		}
		name := regexp.QuoteMeta(o.name)
		namespaces = append(namespaces, o.namespace)
		prefixes = append(prefixes, regexp.QuoteMeta(outside.Head(o.name, podPrefix))+".*")
		switch o.owner {
		case "Deployment":
			name += "-[a-z0-9]{6,10}"
		case "CronJob":
			name += "-[0-9]{8,11}"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "", ""
	}
	in := oneOf("namespace", namespaces)
	return in + "," + matching("pod", prefixes), in + "," + matching("owner_name", names)
}

// ofOwner returns the workload that a series of pods belongs to, and whether it is looked for.
func (s *search) ofOwner(ls series.Labels) (object, bool) {
	o := ownerOf(ls, object{
		cluster: s.nodes.ClusterOf(ls), namespace: ls.Get("namespace"),
	})
	return o, slices.Contains(s.objects, o)
}

// containers holds the names of the containers of each workload.
type containers map[object]map[string]bool

// shown returns the name of a container for a reader: "" if it is the only one.
func (c containers) shown(of object, name string) string {
	if len(c[of]) <= 1 {
		return ""
	}
	return shownName(name)
}

const (
	imagesQuery = `count by (cluster, namespace, owner_kind, owner_name, container, image,` +
		` image_spec) (group by (cluster, namespace, pod, container, image, image_spec)` +
		` (kube_pod_container_info{%[1]s} or kube_pod_init_container_info{%[1]s})` + joinOwner +
		`)`
	resourcesQuery = `label_replace(count_values by (cluster, namespace, owner_kind, owner_name,` +
		` container, resource) ("value", max by (cluster, namespace, pod, container, resource)` +
		` (kube_pod_container_resource_%[3]s{%[1]s,resource=~"cpu|memory"} or` +
		` kube_pod_init_container_resource_%[3]s{%[1]s,resource=~"cpu|memory"})` + joinOwner +
		`), "what", "%[3]s", "", "")`
)

// askImages finds the changed images of workloads, and the names of their containers.
func (s *search) askImages(ctx context.Context, found map[object][]Change) (containers, error) {
	pods, owners := s.podSelector()
	if pods == "" {
		return nil, nil
	}
	names := containers{}
	specs, statuses := map[property]values{}, map[property]values{}
	err := s.each(ctx, "the images of workloads (kube_pod_container_info)",
		fmt.Sprintf(imagesQuery, pods, owners), s.grid, func(ls series.Labels, n []float64) {
			o, ok := s.ofOwner(ls)
			if !ok {
				return
			}
			p := property{of: o, container: ls.Get("container"), kind: Image}
			if names[o] == nil {
				names[o] = map[string]bool{}
			}
			names[o][p.container] = true
			to, image := specs, ls.Get("image_spec")
			if image == "" { // an old kube-state-metrics knows the image of running containers only
				to, image = statuses, ls.Get("image")
			}
			if image == "" {
				return
			}
			if to[p] == nil {
				to[p] = values{}
			}
			to[p].add(plainImage(image), n)
		})
	if err != nil {
		return nil, err
	}
	for p, v := range statuses {
		if specs[p] == nil {
			specs[p] = v
		}
	}
	for p, v := range specs {
		for _, t := range v.turns(s.grid, p.of.comesAndGoes()) {
			from, to := shortImages(t.from, t.to)
			found[p.of] = append(found[p.of], Change{
				Kind: Image, Object: p.of.shown(), Container: names.shown(p.of, p.container),
				From: from, To: to, At: s.grid.At(t.at),
			})
		}
	}
	return names, nil
}

// comesAndGoes reports whether a workload may have no pods for a while.
func (o object) comesAndGoes() bool { return o.owner == "CronJob" || o.owner == "Job" }

// askResources finds the changed limits and requests of workloads.
func (s *search) askResources(ctx context.Context, found map[object][]Change,
	names containers) error {
	pods, owners := s.podSelector()
	if pods == "" {
		return nil
	}
	kinds := map[string]Kind{"limits": Limit, "requests": Request}
	all := map[property]values{}
	err := s.each(ctx, "the limits of workloads (kube_pod_container_resource_limits)",
		fmt.Sprintf(resourcesQuery, pods, owners, "limits")+" or "+
			fmt.Sprintf(resourcesQuery, pods, owners, "requests"),
		s.grid, func(ls series.Labels, n []float64) {
			o, ok := s.ofOwner(ls)
			kind, known := kinds[ls.Get("what")]
			if !ok || !known {
				return
			}
			p := property{o, ls.Get("container"), kind, ls.Get("resource")}
			if all[p] == nil {
				all[p] = values{}
			}
			all[p].add(ls.Get("value"), n)
		})
	if err != nil {
		return err
	}
	for p, v := range all {
		unit := units.Bytes
		if p.resource == "cpu" {
			unit = units.Cores
		}
		for _, t := range v.turns(s.grid, p.of.comesAndGoes()) {
			from, err1 := strconv.ParseFloat(t.from, 64)
			to, err2 := strconv.ParseFloat(t.to, 64)
			if err1 != nil || err2 != nil || from == to {
				continue
			}
			c := Change{
				Kind: p.kind, Object: p.of.shown(), Container: names.shown(p.of, p.container),
				Resource: p.resource, At: s.grid.At(t.at),
			}
			c.From, c.To = unit.FormatAgainst(from, to)
			found[p.of] = append(found[p.of], c)
		}
	}
	return nil
}

// askWorkloads finds workloads that are new, scaled, or changed in another way.
func (s *search) askWorkloads(ctx context.Context, found map[object][]Change) error {
	var parts []string
	for _, k := range workloadKinds {
		in := byNamespace{}
		for _, o := range s.objects {
			if o.kind == workloadObject && o.owner == k.kind {
				in.add(o.namespace, o.name)
			}
		}
		if len(in) == 0 {
			continue
		}
		add := func(what, metric, since string) {
			parts = append(parts, fmt.Sprintf(
				`label_replace(max by (cluster, namespace, %s) (%s{%s}%s), "what", "%s", "", "")`,
				k.label, metric, in.matchers(k.label), since, what))
		}
		add("created", "kube_"+k.label+"_created", s.since())
		add("generation", "kube_"+k.label+"_metadata_generation", "")
		if k.replicas != "" {
			add("replicas", k.replicas, "")
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return s.each(ctx, "the changes of workloads (kube_deployment_spec_replicas)",
		strings.Join(parts, " or "), s.grid, func(ls series.Labels, samples []float64) {
			w := workloadOf(ls)
			o := object{
				kind: workloadObject, cluster: s.nodes.ClusterOf(ls),
				namespace: ls.Get("namespace"), name: w.name, owner: w.kind.kind,
			}
			if !slices.Contains(s.objects, o) {
				return
			}
			switch ls.Get("what") {
			case "created":
				s.addStarts(found, o, Created, o.shown(), samples)
			case "replicas":
				s.addMoves(found, o, samples, func(from, to float64) Change {
					return Change{
						Kind: Replicas, From: units.Short.Format(from), To: units.Short.Format(to),
					}
				})
			case "generation":
				s.addMoves(found, o, samples, func(_, _ float64) Change {
					return Change{Kind: Spec}
				})
			}
		})
}

// addMoves adds the changes of a number as say returns them.
func (s *search) addMoves(found map[object][]Change, o object, samples []float64,
	say func(from, to float64) Change) {
	for _, t := range movesOf(samples, s.grid) {
		c := say(t.from, t.to)
		c.Object, c.At = o.shown(), s.grid.At(t.at)
		found[o] = append(found[o], c)
	}
}

// since selects the series whose values are times since the start of the grid. Older times are not
// sent: a cluster has many more of them.
func (s *search) since() string { return fmt.Sprintf(" >= %d", s.grid.Start.Unix()) }

// addStarts adds the times that are the values of a series.
func (s *search) addStarts(found map[object][]Change, o object, kind Kind, shown string,
	samples []float64) {
	for _, at := range startsOf(samples) {
		found[o] = append(found[o], Change{Kind: kind, Object: shown, At: at})
	}
}

// askNodes finds nodes that joined, were drained or rebooted.
func (s *search) askNodes(ctx context.Context, found map[object][]Change) error {
	type id struct{ cluster, name string }
	of := map[id][]object{} // by name, and by the instances of its exporters
	var names, instances []string
	for _, o := range s.objects {
		node := o.node
		if o.kind == nodeObject {
			node = o.name
		}
		if node == "" {
			continue
		}
		names = append(names, node)
		of[id{o.cluster, node}] = append(of[id{o.cluster, node}], o)
		for _, instance := range s.nodes.Instances(o.cluster, node) {
			instances = append(instances, instance)
			of[id{o.cluster, instance}] = append(of[id{o.cluster, instance}], o)
		}
	}
	if len(names) == 0 {
		return nil
	}
	part := `label_replace(max by (cluster, %s) (%s{%s}%s), "what", "%s", "", "")`
	parts := []string{
		fmt.Sprintf(part, "node", "kube_node_created", oneOf("node", names), s.since(), "created"),
		fmt.Sprintf(part, "node", "kube_node_spec_unschedulable", oneOf("node", names), "",
			"cordon"),
	}
	if len(instances) > 0 {
		parts = append(parts, fmt.Sprintf(part, "instance", "node_boot_time_seconds",
			oneOf("instance", instances), s.since(), "boot"))
	}
	return s.each(ctx, "the changes of nodes (kube_node_created, node_boot_time_seconds)",
		strings.Join(parts, " or "), s.grid, func(ls series.Labels, samples []float64) {
			at := id{s.nodes.ClusterOf(ls), ls.Get("node") + ls.Get("instance")}
			for _, o := range of[at] {
				shown := shownName(s.nodes.Shown(o.cluster, o.name))
				if o.kind == targetObject {
					shown = shownName(s.nodes.Shown(o.cluster, o.node))
				}
				s.addNode(found, o, shown, ls.Get("what"), samples)
			}
		})
}

// addNode adds the changes of a node that one series shows.
func (s *search) addNode(found map[object][]Change, o object, shown, what string,
	samples []float64) {
	switch what {
	case "created":
		s.addStarts(found, o, Joined, shown, samples)
	case "boot":
		s.addStarts(found, o, Rebooted, shown, samples)
	case "cordon":
		for _, t := range movesOf(samples, s.grid) {
			kind := Cordoned
			if t.to == 0 {
				kind = Uncordoned
			}
			found[o] = append(found[o], Change{Kind: kind, Object: shown, At: s.grid.At(t.at)})
		}
	}
}

// askTargets finds exporters that restarted. If a finding is about a whole job, the newest restart
// of one of its targets counts.
func (s *search) askTargets(ctx context.Context, found map[object][]Change) error {
	var jobs, clusters []string
	for _, o := range s.objects {
		if o.kind == targetObject {
			jobs, clusters = append(jobs, o.name), append(clusters, o.cluster)
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	in := oneOf("job", jobs)
	if !slices.Contains(clusters, "") {
		in = oneOf("cluster", clusters) + "," + in
	}
	return s.each(ctx, "the restarts of exporters (process_start_time_seconds)",
		`max by (cluster, job, instance) (process_start_time_seconds{`+in+`}`+s.since()+`)`,
		s.grid, func(ls series.Labels, samples []float64) {
			for _, o := range s.objects {
				if o.kind != targetObject || o.name != ls.Get("job") ||
					o.cluster != s.nodes.ClusterOf(ls) ||
					o.instance != "" && o.instance != ls.Get("instance") {
					continue
				}
				shown := shownName(o.name) + " " + shownName(ls.Get("instance"))
				s.addStarts(found, o, Restarted, shown, samples)
			}
		})
}

// longestName is how many characters of a name a reader sees.
const longestName = 60

// shownName returns a name from outside as one short line.
func shownName(name string) string {
	return outside.Middle(strings.TrimSpace(outside.Line(name)), longestName)
}

// shown returns the name of a workload.
func (o object) shown() string { return shownName(o.namespace + "/" + o.name) }
