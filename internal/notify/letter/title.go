package letter

import (
	"slices"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// name returns what a title may shorten: a node, a workload, a series or a subject.
func (c cause) name() string {
	cluster := c.cluster()
	if cluster != "" {
		cluster += "/"
	}
	switch name := outside.Line(c.of.Name); {
	case c.alone():
		return c.worst().name()
	case c.crowd():
		return ""
	case c.of.Kind == rules.CauseNode:
		return cluster + name
	case c.of.Kind == rules.CauseSource:
		return name
	case c.of.Kind == rules.CauseWorkload && c.of.Namespace != "":
		return cluster + outside.Line(c.of.Namespace) + "/" + name
	case c.of.Kind == rules.CauseWorkload:
		return cluster + name
	case c.many():
		return c.worst().subject()
	}
	return c.worst().name()
}

// what returns what is wrong in the fewest words, given the name: "memory > 90 % on 12 nodes",
// "ip-10-0-1-17 is down".
func (c cause) what(name string) string {
	w := c.w
	switch {
	case c.alone() && c.silent():
		return fillText(w.Silent, w.what(name, c.worst().subject()))
	case c.alone():
		return c.worst().headline(name)
	case c.crowd() && c.nodes() == 0 && len(c.alerts) == 1:
		return c.worst().headline(c.worst().name())
	case c.crowd() && c.nodes() == 0:
		return c.inCluster(c.on(c.subjects(), ""))
	case c.crowd():
		nodes := w.Share(words.ANode, c.nodes(), c.allNodes())
		if !c.goesOn() {
			return c.inCluster(fillText(w.OnOrIn(words.ANode), c.subjects(), nodes))
		}
		return c.inCluster(fillText(w.NodesDown, nodes))
	case c.of.Kind == rules.CauseNode && !c.goesOn():
		return w.what(name, c.subjects())
	case c.of.Kind == rules.CauseNode:
		return fillText(w.NodeDown, name)
	case c.of.Kind == rules.CauseSource:
		return c.inCluster(c.source(name, w.SourceGone, w.SourceGoneOn))
	case len(c.alerts) == 1 && c.silent():
		return fillText(w.Silent, w.what(name, c.worst().subject()))
	case len(c.alerts) == 1:
		return c.worst().headline(name)
	case c.of.Kind == rules.CauseWorkload:
		return w.what(name, c.subjects())
	case c.silent():
		return c.inCluster(c.on(name+":", w.NoData))
	}
	if mild := mildest(c.alerts); mild.rule.FullIn {
		return c.inCluster(c.on(w.report.AimOf(&mild.f), ""))
	}
	return c.inCluster(c.on(name, leastLimit(c.alerts)))
}

// crowd reports whether the cause is many nodes that are down. They have no common name, and alerts
// of their scrape jobs name no node.
func (c cause) crowd() bool { return c.of.Kind == rules.CauseNode && c.of.Name == "" }

// on returns what is wrong with many objects: "memory > 90 % on 12 nodes".
func (c cause) on(subject, limit string) string {
	return fillText(c.w.OnOrIn(c.noun()), spaced(subject, limit), c.objects())
}

// source returns that a source is gone or back: everywhere, or on some nodes.
func (c cause) source(name, everywhere, onSome string) string {
	w := c.w
	for _, a := range c.alerts {
		if a.panel == nil || a.panel.Spec.Without == "" {
			continue
		}
		if n := c.nodes(); n > 0 {
			return fillText(onSome, name, w.Share(words.ANode, n, c.allNodes()))
		}
		return fillText(onSome, name, a.name()) // its name counts the nodes
	}
	return fillText(everywhere, name)
}

// objects returns how many things the alerts are about, and of how many if the report knows that:
// "3 of 42 nodes".
func (c cause) objects() string {
	w, noun, of := c.w, c.noun(), 0
	if g := c.group(); g != nil && g.Noun == noun {
		of = g.Of
	}
	n := len(c.alerts)
	if noun == words.ANode && c.nodes() > 0 {
		n = c.nodes()
	}
	return w.Share(noun, n, of)
}

// noun returns what all alerts are about.
func (c cause) noun() words.Noun {
	noun := c.worst().noun()
	if slices.ContainsFunc(c.alerts, func(a alert) bool { return a.noun() != noun }) {
		noun = words.ASeries
	}
	if g := c.group(); g != nil && noun == words.ASeries {
		return g.Noun
	}
	return noun
}

// group returns the report's findings of the cause, nil if there are none.
func (c cause) group() *report.Group {
	for i := range c.w.report.Groups {
		if g := &c.w.report.Groups[i]; g.Cause == c.of {
			return g
		}
	}
	return nil
}

// nodes counts the nodes that the alerts are about.
func (c cause) nodes() int {
	nodes := map[string]bool{}
	for _, a := range c.alerts {
		if n := a.Alert.Identity["node"]; n != "" {
			nodes[n] = true
		}
	}
	return len(nodes)
}

// allNodes returns how many nodes there are where the cause is.
func (c cause) allNodes() int {
	if g := c.group(); g != nil && g.Noun == words.ANode && g.Of > 0 {
		return g.Of
	}
	if c.cluster() == "" {
		return c.w.report.NodesTotal
	}
	n := 0
	for _, node := range c.w.report.Info.Nodes {
		if node.Cluster == c.of.Cluster && node.Kind != snapshot.VirtualNode {
			n++
		}
	}
	return n
}

// cluster returns the cluster of the cause if the report has nodes of several, else "".
func (c cause) cluster() string {
	nodes := c.w.report.Info.Nodes
	if !slices.ContainsFunc(nodes, func(n snapshot.Node) bool {
		return n.Cluster != nodes[0].Cluster
	}) {
		return ""
	}
	return outside.Line(c.of.Cluster)
}

// inCluster puts the cluster before a text that has no name with a cluster in it.
func (c cause) inCluster(s string) string {
	if cluster := c.cluster(); cluster != "" {
		return fillText(c.w.NamedFinding, cluster, s)
	}
	return s
}

// goesOn reports whether the cause is still there. A cause is kept with its alerts, which may fire
// for longer: a node that is up again may still be full.
func (c cause) goesOn() bool {
	switch c.w.message.Kind {
	case notify.KindNew, notify.KindJoined:
		return true
	}
	return c.group() != nil
}

// subjects returns what is wrong with a workload or a node: "OOM kills, memory".
func (c cause) subjects() string {
	var out []string
	for _, a := range c.alerts {
		if s := a.subject(); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return c.w.firstFew(out, listedDetails)
}
