package report

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/sizing"
)

// patchable says how a kind of workload is patched. A Job cannot be: its template never changes.
var patchable = map[string]struct {
	version string
	path    []string // from the object to its pods
}{
	"Deployment":  {"apps/v1", []string{"spec", "template", "spec"}},
	"StatefulSet": {"apps/v1", []string{"spec", "template", "spec"}},
	"DaemonSet":   {"apps/v1", []string{"spec", "template", "spec"}},
	"CronJob":     {"batch/v1", []string{"spec", "jobTemplate", "spec", "template", "spec"}},
}

// patched is a workload with its advice.
type patched struct {
	*sizing.Row
	items []sizing.Item
}

// sizingYAML returns a strategic merge patch for each workload, as kubectl patch and kustomize
// read them. Where no patch fits, because the kind of the workload is not known or its template
// cannot change, the part to paste is a comment, so that the rest stays valid.
func sizingYAML(of []Sized, w wording) string {
	var all []*patched
	for _, s := range of {
		i := slices.IndexFunc(all, func(p *patched) bool {
			return p.Cluster == s.Cluster && p.Namespace == s.Namespace && p.Workload == s.Workload
		})
		if i < 0 {
			i, all = len(all), append(all, &patched{Row: s.Row})
		}
		all[i].items = append(all[i].items, s.Item)
	}
	// kubectl and kustomize know no cluster, so patches of one cluster stay together.
	slices.SortStableFunc(all, func(a, b *patched) int { return cmp.Compare(a.Cluster, b.Cluster) })
	several := len(all) > 0 && all[0].Cluster != all[len(all)-1].Cluster
	var out strings.Builder
	for i, p := range all {
		if i > 0 {
			out.WriteString("---\n")
		}
		if several && (i == 0 || p.Cluster != all[i-1].Cluster) {
			out.WriteString("# ==== " + fmt.Sprintf(w.Sizing.OnlyCluster,
				strconv.Quote(p.Cluster)) + " ====\n")
		}
		out.WriteString(p.yaml(w))
	}
	return out.String()
}

// yaml returns the patch of one workload.
func (p *patched) yaml(w wording) string {
	way, known := patchable[p.Kind]
	name := cmp.Or(p.Name, p.Workload)
	said := printable(fmt.Sprintf("%s %s/%s", p.Kind, p.Namespace, name))
	if p.Cluster != "" {
		said += " (" + printable(p.Cluster) + ")"
	}
	said = strings.TrimSpace(said) + ", " + w.Sizing.OfPods.Of(int(p.Pods))
	pods := p.template()
	if !known || p.Name == "" {
		return "# " + fmt.Sprintf(w.Sizing.NoPatch, said) + "\n" + commented(encoded(pods))
	}
	for _, key := range slices.Backward(way.path) {
		pods = mapping(key, pods)
	}
	patch := mapping("apiVersion", text(way.version), "kind", text(p.Kind), "metadata",
		mapping("name", text(name), "namespace", text(p.Namespace)))
	patch.Content = append(patch.Content, pods.Content...)
	return "# " + said + "\n" + encoded(patch)
}

// template returns the part of the pods' spec that changes.
func (p *patched) template() *yaml.Node {
	out := mapping()
	for _, sidecar := range []bool{true, false} {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		seen := map[string]bool{}
		for _, i := range p.items {
			if i.Sidecar != sidecar || seen[i.Container] {
				continue
			}
			seen[i.Container] = true
			list.Content = append(list.Content, mapping("name", text(i.Container), "resources",
				p.resources(i.Container)))
		}
		if len(list.Content) > 0 {
			key := "containers"
			if sidecar {
				key = "initContainers"
			}
			out.Content = append(out.Content, text(key), list)
		}
	}
	return out
}

// resources returns what a container should request, and the limits that change.
func (p *patched) resources(container string) *yaml.Node {
	requests, limits := mapping(), mapping()
	for _, i := range p.items {
		if i.Container != container {
			continue
		}
		key, x := "cpu", i.Of(i.Which)
		if i.Which == sizing.Memory {
			key = "memory"
		}
		if x.Advised != x.Request {
			requests.Content = append(requests.Content, text(key),
				text(sizing.Quantity(i.Which, x.Advised)))
		}
		if !math.IsNaN(x.AdvisedLimit) {
			limits.Content = append(limits.Content, text(key),
				text(sizing.Quantity(i.Which, x.AdvisedLimit)))
		}
	}
	out := mapping()
	if len(requests.Content) > 0 {
		out.Content = append(out.Content, text("requests"), requests)
	}
	if len(limits.Content) > 0 {
		out.Content = append(out.Content, text("limits"), limits)
	}
	return out
}

// mapping returns a mapping of keys, each followed by its value.
func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		switch p := p.(type) {
		case string:
			n.Content = append(n.Content, text(p))
		case *yaml.Node:
			n.Content = append(n.Content, p)
		}
	}
	return n
}

// text returns a string, quoted where YAML would read it as something else.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	n.Tag = "!!str"
	if n.Style == yaml.LiteralStyle { // a name from outside with a line break
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func encoded(n *yaml.Node) string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	_ = e.Encode(n) // fails only for nodes that this file does not make
	_ = e.Close()
	return b.String()
}

// commented returns lines as comments.
func commented(lines string) string {
	return "# " + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n# ") + "\n"
}
